"""Watch a stream for long: does memory grow, does a thread stay behind, is anything lost?"""

from __future__ import annotations

import gc
import sys
import threading
import time
from pathlib import Path
from threading import Event
from typing import NamedTuple

import psutil
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from db.engine import sessions
from db.models import Case, Job, JobState, Track
from db.streams import Running, Streams
from pipeline.errors import HelmetWatchError
from pipeline.settings import Settings

_EVERY_S = 10.0


class _Sample(NamedTuple):
    minutes: float
    megabytes: float
    threads: int
    files: int
    fps: float
    analysed_fps: float
    delay_ms: float
    skipped: int
    reconnects: int
    cases: int


def soak(url: str, settings: Settings, minutes: float, curve: Path | None, stopped: Event) -> str:
    """Watch a stream and tell in a table what became of memory and threads, with a picture on request.

    Once `stopped` is set it tells what there is.

    Raises:
        RefusedError, StreamError, WeightsError: as `Streams.start`.
        HelmetWatchError: it ended by itself, as what comes is no video.
    """
    before = {thread.name for thread in threading.enumerate()}
    database = sessions(settings.database)
    streams = Streams(database, settings)
    job_id = streams.start(url)
    began, samples = time.monotonic(), []
    while (running := streams.get(job_id)) is not None and time.monotonic() - began < minutes * 60:
        if stopped.wait(_EVERY_S):
            break
        samples.append(_sample((time.monotonic() - began) / 60, running, _count(database, Case, job_id)))
        print("  ".join(f"{value:.1f}" for value in samples[-1]), file=sys.stderr, flush=True)  # noqa: T201
    found = running.figures.violations if running is not None else 0
    streams.stop(job_id)
    with database() as session:
        if (job := session.get_one(Job, job_id)).state is JobState.FAILED:
            raise HelmetWatchError(job.message or "the stream ended")
    gc.collect()
    left = sorted({thread.name for thread in threading.enumerate()} - before)
    if curve is not None:
        _draw(samples, curve)
    rows = ["  ".join(_Sample._fields)]
    step = max(len(samples) // 20, 1)
    rows += ["  ".join(f"{value:.1f}" for value in one) for one in samples[::step]]
    rows += [
        f"riders kept: {_count(database, Track, job_id)}, cases kept: {_count(database, Case, job_id)},"
        f" violations seen: {found}",
        f"threads left behind: {', '.join(left) or 'none'}",
    ]
    return "\n".join(rows)


def _sample(minutes: float, running: Running, cases: int) -> _Sample:
    process, figures = psutil.Process(), running.figures
    return _Sample(
        minutes,
        process.memory_info().rss / 2**20,
        process.num_threads(),
        process.num_fds(),
        figures.fps,
        figures.analysed_fps,
        figures.delay_s * 1e3,
        figures.skipped,
        running.status.reconnects,
        cases,
    )


def _count(database: sessionmaker[Session], table: type[Case | Track], job_id: int) -> int:
    """How many cases or tracks of a job are kept."""
    with database() as session:
        return session.scalar(select(func.count()).select_from(table).where(table.job_id == job_id)) or 0


def _draw(samples: list[_Sample], path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415 only for the picture

    figure = Figure(figsize=(7, 2.6), layout="constrained")
    memory = figure.subplots()
    minutes = [one.minutes for one in samples]
    memory.plot(minutes, [one.megabytes for one in samples], color="#0072B2")
    memory.set(xlabel="minutes", ylabel="memory, MB", ylim=(0, None))
    threads = memory.twinx()
    threads.plot(minutes, [one.threads for one in samples], color="#D55E00", linewidth=1)
    threads.set(ylabel="threads", ylim=(0, None))
    figure.savefig(path)
