"""The filters above the cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import streamlit as st

from dashboard import resources
from dashboard.i18n import _, later
from dashboard.text import day_start, plain
from db.cases import NOT_DISMISSED, VIOLATIONS, Filter
from db.models import ReviewState
from pipeline.types import Outcome

_PLATES = {
    None: later("With or without plate"),
    True: later("With plate"),
    False: later("Without plate"),
}
_STATES = {
    "open or accepted": (later("Not dismissed"), NOT_DISMISSED),
    "open": (later("To review"), (ReviewState.OPEN,)),
    "accepted": (later("Accepted"), (ReviewState.ACCEPTED,)),
    "dismissed": (later("Dismissed"), (ReviewState.DISMISSED,)),
    "all": (later("All"), tuple(ReviewState)),
}


def choose(outcomes: tuple[Outcome, ...], key: str) -> Filter:
    """Let the viewer choose which cases to see."""
    sources = {clip.id: clip.name for clip in resources.cases().sources()}
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"filters-{key}"):
        clip_id = st.selectbox(
            _("Source"),
            [None, *sources],
            format_func=lambda id_: _("All sources") if id_ is None else plain(sources[id_]),
            key=f"{key}-source",
            persist_state="session",
            width=230,
        )
        days = st.date_input(_("Days"), value=[], key=f"{key}-days", persist_state="session", width=240)
        least = st.slider(
            _("Stage 2 at least"), 0, 100, 0, 5, format="%d %%", key=f"{key}-least", persist_state="session", width=200
        )
        plate = st.selectbox(
            _("Plate"),
            list(_PLATES),
            format_func=lambda choice: _(_PLATES[choice]),
            key=f"{key}-plate",
            persist_state="session",
            width=200,
        )
        state = (
            "all"
            if outcomes != VIOLATIONS
            else st.segmented_control(
                _("Review"),
                list(_STATES),
                format_func=lambda choice: _(_STATES[choice][0]),
                default="open or accepted",
                key=f"{key}-state",
                required=True,
                wrap=True,
                persist_state="session",
            )
        )
    return Filter(outcomes, clip_id, None, *span(days), least / 100, plate, _STATES[state][1])


def clear(key: str) -> None:
    """Let every case be seen again."""
    every: dict[str, object] = {"source": None, "days": [], "least": 0, "plate": None, "state": "all"}
    for name, value in every.items():
        st.session_state[f"{key}-{name}"] = value


def span(days: Sequence[date]) -> tuple[datetime | None, datetime | None]:
    """The first moment of the first day and that after the last, in the viewer's zone; no days are all days."""
    if not days:
        return None, None
    first, after = days[0], days[-1] + timedelta(days=1)
    return day_start(datetime.combine(first, time())), day_start(datetime.combine(after, time()))
