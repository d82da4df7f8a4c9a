"""The jobs: those under way, and those that ended.

Clicks are handled in callbacks: when a job begins or ends, the page may be drawn anew before the script comes to the
button.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

import streamlit as st

from dashboard import address, browser, player, resources
from dashboard.i18n import _, later, several
from dashboard.telling import if_it_fails, refresh
from dashboard.text import about, clock, local, plain, told
from db.models import Job, JobState

_PAGE_SIZE = 20
_FEW = 3  # clips that wait, each with a box of its own
_LOOK = {
    JobState.QUEUED: (":material/hourglass_empty:", later("Waiting")),
    JobState.RUNNING: (":material/play_circle:", later("Running")),
    JobState.DONE: (":material/check_circle:", later("Done")),
    JobState.FAILED: (":material/error:", later("Failed")),
    JobState.CANCELLED: (":material/cancel:", later("Cancelled")),
    JobState.INTERRUPTED: (":material/power_off:", later("Cut off by a restart")),
}
_OPEN = "open-jobs"  # in the session: the jobs under way when the whole page was drawn
_STARTING = later("Starting")
_STAGES = {"detect": later("Looking for riders"), "evidence": later("Writing evidence")}


def under_way() -> None:
    """The jobs under way; refreshes itself, faster while there are any."""
    jobs = resources.jobs().open()
    _tell_ended({*st.session_state.get(_OPEN, ())} - {job.id for job in jobs})
    st.session_state[_OPEN] = [job.id for job in jobs]
    refresh(_open_jobs, 1.0 if jobs else 5.0)


def _open_jobs() -> None:
    jobs = resources.jobs().open()
    if [job.id for job in jobs] != st.session_state[_OPEN]:
        st.rerun()  # a job began or ended: the results below change as well
    for job in jobs:
        if job.state is JobState.RUNNING:
            with st.container(border=True):
                _running(job)
    _all_waiting([job for job in jobs if job.state is not JobState.RUNNING])


def _tell_ended(ids: Iterable[int]) -> None:
    """Say what came of jobs that were under way: not everybody sees the page change."""
    for job in filter(None, map(resources.jobs().get, ids)):
        icon, word = _LOOK[job.state]
        came = player.found(job.violations, 0) if job.state is JobState.DONE else _(word)
        st.toast(f"**{plain(job.clip.name)}** · {came}", icon=icon, duration="long")


def _all_waiting(jobs: Sequence[Job]) -> None:
    """Many take no more room than a few: what was found stands below them."""
    if len(jobs) <= _FEW:
        for job in jobs:
            with st.container(border=True):
                _waiting(job)
        return
    with st.expander(_("Waiting: {n} clips", n=len(jobs)), icon=":material/hourglass_empty:", key="waiting"):
        ids = [job.id for job in jobs]
        st.button(_("Cancel all that wait"), key="cancel-waiting", icon=":material/close:", on_click=_stop, args=ids)
        for job in jobs:
            _waiting(job)


def _running(job: Job) -> None:
    picture, facts = st.columns([2, 3], vertical_alignment="center")
    preview = resources.worker().preview(job.id)
    if preview:
        picture.image(preview, width="stretch", alt=_("The frame under analysis, with boxes"))
    else:
        picture.skeleton(height=220)
    with facts:
        st.markdown(f"**{plain(job.clip.name)}**")
        left = _("{time} left", time=clock(job.left_s)) if job.left_s is not None else _("estimating the time")
        speed = _("{speed} frames/s", speed=f"{job.fps:.0f}") if job.fps else ""
        stage = _(_STAGES.get(job.stage or "", _STARTING))
        st.progress(job.fraction, text=" · ".join(filter(None, (stage, f"{job.fraction:.0%}", speed, left))))
        st.metric(_("Violations so far"), job.violations)
        _cancel(job)


def _waiting(job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        icon, word = _LOOK[job.state]
        st.markdown(f"{icon} **{plain(job.clip.name)}** · {_(word)}")
        _cancel(job)


def _cancel(job: Job) -> None:
    pending = job.cancel_requested
    st.button(
        about(_("Cancelling") if pending else _("Cancel"), job.clip.name),
        key=f"cancel-{job.id}",
        icon=":material/close:",
        disabled=pending,
        on_click=_stop,
        args=(job.id,),
    )


def _stop(*job_ids: int) -> None:
    with if_it_fails():
        for job_id in job_ids:
            resources.jobs().cancel(job_id)


def tell_under_way(job: Job) -> None:
    """Say that the clip of a job waits or is being analysed already."""
    st.toast(
        _("**{clip}** is under way already: it is analysed once.", clip=plain(job.clip.name)),
        icon=":material/info:",
        duration="long",
    )


def results() -> None:
    total = resources.jobs().count_ended()
    if not total:
        if not resources.jobs().open():
            what = _("Hand in a clip above. Riders found in it without a helmet appear here and in the gallery.")
            st.info(what, icon=":material/info:")
        return
    chosen = _chosen()
    if chosen is not None:
        _failed_since(chosen)
        browser.place(player.TOP)
        if "job" in st.query_params and chosen.id != address.number("job"):
            gone = _(
                "What was to be shown is not there any more: its clip was analysed again, or deleted. "
                "This is the newest."
            )
            st.warning(gone, icon=":material/search_off:")
            st.button(_("Understood"), key="job-gone", icon=":material/check:", on_click=show_newest)
        player.show(chosen)
    st.header(_("Clips so far"))
    pages = -(-total // _PAGE_SIZE)
    number = st.pagination(pages, key="ended-page") if pages > 1 else 1
    jobs = resources.jobs().ended(_PAGE_SIZE, number - 1)
    tally = resources.cases().tally(job.id for job in jobs)
    for job in jobs:
        _ended(job, chosen, player.found(*tally.get(job.id, (0, 0))))


def _failed_since(shown: Job) -> None:
    """Say what failed after the clip on show was done: else that clip stands in the place of what was awaited."""
    if "job" in st.query_params:
        return
    since = takewhile(lambda job: job.id != shown.id, resources.jobs().ended(_PAGE_SIZE))
    failed = [job for job in since if job.state is JobState.FAILED]
    if failed:
        said = (f"**{plain(job.clip.name)}**: {told(job.message or '')}" for job in failed)
        st.error("  \n".join(said), icon=":material/error:")


def show_newest() -> None:
    """Let the player turn to what is analysed next, whatever it was told to show."""
    st.query_params.pop("job", None)


def _show(job_id: int) -> None:
    st.query_params["job"] = str(job_id)
    browser.go_to(player.TOP)


def _chosen() -> Job | None:
    """The job that the address names, else the newest with results."""
    wanted = address.number("job")
    named = None if wanted is None else resources.jobs().get(wanted)
    if named is not None and named.state is JobState.DONE:
        return named
    return next((job for job in resources.jobs().ended(_PAGE_SIZE) if job.state is JobState.DONE), None)


def _ended(job: Job, chosen: Job | None, violations: str) -> None:
    icon, word = _LOOK[job.state]
    row, name = f"ended-{job.id}", job.clip.name
    with st.container(border=True, horizontal=True, wrap=False, vertical_alignment="center", key=row):
        found = violations if job.state is JobState.DONE else _(word)
        message = f"  \n:red[{told(job.message)}]" if job.message else ""
        said = f"{icon} **{plain(name)}**  \n:gray[{found} · {local(job.created_at)}]{message}"
        st.markdown(said, width="stretch")
        if job.state is JobState.DONE:
            shown = chosen is not None and job.id == chosen.id
            word = _("Shown above") if shown else _("Show")
            st.button(about(word, name), key=f"show-{job.id}", disabled=shown, on_click=_show, args=(job.id,))
        else:
            again = about(_("Run again"), name)
            st.button(again, key=f"again-{job.id}", icon=":material/replay:", on_click=_again, args=(job,))
        key = f"remove-{job.id}"
        with st.popover(_("Delete"), icon=":material/delete:", type="tertiary", key=key, on_change="rerun") as asked:
            if asked.open:
                browser.enter(f"{key}-enter")
                _ask_to_remove(job)


def _ask_to_remove(job: Job) -> None:
    if judged := resources.clips().reviewed(job.clip_id):
        st.markdown(
            several(
                "{n} case of this clip was reviewed: that is kept for good, and the clip with it.",
                "{n} cases of this clip were reviewed: that is kept for good, and the clip with it.",
                judged,
            )
        )
        return
    st.markdown(
        _(
            "Deletes **{clip}**, its upload and all that was found in it. This cannot be undone.",
            clip=plain(job.clip.name),
        )
    )
    st.button(
        _("Delete for good"),
        key=f"gone-{job.id}",
        icon=":material/delete:",
        type="primary",
        on_click=_remove,
        args=(job,),
    )


def _remove(job: Job) -> None:
    with if_it_fails():
        resources.clips().remove(job.clip_id)
        st.toast(_("Deleted: {clip}", clip=plain(job.clip.name)), icon=":material/delete:")


def _again(job: Job) -> None:
    with if_it_fails():
        if resources.jobs().again(job.id):
            tell_under_way(job)
        resources.worker().wake()
        show_newest()
