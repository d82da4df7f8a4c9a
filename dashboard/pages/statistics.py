"""What was found so far, in figures."""

import streamlit as st

from dashboard import charts, filters, look, resources
from dashboard.i18n import _
from db.statistics import Scope

st.title(_("Statistics"))
sources = resources.statistics().sources()
if not sources:
    look.nothing_yet(
        _("Nothing to count yet. Hand in a clip on the page Analyse: the figures appear here when it is done.")
    )
    st.stop()
with st.container(horizontal=True, vertical_alignment="bottom"):
    source = filters.choose_source(sources, "statistics-source", 300)
    days = st.date_input(_("Days"), value=[], key="statistics-days", width=260, persist_state="session")
scope = Scope(source, *filters.span(days))

charts.over_time(scope)
left, right = st.columns(2)
with left:
    charts.riders(scope)
    charts.funnel(scope)
    charts.agreement(scope)
    charts.plates(scope)
with right:
    charts.heads(scope)
    charts.removed(scope)
    charts.reasons(scope)
    charts.by_source(scope)
charts.speed(scope)
