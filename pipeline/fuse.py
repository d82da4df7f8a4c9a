"""Several pictures of one plate made into one: each shows other parts of it, between its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.light import without_light
from pipeline.types import Image

_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
_ALIKE = 0.5  # correlation with the first picture below which another does not show the same
_FINE = 1.5  # pixels: what is smaller is noise


def fuse(plates: Sequence[Image], weights: Sequence[float]) -> tuple[Image, int]:
    """The weighted mean of plates from the front (BGR, of one size), aligned to the first, and how many went in."""
    shown = np.asarray(plates[0], np.float32) * weights[0]
    total, count = weights[0], 1
    first = _strokes(plates[0])
    for plate, weight in zip(plates[1:], weights[1:], strict=True):
        aligned = _aligned(plate, first)
        if aligned is not None:
            shown += aligned * weight
            total, count = total + weight, count + 1
    return np.asarray(np.clip(shown / total, 0, 255), np.uint8), count


def _strokes(plate: Image) -> npt.NDArray[np.float32]:
    """What stands on the plate without the light on it: the edge of a shadow moves otherwise than the plate."""
    grey = cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return without_light(grey, cv2.GaussianBlur(grey, (0, 0), _FINE), 4.0)


def _aligned(plate: Image, first: npt.NDArray[np.float32]) -> npt.NDArray[Any] | None:
    """The plate shifted, turned and scaled onto the first; None where it shows something else."""
    try:
        alike, matrix = cv2.findTransformECC(
            first, _strokes(plate), np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, _STEPS
        )
    except cv2.error:  # it found no way
        return None
    if alike < _ALIKE:
        return None
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size = (plate.shape[1], plate.shape[0])
    return cv2.warpAffine(plate.astype(np.float32), matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
