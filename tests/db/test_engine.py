import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import sessionmaker

from db import engine
from db.cases import Cases
from db.engine import explain, migrations, sessions, upgrade
from db.jobs import Jobs
from db.models import Base, ReviewState
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


def test_a_database_of_the_first_version_keeps_what_it_holds(tmp_path: Path) -> None:
    engine_ = create_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with engine_.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys=ON"))
        command.upgrade(migrations(connection), "0001")
        for statement in (
            "insert into clips values (1, 'a', 'a.mp4', '/a.mp4', '2026-11-01')",
            "insert into jobs (id, clip_id, state, cancel_requested, created_at, fraction, violations)"
            " values (1, 1, 'done', 0, '2026-11-01', 1, 1)",
            "insert into tracks values (1, 1, 1, 0, 1)",
            "insert into cases (id, outcome, clip_id, job_id, track_id, happened_at, start_s, end_s, best_s, x1, y1,"
            " x2, y2, stage1, stage2, heads_without, heads_with, picture, crop, video)"
            " values (1, 'confirmed', 1, 1, 1, '2026-11-01 00:00:00.000000', 0, 1, 0, 0, 0, 9, 9, 0.5, 0.5, 1, 0,"
            " 'p', 'c', 'v')",
            "insert into looks values (1, 1, 0, 'p', '[]', '[]', 'bare', 0.5)",
        ):
            connection.execute(text(statement))
    upgrade(engine_)
    case = Cases(sessionmaker(engine_)).get(1)
    assert case is not None
    assert (case.review, case.version, case.kept, len(case.looks)) == (ReviewState.OPEN, 0, False, 1)
    with engine_.begin() as connection:
        command.downgrade(migrations(connection), "0001")
        assert connection.scalar(text("select count(*) from looks")) == 1
