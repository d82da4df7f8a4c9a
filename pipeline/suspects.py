"""From sightings to tracks, and from tracks to suspects with the crops that are worth a second look."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.crops import crop_plate, crop_rider
from pipeline.occupants import occupants
from pipeline.settings import Settings
from pipeline.types import Crop, Frame, Sighting, Suspect, Track

_PLATE_CROPS = 30  # kept per track for reading


class Collector:
    """Holds the tracks under way and the best crops of each, and hands them out when their riders are gone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[int, _Open] = {}

    def add(self, frame: Frame, sightings: dict[int, Sighting]) -> None:
        for id_, sighting in sightings.items():
            if id_ not in self._open:
                self._open[id_] = _Open(self._settings)
            self._open[id_].add(frame, sighting)

    def gone(self, now_s: float) -> Iterator[Suspect]:
        """The tracks whose riders have not been seen for so long that they will not come back."""
        for id_, track in list(self._open.items()):
            if now_s - track.sightings[-1].time_s > self._settings.lost_after_s:
                del self._open[id_]
                yield track.close(id_)

    def rest(self) -> Iterator[Suspect]:
        """All other tracks, at the end of the source."""
        return self.gone(float("inf"))


def is_suspect(track: Track, settings: Settings) -> bool:
    """Whether stage 1 saw one and the same bare head often enough to have stage 2 look."""
    return any(rider.bare_sightings >= settings.min_sightings for rider in occupants(track))


class _Open:
    """A track under way."""

    def __init__(self, settings: Settings) -> None:
        self.sightings: list[Sighting] = []
        self._crops = _Best(settings.crops_per_suspect, settings.crop_spacing_s, _bareness)
        self._plates = _Best(_PLATE_CROPS, 0.0, _plate_size)

    def add(self, frame: Frame, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        if sighting.bare_heads:
            self._crops.offer(sighting, lambda: crop_rider(frame.image, sighting))
        if (plate := sighting.plate) is not None:
            self._plates.offer(sighting, lambda: crop_plate(frame.image, sighting, plate))

    def close(self, id_: int) -> Suspect:
        return Suspect(Track(id_, tuple(self.sightings)), self._crops.in_order(), self._plates.in_order())


class _Best:
    """The best crops of a track, spread over time."""

    def __init__(self, limit: int, spacing_s: float, worth: Callable[[Sighting], float]) -> None:
        self._limit, self._spacing_s, self._worth = limit, spacing_s, worth
        self._crops: list[Crop] = []

    def offer(self, sighting: Sighting, cut: Callable[[], Crop]) -> None:
        """Keep this sighting's crop if it beats those near it in time, or the worst of all where there is no room."""
        rivals = [one for one in self._crops if abs(one.sighting.time_s - sighting.time_s) < self._spacing_s]
        if not rivals and len(self._crops) == self._limit:
            rivals = [min(self._crops, key=lambda one: self._worth(one.sighting))]
        if all(self._worth(sighting) > self._worth(one.sighting) for one in rivals):
            self._crops = [one for one in self._crops if one not in rivals] + [cut()]

    def in_order(self) -> tuple[Crop, ...]:
        return tuple(sorted(self._crops, key=lambda one: one.sighting.time_s))


def _bareness(sighting: Sighting) -> float:
    """How well a sighting shows its bare heads: sure and large, saturating at 40 pixels."""
    return max(head.confidence * min(head.box.height / 40, 1.0) for head in sighting.bare_heads)


def _plate_size(sighting: Sighting) -> float:
    return sighting.plate.confidence * sighting.plate.box.area if sighting.plate else 0.0
