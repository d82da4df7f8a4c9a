"""Boxes of number plates that lie beside their plates, drawn anew.

The looks of a teacher say about where a plate is, the reader's corners where exactly: those were learnt on drawn
plates alone, and repeat no set's mistakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.plate_corners import CornerFinder
from pipeline.training.labels import Labelled
from pipeline.types import Box, Detection, Image, Label

# chosen on contact sheets of training pictures
_SAME_PLATE_IOU, _NO_OTHER_IOU = 0.3, 0.2
_MEAN_OF_IOU = 0.4
_LABEL_IOU = 0.1  # a label that misses its plate by more is somebody else's
_AGREE_IOU = 0.4  # of the corners with the looks
_SEEN, _UNLABELLED = 0.025, 0.1  # mean confidence over the looks: enough for a labelled plate, for one that is not
_ROOM = 0.25  # around a plate for its corners, share of its sides


def redrawn(
    image: Image,
    labels: Sequence[Labelled],
    looks: Sequence[Sequence[Detection]],
    corners: CornerFinder,
    *,
    judge: bool,
) -> tuple[Labelled, ...]:
    """The labels of a picture (BGR) with the plates where the looks see them.

    A plate that none sees is ignored, but kept as the set has it in a picture to `judge` by, where it is a miss.
    Plates that the looks see and the set does not label are ignored.
    """
    seen = plates(looks)
    result = []
    for one in labels:
        if one.label is not Label.PLATE or one.ignored:
            result.append(one)
            continue
        near = max((d for d in seen if d.confidence >= _SEEN), key=lambda d: d.box.iou(one.box), default=None)
        box = None if near is None or near.box.iou(one.box) <= _LABEL_IOU else _outline(image, near.box, corners)
        result.append(replace(one, box=box) if box is not None else replace(one, ignored=not judge))
    known = [one.box for one in result if one.label is Label.PLATE]
    for plate in seen:
        if plate.confidence >= _UNLABELLED and not any(plate.box.iou(box) > _NO_OTHER_IOU for box in known):
            result.append(Labelled(Label.PLATE, plate.box, ignored=True))
    return tuple(result)


def plates(looks: Sequence[Sequence[Detection]]) -> list[Detection]:
    """One detection for each plate: the mean of all boxes that the looks have of it, by confidence."""
    rest = sorted((d for look in looks for d in look if d.label is Label.PLATE), key=lambda d: -d.confidence)
    found = []
    while rest:
        box = rest[0].box
        for _ in range(2):
            box = _mean([d for d in rest if d.box.iou(box) > _MEAN_OF_IOU] or rest[:1])
        own = [d for d in rest if d.box.iou(box) > _SAME_PLATE_IOU] or rest[:1]
        found.append(Detection(Label.PLATE, box, sum(d.confidence for d in own) / len(looks)))
        rest = [d for d in rest if d not in own and d.box.iou(box) <= _NO_OTHER_IOU]
    return found


def _mean(detections: Sequence[Detection]) -> Box:
    boxes = np.array([d.box.as_tuple() for d in detections])
    return Box(*np.average(boxes, axis=0, weights=[d.confidence for d in detections]).tolist())


def _outline(image: Image, about: Box, corners: CornerFinder) -> Box | None:
    """The box around the corners of the plate that is about there; None where there is none to see."""
    height, width = image.shape[:2]
    room = about.grown(_ROOM * about.width, _ROOM * about.height).clip(width, height)
    x1, y1, x2, y2 = (round(side) for side in room.as_tuple())
    if min(x2 - x1, y2 - y1) < 4:  # pixels
        return None
    found = corners.find(image[y1:y2, x1:x2]) + np.array((x1, y1))
    box = Box(*found.min(0).tolist(), *found.max(0).tolist()).clip(width, height)
    return box if box.iou(about) > _AGREE_IOU else None
