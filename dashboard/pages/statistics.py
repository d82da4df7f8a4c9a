"""What was found so far, in figures."""

import streamlit as st

from dashboard import charts, look, resources, scope
from dashboard.i18n import _

st.title(_("Statistics"))
sources = resources.statistics().sources()
if not sources:
    look.nothing_yet(
        _("Nothing to count yet. Hand in a clip on the page Analyse: the figures appear here when it is done.")
    )
    st.stop()
counted = scope.choose(sources)

charts.over_time(counted)
left, right = st.columns(2)
with left:
    charts.riders(counted)
    charts.funnel(counted)
    charts.agreement(counted)
    charts.plates(counted)
with right:
    charts.heads(counted)
    charts.removed(counted)
    charts.reasons(counted)
    charts.by_source(counted)
charts.speed(counted)
