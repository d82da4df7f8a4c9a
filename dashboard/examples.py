"""One example of each of the four classes in a clip, explained, in its colour."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import replays
from dashboard.i18n import _, later
from dashboard.stills import framed, piece, still
from dashboard.text import class_name
from db.models import Job
from pipeline.detect import sift
from pipeline.palette import COLORS
from pipeline.replay import Fate
from pipeline.types import HEADS, Box, Detection, Image, Label

_SIDE = 96  # pixels
_ENOUGH = 60  # pixels high: an example need not be larger, but clear
_EXPLAINED = {
    Label.RIDER: later("A motorcycle with everybody on it"),
    Label.WITHOUT_HELMET: later("A bare head: the reason to look twice"),
    Label.WITH_HELMET: later("A head with a helmet"),
    Label.PLATE: later("Where the letters are"),
}
Seen = tuple[float, Detection]  # when in the clip, in seconds


def show(job: Job) -> None:
    """The classes as a column of cards, each with how often stage 1 saw it."""
    trace = replays.trace(job.trace or "")
    seen = [(frame.time_s, one) for frame in trace.frames for one in sift(frame.found, trace.stage1)]
    for label in Label:
        own = [pair for pair in seen if pair[1].label is label]
        picture = framed(_picture(job, label, own), COLORS[label])  # first: no empty card where the clip is gone
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.image(picture, channels="BGR", width=_SIDE, alt="")
            with st.container(width="stretch", gap=None):
                st.markdown(f"**{class_name(label)}**")
                st.caption(f"{_(_EXPLAINED[label])} · {len(own):,}\u00a0×")


def _picture(job: Job, label: Label, own: list[Seen]) -> Image:
    """The clearest one; of heads, one of a rider of whom the whole analysis says the same."""
    seen = [pair for pair in _agreed(job, label) if pair in own] or own
    if not seen:
        return np.full((_SIDE, _SIDE, 3), 128, np.uint8)
    time_s, best = max(seen, key=lambda pair: pair[1].confidence * min(pair[1].box.height, _ENOUGH))
    (x, y), half = best.box.center, max(best.box.width, best.box.height) / 2
    return piece(still(job, time_s), Box(x - half, y - half, x + half, y + half), 0.1, 2 * _SIDE)


def _agreed(job: Job, label: Label) -> list[Seen]:
    """Heads of this class on riders who were accused, if bare, or never suspected, if helmeted."""
    if label not in HEADS:
        return []
    fate = Fate.ACCUSED if label is Label.WITHOUT_HELMET else Fate.NO_SUSPECT
    trace = replays.trace(job.trace or "")
    riders = replays.riders(job.trace or "", trace.stage1.without_helmet, trace.stage2.without_helmet)
    return [
        (one.time_s, head)
        for rider in riders
        if rider.fate is fate
        for one in rider.track.sightings
        for head in one.heads
    ]
