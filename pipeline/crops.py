"""Pieces of the full-resolution frame: a rider with some room around for stage 2, a plate, a picture for people."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.types import Box, Crop, Detection, Image, Sighting

# a head may stick out above the rider's box, a leg or a plate beside it: shares of the box's width and height
_ROOM_SIDE, _ROOM_TOP, _ROOM_BOTTOM = 0.15, 0.20, 0.05
_LONGEST_SIDE = 1280  # pixels; more shows a detector nothing and costs memory


def crop_rider(image: Image, sighting: Sighting) -> Crop:
    """Cut the rider of a sighting out of its frame (BGR), never larger than 1280 pixels a side."""
    box = sighting.box
    side, top, bottom = _ROOM_SIDE * box.width, _ROOM_TOP * box.height, _ROOM_BOTTOM * box.height
    return _crop(image, sighting, Box(box.x1 - side, box.y1 - top, box.x2 + side, box.y2 + bottom))


def crop_plate(image: Image, sighting: Sighting, plate: Detection) -> Crop:
    """Cut the plate of a sighting out of its frame (BGR), a quarter of its height around it."""
    room = 0.25 * plate.box.height
    return _crop(image, sighting, plate.box.grown(room, room))


def picture_of(image: Image, sighting: Sighting) -> Crop:
    """Cut a square around the rider (BGR, 480 to 960 pixels a side), for people to look at.

    It is no square where the frame is too narrow.
    """
    height, width = image.shape[:2]
    x, y = sighting.box.center
    side = 1.3 * max(sighting.box.width, sighting.box.height)
    left = min(max(x - side / 2, 0), max(width - side, 0))
    top = min(max(y - side / 2, 0), max(height - side, 0))
    region = _whole_pixels(Box(left, top, left + side, top + side), image)
    x1, y1, x2, y2 = (int(edge) for edge in region.as_tuple())
    piece = image[y1:y2, x1:x2]
    longest = max(piece.shape[:2])
    scale = min(max(longest, 480), 960) / longest
    return Crop(sighting, region, scale, resize(piece, scale))


def _whole_pixels(region: Box, image: Image) -> Box:
    height, width = image.shape[:2]
    inside = region.clip(width, height)
    return Box(
        min(np.floor(inside.x1), width - 1),
        min(np.floor(inside.y1), height - 1),
        max(np.ceil(inside.x2), 1),
        max(np.ceil(inside.y2), 1),
    )


def _crop(image: Image, sighting: Sighting, around: Box) -> Crop:
    region = _whole_pixels(around, image)
    x1, y1, x2, y2 = (int(side) for side in region.as_tuple())
    piece, scale = shrink(image[y1:y2, x1:x2], _LONGEST_SIDE)
    return Crop(sighting, region, scale, piece.copy())  # a copy, else the whole frame stays in memory


def shrink(image: Image, longest_side: int) -> tuple[Image, float]:
    """The picture no larger than this, but for one that is too thin for that, and the factor it was scaled by."""
    height, width = image.shape[:2]
    factor = min(1.0, max(longest_side / max(height, width), 1 / min(height, width)))
    return resize(image, factor), factor


def resize(image: Image, factor: float) -> Image:
    if factor == 1.0:
        return image
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=way), np.uint8)
