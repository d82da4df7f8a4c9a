"""What the address of a page says beside its path. Anybody can write it: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_MOST_DIGITS = 18  # what the database takes for a number
_PAGE = "address-page"
_FOLLOW = "address-follow"  # how the page was come to, until it has written its address itself


def number(name: str) -> int | None:
    """A number that stands in the address."""
    said = st.query_params.get(name, "")
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def arrive(page: str) -> None:
    """Note which page is on show, and how the viewer came to what its address says."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE], st.session_state[_FOLLOW] = page, "link"
    elif (run := get_script_run_ctx()) and run.is_history_navigation:
        st.session_state[_FOLLOW] = "history"


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
