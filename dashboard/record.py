"""What people know of one case beyond their decision: its plate, its twins, and everything that was done to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import resources, reviewer, unsent
from dashboard.i18n import _, later
from dashboard.review import REASONS, STATES, look_into
from dashboard.telling import finish, if_it_fails, refresh, say
from dashboard.text import local, plain
from db.models import Action, Case, ReviewState
from pipeline.plate_formats import identify

_WATCH_EVERY_S = 4
_DOUBT = "plate-doubt"  # in the session: a case, and the text that no plate bears which was typed for it
_OWN = later("This case was changed under your own name just now, perhaps in another window.")
DEEDS = {
    Action.ACCEPT: later("accepted"),
    Action.DISMISS: later("dismissed"),
    Action.REOPEN: later("reopened"),
    Action.PLATE: later("plate corrected"),
    Action.LINK: later("linked"),
    Action.UNLINK: later("parted"),
    Action.UNDO: later("undone"),
}


def plate(case: Case) -> None:
    """A person's reading of the number plate. What is being typed stays when somebody else changes the case."""
    field, shown = f"plate-text-{case.id}", f"plate-shown-{case.id}"
    stands = case.plate or ""
    if field not in st.session_state or st.session_state[shown] != stands:
        st.session_state[field] = st.session_state[shown] = stands
    with st.form(f"plate-{case.id}", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            nobody = not reviewer.name()
            text = st.text_input(
                _("Number plate"),
                key=field,
                max_chars=32,
                placeholder=_("as it stands on the plate"),
                width=220,
                disabled=nobody,
            )
            st.form_submit_button(
                _("Correct"), icon=":material/edit:", disabled=nobody, on_click=_correct, args=(case, field)
            )
            st.form_submit_button(
                _("Not readable"),
                icon=":material/visibility_off:",
                disabled=nobody or case.plate_corrected == "",
                on_click=_say,
                args=(case, ""),
            )
        if st.session_state.get(_DOUBT) == (case.id, text.strip()):
            doubt = _(
                "{text} does not look like a number plate. Press Correct again if it stands there.", text=plain(text)
            )
            st.warning(doubt, icon=":material/help:")
        if case.plate_corrected is not None:
            read = case.plate_text or _("nothing")
            st.caption(_("Corrected by a person. The machine read: {text}", text=plain(read)))
            st.form_submit_button(
                _("Let the machine's reading stand"),
                icon=":material/undo:",
                type="tertiary",
                disabled=nobody,
                on_click=_say,
                args=(case, None),
            )

    question = _("This number plate is not kept yet: press Correct, or go on once more to leave it.")
    unsent.ask(f"unsent-{case.id}-{case.version}", f".st-key-{field} input", stands, question)


def _correct(case: Case, field: str) -> None:
    """Take what was typed for the plate of a case."""
    text = str(st.session_state[field]).strip()
    asked = st.session_state.pop(_DOUBT, None) == (case.id, text)
    if text == (case.plate or ""):
        return
    if not text:
        st.session_state[field] = case.plate
        say(_("Nothing was typed: what stood for the number plate still stands."))
    elif identify(text) is None and not asked:
        st.session_state[_DOUBT] = (case.id, text)
    else:
        _say(case, text)


def _say(case: Case, text: str | None) -> None:
    """Put a person's word on the plate of a case as it was on the screen; None lets the machine's stand again."""
    words = {"": _("Number plate: not readable"), None: _("The machine's reading stands again")}
    with if_it_fails():
        done = resources.reviews().correct_plate({case.id: case.version}, reviewer.name(), text)
        finish(done, Action.PLATE, words.get(text))


def mates(case: Case) -> None:
    """The other violations that are the same motorcycle."""
    others = resources.cases().same_motorcycle(case)
    if not others:
        return
    st.markdown(_(":material/link: **The same motorcycle** was seen here too:"))
    with st.container(horizontal=True, vertical_alignment="center"):
        _lead_to(others)
        key = f"part-{case.id}-{case.version}"
        if reviewer.name() and st.button(_("Part them"), key=key, icon=":material/link_off:"):
            with if_it_fails():
                finish(resources.reviews().unlink(case.id, case.version, reviewer.name()), Action.UNLINK)
                st.rerun()


def same_plate(case: Case) -> None:
    """Other violations with the number plate of this one."""
    others = resources.cases().same_plate(case)
    if not others:
        return
    st.markdown(_(":material/pin: **The same number plate** was read here too:"))
    with st.container(horizontal=True):
        _lead_to(others)


def _lead_to(others: Iterable[Case]) -> None:
    for other in others:
        label = _("Case {id}", id=other.id)
        st.button(label, key=f"mate-{other.id}", icon=":material/two_wheeler:", on_click=look_into, args=(other.id,))


def history(case: Case) -> None:
    """Who did what, when and why, and what was before: kept for good."""
    rows = resources.reviews().history(case.id)
    if case.kept:
        st.caption(_("The clip was analysed again since. This case stays as it was when it was reviewed."))
    if not rows:
        return
    st.header(_("Review"))
    table = [
        {
            _("When"): local(row.at),
            _("Who"): row.reviewer,
            _("What"): _(DEEDS[row.action]),
            _("Before"): _values(row.before),
            _("After"): _values(row.after),
            _("Why"): " · ".join(filter(None, (_(REASONS[row.reason]) if row.reason else "", row.note))),
        }
        for row in reversed(rows)
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True, alt=_("Everything that was done to this case"))
    key = f"undo-{case.id}-{case.version}"
    if reviewer.name() and st.button(_("Take back the last change of this case"), key=key, icon=":material/history:"):
        with if_it_fails():
            finish(resources.reviews().undo_case(case.id, case.version, reviewer.name()), Action.UNDO)
            st.rerun()


def watch(case: Case) -> None:
    """Show it when somebody else changes the case that is on the screen."""

    def look() -> None:
        now = resources.cases().get(case.id)
        if now is None or now.version != case.version:
            rows = resources.reviews().history(case.id)
            own = bool(rows) and rows[-1].reviewer == reviewer.name()
            st.toast(_(_OWN) if own else _("Somebody else changed this case just now."), icon=":material/group:")
            st.rerun()

    refresh(look, _WATCH_EVERY_S)


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(_value(name, value) for name, value in values.items())


def _value(name: str, value: Any) -> str:
    if name == "review":
        return _(STATES[ReviewState(value)][0])
    if value is None:
        return "–"
    if name == "plate_corrected" and not value:
        return _("not readable")
    return _("Motorcycle {id}", id=value) if name == "motorcycle" else str(value)
