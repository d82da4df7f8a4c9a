"""A plate's four corners, and the plate as it looks from the front."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.types import Image

Corners = npt.NDArray[Any]  # (4, 2) x, y in pixels, from the upper left clockwise

# what the recogniser reads: every plate stretched to one size, a little room around it
READ_WIDTH, READ_HEIGHT = 192, 64
_ROOM = 4.0  # pixels on each side


def upright(image: Image, corners: Corners) -> Image:
    """The plate from the front, 192 x 64 pixels whatever its shape; of the depth and channels of `image`."""
    target = np.array(
        [
            (_ROOM, _ROOM),
            (READ_WIDTH - _ROOM, _ROOM),
            (READ_WIDTH - _ROOM, READ_HEIGHT - _ROOM),
            (_ROOM, READ_HEIGHT - _ROOM),
        ],
        np.float32,
    )
    matrix = cv2.getPerspectiveTransform((corners - 0.5).astype(np.float32), target - 0.5)
    return np.asarray(_warped(image, matrix, corners), image.dtype)


def _warped(image: Image, matrix: npt.NDArray[Any], corners: Corners) -> npt.NDArray[Any]:
    """A large plate is made smaller first, so that no pixel of it is left out."""
    size = (READ_WIDTH, READ_HEIGHT)
    factor = max(READ_WIDTH / np.ptp(corners[:, 0]), READ_HEIGHT / np.ptp(corners[:, 1]))
    if factor < 0.7:
        image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), image.dtype)
        matrix = matrix @ np.array(
            [(1 / factor, 0, 0.5 / factor - 0.5), (0, 1 / factor, 0.5 / factor - 0.5), (0, 0, 1)]
        )
    return cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def size_of(corners: Corners) -> tuple[float, float]:
    """How wide and how high a plate is, pixels: the mean of its opposite sides."""
    top, right, bottom, left = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    return (top + bottom) / 2, (right + left) / 2


def natural(plate: Image, corners: Corners) -> Image:
    """An upright plate in about its own shape, for people to look at."""
    wide, high = size_of(corners)
    height = round(READ_WIDTH * high / max(wide, 0.5))
    size = (READ_WIDTH, min(max(height, READ_HEIGHT // 2), READ_WIDTH))
    return np.asarray(cv2.resize(plate, size, interpolation=cv2.INTER_AREA), np.uint8)


def stretch(grey: Image) -> Image:
    """The full range of brightness, whatever the light was: 1 % of the pixels dark, 1 % white."""
    low, high = np.percentile(grey, (1, 99))
    return np.asarray(np.clip((grey - low) * (255.0 / max(high - low, 8.0)), 0, 255), np.uint8)
