"""The steps of the class demo, each on what is stored of one analysed clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import pandas as pd
import streamlit as st

from dashboard import address, examples, hand_in, plate_text, queue, replays, resources, stored, votes
from dashboard.address import Choice
from dashboard.detail import heads_over_time
from dashboard.figure import projected
from dashboard.i18n import _, several
from dashboard.stills import drawn, ownership, piece, still
from dashboard.text import OUTCOMES, clock, local, plain
from db.cases import Filter, Sort, detections
from db.models import Case, Job
from pipeline import replay
from pipeline.crops import resize
from pipeline.trace import Trace
from pipeline.types import Label, Outcome

_TALL = 620  # pixels that a projector's picture has room for
_PLATES = 12
_FALSE_ALARM = (Outcome.REJECTED,)  # whoever stage 2 is unsure of may be bare-headed
SUSPECT = Choice("suspect", "demo-suspect", None, address.whole)
ALARM = Choice("alarm", "demo-alarm", None, address.whole)  # of its own: it is not to follow into the other steps


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The clip on show: its job, what the models saw, and its suspects in the order in which they came."""

    job: Job
    trace: Trace
    cases: Sequence[Case]

    @classmethod
    def of(cls, job: Job) -> Self:
        cases = resources.cases().of_job(job.id, tuple(Outcome))
        return cls(job, replays.trace(job.trace or ""), cases)


def stage1(shown: Shown) -> None:
    """The video as stage 1 marks it, and one example of each class."""
    video, classes = st.columns([3, 2])
    if shown.job.video:
        with video:
            stored.video(shown.job.video, _("The clip"), shown.job, loop=True, muted=True)
    with classes:
        examples.show(shown.job)


def suspect(shown: Shown) -> None:
    """One suspect: its best crop, and stage 1's word on its heads over time."""
    case = _case(shown)
    if case is None:
        st.info(_("Stage 1 suspected nobody in this clip."), icon=":material/info:")
        return
    whole = resources.cases().get(case.id)
    sightings = resources.cases().sightings(case.track_id)
    bare = sum(part.label is Label.WITHOUT_HELMET for one in sightings for part in detections(one.parts))
    left, right = st.columns([2, 3])
    if whole is not None and whole.looks:
        best = max(whole.looks, key=lambda look: max(one.confidence for one in detections(look.stage1)[1:2]))
        picture = drawn(best, stage=1)
        with left:
            if picture is None:
                stored.lost()
            else:
                st.image(resize(picture, _TALL / picture.shape[0]), channels="BGR", alt=_("The rider"))
    with right:
        with st.container(horizontal=True):
            st.metric(_("Bare heads seen by stage 1"), bare)
            st.metric(_("How sure"), f"{case.stage1:.0%}")
        st.caption(
            _(
                "A head that is bare in at least {n} sightings, with at least {share} of all confidence saying so, "
                "and that stays in one place on the motorcycle for half a second, makes a suspect; not one that is "
                "seen as near in a helmet for a second and a half.",
                n=resources.settings().min_sightings,
                share=f"{resources.settings().min_bare_share:.0%}",
            )
        )
        figure = heads_over_time(case, sightings, 16).update_layout(height=420)
        projected(figure, "demo-suspect", _("Confidence of every head over time"))


def stage2(shown: Shown) -> None:
    """What stage 2 says of each crop of a suspect, and the vote."""
    case = _case(shown)
    if case is None:
        st.info(_("Stage 1 suspected nobody in this clip, so stage 2 had nothing to do."), icon=":material/info:")
        return
    votes.show(case)


def false_alarm(shown: Shown) -> None:
    """A suspect whom stage 2 rejects; of another clip, where this one has none."""
    case = _case(shown, _FALSE_ALARM)
    if case is None:
        others = resources.cases().page(Filter(_FALSE_ALARM), Sort.NEWEST, 0, 1)
        if not others:
            _offer_rain()
            return
        case = others[0]
        clip = plain(case.clip.name)
        st.markdown(_("This clip has no false alarm, but **{clip}** has one:", clip=clip))
    votes.show(case)


def _offer_rain() -> None:
    """No false alarm in any clip so far: there is a sample with one."""
    st.info(
        _("There was no false alarm so far. The sample clip in the rain has one."),
        icon=":material/info:",
    )
    if resources.jobs().open():
        queue.under_way()
    elif st.button(_("Analyse the clip in the rain"), type="primary", icon=":material/play_arrow:", key="demo-rain"):
        hand_in.queue_sample(hand_in.RAIN)
        st.rerun()


def overlap(shown: Shown) -> None:
    """The same frame twice: every head to the nearest rider, and all heads by one assignment."""
    frame = replays.overlap(shown.job.trace or "")
    if frame is None:
        st.info(_("No two riders overlap in this clip. Choose another clip above."), icon=":material/info:")
        return
    picture = still(shown.job, frame.time_s)
    assigned = {id_: one.heads for id_, one in replay.associated(frame, shown.trace.stage1).items()}
    wrong = len(replay.wronged(frame, shown.trace.stage1))
    for place, name, heads in zip(
        st.columns(2, vertical_alignment="bottom"),
        (_("Without: every head to the nearest box"), _("With: all heads at once, each where a head can sit")),
        (replay.nearest(frame, shown.trace.stage1), assigned),
        strict=True,
    ):
        place.markdown(f"**{name}**")
        place.image(ownership(picture, frame, heads), channels="BGR", width="stretch", alt=name)
    if wrong:
        st.error(
            several(
                "Without the assignment {n} head would be charged to the wrong rider.",
                "Without the assignment {n} heads would be charged to the wrong rider.",
                wrong,
            ),
            icon=":material/person_alert:",
        )
    else:
        st.success(_("Here both agree: the riders are far enough apart."), icon=":material/check_circle:")


def plate(shown: Shown) -> None:
    """The plate of a suspect in the frames that show it well, what was read in each, and what all agree on."""
    case = _case(shown)
    whole = None if case is None else resources.cases().get(case.id)
    if whole is not None and whole.reads:
        _reads(whole)
        return
    seen = [] if case is None else resources.cases().sightings(case.track_id)
    plates = [(one.time_s, part) for one in seen for part in detections(one.parts) if part.label is Label.PLATE]
    if not plates:
        st.info(_("No number plate was seen on a suspect in this clip. Choose another above."), icon=":material/info:")
        return
    best = sorted(sorted(plates, key=lambda pair: -pair[1].box.area)[:_PLATES], key=lambda pair: pair[0])
    with st.container(horizontal=True):
        for time_s, one in best:
            crop = piece(still(shown.job, time_s), one.box, 0.1, 130)
            st.image(crop, channels="BGR", caption=_("{time} s", time=f"{time_s:.2f}"), alt=_("Its number plate"))
    st.markdown(_("The letters have not been read for sure."))


def _reads(case: Case) -> None:
    """One read after another, and above them the vote of all."""
    reads, agreed = case.reads, case.plate or case.plate_guess or ""
    count = st.slider(_("Reads"), 1, len(reads), len(reads), key=f"demo-reads-{case.id}") if len(reads) > 1 else 1
    if count == len(reads):
        st.header(_("All reads together"), anchor=False)
        st.markdown(f"{plate_text.characters(case.plate_characters or [], agreed)}  \n{plate_text.summary(case)}")
    grid = st.grid(min_column_width=230)
    for one in reads[:count]:
        with grid, st.container(border=True, height="stretch"):
            stored.picture(one.picture, _("Its number plate"))
            frames = several("{n} frame", "{n} frames", one.frames)
            at = _("{time} s", time=f"{one.time_s:.2f}")
            st.caption(f"{at} · {frames}")
            st.markdown(plate_text.characters(one.characters, agreed) or _("nothing read"))


def row(shown: Shown) -> None:
    """What is kept of a violation."""
    case = _case(shown)
    if case is None:
        st.info(_("No suspect, no row."), icon=":material/info:")
        return
    rows = [
        ("id", case.id, _("its number")),
        ("outcome", case.outcome.value, _("stage 2's verdict")),
        ("happened_at", local(case.happened_at), _("when, counted from when the clip was handed in")),
        ("best_s", clock(case.best_s), _("where in the clip")),
        ("stage1", f"{case.stage1:.0%}", _("how sure stage 1 was")),
        ("stage2", f"{case.stage2:.0%}", _("how sure stage 2 was")),
        ("heads_without", case.heads_without, _("bare heads")),
        ("heads_with", case.heads_with, _("helmets")),
        ("plate_text", case.plate or "–", _("the number plate")),
        ("review", case.review.value, _("what people made of it")),
    ]
    with st.container(horizontal=True):
        stored.picture(case.crop, _("The rider"), 220)
        with st.container(width=580):  # below the picture where it has no room beside it
            st.table(
                pd.DataFrame(
                    [(f"`{name}`", str(value), means) for name, value, means in rows],
                    columns=[_("Column"), _("Value"), _("Meaning")],
                ).set_index(_("Column"))
            )


def _case(shown: Shown, outcomes: Sequence[Outcome] = tuple(Outcome)) -> Case | None:
    """The suspect that the class looks at; where there are several, the viewer's choice, a violation first."""
    cases = {case.id: case for case in shown.cases if case.outcome in outcomes}
    if not cases:
        return None
    first = next((id_ for id_, case in cases.items() if case.outcome is Outcome.CONFIRMED), next(iter(cases)))
    if len(cases) == 1:
        return cases[first]
    choice = SUSPECT if len(outcomes) == len(Outcome) else ALARM
    key = f"demo-case-{choice.name}-{shown.job.id}"

    def take() -> None:
        st.session_state[choice.key] = st.session_state[key]

    held = st.session_state[choice.key]
    st.session_state[key] = held if held in cases else first
    chosen = st.segmented_control(
        _("Suspect"),
        list(cases),
        format_func=lambda id_: _(
            "{outcome} at {time}", outcome=_(OUTCOMES[cases[id_].outcome]), time=clock(cases[id_].best_s)
        ),
        key=key,
        on_change=take,
        required=True,
        label_visibility="collapsed",
    )
    return cases[chosen or first]
