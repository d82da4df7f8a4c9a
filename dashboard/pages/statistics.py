"""What was found so far, in figures."""

import streamlit as st

from dashboard import charts, filters, look, resources, scope
from dashboard.i18n import _

st.title(_("Statistics"))
counts = resources.statistics()
sources = counts.sources()
if not sources:
    look.nothing_yet(
        _("Nothing to count yet. Hand in a clip on the page Analyse: the figures appear here when it is done.")
    )
    st.stop()
counted = scope.choose(sources)
st.caption(_("Violations linked as one motorcycle count once, dismissed ones not at all."))
if not (counts.verdicts(counted) or counts.riders(counted).total or counts.speeds(counted, 1).jobs):
    st.info(_("None fits these filters."), icon=":material/filter_alt_off:")
    filters.offer_to_clear(scope.KEY)
    st.stop()

charts.over_time(counted)
with st.grid(2, min_column_width=340):  # narrower, and titles are cut off
    charts.riders(counted)
    charts.heads(counted)
    charts.funnel(counted)
    charts.removed(counted)
    charts.agreement(counted)
    charts.reasons(counted)
    charts.plates(counted)
    charts.by_source(counted)
charts.speed(counted)
