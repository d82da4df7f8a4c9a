import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psutil
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import Jobs, _started, is_alive, now, this_worker
from db.live import LiveJob
from db.models import Clip, Job, JobState, SourceKind
from pipeline.types import Progress
from tests.factory import STORE, queued

CLIP = Path("/clips/a.mp4")


@pytest.fixture
def jobs(sessions: sessionmaker[Session]) -> Jobs:
    return Jobs(sessions)


def state(jobs: Jobs, job_id: int) -> JobState:
    job = jobs.get(job_id)
    assert job is not None
    return job.state


def test_jobs_are_claimed_once_and_in_order(jobs: Jobs) -> None:
    ids = [queued(jobs, f"{name}.mp4") for name in "abc"]
    claimed = [jobs.claim() for _ in range(4)]
    assert [job.id if job else None for job in claimed] == [*ids, None]
    assert claimed[0] is not None
    assert (claimed[0].state, claimed[0].clip.name) == (JobState.RUNNING, "a.mp4")


def test_a_job_that_runs_again_tells_nothing_of_its_first_run(jobs: Jobs) -> None:
    job_id = queued(jobs, "a.mp4")
    jobs.claim()
    jobs.progress(job_id, Progress(stage="evidence", fraction=0.9, fps=43.0, left_s=1.0, violations=2))
    jobs.end(job_id, JobState.INTERRUPTED)
    jobs.again(job_id)
    job = jobs.claim()
    assert job is not None
    assert (job.stage, job.fraction, job.fps, job.left_s, job.violations) == (None, 0.0, None, None, 0)


def test_what_ended_last_is_the_newest(jobs: Jobs) -> None:
    """Also where it was handed in before the others, and run again."""
    first, second = (queued(jobs, f"{name}.mp4") for name in "ab")
    for job_id in (first, second, first):
        jobs.again(job_id)
        jobs.end(job_id, JobState.FAILED)
    cancelled = queued(jobs, "c.mp4")
    jobs.cancel(cancelled)
    assert [job.id for job in jobs.ended(9)] == [cancelled, first, second]


def test_what_failed_later_takes_nothing_from_what_was_done_before(jobs: Jobs) -> None:
    done = queued(jobs, "a", content="a" * 64)
    jobs.end(done, JobState.DONE)
    jobs.end(queued(jobs, "a", content="a" * 64), JobState.FAILED)
    before = jobs.done_before("a" * 64)
    assert before is not None
    assert before.id == done


def test_one_job_can_be_picked(jobs: Jobs) -> None:
    _, second = queued(jobs, "a"), queued(jobs, "b")
    job = jobs.claim(second)
    assert job is not None
    assert job.id == second
    assert jobs.claim(second) is None


def test_the_same_content_is_one_source_under_the_newer_name(jobs: Jobs) -> None:
    jobs.cancel(queued(jobs, "old.mp4", content="a" * 64))
    first, second = jobs.get(1), jobs.get(queued(jobs, "new.mp4", content="a" * 64))
    assert first is not None
    assert second is not None
    assert first.clip_id == second.clip_id
    assert second.clip.name == "new.mp4"


def test_each_film_of_a_clip_is_a_source_of_its_own(jobs: Jobs, sessions: sessionmaker[Session]) -> None:
    added = [jobs.add(name, CLIP, "a" * 64, film) for name in ("a.avi", "b.avi") for film in range(2)]
    assert [new for _, new in added] == [True, True, False, False]
    assert [job.id for job, _ in added[:2]] == [job.id for job, _ in added[2:]]
    with sessions() as session:
        clips = session.scalars(select(Clip).order_by(Clip.id)).all()
    assert [(clip.name, clip.film, clip.sha256) for clip in clips] == [
        ("a.avi", 0, "a" * 64),
        ("a.avi (2)", 1, "a" * 64),
    ]


@pytest.mark.parametrize("known", [False, True])
def test_a_clip_that_many_hand_in_at_once_is_queued_once(
    jobs: Jobs, sessions: sessionmaker[Session], known: bool
) -> None:
    many = 6
    with ThreadPoolExecutor(many) as threads:
        for content in "abcde":
            if known:
                jobs.cancel(queued(jobs, "a.mp4", content=content * 64))
            start = Barrier(many)

            def hand_in(number: int, content: str = content, start: Barrier = start) -> tuple[int, bool]:
                start.wait()
                job, new = jobs.add(f"{number}.mp4", CLIP, content * 64)
                return job.id, new

            added = list(threads.map(hand_in, range(many)))
            assert len({job_id for job_id, _ in added}) == 1
            assert sum(new for _, new in added) == 1
    with sessions() as session:
        assert len(session.scalars(select(Clip)).all()) == 5
    assert len(jobs.open()) == 5


def test_many_who_run_a_job_again_at_once_while_its_clip_is_handed_in_get_one(jobs: Jobs) -> None:
    many = 6
    for _ in range(many - 1):
        jobs.cancel(queued(jobs, "a.mp4", content="a" * 64))
    start = Barrier(many)

    def go(job_id: int) -> bool:
        start.wait()
        return jobs.again(job_id) if job_id else not jobs.add("a.mp4", CLIP, "a" * 64)[1]

    with ThreadPoolExecutor(many) as threads:
        told = list(threads.map(go, range(many)))
    assert told.count(False) == 1
    assert len(jobs.open()) == 1


def test_progress_is_noted_and_brings_back_a_wish_to_cancel(jobs: Jobs) -> None:
    job_id = queued(jobs, "a")
    jobs.claim()
    progress = Progress("detect", 0.4, 31.0, 12.0, 2)
    assert not jobs.progress(job_id, progress)
    jobs.cancel(job_id)
    assert jobs.progress(job_id, progress)
    job = jobs.get(job_id)
    assert job is not None
    assert (job.stage, job.fraction, job.fps, job.left_s, job.violations) == ("detect", 0.4, 31.0, 12.0, 2)


def test_what_is_done_to_one_job_is_done_to_no_other(jobs: Jobs) -> None:
    one, other = (queued(jobs, name) for name in "ab")
    jobs.claim()
    jobs.claim()
    jobs.cancel(one)
    assert jobs.progress(one, Progress("detect", 0.4, 31.0, 12.0, 2))
    assert not jobs.progress(other, Progress("evidence", 0.8, 31.0, 12.0, 0))
    jobs.end(other, JobState.FAILED)
    found = jobs.get(one)
    assert found is not None
    assert (found.state, found.stage) == (JobState.RUNNING, "detect")


def test_another_clip_that_waits_keeps_none_from_being_handed_in_or_run_again(jobs: Jobs) -> None:
    first = queued(jobs, "a")
    jobs.cancel(first)
    queued(jobs, "b")
    second = queued(jobs, "a")
    assert jobs.again(first), "its clip waits already"
    jobs.cancel(second)
    assert not jobs.again(first)
    assert state(jobs, first) is JobState.QUEUED


def test_a_waiting_job_is_cancelled_at_once_and_can_run_again(jobs: Jobs) -> None:
    job_id = queued(jobs, "a")
    jobs.cancel(job_id)
    assert state(jobs, job_id) is JobState.CANCELLED
    assert jobs.claim() is None
    jobs.again(job_id)
    job = jobs.claim()
    assert job is not None
    assert not job.cancel_requested


def test_what_ended_well_is_neither_cancelled_nor_run_again(jobs: Jobs) -> None:
    job_id = queued(jobs, "a")
    jobs.claim()
    jobs.end(job_id, JobState.DONE)
    jobs.cancel(job_id)
    jobs.again(job_id)
    assert state(jobs, job_id) is JobState.DONE


def test_jobs_of_a_process_that_is_gone_are_marked(jobs: Jobs, sessions: sessionmaker[Session]) -> None:
    gone, other = queued(jobs, "a"), queued(jobs, "b")
    jobs.claim(gone)
    jobs.claim(other)
    ticks = Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[19]
    parent = f"{os.getppid()} {int(ticks) / os.sysconf('SC_CLK_TCK'):.2f}"
    with sessions.begin() as session:
        session.execute(update(Job).where(Job.id == gone).values(worker=f"{os.getpid()} 1.0"))
        session.execute(update(Job).where(Job.id == other).values(worker=parent))
    jobs.mark_interrupted()
    assert state(jobs, gone) is JobState.INTERRUPTED
    assert state(jobs, other) is JobState.RUNNING


def test_what_this_process_left_open_is_marked_between_jobs(jobs: Jobs, sessions: sessionmaker[Session]) -> None:
    """But not the streams that it watches meanwhile."""
    job_id = queued(jobs, "a")
    jobs.claim()
    stream = LiveJob(sessions, STORE, SourceKind.STREAM, "gate", "rtsp://gate")
    stream.begin(now)
    jobs.mark_interrupted()
    assert state(jobs, job_id) is JobState.INTERRUPTED
    assert state(jobs, stream.id) is JobState.RUNNING


def test_a_process_is_told_by_id_and_start() -> None:
    pid, started = this_worker().split()
    assert is_alive(f"{pid} {started}")
    assert not is_alive(f"{pid} {float(started) + 1}")
    assert not is_alive(None)


def test_a_killed_worker_is_dead_before_its_parent_takes_note_of_it() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        worker = f"{child.pid} {_started(psutil.Process(child.pid))}"
        assert is_alive(worker)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
        assert not is_alive(worker)


def test_a_clock_that_is_set_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the machine started, in the time of day, is reckoned anew from the clock."""
    worker, booted = this_worker(), psutil._pslinux.boot_time()
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: booted - 3600.0)
    assert this_worker() == worker
    assert is_alive(worker)


def test_a_job_that_went_on_meanwhile_is_not_marked(
    jobs: Jobs, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two dashboards mark what a third left behind; before the second writes, it has been queued and taken again."""
    job_id = queued(jobs, "a")
    jobs.claim()
    with sessions.begin() as session:
        session.execute(update(Job).values(worker=f"{os.getpid()} 1.0"))

    def quicker(worker: str) -> bool:
        if worker.endswith(" 1.0"):
            with sessions.begin() as session:
                session.execute(update(Job).values(state=JobState.INTERRUPTED))
            jobs.again(job_id)
            jobs.claim(job_id)
        return is_alive(worker)

    monkeypatch.setattr("db.jobs.is_alive", quicker)
    jobs.mark_interrupted()
    assert state(jobs, job_id) is JobState.RUNNING


def test_lists(jobs: Jobs) -> None:
    done, running, waiting = (queued(jobs, name) for name in "abc")
    jobs.claim(done)
    jobs.end(done, JobState.FAILED, "broken")
    jobs.claim(running)
    assert [job.id for job in jobs.open()] == [running, waiting]
    assert [(job.id, job.message) for job in jobs.ended(5)] == [(done, "broken")]


def test_a_clip_is_under_way_from_hand_in_to_end(jobs: Jobs) -> None:
    job_id = queued(jobs, "a", content="a" * 64)
    for step in (jobs.mark_interrupted, jobs.claim):
        step()
        job, new = jobs.add("b", CLIP, "a" * 64)
        assert (job.id, job.clip.name, new) == (job_id, "a", False)
    jobs.cancel(job_id)
    assert queued(jobs, "b", content="a" * 64) != job_id


def test_ended_jobs_come_in_pages(jobs: Jobs) -> None:
    assert jobs.count_ended() == 0
    ids = [queued(jobs, name) for name in "abc"]
    for job_id in ids[:2]:
        jobs.cancel(job_id)
    assert jobs.count_ended() == 2
    assert [[job.id for job in jobs.ended(1, page)] for page in range(3)] == [[ids[1]], [ids[0]], []]
