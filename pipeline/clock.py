"""From the timestamps of a clip, which may be damaged, to times that can be relied on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import inf
from typing import TypeAlias

from av.video.frame import VideoFrame

Stamp: TypeAlias = Fraction | float  # seconds; a difference of fractions is the same wherever a clip's clock starts
_SET_BACK = 3  # this many timestamps in a row behind the others, but rising: the clock was set back


def stamp_of(picture: VideoFrame) -> Fraction | None:
    """What the timestamp of a picture tells, to the tick."""
    return None if picture.pts is None or picture.time_base is None else picture.pts * picture.time_base


class Clock:
    """When the pictures of a clip are, in seconds from its first one. Times rise, whatever damaged timestamps say.

    Args:
        origin: what the first picture's timestamp tells, or would tell, seconds; None until it is known.
        fps: pictures a second, as far as the container knows; 0 is unknown.
        longest_s: a longer gap between two pictures means that the clock was set forward, not that the camera paused.
    """

    def __init__(self, origin: Stamp | None, fps: float, longest_s: float) -> None:
        self.origin = origin
        self.left_out = 0
        self._zero: Stamp = origin or 0
        self._last_s: Stamp = -inf
        self._furthest: Stamp = -inf
        self._behind: list[Stamp] = []
        self._frame_s = 1 / (fps or 30.0)
        self._longest_s = longest_s

    @property
    def furthest_s(self) -> float:
        """The latest time that any timestamp tells, damaged or not: the container counts them all."""
        return float(max(self._last_s, self._furthest - (self.origin or 0)))

    def timed(self, pictures: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, float]]:
        """The pictures with their times; those whose timestamps cannot be right are left out."""
        picture = next(pictures, None)
        while picture is not None:
            following = next(pictures, None)
            if self._takes(stamp_of(picture), stamp_of(following) if following else None):
                yield picture, float(self._last_s)
            else:
                self.left_out += 1
            picture = following

    def _takes(self, stamp: Stamp | None, following: Stamp | None) -> bool:
        if stamp is None:  # raw streams in AVI have no timestamps of their own
            self._last_s = max(self._last_s + self._frame_s, 0)
            return True
        self._furthest = max(self._furthest, stamp)
        if following is not None and self._last_s + self._zero < following < stamp:
            return False  # ahead of its neighbours
        if stamp - self._zero <= self._last_s and not self._set_back(stamp):
            return False
        if self.origin is None:
            self.origin = self._zero = stamp - max(self._last_s + self._frame_s, 0)
        elif self._longest_s < stamp - self._zero - self._last_s < inf:  # after a seek there is none before it
            self._go_on(stamp)
        self._last_s, self._behind = stamp - self._zero, []
        return True

    def _set_back(self, stamp: Stamp) -> bool:
        """Whether the clock was set back, rather than one timestamp damaged; it then goes on from where it was."""
        self._behind = [*self._behind, stamp] if self._behind and stamp > self._behind[-1] else [stamp]
        if len(self._behind) < _SET_BACK:
            return False
        self._go_on(stamp)
        return True

    def _go_on(self, stamp: Stamp) -> None:
        """Read the clock anew: this picture is the next one."""
        self._zero = stamp - self._last_s - self._frame_s
