"""Accept, dismiss, link, undo: with the mouse or by key, on one case or on many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import streamlit as st

from dashboard import browser, playing, resources, reviewer
from dashboard.i18n import _, later, several
from dashboard.telling import finish, if_it_fails, say
from db.cases import Filter, Sort
from db.models import Action, Case, Reason, ReviewState
from db.reviews import Deed, Seen

Color = Literal["gray", "blue", "violet"]
STATES: dict[ReviewState, tuple[str, Color, str]] = {
    ReviewState.OPEN: (later("To review"), "gray", ":material/pending:"),
    ReviewState.ACCEPTED: (later("Accepted"), "blue", ":material/check_circle:"),
    ReviewState.DISMISSED: (later("Dismissed"), "violet", ":material/cancel:"),
}
REASONS = {
    Reason.HELMET: later("Wears a helmet"),
    Reason.NO_RIDER: later("No motorcycle rider"),
    Reason.OTHER_RIDER: later("Somebody else's head"),
    Reason.UNCLEAR: later("Cannot be told"),
    Reason.TWICE: later("Same violation twice"),
    Reason.OTHER: later("Other"),
}
CASE = "case"  # the top of one, to be gone to
_DISMISSING = "dismissing"  # in the session: the cases whose dismissal waits for a reason
_WHY = "why"  # in the session: whether the reasons are open


@dataclass(frozen=True, slots=True)
class View:
    """What the viewer walks through, and in which order."""

    wanted: Filter
    sort: Sort = Sort.NEWEST

    @property
    def left(self) -> Filter:
        """What is left to review in it; all of it where it shows judged cases alone."""
        if ReviewState.OPEN not in self.wanted.reviews:
            return self.wanted
        return replace(self.wanted, reviews=(ReviewState.OPEN,))


def badge(case: Case) -> None:
    word, color, icon = STATES[case.review]
    st.badge(_(word), color=color, icon=icon)


def of_one(case: Case, view: View) -> None:
    """Decide on the case on show, and walk on to the next."""
    if not reviewer.name():
        reviewer.ask()
        return
    seen = {case.id: case.version}

    def decide(action: Action) -> None:
        if finish(resources.reviews().decide(seen, Deed(reviewer.name(), action)), action):
            _walk_on(case, view)

    if asks_why(seen):
        _reasons(lambda: _walk_on(case, view))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if case.review is not ReviewState.ACCEPTED:
            _button(_("Accept"), "A", ":material/check:", seen, lambda: decide(Action.ACCEPT), primary=True)
        if case.review is not ReviewState.DISMISSED:
            _button(_("Dismiss"), "D", ":material/close:", seen, lambda: _ask_why(seen))
        if case.review is not ReviewState.OPEN:
            _button(_("Reopen"), "O", ":material/restart_alt:", seen, lambda: _reopen(seen))
        undo_button()
        playing.play_button()


def of_many(seen: dict[int, int], clear: Callable[[], None]) -> None:
    """Decide on the chosen cases at once."""
    if not reviewer.name():
        with st.popover(_("Begin reviewing"), icon=":material/how_to_reg:", type="primary"):
            browser.enter("begin-enter")
            reviewer.ask()
        return
    if asks_why(seen):
        _reasons(clear)
        return

    def accept() -> None:
        finish(resources.reviews().decide(seen, Deed(reviewer.name(), Action.ACCEPT)), Action.ACCEPT)
        clear()

    def link() -> None:
        finish(resources.reviews().link(seen, reviewer.name()), Action.LINK)
        clear()

    _button(_("Accept"), "A", ":material/check:", seen, accept, primary=True)
    _button(_("Dismiss"), "D", ":material/close:", seen, lambda: _ask_why(seen))
    if len(seen) > 1:
        _button(_("Same motorcycle"), "L", ":material/link:", seen, link)


def asks_why(seen: Seen) -> bool:
    """Whether the dismissal of these cases waits for a reason, whatever others have made of them since.

    Who goes elsewhere meanwhile is not asked any more: the session forgets that the reasons were open.
    """
    dismissing: Seen | None = st.session_state.get(_DISMISSING)
    return _WHY in st.session_state and dismissing is not None and dismissing.keys() == seen.keys()


def undo_button() -> None:
    """Take back the reviewer's own last deed, on however many cases it was."""
    if not reviewer.name() or not resources.reviews().can_undo(reviewer.name()):
        return
    _button(_("Undo"), "U", ":material/undo:", {}, _undo)


def steps(case: Case, view: View) -> None:
    """Previous and next in the view, and where in it this case stands."""
    cases = resources.cases()
    before, after = (cases.neighbour(view.wanted, view.sort, case, step) for step in (-1, 1))
    st.button(
        _("Previous"),
        key="previous",
        shortcut="K",
        icon=":material/arrow_back:",
        disabled=before is None,
        on_click=open_case,
        args=(before,),
    )
    st.button(
        _("Next"),
        key="next",
        shortcut="J",
        icon=":material/arrow_forward:",
        icon_position="right",
        disabled=after is None,
        on_click=open_case,
        args=(after,),
    )
    place = cases.place(view.wanted, view.sort, case)
    if place is not None:
        total = cases.count(view.wanted)
        st.markdown(_("{place} of {total}", place=f"{place + 1:,}", total=f"{total:,}"), width="content")


def begin(page: Sequence[Case], view: View) -> None:
    """Begin a review of the view from this page of it: with what is left to review, here before elsewhere."""
    left = view.left
    with if_it_fails():
        here = [case for case in page if case.review in left.reviews]
        first = here or resources.cases().page(left, view.sort, 0, 1) or page
        look_into(first[0].id if first else None)


def _walk_on(case: Case, view: View) -> None:
    """On to the next case that is left to review; back to the gallery where none is left in the view."""
    cases = resources.cases()
    after = cases.neighbour(view.left, view.sort, case, 1)
    if after is not None:
        open_case(after)
    elif cases.count(view.left):
        say(_("That was the last case of this view."))
    else:
        close_case()
        say(_("Nothing is left to review in this view."))


def _button(
    label: str, key: str, icon: str, seen: Seen, deed: Callable[[], None], primary: bool = False, wide: bool = False
) -> None:
    """A button with a shortcut, tied to what is on the screen.

    Between a key and the new page the browser may hold the buttons of two cases, and one key press both: only the
    first click since the page changed counts.
    """
    now = turn()
    name = f"{key}-{now}-{'-'.join(f'{id_}.{version}' for id_, version in seen.items())}"
    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"

    def once() -> None:
        if turn() == now:
            next_turn()
            with if_it_fails():
                deed()

    width: Literal["stretch", "content"] = "stretch" if wide else "content"
    st.button(label, key=name, shortcut=key, icon=icon, on_click=once, type=kind, width=width)


def turn() -> int:
    """How often what can be clicked has changed under the viewer; part of the keys of what belongs to one turn."""
    return int(st.session_state.setdefault("turn", 0))


def next_turn() -> None:
    st.session_state["turn"] = turn() + 1


def _reasons(afterwards: Callable[[], None]) -> None:
    """Why? One key per reason, laid over the page: nothing on it moves. The note of these cases is kept until they are
    dismissed."""
    seen: Seen = st.session_state[_DISMISSING]
    note = f"dismiss-note-{'-'.join(map(str, seen))}"

    def dismiss(reason: Reason) -> None:
        deed = Deed(reviewer.name(), Action.DISMISS, reason, st.session_state[note].strip() or None)
        done = resources.reviews().decide(seen, deed)
        _ask_no_more()
        if finish(done, Action.DISMISS):
            st.session_state[note] = ""
            afterwards()

    asked = several("Why dismiss it?", "Why dismiss these {n}?", len(seen))
    with st.popover(asked, icon=":material/close:", key=_WHY, on_change=_ask_no_more):
        browser.enter("why-enter")
        for number, (reason, word) in enumerate(REASONS.items(), 1):
            _button(_(word), str(number), "", seen, partial(dismiss, reason), wide=True)
        # of no fixed length: of a longer text that is pasted the field would take nothing, and say so nowhere
        st.text_input(_("Note (may stay empty)"), key=note, persist_state="session")
        _button(_("Do not dismiss"), "Escape", ":material/close:", {}, _ask_no_more, wide=True)


def _ask_why(seen: Seen) -> None:
    st.session_state[_DISMISSING] = seen
    st.session_state[_WHY] = True


def _ask_no_more() -> None:
    st.session_state[_DISMISSING] = None


def _undo() -> None:
    done = resources.reviews().undo(reviewer.name())
    if finish(done, Action.UNDO) and len(done.changed) == 1 and "case" in st.query_params:
        open_case(done.changed[0])  # back to what was judged wrongly


def _reopen(seen: Seen) -> None:
    finish(resources.reviews().decide(seen, Deed(reviewer.name(), Action.REOPEN)), Action.REOPEN)


def open_case(case_id: int | None) -> None:
    """Show a case; stay where there is none."""
    if case_id is not None:
        next_turn()
        st.query_params["case"] = str(case_id)


def look_into(case_id: int | None) -> None:
    """Show a case from its top on."""
    open_case(case_id)
    browser.go_to(CASE)


def close_case() -> None:
    """Show the gallery again."""
    st.query_params.pop("case", None)
