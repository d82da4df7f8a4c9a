"""The OCR server's inbox: captures that it has stored, and what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import now
from db.models import Received


class Inbox:
    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, key: str, crops: Sequence[tuple[str, float]]) -> bool:
        """Keep a capture; return whether it is new. One that is here already stays as it is."""
        try:
            with self._sessions.begin() as session:
                session.add(Received(key=key, crops=list(crops), received_at=now()))
        except IntegrityError:
            return False
        return True

    def get(self, key: str) -> Received | None:
        with self._sessions() as session:
            return session.scalars(select(Received).where(Received.key == key)).one_or_none()

    def read_again(self, key: str) -> None:
        """Let a capture wait once more that could not be read."""
        failed = update(Received).where(Received.key == key, Received.error.is_not(None))
        with self._sessions.begin() as session:
            session.execute(failed.values(done_at=None, error=None))

    def next(self) -> Received | None:
        """The oldest capture that has not been read."""
        query = select(Received).where(Received.done_at.is_(None)).order_by(Received.id).limit(1)
        with self._sessions() as session:
            return session.scalars(query).one_or_none()

    def finish(self, key: str, result: dict[str, object] | None, error: str | None = None) -> None:
        with self._sessions.begin() as session:
            session.execute(
                update(Received).where(Received.key == key).values(done_at=now(), result=result, error=error)
            )

    def waiting(self) -> int:
        with self._sessions() as session:
            return session.scalar(select(func.count()).select_from(Received).where(Received.done_at.is_(None))) or 0

    def crops(self) -> set[str]:
        """The names of all crops that are kept: they are still to be read, or could not be."""
        kept = or_(Received.done_at.is_(None), Received.error.is_not(None))
        with self._sessions() as session:
            rows = session.scalars(select(Received.crops).where(kept))
            return {name for crops in rows for name, _ in crops}

    def forget(self, days: float) -> set[str]:
        """Delete the results that are older than this, and return the names of their crops."""
        old = delete(Received).where(Received.done_at < now() - timedelta(days=days))
        with self._sessions.begin() as session:
            return {name for crops in session.scalars(old.returning(Received.crops)) for name, _ in crops}
