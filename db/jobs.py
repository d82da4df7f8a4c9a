"""The table of jobs is the queue: a restart finds in it what was queued or cut off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from os import getpid
from pathlib import Path

import psutil
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from db.engine import write_alone
from db.models import Clip, Job, JobState, SourceKind
from pipeline.errors import ClipError
from pipeline.settings import Settings
from pipeline.types import Progress
from pipeline.weights import sha256

ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)
_AGAIN = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


def now() -> datetime:
    return datetime.now(UTC)


class Jobs:
    """The queue, for whoever hands in clips, works on them, or watches."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def add(self, name: str, path: Path, content: str, film: int = 0) -> tuple[Job, bool]:
        """Queue a film of a clip under the name that people know it by; return its job, and whether that is new.

        `content` is the clip's SHA-256 sum: the same film handed in twice is one source, under the newer name. While
        it waits or runs it gets no second job, and keeps its name.
        """
        return write_alone(self._sessions, lambda session: _add(session, name, str(path.resolve()), content, film))

    def claim(self, job_id: int | None = None) -> Job | None:
        """Take the oldest queued job (or this one) to work on it; None if there is none."""
        queued = select(Job.id).where(Job.state == JobState.QUEUED)
        if job_id is not None:
            queued = queued.where(Job.id == job_id)
        taken = (
            update(Job)
            .where(Job.id == queued.order_by(Job.id).limit(1).scalar_subquery(), Job.state == JobState.QUEUED)
            .values(state=JobState.RUNNING, worker=this_worker(), started_at=now(), message=None)
            .returning(Job.id)
        )
        with self._sessions.begin() as session:
            taken_id = session.scalars(taken).one_or_none()
            return None if taken_id is None else session.get_one(Job, taken_id)

    def progress(self, job_id: int, progress: Progress) -> bool:
        """Note how far a job is; return whether somebody wants it cancelled."""
        with self._sessions.begin() as session:
            return session.scalars(
                update(Job)
                .where(Job.id == job_id)
                .values(
                    stage=progress.stage,
                    fraction=progress.fraction,
                    fps=progress.fps,
                    left_s=progress.left_s,
                    violations=progress.violations,
                )
                .returning(Job.cancel_requested)
            ).one()

    def end(self, job_id: int, state: JobState, message: str | None = None) -> None:
        """Close a job that brought nothing."""
        with self._sessions.begin() as session:
            session.execute(
                update(Job)
                .where(Job.id == job_id)
                .values(state=state, message=message, finished_at=now(), left_s=None, violations=0)
            )

    def cancel(self, job_id: int) -> None:
        """Cancel a queued job at once, a running one at its next frame; one that has ended stays as it is."""
        with self._sessions.begin() as session:
            session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state == JobState.QUEUED)
                .values(state=JobState.CANCELLED, finished_at=now())
            )
            session.execute(
                update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING).values(cancel_requested=True)
            )

    def again(self, job_id: int) -> bool:
        """Queue a job once more that failed, was cancelled or cut off; return whether its clip is under way already.

        Then it stays as it is: the clip is analysed once.
        """
        return write_alone(self._sessions, lambda session: _again(session, job_id))

    def mark_interrupted(self) -> None:
        """Mark the running jobs that nobody works on, so that they can be offered again.

        To be called between jobs: what this process left open counts as well.
        """
        with self._sessions.begin() as session:
            for job in session.scalars(select(Job).where(Job.state == JobState.RUNNING)).all():
                mine = job.worker == this_worker() and job.clip.kind is SourceKind.FILE
                if mine or not is_alive(job.worker):
                    as_seen = update(Job).where(
                        Job.id == job.id, Job.state == JobState.RUNNING, Job.worker == job.worker
                    )
                    values = {"state": JobState.INTERRUPTED, "finished_at": now(), "left_s": None}
                    session.execute(as_seen.values(**values))

    def done_before(self, content: str) -> Job | None:
        """The last job that brought results for a clip with this SHA-256 sum."""
        query = select(Job).join(Job.clip).where(Clip.sha256 == content, Job.state == JobState.DONE)
        with self._sessions() as session:
            return session.scalars(query.order_by(Job.id.desc()).limit(1)).one_or_none()

    def traced(self, limit: int) -> Sequence[Job]:
        """The jobs whose trace can be shown, newest first."""
        query = select(Job).where(Job.state == JobState.DONE, Job.trace.is_not(None))
        with self._sessions() as session:
            return session.scalars(query.order_by(Job.id.desc()).limit(limit)).all()

    def get(self, job_id: int) -> Job | None:
        with self._sessions() as session:
            return session.get(Job, job_id)

    def open(self) -> Sequence[Job]:
        """Running and queued jobs of clips, in the order in which they run."""
        with self._sessions() as session:
            query = _of_files().where(Job.state.not_in(ENDED)).order_by(Job.state.desc(), Job.id)
            return session.scalars(query).all()

    def ended(self, size: int, page: int = 0) -> Sequence[Job]:
        """One page, counted from 0, of the jobs of clips that ended, the last one first."""
        query = _of_files().where(Job.state.in_(ENDED)).order_by(Job.finished_at.desc(), Job.id.desc())
        with self._sessions() as session:
            return session.scalars(query.limit(size).offset(page * size)).all()

    def count_ended(self) -> int:
        with self._sessions() as session:
            return session.scalars(_of_files().where(Job.state.in_(ENDED)).with_only_columns(func.count())).one()


def film_name(name: str, film: int) -> str:
    """What people call a film of a clip: the first one as the clip."""
    return f"{name} ({film + 1})" if film else name


def _add(session: Session, name: str, path: str, content: str, film: int) -> tuple[Job, bool]:
    clip = session.scalars(select(Clip).where(Clip.sha256 == content, Clip.film == film)).one_or_none()
    if clip is None:
        clip = Clip(sha256=content, film=film, added_at=now())
    elif (already := _under_way(session, clip)) is not None:
        return already, False
    clip.name, clip.path = film_name(name, film), path
    job = Job(clip=clip, state=JobState.QUEUED, created_at=now())
    session.add(job)
    return job, True


def _again(session: Session, job_id: int) -> bool:
    job = session.get(Job, job_id)
    if job is None:
        return False
    if _under_way(session, job.clip) is not None:
        return True
    if job.state in _AGAIN:
        job.state, job.cancel_requested = JobState.QUEUED, False
        job.message, job.finished_at, job.fraction, job.violations = None, None, 0.0, 0
        job.stage, job.fps = None, None
    return False


def _under_way(session: Session, clip: Clip) -> Job | None:
    """The job that waits or runs for a clip, unless somebody wants it cancelled."""
    query = select(Job).where(Job.clip_id == clip.id, Job.state.not_in(ENDED), ~Job.cancel_requested)
    return session.scalars(query.order_by(Job.id).limit(1)).one_or_none()


def _of_files() -> Select[Job]:
    return select(Job).join(Job.clip).where(Clip.kind == SourceKind.FILE)


def this_worker() -> str:
    """This process by its id and when it started, so that a later process with its id is told apart."""
    return f"{getpid()} {_started(psutil.Process())}"


def is_alive(worker: str | None) -> bool:
    """Whether the process that `this_worker` named still runs on this machine."""
    if worker is None:
        return False
    pid, started = worker.split()
    try:
        process = psutil.Process(int(pid))
        return _started(process) == started and process.status() != psutil.STATUS_ZOMBIE  # killed, its parent busy
    except psutil.NoSuchProcess:
        return False


def _started(process: psutil.Process) -> str:
    """When a process started, counted from the machine's start: the time of day changes when a clock is set."""
    return f"{process.create_time() - psutil.boot_time():.2f}"


def file_of(clip: Clip, settings: Settings) -> Path:
    """The file of a clip. Recorders give their names again: one that was not kept here may be another one by now.

    Raises:
        ClipError: it is.
    """
    path = settings.clip(clip.path)
    if path.is_file() and path.stem != clip.sha256 and sha256(path) != clip.sha256:  # uploads bear their sum
        raise ClipError("is another file than the one handed in under this name: hand it in anew")
    return path
