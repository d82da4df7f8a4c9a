"""Cases as cards, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import address, browser, detail, filters, keys, look, resources, review, stored, telling
from dashboard.export import panel
from dashboard.i18n import _, several
from dashboard.plate_text import short
from dashboard.review import View
from dashboard.text import about, at, brief, plain, when
from db.cases import VIOLATIONS, Filter
from db.models import Case, ReviewState
from pipeline.types import Outcome

_NAME = 36  # letters of a clip's name: two lines of a card


def browse(title: str, outcomes: tuple[Outcome, ...], key: str, nothing: str) -> None:
    """A page of cases; the address says which one is open. `nothing` is said where there is none at all.

    Violations are reviewed, suspects that were turned down are only looked at.
    """
    telling.tell()
    filters.recall(key)
    number = address.number("case")
    case = None if number is None else resources.cases().get(number)
    if case is not None:
        st.session_state[f"{key}-shown"] = case.id  # first: who goes back need not wait for all of it
        if case.id in _chosen(key):  # as it is seen now: one's own correction is nobody else's change
            _chosen(key)[case.id] = case.version
        filters.keep(key)
        detail.show(case, filters.view(outcomes, key))
        return
    st.title(title)
    if "case" in st.query_params:
        st.warning(
            _("This case does not exist any more: its clip was analysed again, or deleted."),
            icon=":material/search_off:",
        )
        st.button(_("Understood"), key=f"{key}-gone", icon=":material/check:", on_click=review.close_case)
    if resources.cases().count(Filter(outcomes, reviews=tuple(ReviewState))):
        filters.choose(outcomes, key)
        view = filters.view(outcomes, key)
        _turn_to_shown(view, key)
        _grid(view, key)
        filters.keep(key)  # the page as well, where there are fewer than the address said
    else:
        look.nothing_yet(nothing)


def _turn_to_shown(view: View, key: str) -> None:
    """Turn to the page of the case that was looked at last, and to its card, if it is in the view."""
    shown, cases = st.session_state.pop(f"{key}-shown", None), resources.cases()
    case = None if shown is None or address.arriving() else cases.get(shown)
    if case is not None:
        place = cases.place(view.wanted, view.sort, case)
        if place is not None:
            filters.turn_to(place, key)
            browser.go_to(_card_of(case))


def _grid(view: View, key: str) -> None:
    total = resources.cases().count(view.wanted)
    if st.session_state.get(f"{key}-chosen-in", view.wanted) != view.wanted:
        _forget(key)  # nobody decides on what another filter showed
    st.session_state[f"{key}-chosen-in"] = view.wanted
    if not total:
        if view.wanted.reviews == (ReviewState.OPEN,):
            st.info(_("Nothing is left to review in this view."), icon=":material/task_alt:")
        else:
            st.info(_("None fits these filters."), icon=":material/filter_alt_off:")
        filters.offer_to_clear(key)
        review.undo_button()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        size = filters.choose_size(key)
        filters.choose_order(key)
        st.caption(_("{total} in all", total=f"{total:,}"), width="content")
        panel.of_view(view, key)
        number = filters.choose_page(-(-total // size), key)
    cases = resources.cases().page(view.wanted, view.sort, number - 1, size)
    if view.wanted.outcomes == VIOLATIONS:
        _choice(cases, view, key)
        keys.hear(f"{key}-hear", "input[type=checkbox]", "[^ ]")
    grid = st.grid(min_column_width=230, gap="small")
    for case in cases:
        with grid, st.container(border=True, height="stretch", key=f"{key}-card-{case.id}"):
            browser.place(_card_of(case))
            _card(case, key)


def _choice(cases: Sequence[Case], view: View, key: str) -> None:
    """What can be done with the cases on this page."""
    chosen = _chosen(key)
    asking = review.asks_why(chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            _("Review one by one"),
            key=f"{key}-first",
            icon=":material/rate_review:",
            shortcut="J",
            on_click=review.begin,
            args=(cases, view),
            disabled=asking,
            type="secondary" if chosen else "primary",
        )
        st.button(
            _("Choose this page"),
            key=f"{key}-all",
            icon=":material/select_all:",
            on_click=lambda: _choose(key, cases),
            disabled=asking or all(case.id in chosen for case in cases),
        )
        if not asking:
            review.undo_button()
    if chosen:
        with st.bottom, st.container(horizontal=True, vertical_alignment="center"):
            _of_chosen(cases, key)


def _of_chosen(cases: Sequence[Case], key: str) -> None:
    """What can be done with the chosen ones, where it is in sight and moves no card."""
    chosen = _chosen(key)
    if review.asks_why(chosen):
        review.of_many(chosen, lambda: _forget(key))
        return
    st.button(_("Choose none"), key=f"{key}-none", icon=":material/deselect:", on_click=_forget, args=(key,))
    st.markdown(_told(chosen, cases), width="content")
    review.of_many(chosen, lambda: _forget(key))
    panel.of_cases(sorted(chosen), key)


def _told(chosen: Mapping[int, int], cases: Sequence[Case]) -> str:
    """How many are chosen, and how many of them are out of sight."""
    unseen = len(chosen.keys() - {case.id for case in cases})
    parts = [several("**{n} chosen**", "**{n} chosen**", len(chosen))]
    if unseen:
        parts.append(_("{n} not on this page", n=f"{unseen:,}"))
    return " · ".join(parts)


def _chosen(key: str) -> dict[int, int]:
    """The chosen cases, each with the version that was on the screen."""
    chosen: dict[int, int] = st.session_state.setdefault(f"{key}-chosen", {})
    return chosen


def _choose(key: str, cases: Sequence[Case]) -> None:
    _chosen(key).update({case.id: case.version for case in cases})
    review.next_turn()


def _forget(key: str) -> None:
    st.session_state[f"{key}-chosen"] = {}
    review.next_turn()


def _card_of(case: Case) -> str:
    """The place of its card."""
    return f"card-{case.id}"


def _card(case: Case, key: str) -> None:
    box = f"{key}-choose-{case.id}-{review.turn()}"  # a new one where the choice changes: it shows what is chosen

    def choose() -> None:
        if st.session_state[box]:
            _chosen(key)[case.id] = case.version
        else:
            _chosen(key).pop(case.id, None)

    if case.outcome in VIOLATIONS:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.checkbox(_("Case {id}", id=case.id), case.id in _chosen(key), key=box, on_change=choose)
            review.badge(case)
    stored.picture(case.crop, _("Rider of case {id}", id=case.id))
    st.markdown(_("**{clip}** at {time}", clip=plain(brief(case.clip.name, _NAME)), time=at(case, case.best_s)))
    st.caption(when(case))
    st.markdown(
        _("Stage 1 **{first}** · Stage 2 **{second}**", first=f"{case.stage1:.0%}", second=f"{case.stage2:.0%}")
    )
    plate = short(case)
    if case.plate_crop or plate:
        with st.container(horizontal=True, vertical_alignment="center"):
            if case.plate_crop:
                stored.picture(case.plate_crop, _("Its number plate"), 96)
            if plate:
                st.markdown(plate, width="content")
    if case.motorcycle is not None:
        st.badge(_("Motorcycle {id}", id=case.motorcycle), icon=":material/link:", color="gray")
    st.space("stretch")
    st.button(
        about(_("Details"), _("Case {id}", id=case.id)),
        key=f"{key}-open-{case.id}",
        icon=":material/open_in_full:",
        width="stretch",
        on_click=review.look_into,
        args=(case.id,),
    )
