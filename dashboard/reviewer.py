"""Who reviews. A name, taken on trust: it says who decided what, and keeps nobody out."""

from __future__ import annotations

import streamlit as st

from dashboard import browser
from dashboard.i18n import _
from dashboard.text import plain

_COOKIE = "helmet_watch_reviewer"
_LONGEST = 80  # characters, as the table of reviews takes


def name() -> str:
    """The reviewer's name; empty until it was given."""
    return str(st.session_state.setdefault("reviewer", browser.remembered(_COOKIE)[:_LONGEST]))


def ask() -> None:
    """Ask for it, once: the browser remembers it."""
    with st.form("reviewer-form", width=560):
        st.markdown(_("**Who is reviewing?** Your name is kept with every decision."))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            given = st.text_input(_("Your name"), max_chars=_LONGEST, key="reviewer-given", width=260)
            sent = st.form_submit_button(_("Begin reviewing"), icon=":material/how_to_reg:", type="primary")
        st.caption(_("This is no log-in: nobody checks the name, and everybody who can open this page can review."))
    if sent and given.strip():
        st.session_state["reviewer"] = given.strip()
        st.rerun()


def show() -> None:
    """The name in the sidebar, with a way to change it."""
    if name():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_(":material/person: Reviewing as **{name}**", name=plain(name())))
            st.button(_("Change"), key="change-reviewer", type="tertiary", on_click=_forget)
    browser.remember(_COOKIE, name())  # last: it takes room, although nothing of it is seen


def _forget() -> None:
    st.session_state["reviewer"] = ""
