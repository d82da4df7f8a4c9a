"""What the address of a page says beside its path. Anybody can write it: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_MOST_DIGITS = 18  # what the database takes for a number
_PAGE = "address-page"
_FOLLOW = "address-follow"  # how the page was come to, until it has written its address itself
_TO = ".."  # ISO 8601-2: a span of days
_FARTHEST = timedelta(days=9 * 365)  # from today, that a field for days offers
T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """What a viewer chooses on a page: its name in the address, where the session keeps it, and what is usual.

    `read` makes a value of what the address says, or None of what cannot be meant.
    """

    name: str
    key: str
    usual: Any
    read: Callable[[str], Any]
    say: Callable[[Any], str] = str


def number(name: str) -> int | None:
    """A number that stands in the address."""
    return whole(st.query_params.get(name, ""))


def whole(said: str) -> int | None:
    """A whole number; None where it is none."""
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def arrive(page: str) -> None:
    """Note which page is on show, and how the viewer came to what its address says."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE], st.session_state[_FOLLOW] = page, "link"
    elif (run := get_script_run_ctx()) and run.is_history_navigation:
        st.session_state[_FOLLOW] = "history"


def arriving() -> bool:
    """Whether the page was come to from another one or by a link, and has not written its address yet."""
    return bool(st.session_state[_FOLLOW] == "link")


def asked(*names: str) -> dict[str, str] | None:
    """What a link, a page loaded anew or the browser's way back ask for; None where the page itself wrote its address.

    Then it may be behind: the browser may not have heard yet of what was written. On arrival an address that says
    nothing asks for nothing: what the session remembers stays.
    """
    said = {name: st.query_params[name] for name in names if name in st.query_params}
    match st.session_state[_FOLLOW]:
        case "link":
            return said or None
        case "history":
            return said
    return None


def write(values: Mapping[str, str | None]) -> None:
    """Put this into the address, all at once: the browser keeps one step of its history for it. None is left out."""
    own = {name: value for name, value in values.items() if value is not None}
    st.session_state[_FOLLOW] = None
    before = st.query_params.to_dict()
    after = {name: value for name, value in before.items() if name not in values} | own
    if after != before:
        st.query_params.from_dict(after)


def recall(choices: Sequence[Choice]) -> None:
    """Set these choices to what the address asks for, if it asks; where it makes no sense, to what is usual."""
    for one in choices:
        st.session_state.setdefault(one.key, one.usual)
    said = asked(*(one.name for one in choices))
    if said is None:
        return
    for one in choices:
        meant = one.read(said[one.name]) if one.name in said else None
        st.session_state[one.key] = one.usual if meant is None else meant


def keep(choices: Sequence[Choice]) -> None:
    """Write what is chosen into the address; what is usual is left out."""
    chosen = ((one, st.session_state[one.key]) for one in choices)
    write({one.name: one.say(value) if value != one.usual else None for one, value in chosen})


def one_of(options: Iterable[T]) -> Callable[[str], T | None]:
    """A reader of what may be any of these, each said as `str` says it."""
    return {str(option): option for option in options}.get


def days(said: str) -> tuple[date, ...] | None:
    """A day, or the first and the last of a span; None where it is neither."""
    try:
        meant = [date.fromisoformat(day) for day in said.split(_TO, 1)]
    except ValueError:
        return None
    offered = all(abs(day - date.today()) < _FARTHEST for day in meant)
    return tuple(meant) if offered and meant == sorted(meant) else None


def say_days(chosen: Sequence[date]) -> str:
    return _TO.join(day.isoformat() for day in chosen)
