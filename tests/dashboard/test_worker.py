import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from dashboard.upload import keep
from dashboard.worker import Worker
from db import engine
from db.jobs import Jobs
from db.models import Job, JobState
from pipeline.settings import Settings
from pipeline.weights import sha256
from tests.factory import queued, write_clip


@pytest.fixture
def worker(sessions: sessionmaker[Session], settings: Settings) -> Iterator[Worker]:
    worker = Worker(sessions, settings)
    yield worker
    worker.stop()


def state_of(jobs: Jobs, job_id: int, wanted: set[JobState], patience_s: float = 240) -> JobState:
    """The state of a job once it is one of these."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        job = jobs.get(job_id)
        assert job is not None
        if job.state in wanted:
            return job.state
        time.sleep(0.05)
    raise AssertionError(f"still {job.state}")


ENDED = {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED}


def test_a_bad_clip_does_not_stop_the_queue(worker: Worker, sessions: sessionmaker[Session], tmp_path: Path) -> None:
    jobs = Jobs(sessions)
    (tmp_path / "text.mp4").write_text("no video")
    good = write_clip(tmp_path / "good.mp4", [index / 30 for index in range(20)])
    ids = [queued(jobs, path.stem, path, sha256(path)) for path in (tmp_path / "text.mp4", good)]
    worker.wake()
    assert [state_of(jobs, id_, ENDED) for id_ in ids] == [JobState.FAILED, JobState.DONE]


def test_an_upload_in_a_data_folder_that_was_moved_is_analysed(
    settings: Settings, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [index / 30 for index in range(5)])
    with clip.open("rb") as file:
        job_id = queued(Jobs(sessions), "clip.mp4", *keep(file, "clip.mp4", settings))
    moved = settings.model_copy(update={"data": settings.data.rename(tmp_path / "moved")})
    there = engine.sessions(moved.database)
    worker = Worker(there, moved)
    ended = state_of(Jobs(there), job_id, ENDED)
    worker.stop()
    assert ended is JobState.DONE


def test_another_file_that_lies_where_a_clip_lay_is_not_charged_to_it(
    worker: Worker, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    """A recorder gives its names again, and the command line reads clips where they are."""
    jobs = Jobs(sessions)
    clip = write_clip(tmp_path / "a.mp4", [index / 30 for index in range(5)])
    job_id = queued(jobs, "a.mp4", clip, sha256(clip))
    jobs.cancel(job_id)
    write_clip(clip, [index / 30 for index in range(9)])
    jobs.again(job_id)
    worker.wake()
    assert state_of(jobs, job_id, ENDED) is JobState.FAILED
    job = jobs.get(job_id)
    assert job is not None
    assert job.message == "is another file than the one handed in under this name: hand it in anew"


def test_what_a_killed_server_left_unfinished_is_swept(settings: Settings, sessions: sessionmaker[Session]) -> None:
    old, young = (settings.files / f"unfinished-{age}" for age in ("old", "young"))
    upload = settings.uploads / "unfinished-upload"
    for folder in (old, young, upload):
        folder.mkdir(parents=True)
        (folder / "video.mp4").write_bytes(b"half")
    for one in (old, old / "video.mp4", upload, upload / "video.mp4", young):
        os.utime(one, (0, 0))
    worker = Worker(sessions, settings)
    worker.stop()
    assert [one.exists() for one in (old, upload, young)] == [False, False, True]


def test_what_cannot_be_swept_does_not_stop_the_queue(settings: Settings, sessions: sessionmaker[Session]) -> None:
    settings.uploads.mkdir()
    (settings.uploads / "unfinished-file").write_text("no folder")
    jobs = Jobs(sessions)
    job_id = queued(jobs, "gone")
    worker = Worker(sessions, settings)
    assert state_of(jobs, job_id, ENDED) is JobState.FAILED
    worker.stop()


def test_a_job_that_was_killed_elsewhere_does_not_run_until_the_queue_is_empty(
    settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(sessions)
    killed, *mine = (queued(jobs, name) for name in "abc")
    seen = []

    def work(job: Job, *_: object) -> None:
        seen.append(state_of(jobs, killed, set(JobState)))
        with sessions.begin() as session:
            session.execute(update(Job).where(Job.id == killed).values(state=JobState.RUNNING, worker="1 0.00"))
        jobs.end(job.id, JobState.DONE)

    jobs.cancel(killed)
    monkeypatch.setattr("db.run.run", work)
    worker = Worker(sessions, settings)
    for job_id in mine:
        state_of(jobs, job_id, ENDED)
    worker.stop()
    assert seen == [JobState.CANCELLED, JobState.INTERRUPTED]


def test_whatever_stops_the_queue_is_told_once_and_passes(
    settings: Settings,
    sessions: sessionmaker[Session],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried = 0

    def fail(_: Jobs) -> None:
        nonlocal tried
        tried += 1
        raise ZeroDivisionError

    jobs = Jobs(sessions)
    job_id = queued(jobs, "gone")
    with monkeypatch.context() as broken:
        broken.setattr(Jobs, "mark_interrupted", fail)
        worker = Worker(sessions, settings)
        until = time.monotonic() + 240
        while tried < 3:
            assert time.monotonic() < until
            worker.wake()
            time.sleep(0.05)
        assert "ZeroDivisionError" in (worker.trouble or "")
    assert caplog.text.count("the queue stands still") == 1
    worker.wake()
    assert state_of(jobs, job_id, ENDED) is JobState.FAILED
    worker.stop()


def test_a_running_job_is_cancelled(worker: Worker, sessions: sessionmaker[Session], tmp_path: Path) -> None:
    jobs = Jobs(sessions)
    long = write_clip(tmp_path / "long.mp4", [index / 30 for index in range(1500)])
    job_id = queued(jobs, "long", long, sha256(long))
    worker.wake()
    state_of(jobs, job_id, {JobState.RUNNING})
    while not worker.preview(job_id):
        time.sleep(0.05)
    jobs.cancel(job_id)
    assert state_of(jobs, job_id, ENDED) is JobState.CANCELLED


def test_stopping_marks_the_job_under_way_and_leaves_no_thread(
    sessions: sessionmaker[Session], settings: Settings, tmp_path: Path
) -> None:
    jobs = Jobs(sessions)
    before = {thread.name for thread in threading.enumerate()}
    long = write_clip(tmp_path / "long.mp4", [index / 30 for index in range(1500)])
    job_id = queued(jobs, "long", long, sha256(long))
    worker = Worker(sessions, settings)
    while not worker.preview(job_id):
        time.sleep(0.05)
    worker.stop()
    assert state_of(jobs, job_id, ENDED) is JobState.INTERRUPTED
    assert {thread.name for thread in threading.enumerate()} <= before
    jobs.again(job_id)
    assert state_of(jobs, job_id, {JobState.QUEUED}) is JobState.QUEUED


def test_a_server_that_ends_marks_its_job_as_cut_off(
    sessions: sessionmaker[Session], settings: Settings, tmp_path: Path
) -> None:
    """Its interpreter ends by itself: by then no thread of the analysis takes any more work."""
    long = write_clip(tmp_path / "long.mp4", [index / 30 for index in range(1500)])
    jobs = Jobs(sessions)
    job_id = queued(jobs, "long", long, sha256(long))
    server = (
        "import sys, time; from db import engine; from dashboard.worker import Worker\n"
        "from pipeline.settings import Settings\n"
        "settings = Settings(data=sys.argv[1], device='cpu')\n"
        "worker = Worker(engine.sessions(settings.database), settings)\n"
        "while not worker.preview(int(sys.argv[2])): time.sleep(0.05)"
    )
    subprocess.run([sys.executable, "-c", server, str(settings.data), str(job_id)], check=True, timeout=120)
    job = jobs.get(job_id)
    assert job is not None
    assert (job.state, job.message) == (JobState.INTERRUPTED, None)
