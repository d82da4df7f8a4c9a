"""What other thresholds would change: both of them as sliders, the product's own rules on what is stored."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from dashboard import replays, resources
from dashboard.demo import Shown
from dashboard.figure import projected
from dashboard.i18n import _, later, several
from dashboard.stills import fitted, piece, still
from dashboard.text import clock
from dashboard.votes import lack, votes_needed
from pipeline.occupants import occupants
from pipeline.palette import ACCUSED, AGREED, NEUTRAL
from pipeline.replay import Fate, Rider
from pipeline.types import Label, Says, Track, Verdict

Color = Literal["red", "gray", "green", "violet", "blue"]
_MOST_RIDERS = 24
_LEAST, _MOST = 10, 95  # percent; the models note nothing weaker
_FATES: dict[Fate, tuple[str, Color]] = {
    Fate.ACCUSED: (later("Accused"), "red"),
    Fate.UNSURE: (later("Unsure: not accused"), "gray"),
    Fate.REJECTED: (later("Rejected: not accused"), "green"),
    Fate.UNLOOKED: (later("Stage 2 would have to look"), "violet"),
    Fate.NO_SUSPECT: (later("No suspect"), "blue"),
}


def show(shown: Shown) -> None:
    trace = shown.trace
    first, second = st.columns(2)
    with first:
        at1 = _slider(_("Stage 1: a bare head counts from"), trace.stage1.without_helmet, f"demo-stage1-{shown.job.id}")
    with second:
        at2 = _slider(_("Stage 2: a bare head counts from"), trace.stage2.without_helmet, f"demo-stage2-{shown.job.id}")
    name = shown.job.trace or ""
    usual = replays.riders(name, trace.stage1.without_helmet, trace.stage2.without_helmet)
    # the exact threshold in force where the slider stands at it
    riders = replays.riders(name, _exact(at1, trace.stage1.without_helmet), _exact(at2, trace.stage2.without_helmet))
    _summary(riders, usual)
    _plots(name, trace.stage1.without_helmet, at1, at2)
    before = {one.track.id: one.fate for one in usual}
    order = sorted(riders, key=lambda one: (one.fate is before[one.track.id], list(Fate).index(one.fate), one.track.id))
    grid = st.grid(min_column_width=220)
    for rider in order[:_MOST_RIDERS]:
        with grid:
            _card(shown, rider, before[rider.track.id])
    if not trace.complete:
        end = clock(trace.frames[-1].time_s) if trace.frames else "0:00"
        st.caption(_("A long clip: only what happens until {time} is shown here.", time=end))


def _slider(label: str, threshold: float, key: str) -> int:
    """A threshold to choose, percent."""
    start = round(100 * threshold)
    return st.slider(label, _LEAST, _MOST, start, format="%d %%", key=key, persist_state="session")


def _exact(percent: int, threshold: float) -> float:
    return threshold if percent == round(100 * threshold) else percent / 100


def _summary(riders: tuple[Rider, ...], usual: tuple[Rider, ...]) -> None:
    now, before = Counter(one.fate for one in riders), Counter(one.fate for one in usual)
    fates = st.grid(len(_FATES), min_column_width=150, key="demo-fates")  # one row on a projector of 1280
    for fate in _FATES:
        change = now[fate] - before[fate]
        fates.cell().metric(_(_FATES[fate][0]), now[fate], delta=change or None, delta_color="off")


def _plots(name: str, usual: float, at1: int, at2: int) -> None:
    """Every bare head by how sure each stage is of it: those that count, and those that do not."""
    seen = [
        head.confidence
        for track in replays.tracks(name, _LEAST / 100)
        for one in track.sightings
        for head in one.bare_heads
    ]
    looked = [
        head.confidence
        for rider in replays.riders(name, usual, _LEAST / 100)
        for look in (rider.verdict.looks if rider.verdict else ())
        for head in look.heads
        if head.label is Label.WITHOUT_HELMET
    ]
    for place, stage, found, percent in zip(st.columns(2), (1, 2), (seen, looked), (at1, at2), strict=True):
        parts = {
            _("does not count"): ([one for one in found if one < percent / 100], NEUTRAL),
            _("counts"): ([one for one in found if one >= percent / 100], ACCUSED),
        }
        figure = go.Figure(
            [
                go.Histogram(x=part, name=word, marker_color=color, xbins={"start": 0, "end": 1, "size": 0.05})
                for word, (part, color) in parts.items()
            ]
        )
        figure.add_vline(x=percent / 100, line_width=5, line_color=AGREED)
        figure.update_layout(height=270, bargap=0.05, barmode="stack", showlegend=True)
        title = _("Bare heads by how sure stage {n} is", n=stage)
        figure.update_xaxes(range=[0, 1], tickformat=".0%")
        figure.update_yaxes(rangemode="tozero", tickformat=",d", nticks=4)
        with place:
            st.caption(title)
            projected(figure, f"demo-plot-{stage}", title)


def _card(shown: Shown, rider: Rider, before: Fate) -> None:
    word, badge = _FATES[rider.fate]
    best = max(rider.track.sightings, key=lambda one: one.box.area * one.confidence)
    picture = fitted(piece(still(shown.job, best.time_s), best.box, 0.1, 260))
    with st.container(border=True, height="stretch", key=f"demo-rider-{rider.track.id}"):
        st.image(picture, channels="BGR", width="stretch", alt=_("Rider {id}", id=rider.track.id))
        st.markdown(_("**Rider {id}**", id=rider.track.id))
        st.badge(_(word), color=badge)
        if rider.fate is not before:
            st.markdown(_("before: {fate}", fate=_(_FATES[before][0])))
        if rider.verdict is not None:
            st.caption(_said(rider.verdict))
        elif rider.fate is Fate.NO_SUSPECT:
            st.caption(_lacking(rider.track))


def _said(verdict: Verdict) -> str:
    """What the looks say, and what they lack to accuse."""
    bare, looks = sum(look.says is Says.BARE for look in verdict.looks), len(verdict.looks)
    said = several(
        "{bare} of {n} look says bare, {needed} are needed",
        "{bare} of {n} looks say bare, {needed} are needed",
        looks,
        bare=bare,
        needed=votes_needed(looks),
    )
    return said if verdict.confirmed else said + lack(bare, looks, verdict.confidence)


def _lacking(track: Track) -> str:
    """What stage 1's word on the head that was bare most often lacks to make a suspect."""
    head = max(occupants(track), key=lambda one: one.bare_sightings, default=None)
    if head is None:
        return _("no head was seen")
    settings, bare = resources.settings(), head.bare_sightings
    if bare < settings.min_sightings:
        return several(
            "bare in {bare} of {n} sighting, {least} are needed",
            "bare in {bare} of {n} sightings, {least} are needed",
            len(head.sightings),
            bare=bare,
            least=settings.min_sightings,
        )
    if not head.stayed:
        return _(
            "bare in {bare} of {n} sightings, but never for half a second in one place on the motorcycle",
            bare=bare,
            n=len(head.sightings),
        )
    if head.bare_share >= settings.min_bare_share:
        return _(
            "bare in {bare} of {n} sightings, but as near in a helmet for a second and a half",
            bare=bare,
            n=len(head.sightings),
        )
    return _(
        "bare in {bare} of {n} sightings, but only {share} of all confidence says so, {least} is needed",
        bare=bare,
        n=len(head.sightings),
        share=f"{head.bare_share:.0%}",
        least=f"{settings.min_bare_share:.0%}",
    )
