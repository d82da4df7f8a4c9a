"""What is in a picture, without the light on it."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.types import Floats

_COARSE = (31, 31)  # pixels: what is larger is light


def without_light(grey: Floats, shown: Floats, least: float) -> Floats:
    """How far each place of `shown` is from its surroundings in `grey` (both (H, W), float32, 0 to 255), in standard
    deviations of that around it; `least` is added to the variance, so that plain places stay plain."""
    detail = shown - cv2.blur(grey, _COARSE)
    return np.asarray(detail / np.sqrt(cv2.blur(detail**2, _COARSE) + least), np.float32)
