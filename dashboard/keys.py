"""Whether letters and digits are shortcuts: who speaks to the browser, or hits keys unawares, switches them off."""

from __future__ import annotations

import streamlit as st

from dashboard import browser
from dashboard.i18n import _

_COOKIE, _OFF = "helmet_watch_keys", "off"
_UNSAID = "<style>:root { --keys: none; } .stButton kbd { display: none; }</style>"


def switch() -> None:
    """The choice, which this browser remembers."""
    st.session_state.setdefault("keys", browser.remembered(_COOKIE) != _OFF)
    on = st.toggle(
        _("Letter keys"),
        key="keys",
        help=_("What letters and digits on buttons do, as J, A and 1. Off, they do nothing: the buttons stay."),
    )
    if on:
        browser.hear("keys-hear", ".st-key-keys input", "[^ ]")  # the focus is there still
    else:
        browser.hush("keys-hush")
        st.html(_UNSAID)
    browser.remember(_COOKIE, "" if on else _OFF)
