"""How good detections are: average precision through pycocotools, and bare heads counted as accusations."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pipeline.training.truth import Truth
from pipeline.types import HEADS, Box, Detection, Label

_SMALL_HEAD = 12  # pixels; of heads lower than this a box one pixel off already misses IoU 0.5
_MOST_PER_PICTURE = 300


@dataclass(frozen=True, slots=True)
class Precision:
    """Average precision of a class over the pictures that cover it; None where none of it is there."""

    ap50: float | None
    ap50_95: float | None
    objects: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One detection against the labels: true, false, or None where nobody can tell."""

    detection: Detection
    true: bool | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Detections at a threshold against the labels."""

    true: int
    false: int
    missed: int
    pictures: int

    @property
    def precision(self) -> float | None:
        return self.true / (self.true + self.false) if self.true + self.false else None

    @property
    def recall(self) -> float | None:
        return self.true / (self.true + self.missed) if self.true + self.missed else None

    @property
    def false_per_100(self) -> float:
        return 100 * self.false / self.pictures if self.pictures else 0.0


def average_precision(truths: Sequence[Truth], found: Sequence[Sequence[Detection]], label: Label) -> Precision:
    """COCO's average precision of one class. Ignored regions count as COCO's crowds do: a detection that mostly
    lies in one is neither right nor wrong."""
    covering = [(i, truth) for i, truth in enumerate(truths) if label in truth.covers]
    boxes = []
    for i, truth in covering:
        real, ignored = truth.of(label)
        boxes += [_coco(i, box, {"iscrowd": 0}) for box in real] + [_coco(i, box, {"iscrowd": 1}) for box in ignored]
    objects = sum(not box["iscrowd"] for box in boxes)
    results = [
        _coco(i, one.box, {"score": one.confidence}) for i, _ in covering for one in found[i] if one.label is label
    ]
    if not objects:
        return Precision(None, None, 0)
    if not results:
        return Precision(0.0, 0.0, objects)
    with contextlib.redirect_stdout(io.StringIO()):
        truth_set = COCO()
        truth_set.dataset = {
            "images": [{"id": i} for i, _ in covering],
            "categories": [{"id": 1}],
            "annotations": [{**box, "id": n + 1} for n, box in enumerate(boxes)],
        }
        truth_set.createIndex()
        evaluation = COCOeval(truth_set, truth_set.loadRes(results), "bbox")
        evaluation.params.maxDets = [_MOST_PER_PICTURE]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    curve = evaluation.eval["precision"][:, :, 0, 0, 0]  # (IoU 0.5 to 0.95, recall, class, area, most)
    return Precision(float(curve[0].mean()), float(curve.mean()), objects)


def _coco(picture: int, box: Box, extra: dict[str, float]) -> dict[str, object]:
    sides = [box.x1, box.y1, box.width, box.height]
    return {"image_id": picture, "category_id": 1, "bbox": sides, "area": box.area, **extra}


def match(truth: Truth, found: Sequence[Detection], label: Label) -> tuple[list[Judged], int]:
    """Judge the detections of one class in one picture, the surest first, and count the objects nobody found."""
    real, ignored = truth.of(label)
    free = list(real)
    judged = []
    for one in sorted((d for d in found if d.label is label), key=lambda d: -d.confidence):
        fitting = [box for box in free if box.iou(one.box) >= least_iou(box, label)]
        best = max(fitting, key=lambda box: box.iou(one.box), default=None)
        if best is not None:
            free.remove(best)
            judged.append(Judged(one, True))
        elif label not in truth.covers or any(one.box.inside(box) > 0.5 for box in ignored):
            judged.append(Judged(one, None))
        else:
            judged.append(Judged(one, False))
    return judged, len(free)


def least_iou(box: Box, label: Label) -> float:
    """The overlap from which a detection is this object."""
    height = round(box.height, 2)  # labels hold six digits of a share: 12 pixels may come as 11.9999
    return 0.3 if label in HEADS and height < _SMALL_HEAD else 0.5


def count(truths: Sequence[Truth], found: Sequence[Sequence[Detection]], label: Label) -> Counts:
    """Right, wrong and missed over all pictures that cover a class."""
    true = false = missed = pictures = 0
    for truth, own in zip(truths, found, strict=True):
        if label not in truth.covers:
            continue
        judged, unfound = match(truth, own, label)
        true += sum(one.true is True for one in judged)
        false += sum(one.true is False for one in judged)
        missed += unfound
        pictures += 1
    return Counts(true, false, missed, pictures)


def curve(truths: Sequence[Truth], found: Sequence[Sequence[Detection]], label: Label) -> npt.NDArray[np.float64]:
    """(n, 3): threshold, precision, recall, one row per detection of a class whose truth is known, the surest first."""
    judged: list[Judged] = []
    objects = 0
    for truth, own in zip(truths, found, strict=True):
        if label in truth.covers:
            one, missed = match(truth, own, label)
            judged += one
            objects += sum(detection.true is True for detection in one) + missed
    known = sorted((one for one in judged if one.true is not None), key=lambda one: -one.detection.confidence)
    right = np.cumsum([bool(one.true) for one in known])
    rows = np.arange(1, len(known) + 1)
    confidence = np.array([one.detection.confidence for one in known])
    return np.stack([confidence, right / rows, right / max(objects, 1)], axis=1) if known else np.zeros((0, 3))
