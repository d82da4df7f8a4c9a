"""The heads of one motorcycle, followed over time by their place on it.

One frame may mistake a helmet for hair, and a passer-by may stand behind a rider for a moment. Somebody who rides
along keeps a place on the motorcycle, and is bare-headed in most sightings or in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.settings import Settings
from pipeline.types import HEADS, Box, Detection, Label, Sighting, Track

_REACH = 0.8  # head sizes that a head may move on its motorcycle from one sighting to the next
# out of view for longer, in seconds and in usual steps, a rider may come back as somebody else under the same id
_GAP_S, _STEPS = 0.15, 2.5

Seen: TypeAlias = tuple[Sighting, Detection]


@dataclass(frozen=True, slots=True)
class Occupant:
    """One head over time: the sightings that show it, and the head in each."""

    sightings: tuple[Seen, ...]

    def evidence(self, label: Label) -> float:
        """Sum of the confidences of one reading of this head."""
        return sum(head.confidence for _, head in self.sightings if head.label is label)

    @property
    def bare_sightings(self) -> int:
        return sum(head.label is Label.WITHOUT_HELMET for _, head in self.sightings)

    @property
    def bare_share(self) -> float:
        """How much of stage 1's evidence on this head says that it is bare, 0 to 1."""
        return _bare_share(*(self.evidence(label) for label in HEADS))

    def bare_in(self, frame: int) -> tuple[Detection, ...]:
        """The head in this frame, if stage 1 took it for bare there."""
        return tuple(
            head for seen, head in self.sightings if seen.frame == frame and head.label is Label.WITHOUT_HELMET
        )


class Following:
    """Everybody on one motorcycle, while it is in view."""

    def __init__(self) -> None:
        self._heads: list[_Head] = []

    def add(self, sighting: Sighting) -> None:
        """Take the heads of the next sighting, each to the head that it continues."""
        heads = sighting.heads
        cost = np.array([[_distance(one.last, (sighting, head)) for head in heads] for one in self._heads])
        cost = np.minimum(cost.reshape(len(self._heads), len(heads)), _REACH)
        taken = set()
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < _REACH:
                self._heads[row].add(sighting, heads[column])
                taken.add(column)
        for column, head in enumerate(heads):
            if column not in taken:
                self._heads.append(_Head())
                self._heads[-1].add(sighting, head)

    def everybody(self) -> tuple[Occupant, ...]:
        """In order of appearance."""
        return tuple(Occupant(tuple(one.seen.values())) for one in self._heads)

    def barest(self, settings: Settings) -> dict[int, Seen]:
        """The head to look at, by frame: one that is accused before all others, then the one that is barest."""

        def rank(one: _Head) -> tuple[bool, bool, float]:
            return is_accused(one, settings), one.bare_share >= settings.min_bare_share, one.bare

        return max(self._heads, key=rank, default=_Head()).seen


class _Head:
    """One head as it is followed."""

    def __init__(self) -> None:
        self.seen: dict[int, Seen] = {}
        self.bare = self._helmet = 0.0
        self.bare_sightings = 0

    def add(self, sighting: Sighting, head: Detection) -> None:
        self.seen[sighting.frame] = self.last = sighting, head
        if head.label is Label.WITHOUT_HELMET:
            self.bare += head.confidence
            self.bare_sightings += 1
        else:
            self._helmet += head.confidence

    @property
    def bare_share(self) -> float:
        return _bare_share(self.bare, self._helmet)


def occupants(track: Track) -> tuple[Occupant, ...]:
    """Everybody whose head was seen on this track, in order of appearance."""
    following = Following()
    for sighting in track.sightings:
        following.add(sighting)
    return following.everybody()


def accused(track: Track, settings: Settings) -> tuple[Occupant, ...]:
    """The heads of a track that stage 1 saw bare often enough to have stage 2 look."""
    return tuple(one for one in occupants(track) if is_accused(one, settings))


def is_accused(head: Occupant | _Head, settings: Settings) -> bool:
    """Not where it was a helmet in most sightings, however sure the others looked."""
    return head.bare_sightings >= settings.min_sightings and head.bare_share >= settings.min_bare_share


def bare_balance(track: Track, heads: Iterable[Occupant], least_share: float) -> dict[int, float]:
    """By frame: how far the barest of these heads is above this share of bare evidence while the rider stays in view.

    What follows a gap is weighed by itself: whoever takes over an id while its rider is hidden answers for nothing.
    """
    heads = list(heads)
    balance: dict[int, float] = {}
    for frames in _in_view(track):
        seen = [[head for one, head in who.sightings if one.frame in frames] for who in heads]
        balance |= dict.fromkeys(frames, max((_above(one, least_share) for one in seen), default=0.0))
    return balance


def _above(heads: Iterable[Detection], least_share: float) -> float:
    sides = {Label.WITHOUT_HELMET: 1 - least_share, Label.WITH_HELMET: -least_share}
    return sum(head.confidence * sides[head.label] for head in heads)


def _in_view(track: Track) -> Iterator[set[int]]:
    """The frames of a track, parted where its rider was out of view."""
    times = [one.time_s for one in track.sightings]
    longest_s = max(_GAP_S, _STEPS * float(np.median(np.diff(times)))) if len(times) > 1 else _GAP_S
    frames: set[int] = set()
    last_s = track.start_s
    for one in track.sightings:
        if one.time_s - last_s > longest_s:
            yield frames
            frames = set()
        frames.add(one.frame)
        last_s = one.time_s
    yield frames


def _bare_share(bare: float, helmet: float) -> float:
    return bare / (bare + helmet)


def _distance(last: Seen, now: Seen) -> float:
    """How far a head moved on its motorcycle, in head sizes."""
    (x1, y1, size1), (x2, y2, size2) = (_on_rider(sighting.box, head.box) for sighting, head in (last, now))
    return float(np.hypot(x1 - x2, y1 - y2) / max(size1, size2))


def _on_rider(rider: Box, head: Box) -> tuple[float, float, float]:
    """Centre and size of a head from the rider's top left corner, in heights of the rider."""
    x, y = head.center
    unit = max(rider.height, 1.0)
    return (x - rider.x1) / unit, (y - rider.y1) / unit, max(head.width, head.height, 1.0) / unit
