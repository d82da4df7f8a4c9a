"""Uploads and samples, on their way into the queue. Clicks are handled in callbacks, as in `queue`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import streamlit as st
from sqlalchemy.exc import DBAPIError
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard import browser, queue, resources
from dashboard.i18n import _
from dashboard.telling import if_it_fails
from dashboard.text import local, plain, told
from dashboard.upload import keep, suffix_of, too_large
from db.engine import explain
from db.models import Job
from pipeline.errors import ClipError
from pipeline.settings import ROOT
from pipeline.video import SUFFIXES, films_in

SAMPLES = ROOT / "samples"
DEMO, RAIN = SAMPLES / "demo.mp4", SAMPLES / "rain.mp4"


def show() -> None:
    """Upload field and samples. A fresh key empties the field, and with it the server's copy in memory."""
    kinds = ", ".join(suffix.removeprefix(".").upper() for suffix in SUFFIXES)
    generation = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        _("Dashcam clips: {kinds}, up to {size} GB each", kinds=kinds, size=f"{resources.settings().max_upload_gb:g}"),
        type=[suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key=f"upload-{generation}",
    )
    if files:
        _take_all(files)
    samples = sorted(SAMPLES.glob("*.mp4"))
    if samples:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("No clip at hand? Try a sample:"), width="content")
            for sample in samples:
                key = f"sample-{sample.stem}"
                st.button(sample.name, key=key, icon=":material/movie:", on_click=_take_sample, args=(sample,))
    _notices()
    _offer_again()


def queue_sample(sample: Path) -> None:
    """Queue a sample, whether or not it was analysed before."""
    try:
        with sample.open("rb") as clip:
            _queue(sample.name, *keep(clip, sample.name, resources.settings()))
    except (ClipError, OSError, DBAPIError) as error:
        st.error(told(explain(error)), icon=":material/error:")


def _take_sample(sample: Path) -> None:
    with sample.open("rb") as clip:
        _accept(clip, sample.name)


def _take_all(files: list[UploadedFile]) -> None:
    """Accept each upload once, even where a click elsewhere stops the script half-way."""
    taken: set[str] = st.session_state.setdefault("taken", set())
    for file in files:
        if file.file_id not in taken:
            name = file.name.replace("%22", '"')  # as browsers send a quote
            with st.spinner(_("Keeping {clip}", clip=plain(name))):
                _accept(file, name)
                taken.add(file.file_id)
    st.session_state["uploads"] += 1
    st.rerun()


def _note_refused(files: Iterable[tuple[str, str, str]]) -> None:
    """Say once which files the field did not take, and why, those with the same reason together."""
    noted: set[str] = st.session_state.setdefault("refused-noted", set())
    names: dict[str, list[str]] = defaultdict(list)
    for id_, name, why in files:
        if id_ not in noted:
            names[_reason(name, why)].append(plain(name))
            noted.add(id_)
    st.session_state.setdefault("notices", []).extend(f"{', '.join(same)}: {why}" for why, same in names.items())


def _reason(name: str, why: str) -> str:
    """Why the field did not take a file, `why` in Streamlit's words."""
    try:
        suffix_of(name)
    except ClipError as error:
        return told(str(error))
    if "or smaller" in why:
        return told(str(too_large(resources.settings())))
    return _("did not arrive, try again ({reason})", reason=plain(why))


@st.fragment  # a run of the whole page drops what Streamlit is about to tell the field: the other files get lost
def _notices() -> None:
    """What was wrong with uploads, until somebody has read it."""
    _note_refused(browser.refused(_("A clip has not arrived yet and would be lost. Leave this page all the same?")))
    notices: list[str] = st.session_state.get("notices", [])
    if not notices:
        return
    for notice in notices:
        st.error(notice, icon=":material/error:")
    st.button(_("Understood"), key="understood", icon=":material/check:", on_click=notices.clear)


def _accept(file: BinaryIO, name: str) -> None:
    """Keep a clip and queue it, unless its content has been analysed before: then the viewer is asked."""
    try:
        path, content = keep(file, name, resources.settings())
        before = resources.jobs().done_before(content)
        if before is not None:
            _known()[content] = (name, path, before)
            return
        _queue(name, path, content)
    except (ClipError, OSError, DBAPIError) as error:
        st.session_state.setdefault("notices", []).append(f"{plain(name)}: {told(explain(error))}")


def _queue(name: str, path: Path, content: str) -> None:
    """Queue each film of a clip, unless it is under way already.

    The session is read before the clip is queued and not after: there the script may be cut off, and begins anew.
    """
    queue.show_newest()
    jobs, worker = resources.jobs(), resources.worker()
    added = [jobs.add(name, path, content, film) for film in range(films_in(path))]
    worker.wake()
    for job, new in added:
        if not new:
            queue.tell_under_way(job)


def _offer_again() -> None:
    """Ask what to do with clips whose content was analysed before."""
    for content, (name, path, before) in _known().items():
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(_("**{clip}** was analysed on {time}.", clip=plain(name), time=local(before.created_at)))
            st.button(
                _("Show what was found"),
                key=f"show-{content}",
                icon=":material/visibility:",
                on_click=_show_before,
                args=(content, before),
            )
            st.button(
                _("Analyse again"),
                key=f"again-{content}",
                icon=":material/replay:",
                on_click=_analyse_again,
                args=(content, name, path),
            )


def _known() -> dict[str, tuple[str, Path, Job]]:
    """The clips to be asked about: by content the name, the file and the job that analysed it before."""
    known: dict[str, tuple[str, Path, Job]] = st.session_state.setdefault("known", {})
    return known


def _show_before(content: str, before: Job) -> None:
    st.query_params["job"] = str(before.id)
    _known().pop(content, None)


def _analyse_again(content: str, name: str, path: Path) -> None:
    with if_it_fails():
        _queue(name, path, content)
        _known().pop(content, None)
