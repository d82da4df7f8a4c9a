"""How plates were read: every attempt, and a place to try."""

import streamlit as st

from dashboard import attempts, filters, look, outbox, resources, try_plate
from dashboard.i18n import _
from dashboard.plate_text import summary
from dashboard.text import about, at, plain
from db.cases import Filter
from db.models import Case, ReviewState

_PAGE_SIZE = 3
_KEY = "plates"


def _violation(case: Case) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            where = _("{clip} at {time}", clip=plain(case.clip.name), time=at(case, case.best_s))
            st.markdown(f"{summary(case)}  \n{where}", width="content")
            details = about(_("Details"), _("Case {id}", id=case.id))
            if st.button(details, key=f"plates-open-{case.id}", icon=":material/open_in_full:"):
                st.switch_page("dashboard/pages/gallery.py", query_params={"case": str(case.id)})
        if case.capture is not None and case.capture.given_up:
            attempts.given_up(case, case.capture.given_up)
        if case.reads:
            attempts.of_case(case)


def _violations(wanted: Filter) -> None:
    total = resources.plates().count(wanted)
    if not total:
        st.info(_("None fits these filters."), icon=":material/filter_alt_off:")
        filters.offer_to_clear(_KEY)
        return
    number = filters.choose_page(-(-total // _PAGE_SIZE), _KEY)
    for violation in resources.plates().page(wanted, number - 1, _PAGE_SIZE):
        _violation(violation)


st.title(_("OCR attempts"))
outbox.show()
with st.expander(_("Try OCR on a crop of your own"), icon=":material/document_scanner:", key="plates-try"):
    try_plate.show()
if resources.plates().count(Filter(reviews=tuple(ReviewState))):
    filters.recall(_KEY, filters.OF_PLATES)
    _violations(filters.choose_plates(_KEY))
    filters.keep(_KEY, filters.OF_PLATES)
else:
    look.nothing_yet(
        _("No plate has been read yet: that happens when a violation is found. Hand in a clip on the page Analyse.")
    )
