"""Riders between two sightings: not every frame is analysed, but all are shown."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from threading import Lock

from pipeline.types import Box, Detection, Sighting, Track

_KEPT_S = 0.6  # a rider unseen for longer is no longer drawn
_BASE_S = 0.15  # speed is taken over at least so long: from one frame to the next boxes tremble
_GAP_S = 1.0  # sightings further apart are not joined


@dataclass(frozen=True, slots=True)
class _Seen:
    """The last sighting of a rider, an earlier one to take its speed from, and those it is followed by."""

    last: Sighting
    earlier: Sighting


class Motion:
    """Where the riders of a live source are at a time for which there is no analysis yet."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}
        self._lock = Lock()

    def update(self, time_s: float, sightings: dict[int, Sighting]) -> None:
        """Take the sightings of the newest analysed frame."""
        with self._lock:
            kept = {id_: one for id_, one in self._seen.items() if time_s - one.last.time_s < _KEPT_S}
            for id_, sighting in sightings.items():
                known = kept.get(id_)
                if known is None:
                    kept[id_] = _Seen(sighting, sighting)
                else:
                    far = sighting.time_s - known.earlier.time_s > 2 * _BASE_S
                    kept[id_] = _Seen(sighting, known.last if far else known.earlier)
            self._seen = kept

    def at(self, time_s: float) -> dict[int, Sighting]:
        """The riders as they should be seen at a time, each carried on along its way."""
        with self._lock:
            seen = dict(self._seen)
        return {id_: _carried(one, time_s) for id_, one in seen.items() if -_GAP_S < time_s - one.last.time_s < _KEPT_S}


def _carried(one: _Seen, time_s: float) -> Sighting:
    past_s = one.last.time_s - one.earlier.time_s
    if past_s <= 0:
        return one.last
    share = (time_s - one.earlier.time_s) / past_s
    return moved(one.last, one.earlier.box.toward(one.last.box, share))


def moved(sighting: Sighting, box: Box) -> Sighting:
    """A sighting with its rider in another box, and heads and plate moved and scaled along."""
    old = sighting.box
    x, y = box.width / max(old.width, 1.0), box.height / max(old.height, 1.0)

    def along(part: Detection) -> Detection:
        corners = part.box
        return replace(
            part,
            box=Box(
                box.x1 + (corners.x1 - old.x1) * x,
                box.y1 + (corners.y1 - old.y1) * y,
                box.x1 + (corners.x2 - old.x1) * x,
                box.y1 + (corners.y2 - old.y1) * y,
            ),
        )

    plate = along(sighting.plate) if sighting.plate else None
    return replace(sighting, box=box, heads=tuple(map(along, sighting.heads)), plate=plate)


def filled(track: Track, frames: Sequence[tuple[int, float]], longest_s: float = _GAP_S) -> Track:
    """A track with a sighting in each of these frames (index, time; in order) between two of its own, for drawing.

    Not between two that are further apart than `longest_s`.
    """
    times = [time_s for _, time_s in frames]
    sightings = [track.sightings[0]]
    for before, after in pairwise(track.sightings):
        gap_s = after.time_s - before.time_s
        if gap_s <= longest_s:
            for index, time_s in frames[bisect_right(times, before.time_s) : bisect_left(times, after.time_s)]:
                box = before.box.toward(after.box, (time_s - before.time_s) / gap_s)
                sightings.append(replace(moved(before, box), frame=index, time_s=time_s))
        sightings.append(after)
    return replace(track, sightings=tuple(sightings))
