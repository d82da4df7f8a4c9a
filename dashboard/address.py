"""What the address of a page says beside its path. Anybody can write it: nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

_MOST_DIGITS = 18  # what the database takes for a number
_PAGE = "address-page"
_WRITTEN = "address-written"  # what the page on show wrote itself; None until it has
_CHANGED = "address-changed"


def number(name: str) -> int | None:
    """A number that stands in the address."""
    said = st.query_params.get(name, "")
    return int(said) if said.isdecimal() and len(said) <= _MOST_DIGITS else None


def arrive(page: str) -> None:
    """Note which page is on show."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE], st.session_state[_WRITTEN] = page, None


def asked(*names: str) -> dict[str, str] | None:
    """What a link, a page loaded anew or the browser's way back ask for; None where all is as the page left it.

    On arrival an address that says nothing asks for nothing: what the session remembers stays.
    """
    said = {name: st.query_params[name] for name in names if name in st.query_params}
    written = st.session_state[_WRITTEN]
    if st.session_state.pop(_CHANGED, False) or said == written:
        return None
    return (said or None) if written is None else said


def changed() -> None:
    """A callback: the viewer changed it on the page itself, and until it is written the address is behind."""
    st.session_state[_CHANGED] = True


def write(values: Mapping[str, str | None]) -> None:
    """Put this into the address, all at once: the browser keeps one step of its history for it. None is left out."""
    own = {name: value for name, value in values.items() if value is not None}
    st.session_state[_WRITTEN] = own
    before = st.query_params.to_dict()
    after = {name: value for name, value in before.items() if name not in values} | own
    if after != before:
        st.query_params.from_dict(after)
