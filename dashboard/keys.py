"""Letters, digits and arrows as shortcuts: where they work, and whether they do. Who speaks to the browser, or hits
keys unawares, switches them off."""

from __future__ import annotations

import streamlit as st

from dashboard import browser
from dashboard.i18n import _

_COOKIE, _OFF = "helmet_watch_keys", "off"
_UNSAID = "<style>:root { --keys: none; } .stButton kbd { display: none; }</style>"
_HEAR = st.components.v2.component(
    "hear",
    js="""
    let byKey = false;  // how the focus came to what has it: the first key makes it visible, however it came
    document.addEventListener("focusin", (event) => { byKey = event.target.matches(":focus-visible"); }, true);
    export default function ({ data }) {
        const onKey = (event) => {
            if (byKey && data.clicked) return;
            if (!event.target.matches?.(data.at) || event.ctrlKey || event.metaKey || event.altKey) return;
            if (!new RegExp(`^(?:${data.keys})$`, "u").test(event.key)) return;
            event.preventDefault();
            event.stopPropagation();
            const { key, code, keyCode, shiftKey } = event;
            const again = { key, code, keyCode, shiftKey, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new KeyboardEvent("keydown", again));
        };
        document.addEventListener("keydown", onKey, true);
        return () => document.removeEventListener("keydown", onKey, true);
    }
    """,
)
_HUSH = st.components.v2.component(
    "hush",
    js="""
    export default function () {
        const onKey = (event) => {
            if (event.key.length === 1 || event.key === "Enter") event.stopPropagation();
        };
        document.body.addEventListener("keydown", onKey);  // shortcuts listen above it
        return () => document.body.removeEventListener("keydown", onKey);
    }
    """,
)


def switch() -> None:
    """The choice, which this browser remembers."""
    st.session_state.setdefault("keys", browser.remembered(_COOKIE) != _OFF)
    on = st.toggle(
        _("Letter keys"),
        key="keys",
        help=_("What letters and digits on buttons do, as J, A and 1. Off, they do nothing: the buttons stay."),
    )
    if on:
        hear("keys-hear", ".st-key-keys input", "[^ ]")  # the focus is there still
    else:
        hush("keys-hush")
        st.html(_UNSAID)
    browser.remember(_COOKIE, "" if on else _OFF)


def hear(key: str, at: str, keys: str, clicked: bool = False) -> None:
    """Let shortcuts (a pattern) work although the focus is on an element (a selector) that uses these keys itself; only
    where it was `clicked`, if who comes to it by Tab needs them for it."""
    _HEAR(key=key, data={"at": at, "keys": keys, "clicked": clicked}, height=1)


def hush(key: str) -> None:
    """Switch shortcuts off while this is on the page: it may be unwanted, or out of sight beneath a dialog."""
    _HUSH(key=key, height=1)
