"""What a live source under watch has brought, be it a camera or a stream, and what was not kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import resources, stored
from dashboard.i18n import _
from dashboard.text import second, told
from db.cases import Filter, Sort
from db.models import Case

if TYPE_CHECKING:
    from db.streams import Running

_GALLERY = "dashboard/pages/gallery.py"


def trouble(running: Running) -> None:
    """What was not kept of a live source, and when: whatever it was may be over."""
    if running.trouble:
        at = second(running.source.trouble_at)
        st.error(f"{at} · {told(running.trouble)}", icon=":material/error:")


def violations(job_id: int, most: int) -> tuple[int, Sequence[Case]]:
    """How many a live source has brought, and the newest: pages ask every second, and there may be thousands."""
    wanted = Filter(job_id=job_id)
    return resources.cases().count(wanted), resources.cases().page(wanted, Sort.NEWEST, 0, most)


def violation(case: Case) -> None:
    """One violation of a live source in a line, with the way to all of it."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"live-case-{case.id}"):
        stored.picture(case.crop, _("Rider of case {id}", id=case.id), 90)
        st.page_link(
            _GALLERY,
            label=_("{time} · stage 2 {confidence}", time=second(case.happened_at), confidence=f"{case.stage2:.0%}"),
            query_params={"case": str(case.id)},
            icon=":material/open_in_full:",
        )
