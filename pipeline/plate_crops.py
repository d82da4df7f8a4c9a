"""Which crops of a plate are worth reading: sharp, large, seen from the front, well lit, spread over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.plate_geometry import Corners, size_of, upright
from pipeline.types import Image

_ENOUGH_HEIGHT = 40.0  # pixels; a plate so high shows its characters as well as a higher one
_FAR_APART_S = 0.2  # crops closer in time than this show the same once more


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a crop shows its plate, each 0 to 1: `size`, `sharpness`, `exposure`, `angle` (1: from the front)."""

    size: float
    sharpness: float
    exposure: float
    angle: float

    @property
    def worth(self) -> float:
        return self.size * self.angle * (0.25 + 0.75 * self.sharpness) * (0.25 + 0.75 * self.exposure)


def quality(image: Image, corners: Corners) -> Quality:
    """How well a crop (BGR) shows the plate with these corners."""
    wide, high = size_of(corners)
    (ax, ay), (bx, by) = corners[2] - corners[0], corners[3] - corners[1]
    area = 0.5 * abs(ax * by - ay * bx)
    plate = cv2.cvtColor(upright(image, corners), cv2.COLOR_BGR2GRAY).astype(np.float32)
    dark, light = np.percentile(plate, (5, 95))
    contrast = max(float(light - dark), 1.0)
    # a step from dark to light over one pixel of the crop gives 1, over more of them less
    across = np.abs(np.diff(plate, axis=1)) / contrast * (plate.shape[1] / max(wide, 1.0))
    edges = float(np.percentile(across, 97))
    return Quality(
        size=float(min(high / _ENOUGH_HEIGHT, 1.0)),
        sharpness=float(min(edges, 1.0)),
        exposure=float(min(contrast / 100, 1.0) * (1 - np.mean((plate > 252) | (plate < 3)) * 0.5)),
        angle=float(min(area / max(high * wide, 1.0), 1.0)),
    )


def choose(worths: Sequence[float], times_s: Sequence[float], count: int) -> list[int]:
    """The `count` crops to read, best first: a crop close to one that is chosen already is worth less."""
    left = list(range(len(worths)))
    chosen: list[int] = []
    while left and len(chosen) < count:
        gap = {one: min((abs(times_s[one] - times_s[other]) for other in chosen), default=np.inf) for one in left}
        best = max(left, key=lambda one: worths[one] * min(1.0, 0.5 + 0.5 * gap[one] / _FAR_APART_S))
        chosen.append(best)
        left.remove(best)
    return chosen
