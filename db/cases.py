"""What the gallery asks of the database: filtered, sorted and paged there, so that 100,000 rows are no burden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, func, select
from sqlalchemy.orm import Session, selectinload, sessionmaker

from db.models import Case, Clip, Sighting
from pipeline.types import Outcome

VIOLATIONS = (Outcome.CONFIRMED,)
TURNED_DOWN = (Outcome.REJECTED, Outcome.UNSURE)


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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases to show; None is all. `since` and `before` bound the time it happened, `before` excluded."""

    outcomes: tuple[Outcome, ...] = VIOLATIONS
    clip_id: int | None = None
    job_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    least_confidence: float = 0.0
    with_plate: bool | None = None

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
        return wanted


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

    def get(self, case_id: int) -> Case | None:
        """One case with its looks and its track."""
        with self._sessions() as session:
            return session.get(
                Case, case_id, options=[selectinload(Case.looks), selectinload(Case.track), selectinload(Case.reads)]
            )

    def of_job(self, job_id: int, outcomes: tuple[Outcome, ...] = VIOLATIONS) -> Sequence[Case]:
        """The cases of one job in the order in which they happened."""
        query = select(Case).where(*Filter(outcomes, job_id=job_id).conditions()).order_by(Case.start_s)
        with self._sessions() as session:
            return session.scalars(query).all()

    def sightings(self, track_id: int) -> Sequence[Sighting]:
        with self._sessions() as session:
            return session.scalars(select(Sighting).where(Sighting.track_id == track_id).order_by(Sighting.frame)).all()

    def sources(self) -> Sequence[Clip]:
        """The clips that have cases, newest first."""
        with self._sessions() as session:
            return session.scalars(
                select(Clip).where(Clip.id.in_(select(Case.clip_id).distinct())).order_by(Clip.id.desc())
            ).all()
