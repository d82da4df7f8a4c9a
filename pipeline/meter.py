"""How far the work is and where its time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import TypeVar

from pipeline.crops import shrink
from pipeline.draw import draw, mark_sighting
from pipeline.errors import CancelledError
from pipeline.types import Frame, Image, Progress, Sighting
from pipeline.video import ClipInfo

Item = TypeVar("Item")

# how much of the time the stages take, roughly: what the bar shows
_STAGES = {"detect": (0.0, 0.75), "evidence": (0.75, 1.0)}
_PREVIEW_EVERY_S = 0.5
_PREVIEW_SIDE = 640


class Stopwatch:
    """Seconds of work per stage; stages may run side by side, a stage in several threads too."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._lock = Lock()
        self.stages: dict[str, float] = {}

    @property
    def wall_s(self) -> float:
        return time.perf_counter() - self._began

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - began

    def each(self, name: str, items: Iterable[Item]) -> Generator[Item]:
        """The items, the time that they take to come counted."""
        rest = iter(items)
        while True:
            with self.stage(name):
                item = next(rest, None)
            if item is None:
                return
            yield item


class Meter:
    """Counts the frames of a clip, reports how far the work is, and stops it when it is cancelled."""

    def __init__(self, info: ClipInfo, report: Callable[[Progress], None], cancelled: Event) -> None:
        self._info, self._report, self._cancelled = info, report, cancelled
        self._began = time.perf_counter()
        self._preview_due = 0.0
        self.last_s = 0.0
        self.violations = 0  # found so far
        self.start("detect")

    def start(self, stage: str) -> None:
        self._stage, self._stage_began, self.frames = stage, time.perf_counter(), 0

    def frame(self, frame: Frame, sightings: dict[int, Sighting] | None = None) -> None:
        """Take note of one frame, and of those before it that nobody looked at.

        Raises:
            CancelledError: somebody cancelled the work.
        """
        if self._cancelled.is_set():
            raise CancelledError("cancelled")
        self.frames = frame.index + 1
        self.last_s = frame.time_s
        now = time.perf_counter()
        first, last = _STAGES[self._stage]
        done = min(frame.time_s / self._info.duration_s, 1.0) if self._info.duration_s else 0.0
        fraction = first + (last - first) * done
        self._report(
            Progress(
                stage=self._stage,
                fraction=fraction,
                fps=self.frames / max(now - self._stage_began, 1e-6),
                left_s=(now - self._began) * (1 - fraction) / fraction if fraction > 0.02 else None,
                violations=self.violations,
                preview=self._preview(frame, sightings, now),
            )
        )

    def _preview(self, frame: Frame, sightings: dict[int, Sighting] | None, now: float) -> Image | None:
        if sightings is None or now < self._preview_due:
            return None
        self._preview_due = now + _PREVIEW_EVERY_S
        image, scale = shrink(frame.image, _PREVIEW_SIDE)
        marks = [mark for id_, one in sightings.items() for mark in mark_sighting(one, f"rider {id_}")]
        return draw(image, marks, scale)
