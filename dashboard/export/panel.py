"""Where people take things out: a package of cases, the view as a table, training pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboard import browser, keys, resources
from dashboard.export import table
from dashboard.export.negatives import NAME, TELLING, negatives, parts
from dashboard.export.package import Source, package
from dashboard.export.wording import HIDDEN, STILL_SEEN, page
from dashboard.i18n import _, later, several
from dashboard.review import REASONS, View
from dashboard.text import told
from db.engine import FORESEEN, explain

_READY = "package"  # in the session: the last package that was made, and of what
_KEPT = later("Nobody is hidden in these pictures: they are for training, not for passing on.")


def of_cases(ids: Sequence[int], key: str) -> None:
    """A button that opens what is needed to take out the evidence of some cases."""
    if st.button(_("Evidence package"), icon=":material/folder_zip:", key=f"{key}-package"):
        _forget()  # what a rerun closed was not dismissed, and the case may have changed since
        st.dialog(_("Evidence package"), on_dismiss=_forget)(_package)(tuple(ids))


def _forget() -> None:
    """A package may take hundreds of megabytes, and a session last for days."""
    st.session_state.pop(_READY, None)


def _package(ids: tuple[int, ...]) -> None:
    keys.hush("package-hush")
    st.markdown(several("Evidence of {n} case, to pass on.", "Evidence of {n} cases, to pass on.", len(ids)))
    st.caption(_("Pictures, clip, a report of one page, the facts as JSON, and a sum of every file."))
    hidden = st.toggle(_("Hide what is around the motorcycle"), value=True, key="package-hidden")
    if hidden:
        st.caption("  \n".join((_(HIDDEN), _(STILL_SEEN), _("Look at the package before it is passed on."))))
    else:
        st.warning(_("Passers-by and number plates of others can be recognised."), icon=":material/visibility:")
    if st.button(_("Prepare"), key="package-prepare", icon=":material/inventory_2:", type="primary"):
        st.session_state[_READY] = ((ids, hidden), _made(ids, hidden))
    made_for, data = st.session_state.get(_READY, (None, None))
    if made_for == (ids, hidden) and data is not None:
        st.download_button(
            _("Download, {size} MB", size=f"{len(data) / 1e6:.1f}"),
            data,
            f"helmet-watch-{'-'.join(map(str, ids[:5]))}.zip",
            "application/zip",
            key="package-download",
            icon=":material/download:",
            on_click="ignore",
        )


def _made(ids: Sequence[int], hidden: bool) -> bytes | None:
    source = Source(
        resources.cases(),
        resources.reviews(),
        resources.store(),
        resources.settings(),
        resources.streams().knows_all_until,
    )
    try:
        with st.spinner(_("Preparing the package")):
            return package(ids, source, page, hidden)
    except FORESEEN as error:
        st.error(told(explain(error)), icon=":material/error:")
        return None


def of_view(view: View, key: str) -> None:
    """A button that opens the table of the view and the training pictures."""
    cases, reviews, store = resources.cases(), resources.reviews(), resources.store()
    columns, row = table.heads(), table.words()
    with st.popover(_("Export"), icon=":material/download:", key=f"{key}-export"):
        browser.enter(f"{key}-export-enter")
        st.markdown(_("**This view as a table**, for Excel"))
        st.download_button(
            _("CSV"),
            lambda: table.write(columns, map(row, cases.each(view.wanted, view.sort))),
            "helmet-watch.csv",
            "text/csv",
            key=f"{key}-csv",
            icon=":material/table:",
            on_click="ignore",
        )
        all_parts = parts(reviews)
        st.markdown(_("**Hard negatives**, for the next training"))
        first, second = (_(REASONS[reason]) for reason in TELLING)
        st.caption(
            several(
                "{n} case dismissed as “{first}” or “{second}”, in YOLO form.",
                "{n} cases dismissed as “{first}” or “{second}”, in YOLO form.",
                sum(map(len, all_parts)),
                first=first,
                second=second,
            )
        )
        if all_parts:
            st.caption(_(_KEPT))
        for number, part in enumerate(all_parts, 1):
            st.download_button(
                _("ZIP") if len(all_parts) == 1 else _("ZIP {n} of {all}", n=number, all=len(all_parts)),
                partial(negatives, part, cases, reviews, store),
                f"{NAME}-{number}.zip" if len(all_parts) > 1 else f"{NAME}.zip",
                "application/zip",
                key=f"{key}-negatives-{number}",
                icon=":material/model_training:",
                on_click="ignore",
            )
