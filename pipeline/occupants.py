"""The heads of one motorcycle, followed over time by their place on it.

One frame may mistake a helmet for hair, and people walk past behind a rider who waits. Somebody who rides along keeps a
place on the motorcycle, and is bare-headed in most sightings or in none: helmets are put on and taken off at a halt.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise, takewhile
from typing import TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.settings import Settings
from pipeline.types import Box, Detection, Floats, Label, Sighting, Track

_REACH = 0.8  # head sizes that a head may move on its motorcycle from one sighting to the next
_STAYS_S = 0.5  # in one place: who walks past is 2 head sizes further by then
# in a helmet, that near to how large the bare head is: of 117 bare ones stage 1 misread none for over 0.2 s
_WEARS_S, _AS_LARGE = 1.5, 0.8
# out of view for longer, in seconds and in usual steps, a rider may come back as somebody else under the same id
_GAP_S, _STEPS = 0.15, 2.5
# in view, an id may change its rider, too: that much evidence (some five sightings) on one side of a moment tells it
_AROUND_S, _MUCH = 1.0, 1.0
# a plate that rides along is seen so often in one place, missed for a moment at most; a parked motorcycle's is not
_PLATES, _RIDES_ALONG_S, _MISSED_S = 3, 0.3, 0.4

Seen: TypeAlias = tuple[Sighting, Detection]


class _Spell:
    """A head seen in one place on its motorcycle, in at least half of the sightings since the first that shows it."""

    _number: int
    _first: Seen

    def __init__(self) -> None:
        self.lasted_s = 0.0
        self._count = 0

    def add(self, number: int, seen: Seen) -> None:
        """Go on with what shows the head next, the motorcycle's `number`th sighting, or begin anew."""
        often = self._count and 2 * (self._count + 1) > number - self._number
        if not often or _distance(self._first, seen) >= _REACH:
            self._number, self._first, self._count = number, seen, 0
        self._count += 1
        self.lasted_s = seen[0].time_s - self._first[0].time_s


class Occupant:
    """One head over time: the sightings that show it, by frame, and the head in each.

    It `stayed` if it was seen in one place on the motorcycle for a while, most of the time.
    """

    def __init__(self) -> None:
        self.seen: dict[int, Seen] = {}
        self.bare = self._helmet = 0.0  # sums of stage 1's confidences
        self.bare_sightings = 0
        self.stayed = False
        self._place, self._helmeted = _Spell(), _Spell()
        self._bare_size = 0.0  # the largest, pixels
        self.helmet: Seen | None = None  # where it was in a helmet for a while, the largest

    def add(self, number: int, sighting: Sighting, head: Detection) -> None:
        """The head in the motorcycle's next sighting that shows it, which is its `number`th."""
        self.seen[sighting.frame] = self.last = sighting, head
        self._place.add(number, self.last)
        self.stayed |= self._place.lasted_s >= _STAYS_S
        if head.label is Label.WITHOUT_HELMET:
            self.bare += head.confidence
            self.bare_sightings += 1
            self._bare_size = max(self._bare_size, _size(head.box))
            self._helmeted = _Spell()
        else:
            self._helmet += head.confidence
            self._helmeted.add(number, self.last)
            larger = self.helmet is None or _size(head.box) >= _size(self.helmet[1].box)
            if self._helmeted.lasted_s >= _WEARS_S and larger:
                self.helmet = self.last

    @property
    def wore_helmet(self) -> bool:
        """Whether it was in a helmet for a while, and as near as it was bare: nobody takes it off while riding."""
        return self.helmet is not None and self._as_near(self.helmet)

    def took_off(self, helmet: Seen) -> bool:
        """Whether this helmet, seen on the same motorcycle before, was its own, and as near as it is bare."""
        return self._as_near(helmet) and any(_distance(helmet, one) < _REACH for one in self.sightings)

    def _as_near(self, helmet: Seen) -> bool:
        return _size(helmet[1].box) > _AS_LARGE * self._bare_size

    @property
    def sightings(self) -> Collection[Seen]:
        return self.seen.values()

    @property
    def bare_share(self) -> float:
        """How much of stage 1's evidence on this head says that it is bare, 0 to 1."""
        return self.bare / (self.bare + self._helmet)

    def bare_in(self, frame: int) -> tuple[Detection, ...]:
        """The head in this frame, if stage 1 took it for bare there."""
        _, head = self.seen.get(frame, (None, None))
        return (head,) if head is not None and head.label is Label.WITHOUT_HELMET else ()


class Following:
    """Everybody on one motorcycle, while it is in view."""

    def __init__(self) -> None:
        self._heads: list[Occupant] = []
        self._sightings = 0

    def add(self, sighting: Sighting) -> None:
        """Take the heads of the next sighting, each to the head that it continues."""
        heads = sighting.heads
        self._sightings += 1
        cost = np.array([[_distance(one.last, (sighting, head)) for head in heads] for one in self._heads])
        cost = np.minimum(cost.reshape(len(self._heads), len(heads)), _REACH)
        taken = set()
        for row, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[row, column] < _REACH:
                self._heads[row].add(self._sightings, sighting, heads[column])
                taken.add(column)
        for column, head in enumerate(heads):
            if column not in taken:
                self._heads.append(Occupant())
                self._heads[-1].add(self._sightings, sighting, head)

    def everybody(self) -> tuple[Occupant, ...]:
        """In order of appearance."""
        return tuple(self._heads)

    def barest(self, settings: Settings) -> dict[int, Seen]:
        """The head to look at, by frame: one that is accused before all others, then the one that is barest."""

        def rank(one: Occupant) -> tuple[bool, bool, float]:
            return is_accused(one, settings), one.bare_share >= settings.min_bare_share, one.bare

        return max(self._heads, key=rank, default=Occupant()).seen


def occupants(track: Track) -> tuple[Occupant, ...]:
    """Everybody whose head was seen on this track, in order of appearance."""
    following = Following()
    for sighting in track.sightings:
        following.add(sighting)
    return following.everybody()


def helmets(track: Track) -> tuple[Seen, ...]:
    """The heads that were in a helmet for a while, each where it was largest so."""
    return tuple(one.helmet for one in occupants(track) if one.helmet)


def accused(track: Track, settings: Settings, worn: Collection[Seen] = ()) -> tuple[Occupant, ...]:
    """The heads of a track that stage 1 saw bare often enough to have stage 2 look, but for whoever took off one of
    these helmets, which the same motorcycle's rider or pillion wore before the track began."""
    bare = (one for one in occupants(track) if is_accused(one, settings))
    return tuple(one for one in bare if not any(map(one.took_off, worn)))


def is_accused(head: Occupant, settings: Settings) -> bool:
    """Bare in enough sightings of somebody who stayed and did not wear a helmet, with a large enough share of all
    confidence saying so, however many show one now and then."""
    often = head.bare_sightings >= settings.min_sightings
    return often and head.stayed and not head.wore_helmet and head.bare_share >= settings.min_bare_share


def bare_balance(
    track: Track, heads: Iterable[Occupant], least_share: float, unlike: Collection[int]
) -> dict[int, float]:
    """By frame: how far the barest of these heads (one at least) is above this share of bare evidence, around then.

    What follows a gap, or a frame in which the rider is `unlike` before, is weighed by itself: whoever takes over an id
    while its rider is hidden answers for nothing.
    Nor does who takes it over in plain view, where two riders pass each other or the picture is cut.
    """
    times = np.array([one.time_s for one in track.sightings])
    balance = np.zeros(len(times))
    weighed = [_weighed(track, one, least_share) for one in heads]
    others = [row for row, one in enumerate(track.sightings) if one.frame in unlike]
    for part in _parts(times, _longest_s(track, _GAP_S), others):
        balance[part] = np.max([_around(times[part], weight[part]) for weight in weighed], axis=0)
    return {one.frame: float(value) for one, value in zip(track.sightings, balance, strict=True)}


def rides_along(sighting: Sighting, track: Track) -> bool:
    """Whether the plate of a sighting keeps its place on the motorcycle for a while: what is passed by does not."""
    around = [one for one in track.sightings if abs(one.time_s - sighting.time_s) <= _AROUND_S]
    plates = [(one, one.plate) for one in around if one.plate is not None]
    times = np.array([one.time_s for one, _ in plates])
    row = next(row for row, (one, _) in enumerate(plates) if one.frame == sighting.frame)
    part = next(part for part in _parts(times, _longest_s(track, _MISSED_S)) if row < part.stop)

    def same(other: int) -> bool:
        return _distance(plates[row], plates[other]) < _REACH

    first = min(takewhile(same, range(row, part.start - 1, -1)))
    last = max(takewhile(same, range(row, part.stop)))
    return last - first + 1 >= _PLATES and float(times[last] - times[first]) >= _RIDES_ALONG_S


def _weighed(track: Track, head: Occupant, least_share: float) -> Floats:
    """What each sighting of a track says of a head: above 0 that it is bare, below that it is not."""
    sides = {Label.WITHOUT_HELMET: 1 - least_share, Label.WITH_HELMET: -least_share}
    said = {sighting.frame: seen.confidence * sides[seen.label] for sighting, seen in head.sightings}
    return np.array([said.get(one.frame, 0.0) for one in track.sightings])


def _around(times: Floats, weight: Floats) -> Floats:
    """Bare evidence near each sighting, below 0 where all of it, or much right before or right after, says helmet."""
    total = np.concatenate([[0.0], np.cumsum(weight)])
    before = total[1:] - total[np.searchsorted(times, times - _AROUND_S)]
    after = total[np.searchsorted(times, times + _AROUND_S, side="right")] - total[:-1]
    worst = np.minimum(before, after)
    balance = np.where(worst >= 0, before + after, np.where(worst < -_MUCH, worst, 0.0))
    return np.minimum(balance, total[-1]) if total[-1] < 0 else balance


def _parts(times: Floats, longest_s: float, others: Sequence[int] = ()) -> Iterator[slice]:
    """These sightings, parted where there was none for longer than that, and before these `others`."""
    edges = {0, *(np.flatnonzero(np.diff(times) > longest_s) + 1), *others, len(times)}
    yield from (slice(start, end) for start, end in pairwise(sorted(edges)))


def _longest_s(track: Track, gap_s: float) -> float:
    """For how long nothing may be seen of a rider: so many seconds, or longer where the steps are long."""
    steps = np.diff([one.time_s for one in track.sightings])
    return max(gap_s, _STEPS * float(np.median(steps))) if len(steps) else gap_s


def _distance(last: Seen, now: Seen) -> float:
    """How far a head moved on its motorcycle, in head sizes."""
    (x1, y1, size1), (x2, y2, size2) = (_on_rider(sighting.box, head.box) for sighting, head in (last, now))
    return float(np.hypot(x1 - x2, y1 - y2) / max(size1, size2))


def _on_rider(rider: Box, head: Box) -> tuple[float, float, float]:
    """Centre and size of a head from the rider's top left corner, in heights of the rider."""
    x, y = head.center
    unit = max(rider.height, 1.0)
    return (x - rider.x1) / unit, (y - rider.y1) / unit, max(_size(head), 1.0) / unit


def _size(head: Box) -> float:
    return max(head.width, head.height)
