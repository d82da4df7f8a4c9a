"""The streams: a field for a new one, those that run, and those that ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import streamlit as st

from dashboard import player, resources, watched
from dashboard.i18n import _, later, several
from dashboard.telling import refresh
from dashboard.text import about, local, plain, told
from db.engine import FORESEEN, explain
from db.models import Job, JobState
from pipeline.stream import StreamState

if TYPE_CHECKING:
    from db.streams import Running
    from pipeline.figures import Figures

_PREVIEW_SIDE = 640
_SHOWN = 3  # violations per stream
_LONGEST_NAME = 80  # characters
_STATES = {
    StreamState.CONNECTING: (":material/sync:", later("Connecting")),
    StreamState.LIVE: (":material/sensors:", later("Live")),
    StreamState.WAITING: (":material/hourglass_empty:", later("Waiting to try again")),
    StreamState.ENDED: (":material/stop_circle:", later("Ended")),
}
_ENDED = {
    JobState.RUNNING: (":material/sensors:", later("Watched by another process")),
    JobState.DONE: (":material/stop_circle:", later("Ended")),
    JobState.FAILED: (":material/error:", later("Failed")),
    JobState.INTERRUPTED: (":material/power_off:", later("Was running when the server stopped")),
}


def show() -> None:
    _new()
    if trouble := st.session_state.pop("stream_trouble", None):
        st.error(told(trouble), icon=":material/error:")
    refresh(_all, 1.0)


def _new() -> None:
    turn = st.session_state.setdefault("streams_started", 0)  # fresh fields after a start; what was refused stays
    with st.form("stream"):
        url = st.text_input(
            _("Address"),
            help=_("An IP camera (RTSP, MJPEG), a broadcast (HLS, RTMP) or a page of YouTube"),
            key=f"stream-address-{turn}",
        )
        name = st.text_input(
            _("Name"),
            max_chars=_LONGEST_NAME,
            help=_("Shown in the gallery; without one, the address without its log-in"),
            key=f"stream-name-{turn}",
        )
        if st.form_submit_button(_("Watch"), icon=":material/play_arrow:"):
            if url.strip():
                _start(url.strip(), name.strip())
            else:
                st.warning(_("Enter an address first."), icon=":material/edit:")


def _start(url: str, name: str) -> None:
    try:
        with st.spinner(_("Loading the models")):
            resources.streams().start(url, name)
    except FORESEEN as error:
        st.session_state["stream_trouble"] = explain(error)
    else:
        st.session_state["streams_started"] = st.session_state.get("streams_started", 0) + 1
    st.rerun()


def _all() -> None:
    from db.live import last_runs  # noqa: PLC0415 loads the models' libraries: the page need not wait for them

    streams = resources.streams()
    runs = last_runs(streams.sessions)
    if not runs:
        st.info(
            _("No stream is watched. Enter the address of an IP camera, a broadcast or a page of YouTube above."),
            icon=":material/info:",
        )
    tally = resources.cases().tally(job.id for job in runs)
    for job in runs:
        running = streams.get(job.id)
        with st.container(border=True):
            if running is not None:
                _running(job, running)
            else:
                _ended(job, *tally.get(job.id, (0, 0)))


def _running(job: Job, running: Running) -> None:
    picture, facts = st.columns([2, 3], vertical_alignment="center")
    preview = running.source.preview(_PREVIEW_SIDE)
    if preview is None:
        picture.skeleton(height=220)
    else:
        data = cv2.imencode(".jpg", preview)[1].tobytes()
        picture.image(data, width="stretch", alt=_("The newest picture, with boxes"))
    with facts:
        icon, word = _STATES[running.status.state]
        st.markdown(f"{icon} **{plain(job.clip.name)}** · {_(word)}")
        if running.status.why:
            st.caption(told(running.status.why))
        watched.trouble(running)
        if running.status.state is StreamState.LIVE:
            _speed(running.figures)
        if running.status.reconnects:
            st.caption(several("connected anew once", "connected anew {n} times", running.status.reconnects))
        if st.button(about(_("Stop"), job.clip.name), key=f"stop-{job.id}", icon=":material/stop:"):
            with st.spinner(_("Keeping what is under way")):
                resources.streams().stop(job.id)
            st.rerun()
    total, newest = watched.violations(job.id, _SHOWN)
    if total:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("**Violations: {n}**", n=total), width="content")
            player.to_gallery({"source": str(job.clip_id)})
        with st.container(horizontal=True):
            for case in newest:
                watched.violation(case)


def _speed(figures: Figures) -> None:
    st.caption(
        _(
            "{fps} frames/s, {analysed} analysed · {delay} ms behind · {skipped} skipped · {waiting} for stage 2",
            fps=f"{figures.fps:.0f}",
            analysed=f"{figures.analysed_fps:.0f}",
            delay=f"{figures.delay_s * 1000:.0f}",
            skipped=f"{figures.skipped:,}",
            waiting=figures.waiting,
        )
    )


def _ended(job: Job, violations: int, dismissed: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        icon, word = _ENDED.get(job.state, _ENDED[JobState.DONE])
        since = local(job.finished_at or job.created_at)
        found = player.found(violations, dismissed)
        st.markdown(f"{icon} **{plain(job.clip.name)}** · {_(word)} · {since} · {found}")
        if violations > dismissed:
            player.to_gallery({"source": str(job.clip_id)})
        if job.message:
            st.markdown(f":red[{told(job.message)}]")
        if job.state is not JobState.RUNNING and st.button(
            about(_("Watch again"), job.clip.name), key=f"again-{job.id}", icon=":material/replay:"
        ):
            _start(job.clip.path, job.clip.name)
