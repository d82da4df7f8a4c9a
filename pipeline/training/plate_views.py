"""Plates as a camera sees them: hung up, filmed from somewhere, in some light, cut out.

Everything that a camera on the road could do to a picture is drawn by chance, more wildly than it happens.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.training.plate_pictures import Drawn
from pipeline.types import Floats, Image


@dataclass(frozen=True, slots=True)
class Seen:
    """A crop with a plate on it; `corners` (4, 2) from the upper left clockwise, in its pixels.

    `ideal` is what a camera with three times the pixels and no flaws would have seen; of small crops only.
    """

    image: Image
    corners: Floats
    ideal: Image | None


@dataclass(frozen=True, slots=True)
class View:
    """How a camera meets a plate; what one passing plate keeps from frame to frame.

    `size` is the height of the main characters in pixels; angles in radians; `bend` how far the plate bows, as a share
    of its height: bumpers are round.
    """

    size: float
    yaw: float
    pitch: float
    roll: float
    bend: float
    gain: float
    floor: float
    gamma: float
    shade: float
    shade_at: float
    shade_slope: float
    blur: float
    motion: float
    direction: float
    noise: float
    sharpening: float
    quality: int
    bloom: float


def draw_view(rng: np.random.Generator, size: float) -> View:
    night = rng.random() < 0.2
    dark = rng.random() < 0.15
    return View(
        size=size,
        yaw=float(np.clip(rng.normal(0, 0.38), -1.05, 1.05)),
        pitch=float(np.clip(rng.normal(0.15, 0.3), -0.6, 0.9)),
        roll=float(rng.normal(0, 0.09)),
        bend=float(rng.normal(0, 0.05)) if rng.random() < 0.5 else 0.0,
        gain=float(rng.uniform(0.18, 0.5) if dark or night else rng.uniform(0.5, 1.35)),
        floor=float(rng.uniform(0, 0.3) if rng.random() < 0.3 else rng.uniform(0, 0.06)),
        gamma=float(rng.uniform(0.7, 1.3)),
        shade=float(rng.uniform(0.25, 0.75)) if rng.random() < 0.25 else 0.0,
        shade_at=float(rng.uniform(0, 1)),
        shade_slope=float(rng.normal(0, 1)),
        blur=float(rng.uniform(0.25, 0.8) if rng.random() < 0.75 else rng.uniform(0.5, 0.7 + size * 0.03)),
        motion=float(rng.uniform(0.3, 0.8 + size * 0.09)) if rng.random() < 0.3 else 0.0,
        direction=float(rng.uniform(0, np.pi)),
        noise=float(rng.uniform(0.02, 0.12) if night else rng.uniform(0.0, 0.05)),
        sharpening=float(rng.uniform(0, 1.6)) if rng.random() < 0.5 else 0.0,
        quality=int(rng.integers(30, 98) if rng.random() < 0.85 else rng.integers(15, 30)),
        bloom=float(rng.uniform(0.1, 0.8)) if rng.random() < 0.12 else 0.0,
    )


def see(plate: Drawn, aspect: float, view: View, around: Image, rng: np.random.Generator) -> Seen:
    """One frame of a plate, cut out as loosely as a detector would.

    Args:
        plate: from `draw`.
        aspect: width over height of the plate.
        view: how it is seen.
        around: grey picture that stands for what is around the plate, any size.
        rng: of what changes from frame to frame.
    """
    fine = 3 if view.size < 20 else 2
    corners, size = _hang(aspect, view.size / plate.characters, view, rng)
    warped = _warped(plate.picture, corners * fine, (size * fine).astype(int), around)
    if view.bend:
        warped = _bent(warped, corners * fine, view.bend)
    lit = _lit(warped, view)
    ideal = (np.clip(lit, 0, 1) * 255 + 0.5).astype(np.uint8) if fine == 3 else None
    lit = cv2.GaussianBlur(lit, (0, 0), view.blur * fine)
    if view.motion:
        lit = cv2.filter2D(lit, -1, _streak(view.motion * fine * float(rng.uniform(0.4, 1.2)), view.direction))
    small = cv2.resize(lit, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA)
    return Seen(_taken(small, view, rng), corners, ideal)


def _hang(aspect: float, height: float, view: View, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Corners of the plate in the crop, and the size of the crop, pixels."""
    half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * (aspect / 2, 0.5)
    yaw, pitch = view.yaw + float(rng.normal(0, 0.02)), view.pitch + float(rng.normal(0, 0.02))
    x, y = half[:, 0] * np.cos(yaw), half[:, 1] * np.cos(pitch)
    z = half[:, 0] * np.sin(yaw) + half[:, 1] * np.sin(pitch)
    roll = view.roll + float(rng.normal(0, 0.01))
    x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    corners = np.stack([x, y], axis=1) / (1 + z[:, None] * 0.06) * height
    extent = np.ptp(corners, axis=0)
    room = np.where(rng.random(4) < 0.5, rng.uniform(-0.02, 0.12, 4), rng.uniform(0.0, 0.4, 4)) * extent.min()
    room[:2] += rng.uniform(0, 1, 2)  # where the pixels fall
    low = corners.min(axis=0) - room[:2]
    size = np.maximum(np.ceil(corners.max(axis=0) + room[2:] - low), 6)
    return corners - low, size


def _warped(picture: Floats, corners: Floats, size: Floats, around: Image) -> Floats:
    """The plate before its surroundings, 0 to 1."""
    height, width = picture.shape
    extent = np.ptp(corners, axis=0)
    shrink = min(max(extent[0] / width, extent[1] / height) * 1.3, 1.0)
    if shrink < 0.9:  # against jagged lines
        picture = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        height, width = picture.shape
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(source, (corners - 0.5).astype(np.float32))
    canvas = cv2.resize(around, (int(size[0]), int(size[1])), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
    cv2.warpPerspective(picture.astype(np.float32), matrix, (int(size[0]), int(size[1])), canvas,
                        cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)  # fmt: skip
    return canvas


def _bent(flat: Floats, corners: Floats, bend: float) -> Floats:
    """The middle of the plate higher or lower than its corners, which stay where they are."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    x, y = np.meshgrid(np.arange(flat.shape[1], dtype=np.float32), np.arange(flat.shape[0], dtype=np.float32))
    along = np.clip((x - left) / (right - left), 0, 1)
    bowed = (y + bend * (bottom - top) * 4 * along * (1 - along)).astype(np.float32)
    return np.asarray(cv2.remap(flat, x, bowed, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _lit(light: Floats, view: View) -> Floats:
    """Exposure, haze, bloom, and the edge of a shadow."""
    height, width = light.shape
    if view.shade:
        x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
        edge = np.clip((x - view.shade_at + (y - 0.5) * 0.5 * view.shade_slope) * 25, 0, 1)
        light = light * (1 - view.shade * edge)
    light = light * view.gain * (1 - view.floor) + view.floor
    if view.bloom:
        glow = cv2.GaussianBlur(np.maximum(light - 0.5, 0), (0, 0), max(height / 8, 0.5))
        light = light + glow * view.bloom * 2
    return np.asarray(np.clip(light, 0, 1) ** view.gamma, np.float32)


def _streak(length: float, direction: float) -> Floats:
    """The kernel of a motion of so many pixels."""
    size = max(int(np.ceil(length)), 1) | 1
    kernel = np.zeros((size, size), np.float32)
    middle = (size - 1) / 2
    x, y = np.cos(direction) * middle, np.sin(direction) * middle
    ends = [(round((middle + sign * x) * 16), round((middle + sign * y) * 16)) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    return kernel / max(float(kernel.sum()), 1e-6) if kernel.sum() > 0 else np.ones((1, 1), np.float32)


def _taken(small: Floats, view: View, rng: np.random.Generator) -> Image:
    """What the sensor and the encoder make of it."""
    if view.noise:
        grain: Floats = rng.standard_normal(small.shape, np.float32) * view.noise
        if rng.random() < 0.5:
            grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), 0.7)) * 2
        small = small + grain * (0.15 + 0.6 * np.sqrt(np.maximum(small, 0)))
    if view.sharpening:
        small = small + view.sharpening * (small - cv2.GaussianBlur(small, (0, 0), 1.2))
    image = (np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8)
    if view.quality < 95:
        data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, view.quality))[1]
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return image


def draw_size(rng: np.random.Generator) -> float:
    """Height of the main characters in pixels: mostly small, as dashcams see them."""
    return float(np.exp(rng.uniform(np.log(7), np.log(56))) if rng.random() < 0.8 else rng.uniform(9, 16))
