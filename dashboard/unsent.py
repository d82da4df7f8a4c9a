"""What was typed into a form's field and not sent: the server has never heard of it, and it is asked about."""

from __future__ import annotations

import streamlit as st

_UNSENT = st.components.v2.component(
    "unsent",
    html='<p role="alert"></p>',
    css="""
    p { margin: 0; color: var(--st-yellow-text-color); }
    p:empty { display: none; }
    """,
    js="""
    let heard;  // what was sent, or asked about: who goes on all the same is let go
    export default function ({ data, parentElement }) {
        const here = parentElement.host ?? parentElement, told = parentElement.querySelector("p");
        const tell = (text) => {
            told.textContent = text;
            here.closest('[data-testid="stElementContainer"]').style.position = text ? "" : "absolute";  // no room
        };
        const field = () => document.querySelector(data.field);
        const typed = () => `${data.field} ${field()?.value.trim() ?? data.stands}`;
        const unsent = () => ![`${data.field} ${data.stands}`, heard].includes(typed());
        const hear = (question) => {
            heard = typed();
            tell(question);
        };
        const ask = (event) => {
            event.preventDefault();
            event.stopImmediatePropagation();
            hear(data.question);
            field().focus();
            field().addEventListener("input", () => tell(""), { once: true });
        };
        const onClick = (event) => {
            const clicked = event.target.closest?.("button, a");
            if (!clicked) return;
            if (field()?.closest('[data-testid="stForm"]').contains(clicked)) hear("");
            else if (unsent()) ask(event);
        };
        const onKey = (event) => {
            const writes = event.target.matches?.("input, textarea") || event.ctrlKey || event.metaKey || event.altKey;
            if (event.key === "Enter" && event.target === field()) hear("");
            if (!writes && event.key.length === 1 && event.key !== " " && unsent()) ask(event);
        };
        const onLeave = (event) => { if (unsent()) event.preventDefault(); };
        tell("");
        addEventListener("click", onClick, true);
        addEventListener("keydown", onKey, true);
        addEventListener("beforeunload", onLeave);
        return () => {
            removeEventListener("click", onClick, true);
            removeEventListener("keydown", onKey, true);
            removeEventListener("beforeunload", onLeave);
        };
    }
    """,
)


def ask(key: str, field: str, stands: str, question: str) -> None:
    """Ask once before a button, a shortcut or a link leads away from what was typed into a field (a selector).

    `stands` is what was sent last; the key changes with it, or the browser would go on with what stood before.
    """
    _UNSENT(key=key, data={"field": field, "stands": stands, "question": question}, height="content")
