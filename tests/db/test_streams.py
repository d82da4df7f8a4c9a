"""Streams from their address to the tables, over a real connection."""

import errno
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import cycle, islice
from threading import Barrier

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from tenacity import wait_none

from db.jobs import Jobs, _started
from db.live import LiveJob, last_runs
from db.models import Case, Clip, Job, JobState, SourceKind
from db.streams import Streams
from pipeline.errors import RefusedError
from pipeline.settings import ROOT, Settings
from pipeline.source import Source
from pipeline.store import FileStore
from tests.streaming import BARE_RIDER, WebServer, gray_ramp, jpeg, looped, mjpeg

DEMO = ROOT / "samples" / "demo.mp4"


@pytest.fixture
def here(settings: Settings) -> Settings:
    allowed = {"private_networks": (ip_network("127.0.0.1"),), "stream_timeout_s": 5.0, "most_streams": 2}
    return settings.model_copy(update=allowed)


@pytest.fixture
def streams(sessions: sessionmaker[Session], here: Settings) -> Iterator[Streams]:
    before = {thread.name for thread in threading.enumerate()}
    streams = Streams(sessions, here)
    yield streams
    streams.stop_all()
    ours = ("watch", "live", "stream", "verify", "evidence", "relay")

    def left() -> set[str]:
        return {name for name in {thread.name for thread in threading.enumerate()} - before if name.startswith(ours)}

    until(lambda: not left())


def until(true: Callable[[], object]) -> None:
    due = time.monotonic() + 240
    while not true():
        assert time.monotonic() < due
        time.sleep(0.05)


def locked(job: LiveJob, *_: object, **values: object) -> None:
    raise OperationalError("UPDATE", {}, Exception("database is locked"))


def job_of(sessions: sessionmaker[Session], job_id: int) -> Job:
    with sessions() as session:
        return session.get_one(Job, job_id)


@pytest.mark.skipif(not DEMO.is_file(), reason="no demo clip")
def test_a_violation_is_kept_while_the_stream_runs(streams: Streams, sessions: sessionmaker[Session]) -> None:
    ride = cycle([jpeg(image) for image in islice(looped(DEMO, 640), *BARE_RIDER)])

    def pictures() -> Iterator[bytes]:
        """The next one when the last was looked at: a slow machine would see too few of a ride."""
        for picture in ride:
            until(lambda: not any(one.source.wants_attention for one in [*streams._running.values()]))
            yield picture

    with WebServer({"/": mjpeg(pictures(), 10)}) as server:
        began = datetime.now(UTC)
        job_id = streams.start(server.url("/").replace("//", "//me:secret@"))
        begun, second = datetime.now(UTC), timedelta(seconds=1)
        until(lambda: job_of(sessions, job_id).violations)
        job = job_of(sessions, job_id)
        assert job.state is JobState.RUNNING
        assert "secret" not in job.clip.name
        with sessions() as session:
            case = session.scalars(select(Case).where(Case.job_id == job_id)).first()
        assert began - second < case.happened_at - timedelta(seconds=case.best_s) < begun + second
        assert streams.get(job_id).source.preview(320).shape[1] == 320
        assert not streams.knows_all_until(job_id, case.best_s + 3600)
        until(lambda: streams.knows_all_until(job_id, case.end_s))
        streams.stop(job_id)
    assert job_of(sessions, job_id).state is JobState.DONE
    assert streams.get(job_id) is None
    assert streams.knows_all_until(job_id, case.best_s + 3600)


def test_no_more_streams_than_allowed_and_none_twice(streams: Streams) -> None:
    with WebServer({f"/{n}": mjpeg(gray_ramp(), 10) for n in range(3)}) as server:
        first = streams.start(server.url("/0"))
        with pytest.raises(RefusedError, match="already"):
            streams.start(server.url("/0"))
        streams.start(server.url("/1"))
        with pytest.raises(RefusedError, match="stop one first"):
            streams.start(server.url("/2"))
        streams.stop(first)
        streams.start(server.url("/2"))


def test_a_database_that_is_slow_at_the_begin_sets_no_clock_wrong(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Violations were dated too early by as long as it took, their clips ended early, and the delay was counted in."""
    begin = LiveJob.begin

    def slow(job: LiveJob, began: Callable[[], datetime]) -> None:
        begin(job, began)
        began.__self__._zero -= 60.0

    monkeypatch.setattr(LiveJob, "begin", slow)
    with WebServer({"/": mjpeg(gray_ramp(), 10)}) as server:
        running = streams.get(streams.start(server.url("/")))
        until(lambda: running.figures.analysed_fps)
        assert running.source.ring.last_s > 60
        assert running.figures.delay_s < 60
        streams.stop(running.id)


def test_the_end_of_the_server_ends_all_streams_at_once(
    streams: Streams, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way in each may take long, and whoever stops a server may not wait for long."""
    both, close = Barrier(2, timeout=240), Source.close
    monkeypatch.setattr(Source, "close", lambda source: (both.wait(), close(source)))
    with WebServer({f"/{n}": mjpeg(gray_ramp(), 10) for n in range(2)}) as server:
        ids = [streams.start(server.url(f"/{n}")) for n in range(2)]
        streams.stop_all()
    assert {job_of(sessions, job_id).state for job_id in ids} == {JobState.INTERRUPTED}


def test_a_private_address_is_refused_before_anything_is_stored(
    streams: Streams, sessions: sessionmaker[Session]
) -> None:
    with pytest.raises(RefusedError):
        streams.start("rtsp://127.0.0.2/x")
    assert not last_runs(sessions)


def test_a_stream_that_is_none_fails_with_a_reason(streams: Streams, sessions: sessionmaker[Session]) -> None:
    with WebServer({"/": b"<html>" * 100}) as server:
        job_id = streams.start(server.url("/"))
        until(lambda: job_of(sessions, job_id).state is JobState.FAILED)
    assert job_of(sessions, job_id).message == "what the server sends is no video: check the address"


def test_a_stream_that_a_restart_cut_off_is_offered_again(streams: Streams, sessions: sessionmaker[Session]) -> None:
    with WebServer({"/": mjpeg(gray_ramp(), 10)}) as server:
        job_id = streams.start(server.url("/"), "gate")
        Jobs(sessions).mark_interrupted()  # the queue's own look around leaves it alone
        assert job_of(sessions, job_id).state is JobState.RUNNING
        with sessions.begin() as session:
            session.get_one(Job, job_id).worker = "999999 1.0"
        Jobs(sessions).mark_interrupted()
        assert [(job.id, job.state) for job in last_runs(sessions)] == [(job_id, JobState.INTERRUPTED)]
        streams.stop(job_id)
        again = streams.start(server.url("/"), "gate")
        assert [(job.id, job.clip.name) for job in last_runs(sessions)] == [(again, "gate")]


def test_streams_are_no_clips_in_the_queue(streams: Streams, sessions: sessionmaker[Session]) -> None:
    with WebServer({"/": mjpeg(gray_ramp(), 10)}) as server:
        job_id = streams.start(server.url("/"))
        assert not Jobs(sessions).open()
        streams.stop(job_id)
    assert not Jobs(sessions).ended(10)


def test_a_source_whose_end_cannot_be_noted_ends_all_the_same(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = streams.camera()
    monkeypatch.setattr(LiveJob, "_update", locked)
    monkeypatch.setattr(LiveJob.end.retry, "wait", wait_none())
    streams.stop(running.id)
    assert streams.get(running.id) is None
    assert streams._watch is None


def test_an_end_that_cannot_be_noted_is_noted_later(
    streams: Streams, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the source counts as watched by another process, until a restart."""
    running = streams.camera()
    monkeypatch.setattr(LiveJob.end.retry, "wait", wait_none())
    with monkeypatch.context() as while_locked:
        while_locked.setattr(LiveJob, "_update", locked)
        streams.stop(running.id)
        assert job_of(sessions, running.id).state is JobState.RUNNING
    until(lambda: job_of(sessions, running.id).state is JobState.DONE)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full: free some space, then run it again"),
        (RuntimeError("no memory"), "internal error, the log has more: RuntimeError: no memory"),
    ],
)
def test_what_is_not_kept_is_told_in_words_for_people(streams: Streams, error: Exception, word: str) -> None:
    running = streams.camera()
    assert running.trouble is None
    running.source.failed(error)
    assert running.trouble == f"not everything was kept; {word}"


def test_a_source_whose_begin_cannot_be_noted_is_not_watched(
    streams: Streams, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as while_locked:
        while_locked.setattr(LiveJob, "begin", locked)
        with pytest.raises(OperationalError):
            streams.camera()
    assert streams._watch is None
    with sessions() as session:
        assert not session.scalars(select(Job)).all()
    streams.stop(streams.camera().id)


def test_one_source_that_many_start_at_once_is_one_source(sessions: sessionmaker[Session], settings: Settings) -> None:
    """From browsers served by processes of their own: each has its run."""
    many, sources = 4, 8
    store, start = FileStore(settings.files), threading.Barrier(many)

    def begin(number: int) -> list[int]:
        jobs = [
            LiveJob(sessions, store, SourceKind.STREAM, f"{number}", f"rtsp://{source}") for source in range(sources)
        ]
        for job in jobs:
            start.wait(240)
            job.begin(lambda: datetime.now(UTC))
        return [job.id for job in jobs]

    with ThreadPoolExecutor(many) as pool:
        ids = [id_ for begun in pool.map(begin, range(many)) for id_ in begun]
    assert len(set(ids)) == many * sources
    with sessions() as session:
        assert sorted(session.scalars(select(Clip.path))) == [f"rtsp://{source}" for source in range(sources)]


def test_a_stream_that_another_process_watches_is_not_watched_twice(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    """Else each of its violations would be two."""

    def begin(kind: SourceKind, name: str = "gate") -> LiveJob:
        job = LiveJob(sessions, FileStore(settings.files), kind, name, f"rtsp://{name}")
        job.begin(lambda: datetime.now(UTC))
        return job

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        for kind in (SourceKind.STREAM, SourceKind.CAMERA):
            first = begin(kind)
            with sessions.begin() as session:
                session.get_one(Job, first.id).worker = f"{other.pid} {_started(psutil.Process(other.pid))}"
        begin(SourceKind.CAMERA)  # each browser has its own
        with pytest.raises(RefusedError, match="watched already"):
            begin(SourceKind.STREAM)
        yard = begin(SourceKind.STREAM, "yard")
        with sessions.begin() as session:
            [watched] = session.scalars(select(Job).join(Clip).where(Clip.kind == SourceKind.STREAM, Job.id != yard.id))
            watched.state = JobState.DONE
        gate = begin(SourceKind.STREAM)
        assert [job.id for job in last_runs(sessions)] == [gate.id, yard.id], "the newest first"
        with sessions.begin() as session:
            session.get_one(Job, gate.id).worker = f"{other.pid} {_started(psutil.Process(other.pid))}"
        with pytest.raises(RefusedError, match="watched already"):
            begin(SourceKind.STREAM)
        other.kill()
    begin(SourceKind.STREAM)


def test_a_camera_that_falls_silent_is_closed(
    streams: Streams, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.streams._ABANDONED_S", 1.0)
    running = streams.camera()
    running.put(next(gray_ramp()))
    assert job_of(sessions, running.id).clip.kind is SourceKind.CAMERA
    until(lambda: job_of(sessions, running.id).state is JobState.DONE)
    assert not last_runs(sessions)
