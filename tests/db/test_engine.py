import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import OperationalError

from db import engine
from db.engine import explain, sessions
from db.jobs import Jobs
from db.models import Base
from pipeline.settings import Settings


def test_the_migrations_make_what_the_models_say(settings: Settings) -> None:
    with sessions(settings.database).kw["bind"].connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_readers_are_not_held_up_by_a_writer(settings: Settings) -> None:
    jobs = Jobs(sessions(settings.database))
    jobs.add("a", Path("a.mp4"), "a" * 64)
    writer = sqlite3.connect(settings.data / "helmet_watch.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert len(jobs.open()) == 1
    writer.close()


def test_a_locked_database_is_told_in_plain_words(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PATIENCE_S", 0.1)
    jobs = Jobs(sessions(settings.database))
    writer = sqlite3.connect(settings.data / "helmet_watch.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as caught:
        jobs.add("a", Path("a.mp4"), "a" * 64)
    assert "locked by another program" in explain(caught.value)
    writer.close()
    assert jobs.add("a", Path("a.mp4"), "a" * 64)


def test_what_people_are_told() -> None:
    assert "disk is full" in explain(OSError(28, "No space left on device"))
    assert "disk is full" in explain(OperationalError("x", None, Exception("database or disk is full")))
    assert explain(ValueError("as it is")) == "as it is"
