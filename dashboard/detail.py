"""One case in full: its clip, what both stages saw, every sighting."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import attempts, browser, record, resources, review, stored
from dashboard.export import panel
from dashboard.i18n import _, several
from dashboard.plate_text import summary
from dashboard.review import View
from dashboard.stills import marked
from dashboard.text import OUTCOMES, SAYS, at, class_name, exactly, moment, plain, when
from db.cases import VIOLATIONS, detections
from db.models import Case, Look, Sighting
from pipeline.palette import COLORS
from pipeline.types import HEADS, Says

_LEAST_SIDE = 480  # pixels: far riders are shown larger, so that boxes and letters have room


def show(case: Case, view: View) -> None:
    browser.place(review.CASE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_("Back"), key="back", icon=":material/grid_view:", shortcut="B", on_click=review.close_case)
        review.steps(case, view)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(_("{clip} at {time}", clip=plain(case.clip.name), time=at(case, case.best_s)), width="content")
        st.badge(_("Case {id}", id=case.id), color="gray")
        if case.outcome in VIOLATIONS:
            review.badge(case)
    if case.outcome in VIOLATIONS:
        review.of_one(case, view)
    video, facts = st.columns([3, 2])
    with video:
        job = resources.jobs().get(case.job_id)
        stored.video(case.video, _("The seconds around it"), job, loop=True, muted=True)
        _plate(case)
        if case.outcome in VIOLATIONS:
            record.plate(case)
            record.mates(case)
            record.same_plate(case)
            panel.of_cases([case.id], "detail")
    with facts:
        _facts(case)
    if case.reads:
        with st.expander(_("How the plate was read"), icon=":material/pin:", key="case-reads"):
            attempts.of_case(case)
    record.history(case)
    st.header(_("What stage 2 looked at"))
    grid = st.grid(min_column_width=340)
    for look in case.looks:
        with grid, st.container(border=True, height="stretch"):
            _look(case, look)
    st.header(_("All sightings"))
    _sightings(case)
    record.watch(case)


def _facts(case: Case) -> None:
    stored.picture(case.crop, _("The rider"), 320)
    with st.container(horizontal=True):
        st.metric(_("Stage 1"), f"{case.stage1:.0%}", help=_("How sure the first stage was of a bare head, on average"))
        st.metric(
            _("Stage 2"),
            f"{case.stage2:.0%}",
            help=_("How sure the second stage is of a bare head, over all its looks"),
        )
    st.markdown(
        "  \n".join(
            (
                _(
                    "**{outcome}** · heads without helmet: {without}, with: {with_}",
                    outcome=_(OUTCOMES[case.outcome]),
                    without=case.heads_without,
                    with_=case.heads_with,
                ),
                _(
                    "Seen from {start} to {end}, best at {best}",
                    start=at(case, case.start_s),
                    end=at(case, case.end_s),
                    best=at(case, case.best_s),
                ),
                when(case),
            )
        )
    )


def _plate(case: Case) -> None:
    if case.plate_crop:
        with st.container(horizontal=True, vertical_alignment="center"):
            stored.picture(case.plate_crop, _("Its number plate"), 160)
            st.markdown(_("Number plate: {plate}", plate=summary(case)), width="content")


def _look(case: Case, look: Look) -> None:
    """One crop as both stages saw it, side by side."""
    picture = resources.store().picture(look.picture)
    if picture is None:
        stored.lost()
        return
    stage1 = _("Stage 1 at {time}", time=exactly(case, look.time_s))
    says = _("Stage 2: {says}", says=_(SAYS[look.says]))
    if look.says is not Says.NOTHING:
        says = f"{says}, {look.confidence:.0%}"
    pair = st.grid(2, min_column_width=120)
    for parts, caption in ((look.stage1, stage1), (look.stage2, says)):
        seen = marked(picture, parts, _LEAST_SIDE)
        pair.cell().image(seen, channels="BGR", caption=caption, width="stretch", alt=caption)


def heads_over_time(case: Case, sightings: Sequence[Sighting], marker_size: int) -> go.Figure:
    """How sure stage 1 was of every head, over the seconds of the clip, of a live source over the time of day."""
    live = case.handed_in_at is None
    heads = [
        (moment(case, one.time_s).replace(tzinfo=None) if live else one.time_s, head)
        for one in sightings
        for head in detections(one.parts)
    ]
    figure = go.Figure(
        [
            go.Scatter(
                x=[time for time, head in heads if head.label is label],
                y=[head.confidence for _time, head in heads if head.label is label],
                mode="markers",
                name=class_name(label),
                marker={"color": COLORS[label], "symbol": symbol, "size": marker_size},
            )
            for label, symbol in zip(HEADS, ("x", "circle"), strict=True)
        ]
    )
    title = _("time of day") if live else _("seconds")
    if live:
        figure.update_xaxes(tickformat="%H:%M:%S.%2f")  # plotly's own names the month, in English
    return figure.update_layout(xaxis_title=title, yaxis={"range": [0, 1], "tickformat": ".0%"})


def _sightings(case: Case) -> None:
    sightings = resources.cases().sightings(case.track_id)
    figure = heads_over_time(case, sightings, 7).update_layout(height=260, margin={"l": 0, "r": 0, "t": 8, "b": 0})
    st.plotly_chart(
        figure, key="sightings", config={"displayModeBar": False}, alt=_("Confidence of every head over time")
    )
    rows = [
        {
            _("time"): exactly(case, one.time_s),
            "x1": one.x1,
            "y1": one.y1,
            "x2": one.x2,
            "y2": one.y2,
            _("rider"): one.confidence,
            _("heads"): ", ".join(class_name(part.label) for part in detections(one.parts) if part.label in HEADS),
        }
        for one in sightings
    ]
    with st.expander(several("{n} sighting", "{n} sightings", len(rows)), key="case-sightings"):
        st.dataframe(pd.DataFrame(rows).round(2), hide_index=True)
