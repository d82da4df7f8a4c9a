"""What people say of the cases. Every deed adds rows to a table that only grows; undoing one adds rows too.

A deed names the version of each case that its doer saw. Where somebody else was quicker nothing is changed, and the
second is told.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, aliased, sessionmaker

from db.engine import write_alone
from db.jobs import now
from db.models import Action, Case, Reason, Review, ReviewState

Seen = Mapping[int, int]  # case id: the version that was on the screen
Values = dict[str, str | int | None]  # what a deed changes of a case

_BECOMES = {
    Action.ACCEPT: ReviewState.ACCEPTED,
    Action.DISMISS: ReviewState.DISMISSED,
    Action.REOPEN: ReviewState.OPEN,
}


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does what, and why."""

    reviewer: str
    action: Action
    reason: Reason | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """A case that somebody changed in the meantime; `by` is the row that did, None where the case is gone."""

    case_id: int
    by: Review | None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a deed: the cases it changed, and those it left alone."""

    changed: tuple[int, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    case: Case
    values: Values
    undoes: Review | None = None


class Reviews:
    """The reviews, as the pages read and write them."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def decide(self, seen: Seen, deed: Deed) -> Done:
        """Accept, dismiss or reopen cases."""
        return self._change(seen, deed, {"review": _BECOMES[deed.action].value})

    def correct_plate(self, seen: Seen, reviewer: str, text: str | None) -> Done:
        """Put a person's reading above the machine's; an empty text: it is not readable. None takes it back."""
        typed = text and unicodedata.normalize("NFKC", text).strip()
        return self._change(seen, Deed(reviewer, Action.PLATE), {"plate_corrected": typed})

    def link(self, seen: Seen, reviewer: str) -> Done:
        """Say that cases are one motorcycle, with all that was linked to any of them before."""
        return write_alone(self._sessions, lambda session: _link(session, seen, reviewer))

    def unlink(self, case_id: int, version: int, reviewer: str) -> Done:
        """Say that a case is a motorcycle of its own. The rest stay linked, unless only one is left."""
        return write_alone(self._sessions, lambda session: _unlink(session, {case_id: version}, reviewer))

    def undo(self, reviewer: str) -> Done:
        """Take back the last deed of a reviewer that nobody has built on, on one case or on many."""
        with self._sessions.begin() as session:
            last = session.scalars(_to_undo(reviewer)).one_or_none()
            if last is None:
                return Done()
            return _take_back(session, _rows_of(session, last.batch), reviewer)

    def undo_case(self, case_id: int, version: int, reviewer: str) -> Done:
        """Take back the last deed on one case, whoever did it; of all cases where it linked or parted them."""
        with self._sessions.begin() as session:
            _, conflicts = _as_seen(session, {case_id: version})
            last = _last(session, case_id)
            if conflicts or last is None:
                return Done((), conflicts)
            alone = last.action not in (Action.LINK, Action.UNLINK)
            return _take_back(session, [last] if alone else _rows_of(session, last.batch), reviewer)

    def can_undo(self, reviewer: str) -> bool:
        with self._sessions() as session:
            return session.scalars(_to_undo(reviewer)).one_or_none() is not None

    def history(self, case_id: int) -> Sequence[Review]:
        """All that was done to a case, oldest first."""
        with self._sessions() as session:
            return session.scalars(select(Review).where(Review.case_id == case_id).order_by(Review.version)).all()

    def dismissed_for(self, reasons: Collection[Reason]) -> dict[int, Reason]:
        """The dismissed cases whose last dismissal that nobody has taken back gives one of these reasons."""
        query = (
            select(Review.case_id, Review.reason)
            .join(Case, Review.case_id == Case.id)
            .where(Review.id.in_(last_dismissals()), Review.reason.in_(reasons), Case.review == ReviewState.DISMISSED)
        )
        with self._sessions() as session:
            return {id_: reason for id_, reason in session.execute(query.order_by(Review.case_id)) if reason}

    def _change(self, seen: Seen, deed: Deed, values: Values) -> Done:
        """The same change to each case that is still as it was seen."""
        with self._sessions.begin() as session:
            cases, conflicts = _as_seen(session, seen)
            done = _write(session, deed, [_Step(case, values) for case in cases])
            return Done(done.changed, (*conflicts, *done.conflicts))


def _link(session: Session, seen: Seen, reviewer: str) -> Done:
    cases, conflicts = _as_seen(session, seen)
    if conflicts or len(cases) < 2:
        return Done((), conflicts)
    together = [*cases, *_linked_to(session, cases)]
    number = _new_motorcycle(session)
    return _write(session, Deed(reviewer, Action.LINK), [_Step(case, {"motorcycle": number}) for case in together])


def _unlink(session: Session, seen: Seen, reviewer: str) -> Done:
    cases, conflicts = _as_seen(session, seen)
    rest = _linked_to(session, cases)
    apart = [*cases, *(rest if len(rest) == 1 else [])]
    steps = [_Step(case, {"motorcycle": None}) for case in apart]
    return Done((), conflicts) if conflicts else _write(session, Deed(reviewer, Action.UNLINK), steps)


def _as_seen(session: Session, seen: Seen) -> tuple[list[Case], tuple[Conflict, ...]]:
    """The cases that are still as they were on the screen, and the conflicts with the others."""
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(seen)))}
    same = [cases[id_] for id_, version in seen.items() if id_ in cases and cases[id_].version == version]
    changed = seen.keys() - {case.id for case in same}
    return same, tuple(_conflict(session, id_) for id_ in sorted(changed))


def _linked_to(session: Session, cases: Iterable[Case]) -> Sequence[Case]:
    """The other cases of the same motorcycles."""
    cases = list(cases)
    motorcycles = {case.motorcycle for case in cases if case.motorcycle is not None}
    query = select(Case).where(Case.motorcycle.in_(motorcycles), Case.id.not_in([case.id for case in cases]))
    return session.scalars(query).all()


def _new_motorcycle(session: Session) -> int:
    """A number that no motorcycle ever had: under an old one cases could meet again that people have parted."""
    return (session.scalar(select(func.max(Review.after["motorcycle"].as_integer()))) or 0) + 1


def _take_back(session: Session, rows: Sequence[Review], reviewer: str) -> Done:
    """Undo these rows, where nobody has changed the same since."""
    steps, conflicts = [], []
    for row in rows:
        case = session.get(Case, row.case_id)
        if case is None or _built_on(session, row):
            conflicts.append(_conflict(session, row.case_id))
        else:
            steps.append(_Step(case, dict(row.before), row))
    alone = _alone(session, steps)
    steps = [
        replace(step, values={"motorcycle": None}) if step.values.get("motorcycle") in alone else step for step in steps
    ]
    done = _write(session, Deed(reviewer, Action.UNDO), steps)
    return Done(done.changed, (*conflicts, *done.conflicts))


def _alone(session: Session, steps: Sequence[_Step]) -> set[str | int]:
    """The numbers of motorcycles that these steps give back to one case alone: people have parted the others since."""
    given = [number for step in steps if (number := step.values.get("motorcycle")) is not None]
    rest = select(Case.motorcycle).where(Case.motorcycle.in_(given), Case.id.not_in([step.case.id for step in steps]))
    return {number for number, count in Counter([*given, *session.scalars(rest)]).items() if number and count == 1}


def _built_on(session: Session, row: Review) -> bool:
    """Whether what this row changed was changed again, and that stands.

    Other changes of the case do not count: a link that is taken back of some of its cases alone would part others.
    """
    later = session.scalars(_standing().where(Review.case_id == row.case_id, Review.id > row.id))
    return any(row.after.keys() & one.after.keys() for one in later)


def _write(session: Session, deed: Deed, steps: Iterable[_Step]) -> Done:
    """Do it, where nobody was quicker since the cases were read."""
    batch, changed, conflicts = uuid4().hex, [], []
    for step in steps:
        before = {name: getattr(step.case, name) for name in step.values}
        if before == step.values and step.undoes is None:
            continue  # it is so already
        version = step.case.version + 1
        quickest = update(Case).where(Case.id == step.case.id, Case.version == version - 1)
        if session.execute(quickest.values(**step.values, version=version).returning(Case.id)).one_or_none() is None:
            conflicts.append(_conflict(session, step.case.id))
            continue
        session.add(
            Review(
                case_id=step.case.id,
                version=version,
                batch=batch,
                at=now(),
                reviewer=deed.reviewer,
                action=deed.action,
                reason=deed.reason,
                note=deed.note,
                before=before,
                after=step.values,
                undoes=step.undoes.id if step.undoes else None,
            )
        )
        changed.append(step.case.id)
    session.flush()
    return Done(tuple(changed), tuple(conflicts))


def _standing() -> Select[Review]:
    """The deeds that nobody has taken back."""
    undoing = aliased(Review)
    taken_back = select(undoing.id).where(undoing.undoes == Review.id).exists()
    return select(Review).where(Review.action != Action.UNDO, ~taken_back)


def last_dismissals() -> Select[int]:
    """The rows with the last dismissal of each case that nobody has taken back, by id."""
    dismissals = _standing().where(Review.action == Action.DISMISS)
    return dismissals.with_only_columns(func.max(Review.id)).group_by(Review.case_id)


def _to_undo(reviewer: str) -> Select[Review]:
    """The reviewer's last deed that stands and is the last on a case."""
    newest = _standing().with_only_columns(func.max(Review.id)).group_by(Review.case_id)
    mine = _standing().where(Review.reviewer == reviewer, Review.id.in_(newest))
    return mine.order_by(Review.id.desc()).limit(1)


def _last(session: Session, case_id: int) -> Review | None:
    """The last deed on a case that still stands."""
    query = _standing().where(Review.case_id == case_id).order_by(Review.id.desc()).limit(1)
    return session.scalars(query).one_or_none()


def _rows_of(session: Session, batch: str) -> Sequence[Review]:
    """What still stands of one deed, on all its cases."""
    return session.scalars(_standing().where(Review.batch == batch)).all()


def _conflict(session: Session, case_id: int) -> Conflict:
    query = select(Review).where(Review.case_id == case_id).order_by(Review.version.desc()).limit(1)
    return Conflict(case_id, session.scalars(query).one_or_none())
