"""The annotated video of a clip, with a timeline of its violations to jump from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas  # noqa: F401 whole: plotly takes it half loaded, while another thread is at it
import plotly.graph_objects as go
import streamlit as st

from dashboard import browser, playing, resources, stored
from dashboard.i18n import _, several
from dashboard.text import clock, plain, told
from db.cases import TURNED_DOWN, Filter
from db.models import Case, Job, ReviewState
from pipeline.palette import ACCUSED

_LEAST_BAR = 0.006  # of the clip: shorter violations could not be hit with a finger
_MOST_PICTURES = 24
_TICKS = 8
_LANE = 34  # pixels, to be hit with a finger
_MOST_LANES = 8  # more of them become thinner
TOP = "player"  # its place, to be gone to
_JUMP = "jump"  # in the session: the second of the clip that is to be played from
_GALLERY, _TURNED_DOWN = "dashboard/pages/gallery.py", "dashboard/pages/turned_down.py"
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def show(job: Job) -> None:
    every = resources.cases().of_job(job.id)
    cases = [case for case in every if case.review is not ReviewState.DISMISSED]
    _outcome(job, every, cases)
    if job.message:
        st.warning(told(job.message), icon=":material/content_cut:")
    if job.video:
        stored.video(job.video, _("The annotated clip"), job)
    if _JUMP in st.session_state:
        playing.play_from(f"play-from-{_jumps()}", st.session_state.pop(_JUMP))
    if cases:
        st.caption(_("A bar or a time jumps to where it is in the clip."))
        _pictures(job, cases)


def _outcome(job: Job, every: Sequence[Case], cases: Sequence[Case]) -> None:
    """What the analysis found, and the ways to it: above the video, which fills a window."""
    number = found(len(every), len(every) - len(cases))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(job.clip.name), width="content")
        if cases:
            st.markdown(f"**{number}**", width="content")
            to_gallery({"source": str(job.clip_id)})
        elif every:
            to_gallery({"source": str(job.clip_id), "review": "dismissed"})
        _turned_down(job)
    if not every:
        st.success(_("No rider without a helmet was found in this clip."), icon=":material/check_circle:")
    elif not cases:
        st.info(_("{number}: nobody is accused in this clip any more.", number=number), icon=":material/info:")


def found(violations: int, dismissed: int) -> str:
    """How many violations a clip has, and how many of them people dismissed."""
    number = several("{n} violation", "{n} violations", violations)
    return _("{number}, {n} dismissed", number=number, n=f"{dismissed:,}") if dismissed else number


def to_gallery(asked: dict[str, str]) -> None:
    """The way to the violations of a source."""
    st.page_link(_GALLERY, label=_("To the gallery"), icon=":material/photo_library:", query_params=asked)


def _turned_down(job: Job) -> None:
    """The suspects whom stage 2 let go."""
    number = resources.cases().count(Filter(TURNED_DOWN, job_id=job.id))
    if number:
        said = several("{n} suspect was turned down", "{n} suspects were turned down", number)
        st.page_link(_TURNED_DOWN, label=said, icon=":material/gavel:", query_params={"source": str(job.clip_id)})


def _pictures(job: Job, cases: Sequence[Case]) -> None:
    """The violations of a clip over time, and one picture of each."""
    _timeline(job, cases)
    with st.container(horizontal=True):
        for case in cases[:_MOST_PICTURES]:
            with st.container(width=150):
                stored.picture(case.crop, _("Violation at {time}", time=clock(case.best_s)))
                label = _span(case)
                st.button(
                    label, key=f"jump-{case.id}", icon=":material/play_arrow:", on_click=_jump, args=(case.start_s,)
                )
    if len(cases) > _MOST_PICTURES:
        st.caption(_("Pictures of the first {n}: the gallery has them all.", n=_MOST_PICTURES))


def _timeline(job: Job, cases: Sequence[Case]) -> None:
    duration = job.duration_s or max(case.end_s for case in cases)
    least = _LEAST_BAR * duration
    spans = [(case.start_s, max(case.end_s, case.start_s + least)) for case in cases]
    rows = lanes(spans, least)
    bars = go.Bar(
        base=[start for start, _end in spans],
        x=[end - start for start, end in spans],
        y=rows,
        orientation="h",
        width=0.8,
        unselected_marker_opacity=0.5,
        marker_color=ACCUSED,
        hovertext=[
            _("{span}, stage 2 {confidence}", span=_span(case), confidence=f"{case.stage2:.0%}") for case in cases
        ],
        hoverinfo="text",
    )
    figure = go.Figure(bars)
    height = min(max(rows) + 1, _MOST_LANES) * _LANE + 40
    figure.update_layout(height=height, margin={"l": 12, "r": 12, "t": 0, "b": 24}, barmode="overlay", dragmode=False)
    ticks = whole_seconds(duration)
    figure.update_xaxes(range=[0, duration], tickvals=ticks, ticktext=[clock(tick) for tick in ticks])
    figure.update_yaxes(visible=False, range=[max(rows) + 0.5, -0.5])
    key = f"timeline-{job.id}-{_jumps()}"  # a new one after each jump: the bar that was hit can be hit again

    def chosen() -> None:
        points = st.session_state[key].selection.point_indices
        if points:
            _jump(cases[points[0]].start_s)

    st.plotly_chart(
        figure,
        key=key,
        on_select=chosen,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=_("Violations over time"),
    )


def lanes(spans: Sequence[tuple[float, float]], gap: float) -> list[int]:
    """A row for each span (start and end), the first one free: no two touch, and each can be hit alone."""
    rows = [0] * len(spans)
    ends: list[float] = []
    for place in sorted(range(len(spans)), key=lambda place: spans[place]):
        start, end = spans[place]
        row = next((row for row, last in enumerate(ends) if last + gap <= start), len(ends))
        ends[row : row + 1] = [end]
        rows[place] = row
    return rows


def whole_seconds(duration: float) -> list[int]:
    """Where the timeline has its marks: at whole seconds, so that no two read the same."""
    step = next((step for step in _STEPS_S if duration / step <= _TICKS), 3600 * math.ceil(duration / 3600 / _TICKS))
    return list(range(0, math.floor(duration) + 1, step))


def _span(case: Case) -> str:
    return _("{start} to {end}", start=clock(case.start_s), end=clock(case.end_s))


def _jump(seconds: float) -> None:
    st.session_state[_JUMP] = seconds
    browser.go_to(TOP)
    st.session_state["jumps"] = _jumps() + 1


def _jumps() -> int:
    return int(st.session_state.get("jumps", 0))
