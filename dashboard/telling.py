"""What came of a deed, told on the next page: in passing, or until it was read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard import reviewer
from dashboard.i18n import _, later
from dashboard.text import local, plain, told
from db.engine import FORESEEN, explain
from db.models import Action
from db.reviews import Conflict, Done

_log = logging.getLogger(__name__)
_QUICKER = {
    Action.ACCEPT: later("Case {id}: {who} was quicker and accepted it at {time}. Your decision was not kept."),
    Action.DISMISS: later("Case {id}: {who} was quicker and dismissed it at {time}. Your decision was not kept."),
}
_CHANGED = later("Case {id}: {who} changed it at {time}, before you. Your decision was not kept.")
_OWN = later(
    "Case {id}: it was changed under your own name at {time}, perhaps in another window. Your decision was not kept."
)
_DONE = {
    Action.ACCEPT: later("Accepted: {n}"),
    Action.DISMISS: later("Dismissed: {n}"),
    Action.REOPEN: later("Reopened: {n}"),
    Action.PLATE: later("Number plate corrected"),
    Action.LINK: later("Linked as one motorcycle"),
    Action.UNLINK: later("Parted"),
    Action.UNDO: later("Undone: {n}"),
}
_TOLD = "review-told"


def tell() -> None:
    """What came of the last deed: in passing where it went well, until it was read where somebody was quicker."""
    toasts, conflicts = _to_tell()
    for toast in toasts:
        st.toast(toast, icon=":material/check:")
    toasts.clear()
    for conflict in conflicts:
        st.warning(conflict, icon=":material/group:")
    if conflicts and st.button(_("Understood"), key="review-understood", icon=":material/check:"):
        conflicts.clear()
        st.rerun()


def finish(done: Done, action: Action, words: str | None = None) -> bool:
    """Note what to tell, in these words or the usual ones; return whether anything was changed."""
    _toasts, conflicts = _to_tell()
    conflicts.extend(_conflict(one) for one in done.conflicts)
    if done.changed:
        say(words or _(_DONE[action], n=len(done.changed)))
    return bool(done.changed)


def say(word: str) -> None:
    """Tell this in passing."""
    toasts, _conflicts = _to_tell()
    toasts.append(word)


@contextmanager
def if_it_fails() -> Iterator[None]:
    """Where a click cannot be carried out, say why and stay on the page; the rest of the block is skipped."""
    try:
        yield
    except FORESEEN as error:
        st.toast(told(explain(error)), icon=":material/error:", duration="long")


@contextmanager
def or_say_why() -> Iterator[None]:
    """Where a page cannot be shown as the database or the disk fails, say why in its place: Streamlit hides it."""
    try:
        yield
    except FORESEEN as error:
        _log.exception("a page is not shown")
        st.error(told(explain(error)), icon=":material/error:")


def refresh(part: Callable[[], None], every_s: float) -> None:
    """Show a part of a page, and show it anew by itself every so often."""
    st.fragment(or_say_why()(part), run_every=every_s)()


def _to_tell() -> tuple[list[str], list[str]]:
    """What is still to be told: in passing, and until it was read."""
    waiting: tuple[list[str], list[str]] = st.session_state.setdefault(_TOLD, ([], []))
    return waiting


def _conflict(conflict: Conflict) -> str:
    if conflict.by is None:
        return _("Case {id} does not exist any more.", id=conflict.case_id)
    own = conflict.by.reviewer == reviewer.name()
    text = _OWN if own else _QUICKER.get(conflict.by.action, _CHANGED)
    return _(text, id=conflict.case_id, who=plain(conflict.by.reviewer), time=local(conflict.by.at))
