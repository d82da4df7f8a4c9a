"""How a live source is doing, in figures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock

_OVER_S = 2.0  # frames per second are counted over so long


@dataclass(frozen=True, slots=True)
class Figures:
    """How a source is doing: frames a second that came and that were analysed, seconds from a frame to its boxes,
    frames that the analysis skipped, suspects that wait for stage 2, violations."""

    fps: float
    analysed_fps: float
    delay_s: float
    skipped: int
    waiting: int
    violations: int


class Counts:
    """What the figures are made of; any thread may count and ask. Times are seconds of the source."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._came: deque[float] = deque()
        self._analysed: deque[float] = deque()
        self._delay_s = 0.0
        self._skipped = self._waiting = self._violations = 0

    def came(self, now_s: float, skipped: bool) -> None:
        """A frame came; `skipped`: and the one before it was not analysed."""
        with self._lock:
            _count(self._came, now_s)
            self._skipped += skipped

    def analysed(self, now_s: float, taken_s: float) -> None:
        """A frame that was taken at `taken_s` has its boxes."""
        with self._lock:
            _count(self._analysed, now_s)
            self._delay_s += 0.1 * (now_s - taken_s - self._delay_s) if self._delay_s else now_s - taken_s

    def waits(self) -> None:
        """One more suspect waits for stage 2."""
        with self._lock:
            self._waiting += 1

    def judged(self, violation: bool) -> None:
        """One waits no longer."""
        with self._lock:
            self._waiting -= 1
            self._violations += violation

    def figures(self, now_s: float) -> Figures:
        with self._lock:
            return Figures(
                _rate(self._came, now_s),
                _rate(self._analysed, now_s),
                self._delay_s,
                self._skipped,
                self._waiting,
                self._violations,
            )


def _count(times: deque[float], now_s: float) -> None:
    times.append(now_s)
    while times[0] < now_s - _OVER_S:
        times.popleft()


def _rate(times: deque[float], now_s: float) -> float:
    recent = sum(now_s - one < _OVER_S for one in times)
    return recent / min(_OVER_S, max(now_s, 0.1))
