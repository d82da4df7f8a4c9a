"""The figures of the page of statistics, each with its number of cases and its table."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import resources
from dashboard.figure import across, by_date, by_hour, card, nothing, shares, short, whole
from dashboard.i18n import _, later, several
from dashboard.review import REASONS
from dashboard.scope import STEPS, choose_step
from dashboard.telling import or_say_why
from dashboard.text import OUTCOMES, local, zone
from db.models import ReviewState
from db.statistics import STAGE1_BINS, Scope
from pipeline.palette import ACCUSED, AGREED, CLEARED, DISAGREED, NEUTRAL, OUTCOME_COLORS
from pipeline.types import Outcome

_SOURCES = 12
_SOURCES_IN_TABLE = 10_000
_JOBS = 60
_HATCHES = {Outcome.CONFIRMED: "", Outcome.UNSURE: ".", Outcome.REJECTED: "/"}  # where no colours are seen
_STATES = {
    ReviewState.ACCEPTED: (later("Accepted"), AGREED),
    ReviewState.DISMISSED: (later("Dismissed"), DISAGREED),
    ReviewState.OPEN: (later("Not reviewed"), NEUTRAL),
}


@st.fragment
@or_say_why()
def over_time(scope: Scope) -> None:
    title, counts = _("Violations over time"), resources.statistics()
    step = choose_step()
    if step == "hour":
        hours = counts.by_hour(scope, zone())
        all_day = [hours.get(hour, 0) for hour in range(24)]
        table = pd.DataFrame({_("Hour"): range(24), _("Violations"): all_day})
        total, figure = sum(all_day), by_hour(all_day)
    else:
        days = counts.by_day(scope, zone()) if step == "day" else counts.by_week(scope, zone())
        table = pd.DataFrame({_(STEPS[step]): list(days), _("Violations"): list(days.values())})
        total, figure = sum(days.values()), by_date(days, 7 if step == "week" else 1)
    if not total:
        nothing(title, _("No violation."))
        return
    when = _("by time, {zone}; clips by when they were handed in", zone=zone().key)
    card(title, f"{_violations(total)} · {when}", figure, table, f"violations-by-{step}")


def by_source(scope: Scope) -> None:
    title = _("Violations by source")
    total = resources.statistics().violations(scope)
    if not total:
        nothing(title, _("No violation."))
        return
    sources = resources.statistics().by_source(scope, _SOURCES_IN_TABLE)
    table = pd.DataFrame([(one.name, one.violations) for one in sources], columns=[_("Source"), _("Violations")])
    shown = sources[:_SOURCES]
    figure = across([one.name for one in shown], [one.violations for one in shown], ACCUSED)
    number = _violations(total)
    if len(sources) > len(shown):
        part = f"{sum(one.violations for one in shown):,}"
        number = _("{number}, {part} of them in these {n} sources", number=number, part=part, n=len(shown))
    card(title, number, figure, table, "violations-by-source")


def riders(scope: Scope) -> None:
    counts = resources.statistics().riders(scope)
    parts = {
        _("without helmet"): (counts.without_helmet, ACCUSED),
        _("with helmet"): (counts.with_helmet, CLEARED),
        _("not known"): (counts.unknown, NEUTRAL),
    }
    number = several("{n} rider, counted by track", "{n} riders, counted by track", counts.total)
    shares(_("Riders"), number, parts, "riders", _("No rider."))


def heads(scope: Scope) -> None:
    counts = resources.statistics().heads(scope)
    parts = {
        _("bare head"): (counts.without_helmet, ACCUSED),
        _("helmet"): (counts.with_helmet, CLEARED),
    }
    number = several(
        "{n} head, passengers too", "{n} heads, passengers too", counts.without_helmet + counts.with_helmet
    )
    shares(_("Heads"), number, parts, "heads", _("No head."))


def funnel(scope: Scope) -> None:
    title = _("From suspicion to a person's word")
    counts = resources.statistics().verdicts(scope)
    suspects = sum(counts.values())
    if not suspects:
        nothing(title, _("No suspect."))
        return
    confirmed = sum(count for (outcome, _state), count in counts.items() if outcome is Outcome.CONFIRMED)
    accepted = counts.get((Outcome.CONFIRMED, ReviewState.ACCEPTED), 0)
    names = [_("Suspects of stage 1"), _("Confirmed by stage 2"), _("Accepted by people")]
    values = [suspects, confirmed, accepted]
    bars = go.Funnel(
        y=[f"{name}: {value:,}" for name, value in zip(names, values, strict=True)],  # a bar of nought bears no text
        x=values,
        texttemplate="%{percentInitial:.0%}",
        marker_color=[NEUTRAL, ACCUSED, AGREED],
    )
    table = pd.DataFrame({_("Step"): names, _("Suspects"): values})
    card(title, _suspects(suspects), go.Figure(bars), table, "funnel")


def removed(scope: Scope) -> None:
    """How sure stage 1 was of those whom stage 2 let go, beside those whom it confirmed."""
    title = _("What stage 2 removed")
    counts = resources.statistics().sureness(scope)
    suspects = sum(counts.values())
    if not suspects:
        nothing(title, _("No suspect."))
        return
    width = 100 // STAGE1_BINS  # percent
    tenths = [f"{width * row}–{width * (row + 1)} %" for row in range(STAGE1_BINS)]
    middles = [width * (row + 0.5) for row in range(STAGE1_BINS)]
    columns = {
        outcome: [counts.get((row, outcome), 0) for row in range(STAGE1_BINS)]
        for outcome in (Outcome.CONFIRMED, Outcome.UNSURE, Outcome.REJECTED)
    }
    figure = go.Figure(
        [
            go.Bar(
                x=middles,
                y=column,
                name=_(OUTCOMES[outcome]),
                marker={"color": OUTCOME_COLORS[outcome], "pattern": {"shape": _HATCHES[outcome]}},
            )
            for outcome, column in columns.items()
        ]
    )
    figure.update_layout(barmode="stack", xaxis_title=_("how sure stage 1 was"))
    figure.update_xaxes(range=[0, 100], ticksuffix=" %", nticks=6)
    figure.update_yaxes(**whole(max(sum(row) for row in zip(*columns.values(), strict=True))))
    table = pd.DataFrame({_("Stage 1"): tenths, **{_(OUTCOMES[one]): column for one, column in columns.items()}})
    gone = suspects - sum(columns[Outcome.CONFIRMED])
    number = _("{suspects}, {share} of them removed", suspects=_suspects(suspects), share=f"{gone / suspects:.0%}")
    card(title, number, figure, table, "stage-2")


def agreement(scope: Scope) -> None:
    """What people say of what stage 2 confirmed and of what it turned down."""
    title = _("Review: do people agree with stage 2?")
    counts = resources.statistics().verdicts(scope)
    decided = sum(count for (_outcome, state), count in counts.items() if state is not ReviewState.OPEN)
    if not decided:
        nothing(title, _("None was reviewed: accept or dismiss violations in the gallery."))
        return
    agreed = sum(
        count
        for (outcome, state), count in counts.items()
        if state is (ReviewState.ACCEPTED if outcome is Outcome.CONFIRMED else ReviewState.DISMISSED)
    )
    outcomes = list(OUTCOMES)
    names = [_(OUTCOMES[outcome]) for outcome in outcomes]
    columns = {state: [counts.get((outcome, state), 0) for outcome in outcomes] for state in _STATES}
    figure = go.Figure(
        [
            go.Bar(
                y=names,
                x=column,
                name=_(_STATES[state][0]),
                marker_color=_STATES[state][1],
                orientation="h",
                text=[f"{count:,}" if count else "" for count in column],
                textangle=0,
            )
            for state, column in columns.items()
        ]
    )
    figure.update_layout(barmode="stack").update_yaxes(autorange="reversed")
    figure.update_xaxes(**whole(max(sum(row) for row in zip(*columns.values(), strict=True))))
    table = pd.DataFrame({_("Stage 2"): names, **{_(_STATES[one][0]): column for one, column in columns.items()}})
    number = several("{n} reviewed suspect", "{n} reviewed suspects", decided)
    card(title, _("{number}, {share} agree", number=number, share=f"{agreed / decided:.0%}"), figure, table, "reviews")


def reasons(scope: Scope) -> None:
    title = _("Why violations were dismissed")
    counts = resources.statistics().reasons(scope)
    if not counts:
        nothing(title, _("None was dismissed."))
        return
    words = {reason: _(word) for reason, word in REASONS.items()}
    rows = [(words[reason] if reason else _("No reason given"), count) for reason, count in counts.items()]
    rows.sort(key=lambda row: -row[1])
    figure = across([name for name, _n in rows], [count for _name, count in rows], DISAGREED)
    number = several("{n} dismissed violation", "{n} dismissed violations", sum(counts.values()))
    card(title, number, figure, pd.DataFrame(rows, columns=[_("Reason"), _("Violations")]), "reasons")


def plates(scope: Scope) -> None:
    counts = resources.statistics().plates(scope)
    parts = {
        _("read"): (counts.read, AGREED),
        _("seen, not read"): (counts.seen, DISAGREED),
        _("not seen"): (counts.unseen, NEUTRAL),
    }
    total = counts.read + counts.seen + counts.unseen
    shares(_("Number plates"), _violations(total), parts, "plates", _("No violation."))


def speed(scope: Scope) -> None:
    title = _("Processing speed")
    speeds = resources.statistics().speeds(scope, _JOBS)
    if not speeds.jobs:
        nothing(title, _("No analysis ended."))
        return
    jobs = speeds.newest
    table = pd.DataFrame(
        {
            _("Source"): [one.name for one in jobs],
            _("Ended at"): [local(one.finished_at) for one in jobs],
            _("Frames"): [one.frames for one in jobs],
            _("Clip, s"): [round(one.duration_s, 1) for one in jobs],
            _("Analysis, s"): [round(one.wall_s, 1) for one in jobs],
            _("Frames/s"): [round(one.frames / one.wall_s, 1) for one in jobs],
        }
    )
    bars = go.Bar(x=list(range(len(jobs))), y=[one.frames / one.wall_s for one in jobs], marker_color=AGREED)
    bars.update(
        hovertext=[f"{short(one.name)}<br>{local(one.finished_at)}" for one in jobs],
        hovertemplate="%{hovertext}<br>%{y:.1f}<extra></extra>",
    )
    figure = go.Figure(bars).update_layout(xaxis_title=_("jobs, the newest on the right"), yaxis_title=_("frames/s"))
    figure.update_xaxes(showticklabels=False, range=[-0.5, max(len(jobs), 12) - 0.5]).update_yaxes(rangemode="tozero")
    number = several("{n} job", "{n} jobs", speeds.jobs)
    if speeds.jobs > len(jobs):
        number = _("{number}, the newest {shown} shown", number=number, shown=len(jobs))
    mean = _(
        "all together {speed} frames/s, {factor} times the speed of the clips",
        speed=f"{speeds.frames / speeds.wall_s:.1f}",
        factor=f"{speeds.duration_s / speeds.wall_s:.2f}",
    )
    card(title, f"{number} · {mean}", figure, table, "speed")


def _violations(number: int) -> str:
    return several("{n} violation", "{n} violations", number)


def _suspects(number: int) -> str:
    return several("{n} suspect", "{n} suspects", number)
