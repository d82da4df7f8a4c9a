"""How the plates fare that another machine is to read."""

from __future__ import annotations

import streamlit as st

from dashboard import resources
from dashboard.i18n import _, several
from dashboard.telling import if_it_fails
from dashboard.text import local, plain, told
from pipeline.guard import masked


def show() -> None:
    """Backlog and last error; nothing where everything is read on this machine."""
    backlog = resources.outbox().backlog()
    settings = resources.settings()
    if not settings.ocr_url and not backlog.waiting and not backlog.reading and not backlog.refused:
        return
    with st.container(border=True):
        st.markdown(_("**OCR server** {url}", url=plain(masked(settings.ocr_url)) or _("(none is set)")))
        here, there, since = st.columns(3)
        here.metric(_("Waiting to be sent"), backlog.waiting)
        there.metric(_("At the server"), backlog.reading)
        since.metric(_("Oldest"), local(backlog.oldest) if backlog.oldest else "–")
        trouble = (
            resources.postman().trouble if settings.ocr_url else _("No server is set: HELMET_WATCH_OCR_URL names it.")
        )
        for problem in filter(None, (trouble, backlog.error)):
            st.error(told(problem), icon=":material/cloud_off:")
        if backlog.refused:
            given_up = several(
                "{n} plate is given up until somebody tries again: the reason stands with it below.",
                "{n} plates are given up until somebody tries again: the reasons stand with them below.",
                backlog.refused,
            )
            st.warning(given_up, icon=":material/block:")
        if backlog.error or backlog.refused:
            st.button(_("Try again now"), key="outbox-again", icon=":material/replay:", on_click=_retry)


def _retry() -> None:
    with if_it_fails():
        resources.outbox().retry()
