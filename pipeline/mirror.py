"""Looks at one picture, plain and mirrored, and what they say together: what only one of them sees counts half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pipeline.types import Detection, Image

if TYPE_CHECKING:
    from pipeline.yolo import Yolo

_SAME_OBJECT_IOU = 0.55


def look_twice(model: Yolo, image: Image, confidence: float) -> tuple[Detection, ...]:
    """What a model sees in a picture (BGR) plain and mirrored, of no less than this mean confidence."""
    return merged(both_ways(model, image, confidence / 2), confidence)


def both_ways(model: Yolo, image: Image, confidence: float) -> list[tuple[Detection, ...]]:
    """What a model sees in a picture (BGR), then in its mirror image; all boxes in the pixels of the former."""
    plain, mirrored = model.detect_all([image, np.ascontiguousarray(image[:, ::-1])], confidence)
    return [plain, tuple(replace(one, box=one.box.mirrored(image.shape[1])) for one in mirrored)]


def merged(looks: Sequence[Sequence[Detection]], confidence: float) -> tuple[Detection, ...]:
    """What several looks at a picture say together: each object in its surest box, with the mean confidence of the
    looks, where that is no less than `confidence`."""
    found: list[Detection] = []
    for one in sorted(chain(*looks), key=lambda d: -d.confidence):
        if not any(_same(one, other) for other in found):
            found.append(one)
    together = (replace(one, confidence=_mean_confidence(one, looks)) for one in found)
    return tuple(one for one in together if one.confidence >= confidence)


def _mean_confidence(one: Detection, looks: Sequence[Sequence[Detection]]) -> float:
    return sum(max((d.confidence for d in look if _same(d, one)), default=0.0) for look in looks) / len(looks)


def _same(one: Detection, other: Detection) -> bool:
    return one.label is other.label and one.box.iou(other.box) > _SAME_OBJECT_IOU
