"""Cases as cards, page by page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import browser, detail, filters, look, resources, review, stored
from dashboard.export import panel
from dashboard.i18n import _, later, several
from dashboard.plate_text import short
from dashboard.text import brief, clock, local, plain
from db.cases import VIOLATIONS, Filter, Sort
from db.models import Case, ReviewState
from pipeline.types import Outcome

_SORTS = {
    Sort.NEWEST: later("Newest first"),
    Sort.OLDEST: later("Oldest first"),
    Sort.SUREST: later("Surest first"),
    Sort.LEAST_SURE: later("Least sure first"),
}
_PAGE_SIZES = (12, 24, 48)
_NAME = 36  # letters of a clip's name: two lines of a card


def browse(title: str, outcomes: tuple[Outcome, ...], key: str, nothing: str) -> None:
    """A page of cases; the address says which one is open. `nothing` is said where there is none at all.

    Violations are reviewed, suspects that were turned down are only looked at.
    """
    review.tell()
    wanted = st.query_params.get("case", "")
    case = resources.cases().get(int(wanted)) if wanted.isdecimal() else None
    if case is not None:
        detail.show(case, st.session_state.get(f"{key}-view") or review.View(Filter(outcomes)))
        return
    st.title(title)
    if wanted:
        st.warning(_("This case does not exist any more."), icon=":material/search_off:")
    if resources.cases().count(Filter(outcomes, reviews=tuple(ReviewState))):
        _grid(filters.choose(outcomes, key), key)
    else:
        look.nothing_yet(nothing)


def _grid(wanted: Filter, key: str) -> None:
    total = resources.cases().count(wanted)
    if not total:
        st.info(_("None fits these filters."), icon=":material/filter_alt_off:")
        st.button(
            _("Clear the filters"), key=f"{key}-clear", icon=":material/close:", on_click=filters.clear, args=(key,)
        )
        review.undo_button()
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        size = st.segmented_control(
            _("Cards per page"),
            _PAGE_SIZES,
            default=_PAGE_SIZES[0],
            key=f"{key}-size",
            label_visibility="collapsed",
            required=True,
            persist_state="session",
        )
        sort = st.selectbox(
            _("Order"),
            list(_SORTS),
            format_func=lambda sort: _(_SORTS[sort]),
            key=f"{key}-order",
            label_visibility="collapsed",
            width=180,
            persist_state="session",
        )
        pages = -(-total // size)
        page_key = f"{key}-page-{size}-{hash(wanted)}-{sort}"
        number = st.pagination(pages, key=page_key, persist_state="session") if pages > 1 else 1
        st.caption(_("{total} in all", total=f"{total:,}"), width="content")
        panel.of_view(review.View(wanted, sort), key)
    cases = resources.cases().page(wanted, sort, number - 1, size)
    st.session_state[f"{key}-view"] = review.View(wanted, sort)
    if wanted.outcomes == VIOLATIONS:
        _choice(cases, key)
        browser.hear(f"{key}-hear", "input[type=checkbox]", "[^ ]|Enter")
    grid = st.grid(min_column_width=230, gap="small")
    for case in cases:
        with grid, st.container(border=True, height="stretch", key=f"{key}-card-{case.id}"):
            _card(case, key)


def _choice(cases: Sequence[Case], key: str) -> None:
    """What can be done with the cases on this page, and with the chosen ones."""
    chosen = _chosen(key)
    if chosen and review.asks_why(chosen):
        review.of_many(chosen, lambda: _forget(key))
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-choice"):
        st.button(
            _("Review one by one"),
            key=f"{key}-first",
            icon=":material/rate_review:",
            shortcut="Enter",
            on_click=review.open_case,
            args=(cases[0].id if cases else None,),
        )
        if all(case.id in chosen for case in cases):
            st.button(_("Choose none"), key=f"{key}-none", icon=":material/deselect:", on_click=_forget, args=(key,))
        else:
            st.button(
                _("Choose this page"),
                key=f"{key}-all",
                icon=":material/select_all:",
                on_click=lambda: _choose(key, cases),
            )
        if chosen:
            st.markdown(several("**{n} chosen**", "**{n} chosen**", len(chosen)), width="content")
            review.of_many(chosen, lambda: _forget(key))
            panel.of_cases(sorted(chosen), key)
        review.undo_button()


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
    st.markdown(_("**{clip}** at {time}", clip=plain(brief(case.clip.name, _NAME)), time=clock(case.best_s)))
    st.caption(local(case.happened_at))
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
    if st.button(_("Details"), key=f"{key}-open-{case.id}", icon=":material/open_in_full:", width="stretch"):
        review.open_case(case.id)
        st.rerun()
