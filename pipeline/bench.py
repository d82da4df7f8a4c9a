"""Where the time goes, stage by stage, beside stage 1 alone as the floor."""

from __future__ import annotations

import tempfile
import time
from itertools import islice
from pathlib import Path

from pipeline.analyse import analyse
from pipeline.detect import Detector
from pipeline.settings import Settings
from pipeline.video import Clip

_WARM_UP = 5  # frames until a model has its buffers


def bench(path: Path, settings: Settings) -> str:
    """Analyse a clip into a folder that is thrown away, and tell in a table where the time went.

    Raises:
        ClipError, WeightsError, OSError: as `analyse`.
    """
    floor_s, looks = _stage1_alone(path, settings)
    with tempfile.TemporaryDirectory() as folder:
        analysis = analyse(path, settings.model_copy(update={"data": Path(folder)}))
    frames = analysis.frames
    rows = [
        f"{path.name}: {frames} frames, {analysis.duration_s:.1f} s, {looks} looked at",
        "stage       ms per frame   share of wall",
    ]
    rows += [
        f"{name:<12}{seconds / frames * 1e3:>11.1f}{seconds / analysis.wall_s:>15.0%}"
        for name, seconds in analysis.stages.items()
    ]
    rows += [
        f"{'whole chain':<12}{analysis.wall_s / frames * 1e3:>11.1f}",
        f"{'stage 1 only':<12}{floor_s / frames * 1e3:>11.1f}",
        f"whole chain / stage 1 only: {analysis.wall_s / floor_s:.2f}",
        f"seconds of clip per second: {analysis.duration_s / analysis.wall_s:.2f}",
    ]
    return "\n".join(rows)


def _stage1_alone(path: Path, settings: Settings) -> tuple[float, int]:
    """Seconds to decode the clip and detect in the frames that stage 1 looks at, and how many that are."""
    clip = Clip(path, settings.max_side)
    detector = Detector(settings)
    for frame in islice(clip.frames(), _WARM_UP):
        detector.detect(frame)
    began, frames = time.perf_counter(), 0
    for frame in clip.frames(every_s=1 / settings.looks_per_s):
        detector.detect(frame)
        frames += 1
    return time.perf_counter() - began, frames
