"""The last seconds of a live source, for the evidence of what is only found out later."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import NamedTuple

import cv2
import numpy as np

from pipeline.types import Frame

_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 85]


class Kept(NamedTuple):
    """A frame as JPEG; `size` is its height and width."""

    number: int
    time_s: float
    size: tuple[int, int]
    data: bytes

    def frame(self) -> Frame:
        image = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR)
        return Frame(self.number, self.time_s, np.asarray(image, np.uint8))


class Ring:
    """Keeps frames as JPEG, a tenth of their size: no older and no more than it is told, but always the newest."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        self._seconds, self._room = seconds, megabytes * 2**20
        self._kept: deque[Kept] = deque()
        self._size = 0
        self._lock = Lock()

    def add(self, frame: Frame) -> None:
        done, data = cv2.imencode(".jpg", frame.image, _QUALITY)
        if not done:
            raise ValueError("a frame could not be encoded")
        with self._lock:
            self._kept.append(Kept(frame.index, frame.time_s, frame.image.shape[:2], data.tobytes()))
            self._size += data.size
            oldest_s = frame.time_s - self._seconds
            while len(self._kept) > 1 and (self._kept[0].time_s < oldest_s or self._size > self._room):
                self._size -= len(self._kept.popleft().data)

    @property
    def last_s(self) -> float:
        """The time of the newest frame."""
        with self._lock:
            return self._kept[-1].time_s if self._kept else 0.0

    def span(self, start_s: float, end_s: float) -> list[Kept]:
        """What is kept of a span now; it does not go while somebody holds it."""
        with self._lock:
            return [one for one in self._kept if start_s <= one.time_s <= end_s]
