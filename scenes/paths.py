"""How things move in the demo clip, given relative to the car with the camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from scenes.world import Placement, Turn, keyframes

Path: TypeAlias = Callable[[float], Placement | None]
Look: TypeAlias = Callable[[float], Turn]

LANE_Y = -7.2  # the car with the camera keeps to the outer lane
# metres driven at these times; the car slows down once
EGO = keyframes((0, 0), (4, 32), (8.6, 68), (9.6, 74.5), (11.2, 82.5), (12.4, 90), (16, 118), (20, 150))


def camera(time: float) -> Placement:
    """The dashcam: it goes with the car, and shakes with it."""
    shake = np.sin(time * np.array((9.1, 13.7, 23.3)) + (0.3, 1.7, 4.0)) * (0.006, 0.004, 0.002)
    tilt = np.sin(time * np.array((7.3, 11.9, 19.0)) + (2.0, 0.4, 1.1)) * (0.0016, 0.0012, 0.0008)
    x, z, pitch = float(EGO(time)[0]), 1.3 + float(shake.sum()), 0.02 + float(tilt.sum())
    return Placement(x, LANE_Y, z, float(tilt[0]), pitch, float(tilt[1]))


def follow(*keys: tuple[float, float, float], until: float = 99.0) -> Path:
    """A path given by (time, metres ahead of the camera, y); it turns and leans as its curve asks."""
    curve = keyframes(*keys)

    def where(time: float) -> tuple[float, float]:
        ahead, y = curve(time)
        return float(EGO(time)[0] + ahead), float(y)

    def direction(time: float) -> float:
        (x0, y0), (x1, y1) = where(time - 0.15), where(time + 0.15)
        return float(np.arctan2(y1 - y0, max(x1 - x0, 0.5)))

    def path(time: float) -> Placement | None:
        if not keys[0][0] - 0.5 <= time <= until:
            return None
        x, y = where(time)
        lean = -1.2 * (direction(time + 0.2) - direction(time - 0.2))
        return Placement(x, y, 0.0, direction(time), 0.0, float(np.clip(lean, -0.25, 0.25)))

    return path


def oncoming(start: float, speed: float, y: float) -> Path:
    """The other way, at so many metres per second."""
    return lambda time: Placement(start - speed * time, y, 0, np.pi)


def stroll(start: float, y: float, way: int) -> Path:
    """On the pavement, on foot, along the street (1) or back (-1)."""
    return lambda time: Placement(start + way * 1.3 * time, y, 0.15, 0.0 if way > 0 else np.pi)


def glance(*keys: tuple[float, float]) -> Look:
    """A head that turns: (time, yaw to the left in radians)."""
    curve = keyframes(*keys)
    return lambda time: (float(curve(time)[0]), 0.0, 0.0)


def swing(period: float, reach: float) -> Look:
    """Something that hangs loose: it swings from side to side, and trembles."""
    return lambda time: (
        0.0,
        0.1,
        reach * float(np.sin(2 * np.pi * time / period)) + 0.2 * reach * float(np.sin(17 * time)),
    )


def rolling(path: Path, radius: float, looks: dict[str, Look]) -> Callable[[float], dict[str, Turn]]:
    """The nodes of a motorcycle on a path: wheels that roll, and what else turns."""

    def at(time: float) -> dict[str, Turn]:
        place = path(time)
        rolled = place.x / radius if place else 0.0
        return {"front": (0, rolled, 0), "rear": (0, rolled, 0)} | {name: look(time) for name, look in looks.items()}

    return at
