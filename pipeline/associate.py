"""Heads and plates to their riders: one assignment per frame, so that no head is charged to two riders or to
the nearer of two when the other explains it better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from pipeline.detect import SAME_RIDER_IOU
from pipeline.track import Tracked
from pipeline.types import HEADS, Box, Detection, Label, Sighting

# Where a head sits in its rider's box: centre in shares of width and height, height in shares of the box's height.
# Mean and deviation of 2,322 labelled heads (td02, aneesarom, jai) whose rider is beyond doubt.
_HEAD_MEAN = np.array([0.48, 0.156, np.log(0.20)])
_HEAD_DEVIATION = np.array([0.17, 0.085, 0.33])
# The same for 1,145 plates; their height varies with format and view.
_PLATE_MEAN = np.array([0.45, 0.644, np.log(0.075)])
_PLATE_DEVIATION = np.array([0.19, 0.15, 0.5])
_NOBODY = 0.5 * 11.34  # 99 % of a rider's own heads cost less: chi-squared, three degrees of freedom, halved
_INSIDE = 0.85  # share of a box that lies in another; a box of the same rider in that of the whole rider, say
_SLOTS = (0.0, 0.5, 2.0, 4.0)  # a second, third and fourth head on one motorcycle is ever less likely


def associate(frame: int, time_s: float, detections: Sequence[Detection], tracked: Tracked) -> dict[int, Sighting]:
    """The sightings of a frame by track id.

    Riders without an id yet, and those that are hidden, compete for heads and plates as well, and so keep theirs from
    being charged to others.
    """
    seen = [rider.box for _, rider in tracked.riders]
    others = [one.box for one in detections if one.label is Label.RIDER] + [box for _, box in tracked.hidden]
    boxes = seen + [box for box in others if not _stands_there(box, seen)]
    heads = [one for one in detections if one.label in HEADS]
    plates = [one for one in detections if one.label is Label.PLATE]
    head_owner = _without_others(heads, _assign(heads, boxes, _HEAD_MEAN, _HEAD_DEVIATION, _SLOTS), boxes, len(seen))
    plate_owner = _assign(plates, boxes, _PLATE_MEAN, _PLATE_DEVIATION, _SLOTS[:1])
    return {
        id_: Sighting(
            frame,
            time_s,
            rider.box,
            rider.confidence,
            heads=tuple(head for head, owner in zip(heads, head_owner, strict=True) if owner == row),
            plate=next((one for one, owner in zip(plates, plate_owner, strict=True) if owner == row), None),
        )
        for row, (id_, rider) in enumerate(tracked.riders)
    }


def _stands_there(other: Box, seen: list[Box]) -> bool:
    """Whether a rider is seen where this one is or should be: it is the same, or so under another id.

    No sooner than where two boxes in one frame are one rider: a neighbour's bare head is nobody else's.
    """
    return any(other.iou(box) > SAME_RIDER_IOU for box in seen)


def _without_others(
    heads: Sequence[Detection], owners: list[int | None], boxes: list[Box], seen: int
) -> list[int | None]:
    """The owners of heads, but none for one of several on a motorcycle that lies in the box of a rider without any.

    A rider who is half hidden has a box of what is in view, and the head is elsewhere in it: right where a pillion's
    would be on the motorcycle before it.
    """
    headless = [box for row, box in enumerate(boxes[:seen]) if row not in owners]

    def of_another(head: Box, own: Box) -> bool:
        return any(head.inside(box) > _INSIDE and box.inside(own) <= _INSIDE for box in headless)

    return [
        None if owner is not None and owners.count(owner) > 1 and of_another(head.box, boxes[owner]) else owner
        for head, owner in zip(heads, owners, strict=True)
    ]


def _assign(
    parts: Sequence[Detection],
    riders: Sequence[Box],
    mean: npt.NDArray[np.float64],
    deviation: npt.NDArray[np.float64],
    slots: tuple[float, ...],
) -> list[int | None]:
    """The rider of each part by the cheapest assignment of all; None where nobody explains it."""
    if not parts or not riders:
        return [None] * len(parts)
    place = np.array([[_place(part.box, rider) for rider in riders] for part in parts])
    misfit = 0.5 * (((place - mean) / deviation) ** 2).sum(axis=2)
    of_rider = np.concatenate([misfit + price for price in slots], axis=1)
    of_nobody = np.full((len(parts), len(parts)), _NOBODY)
    columns = linear_sum_assignment(np.concatenate([of_rider, of_nobody], axis=1))[1]
    return [int(column) % len(riders) if column < of_rider.shape[1] else None for column in columns]


def _place(part: Box, rider: Box) -> tuple[float, float, float]:
    """Centre and log height of a part in shares of its rider's box."""
    x, y = part.center
    return (
        (x - rider.x1) / max(rider.width, 1.0),
        (y - rider.y1) / max(rider.height, 1.0),
        float(np.log(max(part.height, 1.0) / max(rider.height, 1.0))),
    )
