"""A job from the queue: analyse its clip, keep what was found, say what went wrong. The same for every front end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from db.engine import FORESEEN, explain, unforeseen
from db.jobs import Jobs, file_of
from db.models import Job, JobState
from db.save import save
from pipeline.analyse import analyse
from pipeline.errors import CancelledError
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Analysis, Progress

_log = logging.getLogger(__name__)
_NOTE_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """How a job ended: with an analysis and the ids of its cases, or with a message."""

    state: JobState
    message: str | None
    analysis: Analysis | None = None
    case_ids: tuple[int, ...] = ()


def run(
    job: Job,
    sessions: sessionmaker[Session],
    settings: Settings,
    report: Callable[[Progress], None],
    stopped: Event,
) -> Result:
    """Do a job that was claimed. Whatever goes wrong is the job's result, and closes it.

    Args:
        job: as `Jobs.claim` gave it.
        sessions: of the database that holds the job.
        settings: passed on to the pipeline.
        report: called as `analyse` does, in this thread.
        stopped: set when the process ends; the job is then marked as interrupted.

    Raises:
        DBAPIError: the database does not even take the end of the job.
    """
    jobs = Jobs(sessions)
    cancelled = Event()
    due = 0.0

    def note(progress: Progress) -> None:
        nonlocal due
        report(progress)
        if stopped.is_set():
            cancelled.set()
        if time.monotonic() < due:
            return
        due = time.monotonic() + _NOTE_EVERY_S
        try:
            if jobs.progress(job.id, progress):
                cancelled.set()
        except OperationalError as error:
            _log.warning("job %s: progress not noted: %s", job.id, error.orig)

    result = _attempt(job, sessions, settings, note, cancelled, stopped)
    if result.analysis is None:
        jobs.end(job.id, result.state, result.message)
    return result


def _attempt(
    job: Job,
    sessions: sessionmaker[Session],
    settings: Settings,
    note: Callable[[Progress], None],
    cancelled: Event,
    stopped: Event,
) -> Result:
    try:
        analysis = analyse(file_of(job.clip, settings), settings, note, cancelled, job.clip.film)
        case_ids = save(sessions, job.id, analysis, FileStore(settings.files))
    except CancelledError:
        return Result(JobState.INTERRUPTED if stopped.is_set() else JobState.CANCELLED, None)
    except FORESEEN as error:
        return Result(JobState.FAILED, explain(error))
    except Exception as error:  # noqa: BLE001 the queue goes on, whatever a clip does to a library
        _log.exception("job %s", job.id)
        return Result(JobState.FAILED, unforeseen(error))
    return Result(JobState.DONE, analysis.warning, analysis, tuple(case_ids))
