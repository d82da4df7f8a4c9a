"""A rider who was hidden for a while and comes back under a new id: is it the same one?

Place, size and colours have to agree. In doubt it is somebody else: two riders made one would mix their heads.
"""

from __future__ import annotations

from math import dist

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.types import Box, Image

Colors = npt.NDArray[np.float32]

_SIZE = (32, 64)  # pixels: enough for colours, and quick however near the rider is
_BINS = [8, 4, 4]  # hue, saturation, value
ALIKE = 0.84  # same riders before and after 1 to 2 s on two clips: 0.85 to 0.95; different ones mostly below 0.83
UNLIKE = 0.75  # a rider in view and what was seen before: one of 400 looks is below, 85 % are with another rider
_FAR = 0.8  # in heights of the rider, from where it should be by now
_PACES = (0.5, 0.75, 1.0)  # of the old speed: what hides a rider pulls the box along, and the traffic slows down
_GROWTH = 2.0  # how many times larger or smaller it may have become


def colors_of(image: Image, box: Box) -> Colors:
    """Colour histogram (HSV) of the upper and the lower half of a rider in a BGR frame; sums to 1."""
    height, width = image.shape[:2]
    inside = box.clip(width - 1, height - 1)
    side = 0.15 * inside.width  # the edges of the box show the street
    x1, x2, y1, y2 = int(inside.x1 + side), int(inside.x2 - side) + 1, int(inside.y1), int(inside.y2) + 1
    small = cv2.resize(image[y1:y2, x1:x2], _SIZE, interpolation=cv2.INTER_NEAREST)
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    halves = [
        cv2.calcHist([half], [0, 1, 2], None, _BINS, [0, 180, 0, 256, 0, 256]).ravel() for half in np.split(hsv, 2)
    ]
    return np.concatenate(halves).astype(np.float32) / np.float32(hsv[..., 0].size)


def likeness(one: Colors, other: Colors) -> float:
    """How alike the colours of two riders are, 0 to 1: the Bhattacharyya coefficient."""
    return float(np.sqrt(one * other).sum())


def may_be(last: Box, expected: Box, found: Box) -> bool:
    """Whether a rider seen last in one box, and expected in another by now, can be the one found.

    It may have slowed down to half its speed, but not have stopped: in a queue the next rider soon stands there.
    """
    (x1, y1), (x2, y2) = last.center, expected.center
    size = max(last.height, found.height)
    far = min(dist((x1 + pace * (x2 - x1), y1 + pace * (y2 - y1)), found.center) for pace in _PACES)
    return far <= _FAR * size and size <= _GROWTH * min(last.height, found.height)
