"""Pictures that leave the system show nobody but the accused.

All of a picture but the accused motorcycle becomes so coarse that no face and no plate is left, whether or not a
detector found it. On the motorcycle itself, the heads of those who are not accused and what reaches in of other
riders are hidden as well. Whoever stands behind the motorcycle, inside its box, and was never detected is still seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from pipeline.draw import draw, mark_sighting
from pipeline.errors import ClipError
from pipeline.motion import moved
from pipeline.occupants import Occupant, is_accused, occupants
from pipeline.settings import Settings
from pipeline.types import Box, Image, Sighting, Track
from pipeline.video import Clip
from pipeline.video_writer import VideoWriter

_CELLS = 32  # that the longer side is averaged into: a face of a tenth of the picture becomes three of them
_SAME_TIME_S = 0.002  # timestamps in the clip are rounded to 1/90000 s
_LONGEST_GAP_S = 0.4  # between two sightings of the accused; in longer ones the whole picture is hidden
_LINGER_S = 0.3  # others are hidden where they were so long before and after: a detector misses some frames
_HEADS_LINGER_S = 1.0  # the same for people on the accused motorcycle, who keep their place on it
_UPPER_SHARE = 0.45  # of another rider's box: heads are in it, found or not


@dataclass(frozen=True, slots=True)
class Scene:
    """What may be seen of one frame: `clear`, without `hidden`, but with `shown` in any case."""

    clear: tuple[Box, ...] = ()
    hidden: tuple[Box, ...] = ()
    shown: tuple[Box, ...] = ()

    def seen_from(self, region: Box, scale: float) -> Scene:
        """The same in a picture of `region`, `scale` times as large."""

        def there(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
            return tuple(box.shift(-region.x1, -region.y1).scale(scale) for box in boxes)

        return Scene(there(self.clear), there(self.hidden), there(self.shown))


def conceal(image: Image, scene: Scene) -> Image:
    """A copy of a BGR picture in which only the scene is seen; boxes are pixels of the picture."""
    height, width = image.shape[:2]
    factor = _CELLS / max(height, width)
    cells = (max(1, round(width * factor)), max(1, round(height * factor)))
    coarse = cv2.resize(cv2.resize(image, cells, interpolation=cv2.INTER_AREA), (width, height))
    seen = np.zeros((height, width), np.uint8)
    for boxes, visible in ((scene.clear, True), (scene.hidden, False), (scene.shown, True)):
        for box in boxes:
            x1, y1, x2, y2 = (round(side) for side in box.clip(width, height).as_tuple())
            seen[y1:y2, x1:x2] = visible
    return np.asarray(cv2.copyTo(image, seen, coarse), np.uint8)


class Witness:
    """Knows, for every moment, what of the accused may be seen and where others are. Boxes are pixels of the frame."""

    def __init__(self, track: Track, others: Iterable[Sighting], settings: Settings) -> None:
        self._track = track
        self._times = [one.time_s for one in track.sightings]
        self._others = sorted(others, key=lambda one: one.time_s)
        self._other_times = [one.time_s for one in self._others]
        people = occupants(track)
        bare = [one for one in people if one.bare_share >= settings.min_bare_share]
        self._accused = [one for one in bare if is_accused(one, settings)]
        self._passing = [one for one in bare if one not in self._accused]
        self._along = [one for one in people if one not in bare]

    def seen(self, time_s: float) -> Sighting | None:
        """The accused at this moment; between two sightings that are close, where they must have been."""
        return pair[1] if (pair := self._seen(time_s)) else None

    def _seen(self, time_s: float) -> tuple[Sighting, Sighting] | None:
        """The nearest sighting of the track, and the same carried on to this moment."""
        after = bisect_left(self._times, time_s - _SAME_TIME_S)
        if after == len(self._times):
            return None
        late = self._track.sightings[after]
        if abs(late.time_s - time_s) <= _SAME_TIME_S:
            return late, late
        early = self._track.sightings[after - 1]
        if after == 0 or late.time_s - early.time_s > _LONGEST_GAP_S:
            return None
        share = (time_s - early.time_s) / (late.time_s - early.time_s)
        near = early if share < 0.5 else late
        return near, replace(moved(near, early.box.toward(late.box, share)), time_s=time_s)

    def scene(self, time_s: float) -> Scene:
        """What may be seen of the frame at this moment."""
        if (pair := self._seen(time_s)) is None:
            return Scene()
        near, accused = pair
        heads = [head for one in self._accused for head in _heads(one, near, accused)]
        along = [head for one in self._along if (head := _head(one, accused))]
        passing = [head for one in self._passing for head in _heads(one, near, accused)]
        if heads:
            along += passing  # somebody who stood behind for a moment
        else:
            heads += passing  # the accused, whose head was lost and found in another place
        plate = [_grown(accused.plate.box, 0.15)] if accused.plate else []
        return Scene(
            clear=(_grown(accused.box, 0.04), *(_grown(one.box, 0.2) for one in accused.parts)),
            hidden=(*(_grown(head, 0.25) for head in along), *self._strangers(time_s)),
            shown=(*(_grown(head, 0.15) for head in heads), *plate),
        )

    def _strangers(self, time_s: float) -> Iterable[Box]:
        first = bisect_left(self._other_times, time_s - _LINGER_S)
        last = bisect_left(self._other_times, time_s + _LINGER_S)
        for one in self._others[first:last]:
            box = _grown(one.box, 0.1)
            yield Box(box.x1, box.y1, box.x2, box.y1 + _UPPER_SHARE * box.height)
            for part in one.parts:
                yield _grown(part.box, 0.3)


def conceal_clip(source: Path, target: Path, start_s: float, scale: float, witness: Witness) -> None:
    """Write an evidence clip once more with everybody else hidden, and the accused marked as before.

    Args:
        source: the evidence clip; at `start_s` of the whole clip is its first frame.
        target: an MP4 file that does not exist yet.
        scale: how many times as large as the source's frames the clip's are.
        witness: of the accused.

    Raises:
        ClipError: the evidence clip cannot be read to its end.
        OSError: `target` cannot be written.
    """
    clip, read_s = Clip(source, max_side=1 << 14), 0.0
    with VideoWriter(target, clip.info.fps) as writer:
        for frame in clip.frames():
            writer.write(conceal_frame(frame.image, frame.time_s + start_s, scale, witness), frame.time_s)
            read_s = frame.time_s
    if clip.cut_off:
        raise ClipError(f"the file is cut off: only the first {read_s:.1f} s could be read")


def conceal_frame(image: Image, time_s: float, scale: float, witness: Witness) -> Image:
    """One picture of the clip (BGR, `scale` times as large as its frames) with everybody else hidden."""
    whole = Box(0, 0, image.shape[1] / scale, image.shape[0] / scale)
    hidden = conceal(image, witness.scene(time_s).seen_from(whole, scale))
    accused = witness.seen(time_s)
    if accused is None:
        return hidden
    return draw(hidden, mark_sighting(accused, "violation", accused=True), scale)


def _head(person: Occupant, now: Sighting) -> Box | None:
    """Where this head is on its motorcycle now, or must be, if it was seen not long before or after."""
    then, head = min(person.sightings, key=lambda seen: abs(seen[0].time_s - now.time_s))
    if abs(then.time_s - now.time_s) > _HEADS_LINGER_S:
        return None
    return _carried(head.box, then, now)


def _heads(person: Occupant, near: Sighting, now: Sighting) -> Iterable[Box]:
    """This head in one sighting, if that shows it, carried on to where its motorcycle is now."""
    return (_carried(head.box, then, now) for then, head in person.sightings if then is near)


def _carried(head: Box, then: Sighting, now: Sighting) -> Box:
    if then is now:
        return head
    factor = now.box.height / max(then.box.height, 1.0)
    return head.shift(-then.box.x1, -then.box.y1).scale(factor).shift(now.box.x1, now.box.y1)


def _grown(box: Box, share: float) -> Box:
    """A box with this share of its size more on every side."""
    return box.grown(share * box.width, share * box.height)
