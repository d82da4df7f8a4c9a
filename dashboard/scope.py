"""What the page of statistics counts, and in which steps of time: the viewer's choice, which stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from dashboard import address, filters
from dashboard.i18n import _, later
from db.statistics import Scope

STEPS = {"hour": later("Hour of the day"), "day": later("Day"), "week": later("Week, from Monday")}
_SOURCE, _DAYS, _STEP = "statistics-source", "statistics-days", "step"  # in the session
_USUAL_STEP = "hour"
_TO = ".."  # ISO 8601-2: a span of days
_FARTHEST = timedelta(days=9 * 365)  # from today, that the field for days offers


def choose(sources: Mapping[int, str]) -> Scope:
    """Let the viewer choose one of these sources, and days; at first as the address asks, then it asks for the same."""
    _recall(sources)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = filters.choose_source(sources, _SOURCE, 300)
        st.date_input(_("Days"), key=_DAYS, width=260, persist_state="session")
    _write()
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
    _write()
    return str(step)


def _recall(sources: Mapping[int, str]) -> None:
    """Bring the choice to what the address asks for, if it does; what it cannot mean is as usual."""
    session = st.session_state
    for key, usual in ((_SOURCE, filters.ALL), (_DAYS, ()), (_STEP, _USUAL_STEP)):
        session.setdefault(key, usual)
    asked = address.asked("source", "days", "by")
    if asked is None:
        return
    session[_SOURCE] = {str(id_): id_ for id_ in sources}.get(asked.get("source", ""), filters.ALL)
    session[_DAYS] = _days(asked.get("days", ""))
    session[_STEP] = asked["by"] if asked.get("by") in STEPS else _USUAL_STEP


def _write() -> None:
    source, days, step = (st.session_state[key] for key in (_SOURCE, _DAYS, _STEP))
    address.write(
        {
            "source": str(source) if source != filters.ALL else None,
            "days": _TO.join(day.isoformat() for day in days) or None,
            "by": step if step != _USUAL_STEP else None,
        }
    )


def _days(said: str) -> tuple[date, ...]:
    """A day, or the first and the last of a span; no days where it is neither."""
    try:
        days = [date.fromisoformat(day) for day in said.split(_TO, 1)]
    except ValueError:
        return ()
    offered = all(abs(day - date.today()) < _FARTHEST for day in days)
    return tuple(days) if offered and days == sorted(days) else ()
