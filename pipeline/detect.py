"""Stage 1: riders, heads and plates in a whole frame."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.settings import Settings
from pipeline.types import HEADS, Detection, Frame, Label
from pipeline.weights import Thresholds, read_manifest

# below its threshold a rider starts no track but may carry one on through a weak frame (ByteTrack's idea)
WEAK_RIDER = 0.1
# of two readings of one head the bare one must be this much surer: doubt speaks for the rider
_BENEFIT_OF_DOUBT = 1.5
_SAME_HEAD_IOU = 0.45
SAME_RIDER_IOU = 0.6


class Detector:
    """Stage 1's model. It belongs to the thread that made it.

    Raises:
        WeightsError: the weight file is missing, altered or of another class order.
    """

    def __init__(self, settings: Settings, sharing: int = 1) -> None:
        from pipeline.yolo import Yolo  # noqa: PLC0415 loads torch: the rules of this file do without

        stage = read_manifest(settings.weights).stage1
        self._model = Yolo(stage, settings, sharing)
        self._thresholds = stage.thresholds

    def detect(self, frame: Frame) -> tuple[Detection, ...]:
        """Detections in a frame, one box per object; riders down to `WEAK_RIDER`, the rest above threshold."""
        return sift(self.look(frame), self._thresholds)

    def look(self, frame: Frame) -> tuple[Detection, ...]:
        """All that the model sees in a frame down to `WEAK_RIDER`, unjudged."""
        return self._look_at([frame])[0]

    def detect_all(self, frames: Sequence[Frame]) -> list[tuple[Detection, ...]]:
        """Detections in several frames, of any sizes; a GPU takes them in one go."""
        return [sift(found, self._thresholds) for found in self._look_at(frames)]

    def _look_at(self, frames: Sequence[Frame]) -> list[tuple[Detection, ...]]:
        least = min(WEAK_RIDER, *self._thresholds.model_dump().values())
        return self._model.detect_all([frame.image for frame in frames], least)


def sift(found: tuple[Detection, ...], thresholds: Thresholds) -> tuple[Detection, ...]:
    """What stage 1 makes of what its model sees: riders down to `WEAK_RIDER`, the rest above threshold."""
    return distinct(above(found, thresholds, rider=WEAK_RIDER))


def above(found: tuple[Detection, ...], thresholds: Thresholds, rider: float | None = None) -> tuple[Detection, ...]:
    """The detections that reach the threshold of their class (`rider`: another one for riders)."""
    least = {
        Label.RIDER: thresholds.rider if rider is None else rider,
        Label.WITHOUT_HELMET: thresholds.without_helmet,
        Label.WITH_HELMET: thresholds.with_helmet,
        Label.PLATE: thresholds.plate,
    }
    return tuple(one for one in found if one.confidence >= least[one.label])


def distinct(found: tuple[Detection, ...]) -> tuple[Detection, ...]:
    """One box per object: a head is bare or not, a rider is not nested in itself."""
    kept: list[Detection] = []
    for one in sorted(found, key=_strength, reverse=True):
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return tuple(kept)


def _strength(one: Detection) -> float:
    return one.confidence / (_BENEFIT_OF_DOUBT if one.label is Label.WITHOUT_HELMET else 1)


def _same(one: Detection, other: Detection) -> bool:
    if one.label in HEADS and other.label in HEADS:
        return one.box.iou(other.box) > _SAME_HEAD_IOU
    if one.label is other.label is Label.RIDER:
        small, large = sorted((one.box, other.box), key=lambda box: box.area)
        nested = small.inside(large) > 0.85 and small.height > 0.75 * large.height  # a rider behind is lower
        return nested or one.box.iou(other.box) > SAME_RIDER_IOU
    return one.label is other.label and one.box.iou(other.box) > _SAME_HEAD_IOU
