"""Captures in the store: each as long as somebody may still send it, and no longer."""

from __future__ import annotations

from dataclasses import replace
from functools import wraps
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import NoResultFound, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from db import engine, live
from db.jobs import now
from db.live import LiveJob
from db.models import Action, Capture, Case, SourceKind
from db.outbox import Outbox
from db.reviews import Deed, Reviews
from db.save import save
from pipeline import types
from pipeline.case import capture_plate
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Analysis
from tests import factory
from tests.factory import EVIDENCE, under_way
from tests.outbox import answering, stores_all
from tests.plates import saved_case


def captured(store: FileStore) -> types.Case:
    """A violation whose plate's crops are in the store."""
    return capture_plate(factory.case(), factory.suspect().crops[:2], store)


def add(sessions: sessionmaker[Session], store: FileStore, clip: int = 0) -> set[Path]:
    """Analyse a clip, once more if it was before; the files of its captures."""
    case = captured(store)
    saved_case(sessions, store, clip, captured=case.captured)
    return files(store, case)


def files(store: FileStore, case: types.Case) -> set[Path]:
    return {store.path(name) for name in case.captures}


def there(store: FileStore) -> set[Path]:
    return set(store.path("0" * 64 + ".png").parent.parent.glob("*/*.png"))


def test_captures_of_cases_that_are_replaced_go_with_them(sessions: sessionmaker[Session], store: FileStore) -> None:
    add(sessions, store)
    other, new = add(sessions, store, 1), add(sessions, store)
    assert there(store) == other | new


def test_a_capture_of_a_reviewed_case_stays_and_is_sent(
    sessions: sessionmaker[Session], store: FileStore, settings: Settings
) -> None:
    """What the new analysis captures of the same motorcycle is not needed."""
    old = add(sessions, store)
    Reviews(sessions).decide({1: 0}, Deed("Kim", Action.ACCEPT))
    add(sessions, store)
    assert there(store) == old
    outbox = Outbox(sessions, store)
    outbox.send_due(answering(settings, stores_all), Event())
    assert (outbox.backlog().waiting, outbox.backlog().reading) == (0, 1)
    assert not there(store)


def test_a_capture_that_is_replaced_on_its_way_harms_no_other(
    sessions: sessionmaker[Session], store: FileStore, settings: Settings
) -> None:
    add(sessions, store)
    new: set[Path] = set()

    def replaced_meanwhile(request: httpx.Request) -> httpx.Response:
        if not new:
            new.update(add(sessions, store))
        return stores_all(request)

    outbox = Outbox(sessions, store)
    outbox.send_due(answering(settings, replaced_meanwhile), Event())
    assert outbox.backlog().waiting == 1
    assert there(store) == new


def analysed(store: FileStore, sessions: sessionmaker[Session]) -> tuple[int, Analysis]:
    """The first clip's job under way, and what was found."""
    job_id = under_way(sessions, "street 0.mp4", content="0" * 64)
    return job_id, factory.analysis([(captured(store), EVIDENCE)])


def test_what_cannot_be_saved_leaves_no_capture_and_takes_none(
    sessions: sessionmaker[Session], store: FileStore
) -> None:
    old = add(sessions, store)
    job_id, found = analysed(store, sessions)
    ((case, _),) = found.cases
    with pytest.raises(ValueError, match="zip"):
        save(sessions, job_id, replace(found, cases=((replace(case, looks=()), EVIDENCE),)), store)
    assert there(store) == old


def test_an_analysis_waits_for_a_database_that_is_locked_for_long(
    sessions: sessionmaker[Session], store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What took an hour to find is not thrown away for a minute, nor what is to be sent of it."""
    real, failed = engine.write_alone, []

    @wraps(real)
    def locked_once(*arguments: Any) -> Any:
        if not failed:
            failed.append(True)
            raise OperationalError("", {}, Exception("database is locked"))
        return real(*arguments)

    monkeypatch.setattr("db.save.write_alone", locked_once)
    job_id, found = analysed(store, sessions)
    assert len(save(sessions, job_id, found, store)) == 1
    assert failed
    assert there(store) == files(store, found.cases[0][0])


def test_a_capture_stays_where_the_word_that_it_is_kept_got_lost(
    sessions: sessionmaker[Session], store: FileStore
) -> None:
    """The database took it, and was gone before it could say so."""

    def gone(_: Session) -> None:
        raise ConnectionError

    job_id, found = analysed(store, sessions)
    event.listen(sessions, "after_commit", gone)
    with pytest.raises(ConnectionError):
        save(sessions, job_id, found, store)
    assert there(store) == files(store, found.cases[0][0])


def test_a_file_that_cannot_be_deleted_fails_no_job(
    sessions: sessionmaker[Session], store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    add(sessions, store)
    monkeypatch.setattr(FileStore, "delete", refuse)
    add(sessions, store)
    with sessions() as session:
        assert len(session.scalars(select(Capture)).all()) == 1


@pytest.fixture
def job(sessions: sessionmaker[Session], store: FileStore) -> LiveJob:
    job = LiveJob(sessions, store, SourceKind.CAMERA, "Camera", "camera")
    job.begin(now)
    return job


def test_a_live_case_keeps_its_capture_through_a_database_that_is_locked_for_a_while(
    job: LiveJob, store: FileStore, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failed = live.save_case, []

    def locked_once(*arguments: object) -> int:
        if not failed:
            failed.append(True)
            raise OperationalError("", {}, Exception("database is locked"))
        return real(*arguments)

    monkeypatch.setattr(live, "save_case", locked_once)
    case = captured(store)
    job.keep_case(case, EVIDENCE)
    assert failed
    assert there(store) == files(store, case)
    with sessions() as session:
        assert len(session.scalars(select(Case)).all()) == 1


def test_a_live_case_that_cannot_be_kept_leaves_no_capture(job: LiveJob, store: FileStore) -> None:
    job.id += 1
    with pytest.raises(NoResultFound):
        job.keep_case(captured(store), EVIDENCE)
    assert not there(store)
