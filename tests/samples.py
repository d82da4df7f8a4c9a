"""The samples, analysed by the real models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event

from db import engine
from db.jobs import Jobs
from db.models import JobState
from db.run import run
from pipeline.settings import ROOT, Settings
from pipeline.types import Analysis, Progress
from pipeline.weights import sha256
from tests.factory import queued

DEMO, RAIN = (ROOT / "samples" / f"{name}.mp4" for name in ("demo", "rain"))


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    settings: Settings
    analysis: Analysis
    reports: list[tuple[float, bool]]  # of its progress: how much was done, and whether a picture came with it


def analyse_sample(data: Path, clip: Path = DEMO) -> Analysed:
    """Analyse a clip into a data folder, as the dashboard does."""
    settings = Settings(data=data, device="cpu")
    sessions = engine.sessions(settings.database)
    jobs = Jobs(sessions)
    queued(jobs, clip.name, clip, sha256(clip))
    job = jobs.claim()
    assert job is not None
    reports: list[tuple[float, bool]] = []

    def report(progress: Progress) -> None:
        reports.append((progress.fraction, progress.preview is not None))

    result = run(job, sessions, settings, report, Event())
    assert result.state is JobState.DONE
    assert result.analysis is not None
    return Analysed(settings, result.analysis, reports)
