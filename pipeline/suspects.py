"""From sightings to tracks, and from tracks to suspects with the crops that are worth a second look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from math import inf
from operator import itemgetter

from pipeline.crops import crop_plate, crop_rider
from pipeline.occupants import Following, accused, bare_balance, rides_along
from pipeline.relink import ALIKE, UNLIKE, Colors, colors_of, likeness, may_be
from pipeline.settings import Settings
from pipeline.types import Box, Crop, Frame, Label, Sighting, Suspect, Track

_PLATE_CROPS = 30  # kept per track for reading: no more are taken by an OCR server
_GET_TO_KNOW_S = 0.4  # a new track is watched for so long before it is compared with lost ones
_COLORS_EVERY_S = 0.1
_SAME_RIDER_IOU = 0.3  # two boxes of one rider, one of them of the rider's upper half, say
_WAY_S = 1.0  # the way of a lost rider in the picture is taken over so long
_WAITED_IOU = 0.5  # two boxes of a rider who stayed where it was
_SOMEBODY_ELSE = 1_000_000  # the tracker's own ids stay below


class Collector:
    """Holds the tracks under way and the best crops of each, and hands them out when their riders are gone.

    A rider who comes back under a new id goes on under the old one.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[int, _Open] = {}
        self._own_id: dict[int, int] = {}  # of the tracker's ids that are not their tracks' own, the last one newest
        self._stood_s = self._resumed_s = -inf  # from when until when the source stood still the last time

    def track_id(self, id_: int) -> int:
        """The id of the track that whoever has this id of the tracker belongs to."""
        return self._own_id.get(id_, id_)

    def add(self, frame: Frame, sightings: dict[int, Sighting], hidden: Iterable[tuple[int, Box]]) -> None:
        """Take the sightings of the next frame; `hidden` says where unseen riders should be."""
        unseen = sorted(hidden, key=itemgetter(0))
        former = self._part(dict(unseen), sightings)
        expected = {self.track_id(id_): box for id_, box in unseen}  # of two ids of one rider the newer one's box
        for id_ in sorted(sightings, key=former.__contains__):  # former ids last: the newer one's sighting is kept
            own_id = self.track_id(id_)
            track = self._open.get(own_id)
            if track is None and (waited := self._who_waited(frame, sightings[id_])) is not None:
                self._own_id[id_], track = waited, self._open[waited]
            elif track is None:
                track = self._open[own_id] = _Open(self._settings, expected)
            track.add(frame, sightings[id_])
        self._reunite_all(frame.time_s)

    def _part(self, unseen: dict[int, Box], sightings: dict[int, Sighting]) -> set[int]:
        """Give whoever turns up under the former id of a reunited rider, but elsewhere than that rider is by now, an id
        of their own: the tracker knows nothing of reunions and looks out for the former id for a while. Returns the
        former ids in sight."""
        newest = {own: id_ for id_, own in self._own_id.items()}
        former = {id_ for id_ in sightings if newest.get(self.track_id(id_), id_) != id_}
        for id_ in former:
            own_id = self.track_id(id_)
            now = newest[own_id]
            place = sightings[now].box if now in sightings else unseen.get(now)
            if place is not None and place.iou(sightings[id_].box) < _SAME_RIDER_IOU:
                self._own_id[id_] = id_ + _SOMEBODY_ELSE * (own_id // _SOMEBODY_ELSE + 1)
        return former

    def resume(self, stood_s: float, now_s: float) -> None:
        """The source stood still from then until now: that nobody was seen meanwhile is nobody's absence."""
        self._stood_s, self._resumed_s = stood_s, now_s

    def gone(self, now_s: float) -> Iterator[Suspect]:
        """The tracks whose riders have not been seen for so long that they will not come back."""
        self._reunite_all(now_s)  # of who has just come back, where no further frame does it
        for id_, track in list(self._open.items()):
            seen_s = self._resumed_s if self._was_there(track) else track.sightings[-1].time_s
            if now_s - seen_s > self._settings.lost_after_s + _GET_TO_KNOW_S:
                del self._open[id_]
                self._own_id = {other: own for other, own in self._own_id.items() if own != id_}
                yield from track.close(id_)

    def overdue(self, now_s: float, longest_s: float) -> Iterator[Suspect]:
        """What was seen so far of riders who have been in view for longer than this; they go on under their id."""
        for id_, track in list(self._open.items()):
            if now_s - track.sightings[0].time_s > longest_s:
                self._open[id_] = track.afresh()
                yield from track.close(id_)

    def since_s(self) -> float:
        """When the first of the tracks under way began; infinite where there is none."""
        return min((track.sightings[0].time_s for track in self._open.values()), default=float("inf"))

    def rest(self) -> Iterator[Suspect]:
        """All other tracks, at the end of the source."""
        return self.gone(float("inf"))

    def _was_there(self, track: _Open) -> bool:
        """Whether a rider was in view when the source stood still, and has not been since."""
        return 0 <= self._stood_s - track.sightings[-1].time_s <= self._settings.lost_after_s

    def _who_waited(self, frame: Frame, sighting: Sighting) -> int | None:
        """The rider who stood here, and looked the same, when the source stood still."""
        overlaps = {
            id_: overlap
            for id_, track in self._open.items()
            if self._was_there(track)
            and (overlap := track.sightings[-1].box.iou(sighting.box)) >= _WAITED_IOU
            and likeness(track.colors, colors_of(frame.image, sighting.box)) >= ALIKE
        }
        return max(overlaps, key=overlaps.__getitem__, default=None)

    def _reunite_all(self, now_s: float) -> None:
        for id_, track in list(self._open.items()):
            if track.lost_before and now_s - track.sightings[0].time_s >= _GET_TO_KNOW_S:
                self._reunite(id_, track)

    def _reunite(self, id_: int, track: _Open) -> None:
        """Continue the lost track that this new one looks most like, if there is one."""
        first = track.sightings[0]
        rivals = {
            old_id: alike
            for old_id, expected in track.lost_before.items()
            if (lost := self._open.get(old_id)) is not None
            and lost.sightings[-1].time_s < first.time_s
            and any(
                may_be(lost.sightings[-1].box, place, first.box)
                for place in (expected, lost.carried_on(first.time_s) or expected)
            )
            and (alike := likeness(lost.colors, track.colors)) >= ALIKE
        }
        track.lost_before = {}
        if rivals:
            old_id = max(rivals, key=rivals.__getitem__)
            self._open[old_id].absorb(self._open.pop(id_))
            for other in [other for other, own in self._own_id.items() if own == id_] or [id_]:
                self._own_id.pop(other, None)
                self._own_id[other] = old_id


def is_suspect(suspect: Suspect, settings: Settings) -> bool:
    """Whether stage 1 saw the same bare head often enough for stage 2 to look, and there are crops to look at."""
    return bool(suspect.crops and accused(suspect.track, settings, suspect.worn))


class _Open:
    """A track under way. `lost_before`: the riders it may be, and where they should have been when it began."""

    colors: Colors

    def __init__(self, settings: Settings, lost_before: dict[int, Box]) -> None:
        self.lost_before = lost_before
        self._settings = settings
        self.sightings: list[Sighting] = []
        self._following = Following()
        self._crops = _Best(settings.crops_per_suspect, settings.crop_spacing_s, self._bareness)
        self._plates = _Best(_PLATE_CROPS, 0.0, _plate_size)
        self._colors_due_s = 0.0
        self._unlike: set[int] = set()  # frames in which somebody in other clothes is under this id all at once

    def add(self, frame: Frame, sighting: Sighting) -> None:
        if self.sightings and sighting.frame == self.sightings[-1].frame:
            return  # both ids of a reunited rider in one frame: the newer one will do
        self._see_colors(frame, sighting)
        self._append(sighting)
        if self._bareness(sighting):
            self._crops.offer(sighting, lambda: crop_rider(frame.image, sighting))
        if (plate := sighting.plate) is not None:
            self._plates.offer(sighting, lambda: crop_plate(frame.image, sighting, plate))

    def carried_on(self, time_s: float) -> Box | None:
        """Where its way in the picture leads by then, as a bus that passes by may look like the camera's own motion;
        None where it was seen but once."""
        last = self.sightings[-1]
        before = next(one for one in self.sightings if last.time_s - one.time_s <= _WAY_S)
        past_s = last.time_s - before.time_s
        return before.box.toward(last.box, (time_s - before.time_s) / past_s) if past_s else None

    def absorb(self, later: _Open) -> None:
        for sighting in later.sightings:
            self._append(sighting)
        self.colors = later.colors
        self._unlike |= later._unlike
        self._crops.offer_all(later._crops)
        self._plates.offer_all(later._plates)

    def afresh(self) -> _Open:
        """A track that goes on from the last sighting of this one."""
        later = _Open(self._settings, {})
        later._append(self.sightings[-1])
        later.colors = self.colors
        return later

    def close(self, id_: int) -> Iterator[Suspect]:
        """What was seen of this rider; what is more likely somebody else's than a suspect's is a track of its own."""
        track = Track(id_, tuple(self.sightings))
        suspect = Suspect(track, self._crops.in_order(), self._plates.in_order())
        who = accused(track, self._settings)
        if not who:
            yield suspect
            return
        balance = bare_balance(track, who, self._settings.min_bare_share, self._unlike)
        others = tuple(one for one in track.sightings if balance[one.frame] < 0)
        if len(others) == len(track.sightings):  # at no moment does most of what is around it say bare
            yield Suspect(track, ())
            return
        if others:
            yield Suspect(Track(-id_, others), ())
        yield _own(suspect, balance)

    def _append(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)
        self._following.add(sighting)

    def _bareness(self, sighting: Sighting) -> float:
        """How well a sighting shows the barest head, 0 where that is not bare: sure and large, up to 40 pixels."""
        _, head = self._following.barest(self._settings).get(sighting.frame, (None, None))
        if head is None or head.label is not Label.WITHOUT_HELMET:
            return 0.0
        return head.confidence * min(head.box.height / 40, 1.0)

    def _see_colors(self, frame: Frame, sighting: Sighting) -> None:
        """A running mean, so that the moments of half being hidden weigh little."""
        now = colors_of(frame.image, sighting.box)
        if self.sightings and likeness(self.colors, now) < UNLIKE:
            self._unlike.add(sighting.frame)
        if frame.time_s >= self._colors_due_s:
            self._colors_due_s = frame.time_s + _COLORS_EVERY_S
            self.colors = 0.7 * self.colors + 0.3 * now if self.sightings else now


def _own(suspect: Suspect, balance: dict[int, float]) -> Suspect:
    """A suspect without the frames in which its head looks helmeted, and its own plate only where it looks bare."""
    return Suspect(
        replace(suspect.track, sightings=tuple(one for one in suspect.track.sightings if balance[one.frame] >= 0)),
        tuple(crop for crop in suspect.crops if balance[crop.sighting.frame] >= 0),
        tuple(
            crop
            for crop in suspect.plates
            if balance[crop.sighting.frame] > 0 and rides_along(crop.sighting, suspect.track)
        ),
    )


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

    def offer_all(self, others: _Best) -> None:
        for crop in others._crops:
            self.offer(crop.sighting, lambda: crop)  # noqa: B023 called at once

    def in_order(self) -> tuple[Crop, ...]:
        """Those that are worth something still: it may have turned out that another head is the one to look at."""
        kept = [one for one in self._crops if self._worth(one.sighting) > 0]
        return tuple(sorted(kept, key=lambda one: one.sighting.time_s))


def _plate_size(sighting: Sighting) -> float:
    return sighting.plate.confidence * sighting.plate.box.area if sighting.plate else 0.0
