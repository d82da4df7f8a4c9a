"""Skies: a picture all around, and the sun. Light without texture nodes that cost time in every ray."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from scenes.world import Lamp, Matrix, transform


@dataclass(frozen=True, slots=True)
class Sky:
    """Linear RGB radiance at zenith and horizon; the sun in degrees, `sun` its power in W/m2."""

    zenith: tuple[float, float, float]
    horizon: tuple[float, float, float]
    clouds: float
    cloud: tuple[float, float, float]
    sun: float
    sun_colour: tuple[float, float, float]
    elevation: float
    azimuth: float
    sun_size: float = 0.012


DAY = Sky((0.16, 0.32, 0.72), (0.62, 0.74, 0.88), 0.45, (1.05, 1.05, 1.05), 3.4, (1.0, 0.95, 0.87), 42, 130)
RAIN = Sky((0.42, 0.45, 0.49), (0.55, 0.57, 0.6), 1.0, (0.5, 0.52, 0.55), 0.0, (1, 1, 1), 50, 0)
DUSK = Sky((0.06, 0.09, 0.2), (0.5, 0.27, 0.16), 0.5, (0.3, 0.17, 0.16), 0.35, (1.0, 0.6, 0.35), 6, 30, 0.03)
NIGHT = Sky((0.004, 0.005, 0.01), (0.02, 0.017, 0.016), 0.3, (0.012, 0.011, 0.012), 0.0, (1, 1, 1), -10, 0)


def draw(sky: Sky, rng: np.random.Generator, path: Path) -> None:
    """Write the sky to a Radiance picture, all around, 2 to 1; its middle is towards +x."""
    height = 512
    rows, columns = np.indices((height, 2 * height)).astype(np.float32)
    elevation = (0.5 - (rows + 0.5) / height) * np.pi
    azimuth = (0.5 - (columns + 0.5) / (2 * height)) * 2 * np.pi
    up = np.clip(np.sin(elevation), 0, 1)[:, :, None]
    picture = np.array(sky.horizon) * (1 - up) ** 3.5 + np.array(sky.zenith) * (1 - (1 - up) ** 3.5)
    sun_e, sun_a = np.radians(sky.elevation), np.radians(sky.azimuth)
    nearness = np.sin(elevation) * np.sin(sun_e) + np.cos(elevation) * np.cos(sun_e) * np.cos(azimuth - sun_a)
    glow = np.exp((nearness - 1) * 12)[:, :, None] * np.array(sky.sun_colour) * min(sky.sun, 1.0) * 0.5
    cover = _clouds(elevation, azimuth, sky.clouds, rng)[:, :, None]
    picture = picture * (1 - cover) + np.array(sky.cloud) * cover + glow
    ground = (elevation < 0)[:, :, None]
    picture = np.where(ground, np.array(sky.horizon) * 0.3, picture).astype(np.float32)
    cv2.imwrite(str(path), picture[:, :, ::-1])


def _clouds(elevation: np.ndarray, azimuth: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Cloud cover 0 to 1: noise on a flat layer, seen from below."""
    reach = 1 / np.maximum(np.tan(np.maximum(elevation, 0.02)), 0.05)
    x, y = np.cos(azimuth) * reach, np.sin(azimuth) * reach
    total = np.zeros_like(elevation)
    for octave in range(5):
        size = 64
        noise = rng.normal(size=(size, size)).astype(np.float32)
        scale = 1.3 * 2**octave
        u, v = ((axis * scale + 500) % size for axis in (x, y))
        layer = cv2.remap(noise, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
        total += np.asarray(layer) / 1.7**octave
    threshold = np.quantile(total[elevation > 0], 1 - share) if share < 1 else total.min()
    return np.clip((total - threshold) * 1.3, 0, 1) * np.clip(elevation * 12, 0, 1)


def sun(sky: Sky) -> list[Lamp]:
    """The sun as a lamp; none where it does not shine."""
    if not sky.sun:
        return []
    pitch, yaw = np.radians(90 - sky.elevation), np.radians(sky.azimuth)
    # light goes along local -z: tilted by `pitch` towards the side away from the sun
    matrix = transform((0, 0, 0), yaw=yaw, pitch=pitch)
    return [Lamp("SUN", rows(matrix), sky.sun, sky.sun_colour, sky.sun_size)]


def rows(matrix: Matrix) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in matrix)
