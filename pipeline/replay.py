"""The product's own rules, run once more on what the models saw: what would other thresholds change?

Tracks stay as they were: no threshold of heads moves a rider. Stage 2 is not run again: it has a word on the crops
that it looked at then, and none on a rider who was no suspect then.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from math import dist

from pipeline.associate import associate
from pipeline.detect import sift
from pipeline.occupants import accused
from pipeline.settings import Settings
from pipeline.trace import Trace, TracedFrame
from pipeline.track import Tracked
from pipeline.types import HEADS, NO_PICTURE, Crop, Detection, Outcome, Sighting, Track, Verdict
from pipeline.verify import decide, read
from pipeline.weights import Thresholds


class Fate(StrEnum):
    """What becomes of a rider."""

    ACCUSED = "accused"
    UNSURE = "unsure"
    REJECTED = "rejected"
    UNLOOKED = "unlooked"  # a suspect, but stage 2 has not looked
    NO_SUSPECT = "no suspect"


_FATES = {Outcome.CONFIRMED: Fate.ACCUSED, Outcome.UNSURE: Fate.UNSURE, Outcome.REJECTED: Fate.REJECTED}


@dataclass(frozen=True, slots=True)
class Rider:
    """One track with what becomes of it; `verdict` is None where stage 2 has no word."""

    track: Track
    fate: Fate
    verdict: Verdict | None = None


def tracks(trace: Trace, stage1: Thresholds) -> tuple[Track, ...]:
    """The tracks with the heads and plates that stage 1 gives them at these thresholds, in order of their ids."""
    sightings: dict[int, list[Sighting]] = defaultdict(list)
    for frame in trace.frames:
        track_of = {tracker_id: track for tracker_id, _, track in frame.riders}
        for tracker_id, sighting in associated(frame, stage1).items():
            if (track := track_of[tracker_id]) is not None:
                sightings[track].append(sighting)
    return tuple(Track(id_, tuple(found)) for id_, found in sorted(sightings.items()))


def judge(trace: Trace, found: tuple[Track, ...], stage2: Thresholds, settings: Settings) -> tuple[Rider, ...]:
    """What becomes of each of these tracks at stage 2's thresholds."""
    return tuple(_judge(trace, track, stage2, settings) for track in found)


def associated(frame: TracedFrame, stage1: Thresholds) -> dict[int, Sighting]:
    """The sightings of one frame by the tracker's ids, as the product assigns heads and plates."""
    riders = tuple((tracker_id, frame.found[row]) for tracker_id, row, _ in frame.riders)
    tracked = Tracked(riders, tuple((-1, box) for box in frame.hidden))
    return associate(frame.index, frame.time_s, sift(frame.found, stage1), tracked)


def nearest(frame: TracedFrame, stage1: Thresholds) -> dict[int, tuple[Detection, ...]]:
    """The heads of one frame by the tracker's ids if each simply went to the nearest rider: what the product avoids."""
    centers = {tracker_id: frame.found[row].box.center for tracker_id, row, _ in frame.riders}
    heads: dict[int, list[Detection]] = {tracker_id: [] for tracker_id in centers}
    for head in sift(frame.found, stage1):
        if head.label in HEADS and heads:
            heads[min(centers, key=lambda tracker_id: dist(head.box.center, centers[tracker_id]))].append(head)
    return {tracker_id: tuple(own) for tracker_id, own in heads.items()}


def overlap(trace: Trace) -> TracedFrame | None:
    """The frame that shows best what the assignment is for.

    Most heads that would go to another rider if each went to the nearest; among equals, riders that overlap most.
    None where no two riders overlap.
    """
    crowded = [(frame, shared) for frame in trace.frames if (shared := _shared(frame)) > 0]
    best = max(crowded, key=lambda one: (len(wronged(one[0], trace.stage1)), one[1]), default=None)
    return best[0] if best else None


def wronged(frame: TracedFrame, stage1: Thresholds) -> tuple[Detection, ...]:
    """The heads that the nearest rider would be charged with although they are another's, or nobody's."""
    own = {id(head): tracker_id for tracker_id, one in associated(frame, stage1).items() for head in one.heads}
    near = nearest(frame, stage1)
    return tuple(head for tracker_id, heads in near.items() for head in heads if own.get(id(head)) != tracker_id)


def _judge(trace: Trace, track: Track, stage2: Thresholds, settings: Settings) -> Rider:
    heads = accused(track, settings)
    if not heads:
        return Rider(track, Fate.NO_SUSPECT)
    at = {one.frame: one for one in track.sightings if one.bare_heads}  # only these are worth a crop
    looks = tuple(
        read(Crop(at[look.frame], look.region, look.scale, NO_PICTURE), look.found, stage2)
        for look in trace.looks
        if look.track == track.id and look.frame in at
    )
    if not looks:
        return Rider(track, Fate.UNLOOKED)
    verdict = decide(looks, heads, settings.min_looks, stage2.without_helmet)
    return Rider(track, _FATES[verdict.outcome], verdict)


def _shared(frame: TracedFrame) -> float:
    boxes = [frame.found[row].box for _, row, _ in frame.riders]
    return max((one.iou(other) for place, one in enumerate(boxes) for other in boxes[:place]), default=0.0)
