import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, delete, inspect, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from db import engine
from db.cases import Cases
from db.engine import explain, migrations, sessions, upgrade, write_alone
from db.jobs import Jobs, now
from db.models import Action, Base, Case, Clip, ReviewState
from db.reviews import Deed, Reviews
from pipeline.settings import Settings
from pipeline.types import Outcome
from tests.factory import done, queued


def test_the_migrations_make_what_the_models_say(settings: Settings) -> None:
    with sessions(settings.database).kw["bind"].connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Base.metadata) == []


def test_readers_are_not_held_up_by_a_writer(settings: Settings) -> None:
    jobs = Jobs(sessions(settings.database))
    queued(jobs, "a")
    writer = sqlite3.connect(settings.data / "helmet_watch.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    assert len(jobs.open()) == 1
    writer.close()


def test_what_was_written_outlasts_a_power_cut(settings: Settings) -> None:
    with sessions(settings.database)() as session:
        assert session.scalar(text("pragma journal_mode")) == "wal"
        assert session.scalar(text("pragma synchronous")) == 2  # full: each commit is on the disk


def test_nothing_is_written_into_a_database_that_was_deleted(settings: Settings) -> None:
    jobs = Jobs(sessions(settings.database))
    queued(jobs, "ride.mp4")
    away = settings.data.rename(settings.data.with_name("away"))
    settings.data.mkdir()
    for _ in range(2):  # through a connection that was open, and through a new one
        with pytest.raises(OperationalError) as caught:
            queued(jobs, "other.mp4")
        assert "is not there any more: put it back" in explain(caught.value)
    settings.data.rmdir()  # nothing was made in it
    away.rename(settings.data)
    assert len(jobs.open()) == 1


def test_a_locked_database_is_told_in_plain_words(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PATIENCE_S", 0.1)
    jobs = Jobs(sessions(settings.database))
    writer = sqlite3.connect(settings.data / "helmet_watch.sqlite3", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError) as caught:
        queued(jobs, "a")
    assert "locked by another program" in explain(caught.value)
    writer.close()
    assert queued(jobs, "a")


def test_no_error_of_the_database_tells_the_log_in_of_a_stream(settings: Settings) -> None:
    def add(session: Session) -> None:
        session.add(Clip(sha256="a" * 64, name="yard", path="rtsp://user:word@camera/", added_at=now()))

    write_alone(sessions(settings.database), add)
    with pytest.raises(IntegrityError) as caught:
        write_alone(sessions(settings.database), add)
    assert "word" not in str(caught.value)


def test_a_new_data_folder_is_open_to_its_owner_alone(tmp_path: Path) -> None:
    sessions(f"sqlite:///{tmp_path / 'new' / 'helmet_watch.sqlite3'}")
    assert stat.filemode((tmp_path / "new").stat().st_mode) == "drwx------"


@pytest.mark.parametrize("name", ["what?", "a%41", "50%", "a#b", "a+b", "a@b", "데이터", "it's"])
def test_the_database_is_in_the_data_folder_whatever_that_is_called(tmp_path: Path, name: str) -> None:
    sessions(Settings(data=tmp_path / name).database)
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "helmet_watch.sqlite3").is_file()


def test_migrations_are_found_whatever_the_programs_folder_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_MIGRATIONS", shutil.copytree(engine._MIGRATIONS, tmp_path / "100 %" / "migrations"))
    sessions(f"sqlite:///{tmp_path / 'helmet_watch.sqlite3'}")


def test_work_that_others_came_between_is_done_anew_and_leaves_nothing_of_the_first_try(settings: Settings) -> None:
    """Other databases than SQLite refuse it by an error of their own."""
    database, tries = sessions(settings.database), []

    def work(session: Session) -> int:
        tries.append(Clip(sha256="a" * 64, name="a", path="/a", added_at=now()))
        session.add(tries[-1])
        session.flush()
        if len(tries) < 3:
            raise OperationalError("insert", None, Exception("could not serialize access"))
        return tries[-1].id

    clip_id = write_alone(database, work)
    assert len(tries) == 3
    with database() as session:
        assert [clip.id for clip in session.scalars(select(Clip))] == [clip_id]


def test_what_others_cannot_have_caused_is_not_tried_again(settings: Settings) -> None:
    tries = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(text("select nobody"))

    with pytest.raises(OperationalError, match="no such column"):
        write_alone(sessions(settings.database), work)
    assert len(tries) == 1


def test_what_people_are_told() -> None:
    assert "disk is full" in explain(OSError(28, "No space left on device"))
    assert "disk is full" in explain(OperationalError("x", None, Exception("database or disk is full")))
    assert "data/x may not be" in explain(PermissionError(13, "Permission denied", "data/x"))
    assert "data/x may not be" in explain(OSError(30, "Read-only file system", "data/x"))
    assert explain(ValueError("as it is")) == "as it is"


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "db", "upgrade"],
        env={**os.environ, "HELMET_WATCH_DATA": str(tmp_path / "file" / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "Not a directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql+pymysql://u:secret@h/db", "needs a driver: install it (No module named 'pymysql')"),
        ("postgres://u:secret@h/db", "is no address of a database"),
        ("garbage", "is no address of a database"),
        ("postgresql://u:p@a:secret@h/db", "is no address of a database"),
        ("sqlite://there/db", "is no address of a database"),
    ],
)
def test_an_address_that_is_none_of_a_database_is_told_without_its_password(url: str, says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "db", "upgrade"],
        env={**os.environ, "HELMET_WATCH_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_database_of_a_newer_version_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'helmet_watch.sqlite3'}"
    with sessions(url).begin() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    done = subprocess.run(
        [sys.executable, "-m", "db", "upgrade"],
        env={**os.environ, "HELMET_WATCH_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "of a newer version of Helmet Watch" in done.stderr
    assert "Traceback" not in done.stderr
    with sessions(url)() as session:
        assert session.scalar(text("select version_num from alembic_version")) == "9999"


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


def test_a_migration_that_is_cut_off_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine_ = create_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    with engine_.begin() as connection:
        command.upgrade(migrations(connection), "0001")
    add_column, calls = op.add_column, []

    def full(*args: Any, **options: Any) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        add_column(*args, **options)

    with monkeypatch.context() as cut, pytest.raises(OSError, match="No space"):
        cut.setattr(op, "add_column", full)
        upgrade(engine_)
    with engine_.connect() as connection:
        assert connection.scalar(text("select version_num from alembic_version")) == "0001"
        assert "reviews" not in inspect(connection).get_table_names()
    upgrade(engine_)


def test_rebuilt_tables_keep_their_rows_and_give_no_number_twice(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    engine_ = create_engine(url)
    upgrade(engine_)
    old = sessionmaker(engine_, expire_on_commit=False)
    done(old, "a", Outcome.CONFIRMED, Outcome.CONFIRMED)
    Reviews(old).decide({1: 0}, Deed("Kim", Action.ACCEPT))
    with engine_.begin() as connection:
        command.downgrade(migrations(connection), "0006")
    new = sessions(url)
    case = Cases(new).get(1)
    assert case is not None
    assert (case.review, len(case.looks) > 0, len(Reviews(new).history(1))) == (ReviewState.ACCEPTED, True, 1)
    with new.kw["bind"].connect() as connection:
        assert connection.exec_driver_sql("pragma foreign_key_check").all() == []
    with new.begin() as session:
        session.execute(delete(Case).where(Case.id == 2))
    assert done(new, "b", Outcome.CONFIRMED) is not None
    assert Cases(new).get(2) is None
    assert Cases(new).get(3) is not None


def test_two_that_start_at_once_on_a_new_folder_both_do(tmp_path: Path) -> None:
    code = "import sys; from db.engine import sessions; print('ready', flush=True); input(); sessions(sys.argv[1])"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"sqlite:///{tmp_path / 'new.sqlite3'}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for one in started:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"  # all of them have loaded and wait
    for one in started:
        assert one.stdin
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.communicate()[1] for one in started] == ["", "", ""]
