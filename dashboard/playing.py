"""When the clip on a page plays: by key, from a second on, and never by itself for those who want it calm."""

from __future__ import annotations

import streamlit as st

from dashboard.i18n import _

_PLAY = st.components.v2.component(
    "play",
    html='<button type="button"><span id="label"></span><kbd>P</kbd></button>',
    css="""
    button {
        font: inherit; font-size: 0.875rem; color: var(--st-text-color); background: var(--st-background-color);
        border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
        min-height: 2.5rem; padding: 0.25rem 0.75rem; cursor: pointer; white-space: nowrap;
    }
    button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
    kbd { font: inherit; opacity: 0.6; margin-left: 0.5rem; display: var(--keys, inline); }
    @media (max-width: 640px) { kbd { display: none; } }
    """,
    js="""
    export default function ({ parentElement, data }) {
        const button = parentElement.querySelector("button");
        parentElement.querySelector("#label").textContent = data.label;
        const toggle = () => {
            const video = document.querySelector('[data-testid="stMain"] video');
            if (video) video.paused ? video.play() : video.pause();
        };
        const onKey = (event) => {
            const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
            if (event.code !== "KeyP" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
            if (event.defaultPrevented) return;  // another button's, which is about to go, has done it
            event.preventDefault();
            toggle();
        };
        button.onclick = toggle;
        document.addEventListener("keydown", onKey);
        return () => document.removeEventListener("keydown", onKey);
    }
    """,
)
_PLAY_FROM = st.components.v2.component(
    "play_from",
    js="""
    export default function ({ data }) {
        const video = document.querySelector('[data-testid="stMain"] video');
        const go = () => {
            video.currentTime = data.at;
            video.play().catch(() => {});  // where the browser lets nothing play by itself, it stands there
        };
        if (video) video.readyState ? go() : video.addEventListener("loadedmetadata", go, { once: true });
    }
    """,
)
_BEGIN = st.components.v2.component(
    "begin",
    js="""
    export default function () {
        const calm = matchMedia("(prefers-reduced-motion: reduce)");
        const begin = (video) => {
            if ((video.dataset.begun ?? "") === video.currentSrc) return;
            video.dataset.begun = video.currentSrc;  // from now on it plays when the viewer wants
            if (video.muted && !calm.matches) video.play().catch(() => {});  // nor where the browser forbids it
        };
        const look = () => document.querySelectorAll("video").forEach(begin);
        const watch = new MutationObserver(look);  // some are loaded before they are on the page
        watch.observe(document.body, { childList: true, subtree: true });
        document.addEventListener("loadeddata", look, true);
        look();
        return () => {
            watch.disconnect();
            document.removeEventListener("loadeddata", look, true);
        };
    }
    """,
)


def play_button() -> None:
    """A button that plays or pauses the first video of the page; the key P does the same, in any keyboard layout."""
    _PLAY(key="play", data={"label": _("Play or pause")}, width="content")


def play_from(key: str, seconds: float) -> None:
    """Play the first video of the page from there, once for each key."""
    _PLAY_FROM(key=key, data={"at": seconds}, height=1)


def begin() -> None:
    """Let clips that come muted play by themselves, but for those who have asked their system for less motion.

    Streamlit's own autoplay does so for everybody, and for nobody where a slow browser draws the clip twice.
    """
    _BEGIN(key="begin", height=1)
