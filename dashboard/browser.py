"""What only the browser can do: bring a place into view, see what an upload field refuses and that the page on show is
asked for again, read out what is told in passing, say the page's language, and remember a word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

import streamlit as st

_GO_TO, _TURN = "go-to", "go-to-turn"  # in the session: the place that is wanted, and how many were so far
_ENTER = st.components.v2.component(
    "enter",
    js="""
    export default function ({ parentElement }) {
        const here = parentElement.host ?? parentElement, opened = here.closest('[role="dialog"]');
        here.closest('[data-testid="stElementContainer"]').style.position = "absolute";  // it takes no room
        opened.tabIndex = -1;
        opened.style.outline = "none";
        opened.focus({ preventScroll: true });
        let link;
        const onClick = (event) => {  // it closes this too; told of that last, the server would stay on the page
            const clicked = event.target.closest?.("a"), elsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
            if (!clicked || elsewhere || event.defaultPrevented || opened.contains(clicked)) return;
            event.preventDefault();
            event.stopPropagation();
            link = clicked;
            document.dispatchEvent(new MouseEvent("click"));  // it closes
        };
        const onKey = (event) => {  // Escape closes it: first what is being typed is told, as by a click elsewhere
            if (event.key === "Escape" && opened.contains(event.target)) opened.focus({ preventScroll: true });
        };
        document.addEventListener("click", onClick, true);
        addEventListener("keydown", onKey, true);  // before what closes it, which listens further down
        return () => {
            document.removeEventListener("click", onClick, true);
            removeEventListener("keydown", onKey, true);
            setTimeout(() => {
                const main = document.querySelector('[data-testid="stMain"]');  // what had the focus may be gone
                if (document.activeElement === document.body) main.focus({ preventScroll: true });
                link?.click();
            });
        };
    }
    """,
)
_SCROLL = st.components.v2.component(
    "scroll",
    js="""
    export default function ({ parentElement }) {
        const here = parentElement.host ?? parentElement;
        here.style.scrollMarginTop = "5rem";  // as high as what lies over the top of the page
        here.closest('[data-testid="stLayoutWrapper"]').style.marginBottom = "calc(-1px - 1rem)";  // no room
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
_REFUSED = st.components.v2.component(
    "refused",
    js="""
    const seen = new WeakSet(), refused = [];  // both outlast a run of the page
    let told = 0;
    export default function ({ data, setStateValue }) {
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
        // what is on its way would be lost
        const onItsWay = () => document.querySelector('[data-testid="stFileChipIconSpinner"]');
        const onLeave = (event) => { if (onItsWay()) event.preventDefault(); };  // the browser asks whether to
        const onClick = (event) => {
            const link = event.target.closest?.('a:not([target="_blank"], [download], [aria-current="page"])');
            if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !onItsWay()) return;
            if (confirm(data.question)) return;
            event.preventDefault();
            event.stopImmediatePropagation();
        };
        addEventListener("beforeunload", onLeave);
        addEventListener("click", onClick, true);
        return () => {
            removeEventListener("beforeunload", onLeave);
            removeEventListener("click", onClick, true);
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
    "begin_at_top",
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


def enter(key: str) -> None:
    """Take the focus into what has opened and holds this, and back to the page: else Tab leads past it, and nobody
    hears that it opened. A link that is clicked meanwhile leads on once it has closed."""
    _ENTER(key=key, height=1)


def refused(question: str) -> Sequence[tuple[str, str, str]]:
    """What the page's upload field has refused so far, and now is taken out of it: an id, the name, and why in
    Streamlit's words. Whoever follows a link while a file is on its way is asked the question.

    The field itself shows it only until it is emptied, in English, and says nothing of it to the server.
    """
    found = _REFUSED(
        key="refused",
        data={"question": question},
        default={"refused": []},
        on_refused_change=lambda: None,
        height=1,
    )
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


def speak(language: str) -> None:
    """Say which language the page is in: screen readers choose their voice by it, and lines are broken as it asks."""
    _SPEAK(key="speak", data={"language": language}, height=1)


def remember(name: str, value: str) -> None:
    """Keep a word in this browser for a year; an empty one is forgotten."""
    _REMEMBER(key=f"remember-{name}", data={"name": name, "value": quote(value)}, height=1)


def remembered(name: str) -> str:
    return unquote(st.context.cookies.get(name, ""))
