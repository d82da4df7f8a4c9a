"""What only the browser can do: play a video by key, hear keys on a ticked box, see what an upload field refuses and
that the page on show is asked for again, say the page's language, and remember a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

import streamlit as st

from dashboard.i18n import _

_GO_TO, _TURN = "go-to", "go-to-turn"  # in the session: the place that is wanted, and how many were so far
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
_ENTER = st.components.v2.component(
    "enter",
    js="""
    export default function ({ parentElement }) {
        const here = parentElement.host ?? parentElement, opened = here.closest('[role="dialog"]');
        here.closest('[data-testid="stElementContainer"]').style.position = "absolute";  // it takes no room
        opened.tabIndex = -1;
        opened.style.outline = "none";
        opened.focus({ preventScroll: true });
        return () => setTimeout(() => {  // what had the focus may have gone with it
            const main = document.querySelector('[data-testid="stMain"]');
            if (document.activeElement === document.body) main.focus({ preventScroll: true });
        });
    }
    """,
)
_SCROLL = st.components.v2.component(
    "scroll",
    js="""
    export default function ({ parentElement }) {
        const here = parentElement.host ?? parentElement;
        here.style.scrollMarginTop = "5rem";  // as high as what lies over the top of the page
        const show = () => {
            const top = here.getBoundingClientRect().top;
            if (top <= 0 || top >= innerHeight / 2) here.scrollIntoView({ block: "start" });
        };
        const observer = new ResizeObserver(show);  // pictures above it come late
        const leave = () => observer.disconnect();
        show();
        observer.observe(document.querySelector('[data-testid="stMainBlockContainer"]'));
        for (const deed of ["wheel", "pointerdown", "keydown"])  // the viewer goes elsewhere
            document.addEventListener(deed, leave, { capture: true, once: true });
        return leave;
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
_REFUSED = st.components.v2.component(
    "refused",
    js="""
    const seen = new WeakSet(), refused = [];  // both outlast a run of the page
    let told = 0;
    export default function ({ setStateValue }) {
        let timer;
        const tell = () => {
            timer = undefined;
            told = refused.length;
            setStateValue("refused", [...refused]);  // all: the server may have dropped what was told last
        };
        const look = () => {
            for (const chip of document.querySelectorAll('[data-testid="stFileChip"][aria-invalid="true"]')) {
                if (seen.has(chip)) continue;
                seen.add(chip);
                const name = chip.querySelector('[data-testid="stFileChipName"]').title;
                const why = chip.querySelector('[role="alert"]').textContent;
                refused.push([`${Date.now()}-${refused.length}`, name, why]);
                chip.querySelector('[data-testid="stFileChipDeleteBtn"] button').click();
            }
            if (refused.length > told) timer ??= setTimeout(tell, 200);  // those of one drop together
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ["aria-invalid"] });
        look();
        return () => {
            clearTimeout(timer);
            observer.disconnect();
        };
    }
    """,
)
_ASKED_AGAIN = st.components.v2.component(
    "asked_again",
    js="""
    export default function ({ setTriggerValue }) {
        const here = '[data-testid="stSidebarNavLink"][aria-current="page"]';
        const onClick = (event) => {
            if (!event.target.closest?.(here) || event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            event.stopPropagation();  // the run Streamlit asks for would still have the old address
            setTriggerValue("asked", true);
        };
        document.addEventListener("click", onClick, true);
        return () => document.removeEventListener("click", onClick, true);
    }
    """,
)
_BEGIN = st.components.v2.component(
    "begin",
    js="""
    export default function () {
        document.querySelector('[data-testid="stMain"]').scrollTo(0, 0);
    }
    """,
)
_READ_OUT = st.components.v2.component(
    "read_out",
    js="""
    export default function () {
        const look = () => {
            const mute = document.querySelectorAll('[data-testid="stToastText"]:not([role])');
            for (const toast of mute) toast.role = "alert";
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { childList: true, subtree: true });
        return () => observer.disconnect();
    }
    """,
)
_CALM = st.components.v2.component(
    "calm",
    js="""
    export default function () {
        const calm = matchMedia("(prefers-reduced-motion: reduce)");
        const still = (video) => {
            if (!calm.matches || !video.autoplay) return;
            video.autoplay = false;  // from now on it plays when the viewer wants
            video.pause();
        };
        const onPlay = (event) => still(event.target);
        document.querySelectorAll("video").forEach(still);
        document.addEventListener("play", onPlay, true);
        return () => document.removeEventListener("play", onPlay, true);
    }
    """,
)
_SPEAK = st.components.v2.component(
    "speak", js="export default function ({ data }) { document.documentElement.lang = data.language; }"
)
_REMEMBER = st.components.v2.component(
    "remember",
    js="""
    export default function ({ data }) {
        const age = data.value ? 31536000 : 0;
        document.cookie = `${data.name}=${data.value}; path=/; max-age=${age}; SameSite=Lax`;
    }
    """,
)


def play_button(key: str) -> None:
    """A button that plays or pauses the first video of the page; the key P does the same, in any keyboard layout."""
    _PLAY(key=key, data={"label": _("Play or pause")}, width="content")


def enter(key: str) -> None:
    """Take the focus into what has opened and holds this, and back to the page: else Tab leads past it, and nobody
    hears that it opened."""
    _ENTER(key=key, height=1)


def play_from(key: str, seconds: float) -> None:
    """Play the first video of the page from there, once for each key."""
    _PLAY_FROM(key=key, data={"at": seconds}, height=1)


def refused(key: str) -> Sequence[tuple[str, str, str]]:
    """What the page's upload field has refused so far, and now is taken out of it: an id, the name, and why in
    Streamlit's words.

    The field itself shows it only until it is emptied, in English, and says nothing of it to the server.
    """
    found = _REFUSED(key=key, default={"refused": []}, on_refused_change=lambda: None, height=1)
    return [(str(id_), str(name), str(why)) for id_, name, why in found["refused"]]


def asked_again(do: Callable[[], None]) -> None:
    """Do this when the viewer clicks in the sidebar on the page that is on show: Streamlit only runs it again."""
    _ASKED_AGAIN(key="asked-again", on_asked_change=do, height=1)


def begin_at_top(page: str) -> None:
    """Show a page from its top on when it is come to: Streamlit leaves the window where the last page was left."""
    _BEGIN(key=f"begin-{page}", height=1)


def go_to(place: str) -> None:
    """Let the next run bring this place of its page into view: what was clicked on may be far from it."""
    st.session_state[_GO_TO] = place
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def place(name: str) -> None:
    """A place of the page, brought to the top of the window where `go_to` asked for it and it is not in view, and kept
    in view until the viewer does something."""
    slot = st.container()  # there in any case, so that no video below begins anew
    if st.session_state.get(_GO_TO) == name:
        del st.session_state[_GO_TO]
        with slot:
            _SCROLL(key=f"scroll-{st.session_state[_TURN]}", height=1)


def read_out() -> None:
    """Let those who hear a page hear what is told in passing: Streamlit's toasts are never read out by themselves."""
    _READ_OUT(key="read-out", height=1)


def calm() -> None:
    """Let no clip play by itself for those who have asked their system for less motion."""
    _CALM(key="calm", height=1)


def speak(language: str) -> None:
    """Say which language the page is in: screen readers choose their voice by it, and lines are broken as it asks."""
    _SPEAK(key="speak", data={"language": language}, height=1)


def remember(name: str, value: str) -> None:
    """Keep a word in this browser for a year; an empty one is forgotten."""
    _REMEMBER(key=f"remember-{name}", data={"name": name, "value": quote(value)}, height=1)


def remembered(name: str) -> str:
    return unquote(st.context.cookies.get(name, ""))
