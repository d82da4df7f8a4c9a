"""What the models saw in a clip, and the rules run on it again, kept for all tabs. Only the class demo needs it."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from pipeline import replay
from pipeline.replay import Rider
from pipeline.trace import Trace, TracedFrame, load
from pipeline.types import Track

_MOST_FRAMES = 1800  # a minute at 30 a second: the sliders answer at once


@st.cache_resource(max_entries=4, show_spinner=False)
def trace(name: str) -> Trace:
    """What the models saw in a clip; of a long one, the first frames."""
    return load(resources.store().path(name), _MOST_FRAMES)


@st.cache_resource(max_entries=4, show_spinner=False)
def overlap(name: str) -> TracedFrame | None:
    return replay.overlap(trace(name))


@st.cache_resource(max_entries=64, show_spinner=False)
def tracks(name: str, bare_from: float) -> tuple[Track, ...]:
    """The tracks if stage 1's bare heads count from this confidence on."""
    kept = trace(name)
    return replay.tracks(kept, kept.stage1.model_copy(update={"without_helmet": bare_from}))


def riders(name: str, bare_from_1: float, bare_from_2: float) -> tuple[Rider, ...]:
    """The riders and what becomes of them if bare heads of either stage count from these confidences on."""
    found, kept = tracks(name, bare_from_1), trace(name)
    stage2 = kept.stage2.model_copy(update={"without_helmet": bare_from_2})
    return replay.judge(kept, found, stage2, resources.settings())
