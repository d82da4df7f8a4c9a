"""What the page of statistics counts, and in which steps of time: the viewer's choice, which stands in the address."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import address, filters
from dashboard.address import Choice
from dashboard.i18n import _, later
from db.statistics import Scope

STEPS = {"hour": later("Hour of the day"), "day": later("Day"), "week": later("Week, from Monday")}
KEY = "statistics"
_SOURCE, _DAYS, _STEP = f"{KEY}-source", f"{KEY}-days", "step"  # in the session
_BY = Choice("by", _STEP, "hour", address.one_of(STEPS))


def choose(sources: Mapping[int, str]) -> Scope:
    """Let the viewer choose one of these sources, and days; at first as the address asks, then it asks for the same."""
    mine = [
        Choice("source", _SOURCE, filters.ALL, address.one_of(sources)),
        Choice("days", _DAYS, (), address.days, address.say_days),
        _BY,
    ]
    address.recall(mine)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = filters.choose_source(sources, _SOURCE, 300)
        st.date_input(_("Days"), key=_DAYS, width=260, persist_state="session")
    address.keep(mine)
    return Scope(source, *filters.span(st.session_state[_DAYS]))


def choose_step() -> str:
    """Let the viewer choose the steps of time."""
    step = st.segmented_control(
        _("Violations by"),
        list(STEPS),
        format_func=lambda step: _(STEPS[step]),
        key=_STEP,
        required=True,
        persist_state="session",
    )
    address.keep([_BY])
    return str(step)
