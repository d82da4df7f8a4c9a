"""What the gallery asks of the database: filtered, sorted and paged there, so that 100,000 rows are no burden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, selectinload, sessionmaker

from db.models import Case, Clip, Parts, ReviewState, Sighting, SourceKind, Track
from pipeline import types
from pipeline.plate_formats import compact
from pipeline.types import Outcome

VIOLATIONS = (Outcome.CONFIRMED,)
TURNED_DOWN = (Outcome.REJECTED, Outcome.UNSURE)
_AT_ONCE = 1000
_SAME_PLATE = 8  # other cases of one number plate that are shown
AROUND_S = 1.0  # before and after a rider was seen, others count as around it
NOT_DISMISSED = (ReviewState.OPEN, ReviewState.ACCEPTED)


class Sort(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    SUREST = "surest"
    LEAST_SURE = "least sure"


_ORDER: dict[Sort, tuple[UnaryExpression[Any], ...]] = {
    Sort.NEWEST: (Case.id.desc(),),
    Sort.OLDEST: (Case.id.asc(),),
    Sort.SUREST: (Case.stage2.desc(), Case.id.desc()),
    Sort.LEAST_SURE: (Case.stage2.asc(), Case.id.asc()),
}

_BACKWARDS = {
    Sort.NEWEST: Sort.OLDEST,
    Sort.OLDEST: Sort.NEWEST,
    Sort.SUREST: Sort.LEAST_SURE,
    Sort.LEAST_SURE: Sort.SUREST,
}


_plate = func.replace(Case.plate, " ", "")  # without the spaces that people type


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases to show; None is all. `since` and `before` bound the time it happened, `before` excluded.

    `plate` is a part of the number plate's text.
    """

    outcomes: tuple[Outcome, ...] = VIOLATIONS
    clip_id: int | None = None
    job_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    least_confidence: float = 0.0
    with_plate: bool | None = None
    plate: str = ""
    reviews: tuple[ReviewState, ...] = NOT_DISMISSED

    def conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = [Case.outcome.in_(self.outcomes)]
        if self.clip_id is not None:
            wanted.append(Case.clip_id == self.clip_id)
        if self.job_id is not None:
            wanted.append(Case.job_id == self.job_id)
        if self.since is not None:
            wanted.append(Case.happened_at >= self.since)
        if self.before is not None:
            wanted.append(Case.happened_at < self.before)
        if self.least_confidence > 0:
            wanted.append(Case.stage2 >= self.least_confidence)
        if self.with_plate is not None:
            wanted.append(Case.plate_crop.is_not(None) if self.with_plate else Case.plate_crop.is_(None))
        if part := compact(self.plate):
            wanted.append(_plate.icontains(part, autoescape=True))
        if len(self.reviews) < len(ReviewState):
            wanted.append(Case.review.in_(self.reviews))
        if Outcome.CONFIRMED not in self.outcomes:
            wanted.append(~_judged_again())
        return wanted


def _judged_again() -> ColumnElement[bool]:
    """Whether it is not the last word on a rider who waits before a camera, whom stage 2 looks at again and again.

    In a live source tracks of one number are one rider; a clip's kept cases may have another rider's number.
    """
    track, later_track, later = aliased(Track), aliased(Track), aliased(Case)
    same = and_(later_track.job_id == track.job_id, later_track.number == track.number, later_track.id > track.id)
    words = select(later.id).join(later_track, later.track_id == later_track.id).join(track, same)
    live = Case.clip_id.in_(select(Clip.id).where(Clip.kind != SourceKind.FILE))
    return and_(live, exists(words.where(track.id == Case.track_id)))


class Cases:
    """The cases as the pages read them."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def count(self, wanted: Filter) -> int:
        with self._sessions() as session:
            return session.scalar(select(func.count()).select_from(Case).where(*wanted.conditions())) or 0

    def page(self, wanted: Filter, sort: Sort, number: int, size: int) -> Sequence[Case]:
        """Page `number`, from 0, of `size` cases."""
        query = select(Case).where(*wanted.conditions()).order_by(*_ORDER[sort])
        with self._sessions() as session:
            return session.scalars(query.offset(number * size).limit(size)).all()

    def neighbour(self, wanted: Filter, sort: Sort, case: Case, step: int) -> int | None:
        """The case after this one (`step` 1) or before it (-1), whether or not this one fits the filter itself."""
        way = sort if step > 0 else _BACKWARDS[sort]
        query = select(Case.id).where(*wanted.conditions(), _beyond(way, case)).order_by(*_ORDER[way]).limit(1)
        with self._sessions() as session:
            return session.scalars(query).one_or_none()

    def place(self, wanted: Filter, sort: Sort, case: Case) -> int | None:
        """How many cases come before this one; None where this one does not fit the filter."""
        fits = select(Case.id).where(*wanted.conditions(), Case.id == case.id)
        before = select(func.count()).select_from(Case).where(*wanted.conditions(), _beyond(_BACKWARDS[sort], case))
        with self._sessions() as session:
            return None if session.scalar(fits) is None else session.scalar(before)

    def get(self, case_id: int) -> Case | None:
        """One case with its looks, its track and the reads of its plate."""
        with self._sessions() as session:
            return session.get(
                Case, case_id, options=[selectinload(Case.looks), selectinload(Case.track), selectinload(Case.reads)]
            )

    def of_job(self, job_id: int, outcomes: tuple[Outcome, ...] = VIOLATIONS) -> Sequence[Case]:
        """The cases of one job in the order in which they happened, whatever people made of them."""
        wanted = Filter(outcomes, job_id=job_id, reviews=tuple(ReviewState))
        with self._sessions() as session:
            return session.scalars(select(Case).where(*wanted.conditions()).order_by(Case.start_s)).all()

    def tally(self, job_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
        """The violations of each of these jobs that has any, and how many of them people dismissed."""
        dismissed = func.count().filter(Case.review == ReviewState.DISMISSED)
        query = select(Case.job_id, func.count(), dismissed).where(
            Case.job_id.in_(job_ids), Case.outcome.in_(VIOLATIONS)
        )
        with self._sessions() as session:
            return {id_: (total, gone) for id_, total, gone in session.execute(query.group_by(Case.job_id))}

    def sightings(self, track_id: int) -> Sequence[Sighting]:
        """Those that the track was judged by: where its rider was later in a live source only hides him elsewhere."""
        query = select(Sighting).join(Track, Sighting.track_id == Track.id)
        query = query.where(Track.id == track_id, Sighting.time_s <= Track.end_s).order_by(Sighting.frame)
        with self._sessions() as session:
            return session.scalars(query).all()

    def same_motorcycle(self, case: Case) -> Sequence[Case]:
        """The other cases that people linked to this one, oldest first."""
        if case.motorcycle is None:
            return ()
        query = select(Case).where(Case.motorcycle == case.motorcycle, Case.id != case.id).order_by(Case.id)
        with self._sessions() as session:
            return session.scalars(query).all()

    def same_plate(self, case: Case) -> Sequence[Case]:
        """The newest of the other violations that bear this one's number plate, and are not linked to it."""
        if case.plate is None:
            return ()
        apart = or_(Case.motorcycle.is_(None), Case.motorcycle != case.motorcycle)
        query = select(Case).where(*Filter().conditions(), _plate == compact(case.plate), Case.id != case.id, apart)
        with self._sessions() as session:
            return session.scalars(query.order_by(Case.id.desc()).limit(_SAME_PLATE)).all()

    def each(self, wanted: Filter, sort: Sort) -> Iterator[Case]:
        """All cases, however many."""
        query = select(Case).where(*wanted.conditions()).order_by(*_ORDER[sort]).execution_options(yield_per=_AT_ONCE)
        with self._sessions() as session:
            yield from session.scalars(query)

    def in_full(self, ids: Sequence[int]) -> Sequence[Case]:
        """These cases with their looks and tracks, by id."""
        query = select(Case).where(Case.id.in_(ids)).order_by(Case.id)
        with self._sessions() as session:
            return session.scalars(query.options(selectinload(Case.looks), selectinload(Case.track))).all()

    def others_around(self, case: Case) -> list[types.Sighting]:
        """All other riders while this one was seen, and a second before and after."""
        query = (
            select(Sighting)
            .join(Track, Sighting.track_id == Track.id)
            .where(Track.job_id == case.job_id, Track.id != case.track_id)
            .where(Sighting.time_s.between(case.start_s - AROUND_S, case.end_s + AROUND_S))
        )
        with self._sessions() as session:
            return [as_seen(row) for row in session.scalars(query)]

    def sources(self) -> Sequence[Clip]:
        """The clips that have cases, newest first."""
        with self._sessions() as session:
            return session.scalars(
                select(Clip).where(Clip.id.in_(select(Case.clip_id).distinct())).order_by(Clip.id.desc())
            ).all()


def detections(parts: Parts) -> tuple[types.Detection, ...]:
    """Boxes as the database keeps them."""
    return tuple(
        types.Detection(types.Label(int(label)), types.Box(*box), confidence) for label, confidence, *box in parts
    )


def as_seen(row: Sighting) -> types.Sighting:
    """A sighting as the pipeline knows it."""
    parts = detections(row.parts)
    return types.Sighting(
        row.frame,
        row.time_s,
        types.Box(row.x1, row.y1, row.x2, row.y2),
        row.confidence,
        tuple(part for part in parts if part.label in types.HEADS),
        next((part for part in parts if part.label is types.Label.PLATE), None),
    )


def _beyond(sort: Sort, case: Case) -> ColumnElement[bool]:
    """Whether a case comes after this one."""
    if sort is Sort.NEWEST:
        return Case.id < case.id
    if sort is Sort.OLDEST:
        return Case.id > case.id
    here, there = tuple_(Case.stage2, Case.id), (case.stage2, case.id)
    return here < there if sort is Sort.SUREST else here > there
