"""Stage 2: a second look at the suspects, on full-resolution crops plain and mirrored, by vote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.associate import associate
from pipeline.detect import WEAK_RIDER, above, distinct
from pipeline.mirror import look_twice
from pipeline.occupants import Occupant, accused
from pipeline.settings import Settings
from pipeline.track import Tracked
from pipeline.types import Crop, Detection, Label, Look, Outcome, Says, Sighting, Suspect, Verdict
from pipeline.weights import Thresholds, read_manifest

_SAME_RIDER_IOU = 0.3  # stage 2 sees the rider at another scale and may draw the box otherwise
SAME_HEAD_IOU = 0.2
_WEAK = 0.1  # what is weaker is not even noted
_MOST = 0.6  # share of the looks that a verdict takes
_GRAVITY = (Outcome.REJECTED, Outcome.UNSURE, Outcome.CONFIRMED)


class Verifier:
    """Stage 2's model. It belongs to the thread that made it.

    Raises:
        WeightsError: the weight file is missing, altered or of another class order.
    """

    def __init__(self, settings: Settings) -> None:
        from pipeline.yolo import Yolo  # noqa: PLC0415 loads torch: the rules of this file do without

        stage = read_manifest(settings.weights).stage2
        self._model = Yolo(stage, settings)
        self._thresholds = stage.thresholds
        self._least = min(_WEAK, *stage.thresholds.model_dump().values())
        self._settings = settings

    @property
    def bar(self) -> float:
        """How sure a look has to be of a bare head to say so."""
        return self._thresholds.without_helmet

    def verify(self, suspect: Suspect) -> Verdict:
        """Look at every crop of a suspect and vote."""
        looks = tuple(self.look(crop) for crop in suspect.crops)
        return decide(looks, accused(suspect.track, self._settings, suspect.worn), self._settings.min_looks, self.bar)

    def look(self, crop: Crop) -> Look:
        """What stage 2 says of the suspect on one crop."""
        return read(crop, look_twice(self._model, crop.image, self._least), self._thresholds)


def read(crop: Crop, found: tuple[Detection, ...], thresholds: Thresholds) -> Look:
    """What stage 2's detections on a crop (boxes in its pixels) say of the suspect at these thresholds."""
    in_frame = tuple(
        Detection(one.label, one.box.scale(1 / crop.scale).shift(crop.region.x1, crop.region.y1), one.confidence)
        for one in distinct(above(found, thresholds, rider=WEAK_RIDER))
    )
    heads = own_heads(crop.sighting, in_frame, thresholds.rider)
    shown = above(in_frame, thresholds)
    return Look(crop.sighting, crop.region, crop.scale, shown, heads, *judge(crop.sighting.bare_heads, heads), found)


def own_heads(sighting: Sighting, found: tuple[Detection, ...], least: float) -> tuple[Detection, ...]:
    """The heads that are the suspect's among stage 2's detections (boxes in the frame).

    By the same assignment as in stage 1, so that a neighbour's head at the crop's edge goes to the neighbour, also
    where stage 2 hardly sees that rider. Nobody's, where it does not see the suspect with the `least` confidence.
    """
    riders = [one for one in found if one.label is Label.RIDER and one.confidence >= least]
    own = max(riders, key=lambda one: one.box.iou(sighting.box), default=None)
    if own is None or own.box.iou(sighting.box) < _SAME_RIDER_IOU:
        return ()
    return associate(sighting.frame, sighting.time_s, found, Tracked(((0, own),), hidden=()))[0].heads


def judge(bare_heads: Sequence[Detection], heads: tuple[Detection, ...]) -> tuple[Says, float]:
    """What stage 2's heads of the suspect say, and how surely, where stage 1 saw these bare ones.

    Of each only the nearest speaks: next to a helmet may be the bare head of somebody else.
    """
    nearest = ((max(heads, key=lambda one: one.box.iou(bare.box)), bare) for bare in bare_heads if heads)
    same = [one for one, bare in nearest if one.box.iou(bare.box) > SAME_HEAD_IOU]
    for label, says in ((Label.WITHOUT_HELMET, Says.BARE), (Label.WITH_HELMET, Says.HELMET)):
        sure = [one.confidence for one in same if one.label is label]
        if sure:
            return says, max(sure)
    return Says.NOTHING, 0.0


def decide(looks: tuple[Look, ...], heads: Sequence[Occupant], quorum: int, bar: float) -> Verdict:
    """The vote on each accused head by itself, so that two, each misread now and then, do not add up; the gravest
    counts, and its looks tell what they say of that head."""
    votes = [vote(tuple(_of_head(look, one) for look in looks), quorum, bar) for one in heads]
    return max(votes, key=lambda one: (_GRAVITY.index(one.outcome), one.confidence), default=vote((), quorum, bar))


def _of_head(look: Look, head: Occupant) -> Look:
    says, confidence = judge(head.bare_in(look.sighting.frame), look.heads)
    return replace(look, says=says, confidence=confidence)


def needed(looks: int, quorum: int) -> int:
    """How many of so many looks have to say bare before a suspect is confirmed."""
    return max(quorum, math.ceil(_MOST * looks))


def vote(looks: tuple[Look, ...], quorum: int, bar: float) -> Verdict:
    """Confirmed if most looks say bare and all are together as sure as one has to be (`bar`: stage 2's threshold for
    bare heads), so that the fewer say it the surer they must be; unsure if more say bare than helmet, else rejected."""
    bare = [look.confidence for look in looks if look.says is Says.BARE]
    helmet = sum(look.says is Says.HELMET for look in looks)
    confidence = sum(bare) / len(looks) if looks else 0.0
    if len(bare) >= needed(len(looks), quorum) and confidence >= bar:
        outcome = Outcome.CONFIRMED
    else:
        outcome = Outcome.UNSURE if len(bare) > helmet else Outcome.REJECTED
    return Verdict(outcome, confidence, looks)
