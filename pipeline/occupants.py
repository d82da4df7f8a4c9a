"""The heads of one motorcycle, followed over time by their place on it.

One frame may mistake a helmet for hair, and a passer-by may stand behind a rider for a moment. Somebody who rides
along keeps a place on the motorcycle, and is bare-headed in most sightings or in none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.types import Box, Detection, Label, Sighting, Track

_REACH = 0.8  # head sizes that a head may move on its motorcycle from one sighting to the next


@dataclass(frozen=True, slots=True)
class Occupant:
    """One head over time: the sightings that show it, and the head in each."""

    sightings: tuple[tuple[Sighting, Detection], ...]

    def evidence(self, label: Label) -> float:
        """Sum of the confidences of one reading of this head."""
        return sum(head.confidence for _, head in self.sightings if head.label is label)

    @property
    def bare_sightings(self) -> int:
        return sum(head.label is Label.WITHOUT_HELMET for _, head in self.sightings)

    @property
    def bare_share(self) -> float:
        """How much of stage 1's evidence on this head says that it is bare, 0 to 1."""
        bare, helmet = self.evidence(Label.WITHOUT_HELMET), self.evidence(Label.WITH_HELMET)
        return bare / (bare + helmet)


def occupants(track: Track) -> tuple[Occupant, ...]:
    """Everybody whose head was seen on this track, in order of appearance."""
    followed: list[list[tuple[Sighting, Detection]]] = []
    for sighting in track.sightings:
        heads = sighting.heads
        cost = np.array([[_distance(seen[-1], (sighting, head)) for head in heads] for seen in followed])
        cost = np.minimum(cost.reshape(len(followed), len(heads)), _REACH)
        taken = set()
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < _REACH:
                followed[row].append((sighting, heads[column]))
                taken.add(column)
        followed.extend([(sighting, head)] for column, head in enumerate(heads) if column not in taken)
    return tuple(Occupant(tuple(seen)) for seen in followed)


def _distance(last: tuple[Sighting, Detection], now: tuple[Sighting, Detection]) -> float:
    """How far a head moved on its motorcycle, in head sizes."""
    (x1, y1, size1), (x2, y2, size2) = (_on_rider(sighting.box, head.box) for sighting, head in (last, now))
    return float(np.hypot(x1 - x2, y1 - y2) / max(size1, size2))


def _on_rider(rider: Box, head: Box) -> tuple[float, float, float]:
    """Centre and size of a head from the rider's top left corner, in heights of the rider."""
    x, y = head.center
    unit = max(rider.height, 1.0)
    return (x - rider.x1) / unit, (y - rider.y1) / unit, max(head.width, head.height, 1.0) / unit
