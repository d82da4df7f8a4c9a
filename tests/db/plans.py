"""How SQLite goes about what it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker


@contextmanager
def plans_of(sessions: sessionmaker[Session]) -> Iterator[list[str]]:
    """The plans of all that is selected meanwhile, a line each."""
    plans: list[str] = []

    def explain(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        if statement.startswith("SELECT"):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[attr-defined]
            plans.append(" ".join(row[3] for row in rows))

    event.listen(sessions.kw["bind"], "before_cursor_execute", explain)
    yield plans
    event.remove(sessions.kw["bind"], "before_cursor_execute", explain)
