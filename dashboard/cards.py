"""Cases as cards, page by page."""

from __future__ import annotations

import streamlit as st

from dashboard import detail, filters, resources
from dashboard.i18n import _, later
from dashboard.plate_text import short
from dashboard.text import clock, local, plain
from db.cases import Filter, Sort
from db.models import Case
from pipeline.types import Outcome

_SORTS = {
    Sort.NEWEST: later("Newest first"),
    Sort.OLDEST: later("Oldest first"),
    Sort.SUREST: later("Surest first"),
    Sort.LEAST_SURE: later("Least sure first"),
}
_PAGE_SIZES = (12, 24, 48)


def browse(title: str, outcomes: tuple[Outcome, ...], key: str, nothing: str) -> None:
    """A page of cases; the address says which one is open. `nothing` is said where no case fits."""
    st.title(title)
    wanted = st.query_params.get("case", "")
    case = resources.cases().get(int(wanted)) if wanted.isdecimal() else None
    if case is not None:
        detail.show(case)
        return
    if wanted:
        st.warning(_("This case does not exist any more."), icon=":material/search_off:")
    _grid(filters.choose(outcomes, key), key, nothing)


def _grid(wanted: Filter, key: str, nothing: str) -> None:
    total = resources.cases().count(wanted)
    if not total:
        st.info(nothing, icon=":material/info:")
        return
    above = st.container(horizontal=True, vertical_alignment="center")
    size = above.segmented_control(
        _("Cards per page"),
        _PAGE_SIZES,
        default=_PAGE_SIZES[0],
        key=f"{key}-size",
        label_visibility="collapsed",
        required=True,
    )
    pages = -(-total // size)
    with above:
        sort = st.selectbox(
            _("Order"),
            list(_SORTS),
            format_func=lambda sort: _(_SORTS[sort]),
            key=f"{key}-order",
            label_visibility="collapsed",
            width=180,
        )
        number = st.pagination(pages, key=f"{key}-page-{size}-{hash(wanted)}-{sort}") if pages > 1 else 1
        st.caption(_("{total} in all", total=f"{total:,}"))
    with st.container(horizontal=True):
        for case in resources.cases().page(wanted, sort, number - 1, size):
            _card(case, key)


def _card(case: Case, key: str) -> None:
    with st.container(border=True, width=260, key=f"{key}-card-{case.id}"):
        st.image(resources.store().path(case.crop), width="stretch", alt=_("Rider of case {id}", id=case.id))
        st.markdown(_("**{clip}** at {time}", clip=plain(case.clip.name), time=clock(case.best_s)))
        st.caption(local(case.happened_at))
        st.markdown(
            _("Stage 1 **{first}** · Stage 2 **{second}**", first=f"{case.stage1:.0%}", second=f"{case.stage2:.0%}")
        )
        if case.plate_crop:
            st.image(resources.store().path(case.plate_crop), width=120, alt=_("Its number plate"))
        if plate := short(case):
            st.markdown(f":material/pin: {plate}")
        if st.button(_("Details"), key=f"{key}-open-{case.id}", icon=":material/open_in_full:", width="stretch"):
            st.query_params["case"] = str(case.id)
            st.rerun()
