"""What the page of statistics asks of the database: everything is counted there, so that 100,000 rows are no burden.

A violation is a confirmed case that nobody dismissed; cases that people linked to one motorcycle count once. A rider
who waits in view of a camera is looked at again and again, and counts once, as the last look has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Executable, Integer, Select, and_, case, cast, extract, func, or_, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from db.models import Case, Clip, Job, JobState, Reason, Review, ReviewState, SourceKind, Track
from db.reviews import last_dismissals
from db.zones import local_s
from pipeline.types import Outcome

STAGE1_BINS = 10
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_EPOCH = date(1970, 1, 1)
_MONDAY = 3  # the epoch began on a Thursday


@dataclass(frozen=True, slots=True)
class Scope:
    """What is counted; None is all. `since` and `before` bound the time it happened, `before` excluded."""

    clip_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None

    def of(
        self, clip: Any, time: Any, told: Callable[[datetime], Any] = lambda moment: moment
    ) -> list[ColumnElement[bool]]:
        """Conditions on these columns; `told` makes of a moment what the one for the time holds."""
        wanted: list[ColumnElement[bool]] = []
        if self.clip_id is not None:
            wanted.append(clip == self.clip_id)
        if self.since is not None:
            wanted.append(time >= told(self.since))
        if self.before is not None:
            wanted.append(time < told(self.before))
        return wanted


@dataclass(frozen=True, slots=True)
class Source:
    clip_id: int
    name: str
    violations: int


@dataclass(frozen=True, slots=True)
class Riders:
    """Riders by track: violations; nobody but helmets seen; no head seen for sure, or none that stage 2 confirms."""

    without_helmet: int = 0
    with_helmet: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.without_helmet + self.with_helmet + self.unknown


@dataclass(frozen=True, slots=True)
class Heads:
    """Heads of all tracks, as stage 2 counted them where it looked; those of dismissed cases are left out."""

    without_helmet: int = 0
    with_helmet: int = 0


@dataclass(frozen=True, slots=True)
class Plates:
    """Number plates of the violations."""

    read: int = 0
    seen: int = 0  # but not read
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Speed:
    """One job that is done: frames of its clip, seconds of the clip, seconds it took."""

    job_id: int
    name: str
    finished_at: datetime
    frames: int
    duration_s: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Speeds:
    """All jobs together, and the newest one by one, oldest first."""

    jobs: int
    frames: int
    duration_s: float
    wall_s: float
    newest: tuple[Speed, ...]


_EARLIER, _LATER, _SAME = aliased(Case), aliased(Case), aliased(Track)


def _is_violation(one: type[Case]) -> ColumnElement[bool]:
    return and_(one.outcome == Outcome.CONFIRMED, one.review != ReviewState.DISMISSED)


def _repeated(scope: Scope) -> ColumnElement[bool]:
    """Whether an earlier case that is counted is of the same motorcycle.

    All that are, at once: asked for each case, SQLite would read the whole span of time each time.
    """
    same = and_(_EARLIER.motorcycle == _LATER.motorcycle, _EARLIER.id < _LATER.id, _is_violation(_EARLIER))
    again = select(_LATER.id).join(_EARLIER, same)
    return Case.id.in_(again.where(*scope.of(_EARLIER.clip_id, _EARLIER.happened_at)))


def _violation(scope: Scope) -> ColumnElement[bool]:
    return and_(_is_violation(Case), ~_repeated(scope), *_of_case(scope))


# of a live source, whose tracks of one number are one rider; a clip's kept cases may have another's number
_LAST = or_(Clip.kind == SourceKind.FILE, Track.id.in_(select(func.max(_SAME.id)).group_by(_SAME.job_id, _SAME.number)))


class Statistics:
    """Counts of everything, for one scope at a time."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def sources(self) -> dict[int, str]:
        """The clips that were analysed and the cameras that saw a rider, newest first: names by id."""
        analysed = Clip.id.in_(select(Job.clip_id).where(Job.state == JobState.DONE))
        seen = Clip.id.in_(select(Job.clip_id).where(Job.id.in_(select(Track.job_id))))
        query = select(Clip.id, Clip.name).where(or_(analysed, seen))
        return dict(self._rows(query.order_by(Clip.id.desc())))

    def violations(self, scope: Scope) -> int:
        return int(self._rows(select(func.count(Case.id)).where(_violation(scope)))[0][0])

    def by_hour(self, scope: Scope, zone: ZoneInfo) -> dict[int, int]:
        """Violations by hour of the day in a time zone, 0 to 23; only hours that have any."""
        return self._by(scope, zone, lambda local_s: local_s // _HOUR_S % 24)

    def by_day(self, scope: Scope, zone: ZoneInfo) -> dict[date, int]:
        """Violations by day in a time zone, in order; only days that have any."""
        return _dates(self._by(scope, zone, lambda local_s: local_s // _DAY_S))

    def by_week(self, scope: Scope, zone: ZoneInfo) -> dict[date, int]:
        """Violations by the Monday of their week in a time zone, in order; only weeks that have any."""
        return _dates(self._by(scope, zone, lambda local_s: local_s // _DAY_S - (local_s // _DAY_S + _MONDAY) % 7))

    def by_source(self, scope: Scope, limit: int) -> list[Source]:
        """The clips with the most violations."""
        count = func.count().label("violations")
        query = select(Clip.id, Clip.name, count).join(Case, Case.clip_id == Clip.id)
        query = query.where(_violation(scope)).group_by(Clip.id).order_by(count.desc(), Clip.id).limit(limit)
        return [Source(*row) for row in self._rows(query)]

    def riders(self, scope: Scope) -> Riders:
        """Every track is one rider, but for those that people dismissed, or linked to an earlier one."""
        helmets = and_(Track.heads_with > 0, Track.heads_without == 0)
        kind = case((and_(Case.id.is_not(None), _is_violation(Case)), 0), (helmets, 1), else_=2).label("kind")
        query = _riders(select(kind, func.count()), scope)
        counts = {int(number): count for number, count in self._rows(query.group_by(kind))}
        return Riders(*(counts.get(number, 0) for number in range(3)))

    def heads(self, scope: Scope) -> Heads:
        query = _riders(select(func.sum(Track.heads_without), func.sum(Track.heads_with)), scope)
        return Heads(*(int(total or 0) for total in self._rows(query)[0]))

    def verdicts(self, scope: Scope) -> dict[tuple[Outcome, ReviewState], int]:
        """Suspects by stage 2's word and by what people made of it."""
        query = _suspects(select(Case.outcome, Case.review, func.count()), scope)
        rows = self._rows(query.group_by(Case.outcome, Case.review))
        return {(outcome, review): count for outcome, review, count in rows}

    def sureness(self, scope: Scope) -> dict[tuple[int, Outcome], int]:
        """Suspects by how sure stage 1 was (in tenths, rounded down, the last one closed) and by stage 2's word."""
        tenth = case((Case.stage1 >= 1, STAGE1_BINS - 1), else_=cast(func.floor(Case.stage1 * STAGE1_BINS), Integer))
        query = _suspects(select(tenth.label("tenth"), Case.outcome, func.count()), scope)
        return {(int(row), outcome): n for row, outcome, n in self._rows(query.group_by("tenth", Case.outcome))}

    def reasons(self, scope: Scope) -> dict[Reason | None, int]:
        """Why the confirmed cases that are dismissed now were dismissed: the last word that stands."""
        query = select(Review.reason, func.count()).join(Case, Case.id == Review.case_id)
        query = query.where(
            Case.outcome == Outcome.CONFIRMED,
            Case.review == ReviewState.DISMISSED,
            Review.id.in_(last_dismissals()),
            *_of_case(scope),
        )
        return dict(self._rows(query.group_by(Review.reason)))

    def plates(self, scope: Scope) -> Plates:
        kind = case((Case.plate.is_not(None), 0), (Case.plate_crop.is_not(None), 1), else_=2).label("kind")
        query = select(kind, func.count()).where(_violation(scope)).group_by(kind)
        counts = {int(number): count for number, count in self._rows(query)}
        return Plates(*(counts.get(number, 0) for number in range(3)))

    def speeds(self, scope: Scope, limit: int) -> Speeds:
        done = [Job.state == JobState.DONE, Job.wall_s > 0, *scope.of(Job.clip_id, Job.finished_at)]
        totals = select(func.count(), func.sum(Job.frames), func.sum(Job.duration_s), func.sum(Job.wall_s))
        query = select(Job.id, Clip.name, Job.finished_at, Job.frames, Job.duration_s, Job.wall_s)
        query = query.join(Clip, Clip.id == Job.clip_id).where(*done).order_by(Job.finished_at.desc()).limit(limit)
        jobs, frames, duration_s, wall_s = self._rows(totals.where(*done))[0]
        newest = [Speed(*row) for row in reversed(self._rows(query))]
        return Speeds(jobs, frames or 0, duration_s or 0.0, wall_s or 0.0, tuple(newest))

    def _by(
        self, scope: Scope, zone: ZoneInfo, bucket: Callable[[ColumnElement[int]], ColumnElement[int]]
    ) -> dict[int, int]:
        """Violations by a number made of the seconds on the zone's clocks since 1970."""
        ends = select(func.min(Case.happened_at), func.max(Case.happened_at)).where(*_of_case(scope))
        first, last = self._rows(ends)[0]
        if first is None:
            return {}
        number = bucket(local_s(zone, first, last)).label("number")
        query = select(number, func.count()).where(_violation(scope)).group_by(number).order_by(number)
        return {int(row): count for row, count in self._rows(query)}

    def _rows(self, query: Executable) -> list[Any]:
        with self._sessions() as session:
            return list(session.execute(query).all())


def _dates(counts: dict[int, int]) -> dict[date, int]:
    return {_EPOCH + timedelta(days=number): count for number, count in counts.items()}


def _of_case(scope: Scope) -> list[ColumnElement[bool]]:
    return scope.of(Case.clip_id, Case.happened_at)


def _of_track(scope: Scope) -> list[ColumnElement[bool]]:
    """By when its case happened, or else by when the rider came into view, counted as `db.save` does for a case."""
    began = case((Clip.kind == SourceKind.FILE, Clip.added_at), else_=func.coalesce(Job.started_at, Clip.added_at))
    seen_s = func.coalesce(extract("epoch", Case.happened_at), extract("epoch", began) + Track.start_s)
    return scope.of(Clip.id, seen_s, datetime.timestamp)


def _riders(query: Select[*tuple[Any, ...]], scope: Scope) -> Select[*tuple[Any, ...]]:
    """Of the tracks that are riders by themselves."""
    query = query.select_from(Track).outerjoin(Case, Case.track_id == Track.id)
    query = query.join(Job, Job.id == Track.job_id).join(Clip, Clip.id == Job.clip_id)
    stands = and_(Case.review != ReviewState.DISMISSED, ~_repeated(scope))
    return query.where(_LAST, or_(Case.id.is_(None), stands), *_of_track(scope))


def _suspects(query: Select[*tuple[Any, ...]], scope: Scope) -> Select[*tuple[Any, ...]]:
    """Of the cases, those of one waiting rider once."""
    query = query.join(Track, Track.id == Case.track_id).join(Clip, Clip.id == Case.clip_id)
    return query.where(_LAST, *_of_case(scope))
