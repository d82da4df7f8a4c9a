"""Plate sequences without Blender: a drawn plate, seen by a dashcam from farther and farther away.

For the reader of plates, which needs thousands: light, dirt, angle, motion, sensor and compression are drawn
by chance, but one plate keeps its own through a sequence, as it does on the road.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from pipeline import plate_formats
from pipeline.errors import HelmetWatchError
from pipeline.plate_formats import PlateFormat
from pipeline.training.pictures import save
from pipeline.types import Floats, Image
from scenes import plates

FRAMES = (5, 30)
STEADY_FRAMES = 10
DRAWN = 3.0  # pixels per millimetre of the drawn plate
FINE = 3  # the plate is projected so much finer than the sensor, then averaged
WIDEST, NARROWEST = 110.0, 18.0  # pixels of a motorcycle's plate, at the start at most and at the end at least


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same, or changes smoothly, through one sequence; angles in radians."""

    widths: tuple[float, float]
    yaw: tuple[float, float]
    pitch: float
    roll: float
    light: float
    contrast: float
    warmth: float
    blur: float
    motion: float
    direction: float
    noise: float
    sharpening: float
    quality: int
    shade: float
    around: float


def sequence(kind: PlateFormat, text: str, rng: np.random.Generator, size: float | None) -> Iterator[Image]:
    """Crops of one plate over 5 to 30 frames, BGR, as a detector would cut them out; sizes fall.

    Where `size` is given, ten frames in which the main characters stay so many pixels high, however tilted.
    """
    fonts = plates.fonts()
    plate = _soiled(plates.draw(kind, text, DRAWN, fonts[int(rng.integers(len(fonts)))]), rng)
    run = _run(kind, rng)
    count = int(rng.integers(FRAMES[0], FRAMES[1] + 1))
    if size:
        width = size / np.cos(run.pitch) * kind.width / max(line.height for line in kind.lines)
        run, count = replace(run, widths=(width, width)), STEADY_FRAMES
    for number in range(count):
        yield _frame(plate, kind, run, number / max(count - 1, 1), rng)


def write(target: Path, count: int, seed: int, cars: float, size: float | None) -> None:
    """`count` sequences as `target/00000/00.png` with `target/labels.csv`; `cars`: share of cars' plates.

    Raises:
        HelmetWatchError: `target` holds sequences already: longer ones would keep frames of other plates.
    """
    target.mkdir(parents=True, exist_ok=True)
    labels = target / "labels.csv"
    if labels.exists():
        raise HelmetWatchError(f"{labels} is there already: name a new folder")
    with labels.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("file", "text", "sequence", "format"))
        for number in range(count):
            rng, chance = np.random.default_rng((seed, number)), random.Random(f"{seed} {number}")  # noqa: S311
            kind = chance.choice(plate_formats.CARS if chance.random() < cars else plate_formats.MOTORCYCLES)
            text = plate_formats.draw_text(kind, chance)
            folder = target / f"{number:05d}"
            folder.mkdir(exist_ok=True)
            for index, image in enumerate(sequence(kind, text, rng, size)):
                name = f"{number:05d}/{index:02d}.png"
                save(target / name, image)
                rows.writerow((name, text, number, kind.name))


def _run(kind: PlateFormat, rng: np.random.Generator) -> _Run:
    scale = kind.width / 210 * (0.75 if not kind.motorcycle else 1.0)
    near = float(rng.uniform(40, WIDEST)) * scale
    far = float(rng.uniform(NARROWEST * scale, near * 0.7))
    yaw = float(rng.normal(0, 0.35))
    return _Run(
        widths=(near, far),
        yaw=(float(np.clip(yaw, -0.9, 0.9)), float(np.clip(yaw * rng.uniform(0.2, 1.0), -0.9, 0.9))),
        pitch=float(rng.uniform(-0.15, 0.75)),
        roll=float(rng.normal(0, 0.07)),
        light=float(rng.choice((rng.uniform(0.65, 1.1), rng.uniform(0.42, 0.65)), p=(0.8, 0.2))),
        contrast=float(rng.uniform(0.6, 1.0)),
        warmth=float(rng.normal(0, 0.08)),
        blur=float(rng.uniform(0.3, 1.1)),
        motion=float(rng.choice((0.0, rng.uniform(0.5, 5.0)), p=(0.5, 0.5))),
        direction=float(rng.uniform(0, np.pi)),
        noise=float(rng.uniform(0.004, 0.045)),
        sharpening=float(rng.uniform(0, 1.0)),
        quality=int(rng.integers(22, 85)),
        shade=float(rng.choice((0.0, rng.uniform(0.2, 0.55)), p=(0.6, 0.4))),
        around=float(rng.uniform(15, 95)),
    )


def _soiled(plate: Image, rng: np.random.Generator) -> Image:
    """A plate that has seen the road: dust, spots, faded ink."""
    height, width = plate.shape[:2]
    field = plate.astype(np.float32)
    faded = float(rng.uniform(0, 0.25))
    field = field * (1 - faded) + 160 * faded
    dust = cv2.resize(rng.normal(0, 1, (6, 10)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cover = np.clip(dust * 0.3 + rng.uniform(-0.4, 0.3), 0, 0.6)[:, :, None]
    field = field * (1 - cover) + np.array((70, 85, 100), np.float32) * cover
    for _ in range(int(rng.poisson(2))):
        spot = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(field, spot, int(rng.integers(2, 10)), tuple(float(v) for v in rng.uniform(30, 110, 3)), -1)
    return np.clip(field, 0, 255).astype(np.uint8)


def _frame(plate: Image, kind: PlateFormat, run: _Run, share: float, rng: np.random.Generator) -> Image:
    light = _projected(plate, kind, run, share, rng)
    light = _lit(light, run, share)
    light = cv2.GaussianBlur(light, (0, 0), run.blur * FINE)
    light = cv2.filter2D(light, -1, _streak(run.motion * FINE * float(rng.uniform(0.3, 1.2)), run.direction))
    small = cv2.resize(light, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA)
    grain = rng.normal(0, 1, (*small.shape[:2], 1)) * 0.8 + rng.normal(0, 0.6, small.shape)
    small = small + cv2.GaussianBlur(grain.astype(np.float32), (0, 0), 0.6) * (run.noise * 2)
    small = small + run.sharpening * (small - cv2.GaussianBlur(small, (0, 0), 1.2))
    image = (np.clip(small, 0, 1) * 255 + 0.5).astype(np.uint8)
    return _compressed(image, run.quality)


def _projected(plate: Image, kind: PlateFormat, run: _Run, share: float, rng: np.random.Generator) -> Floats:
    """The plate turned in space before something dark, fine pixels, 0 to 1; as loose as a detector's crop."""
    near, far = run.widths
    # distance grows evenly, so the width falls like its inverse
    width = FINE / ((1 - share) / near + share / far)
    yaw = run.yaw[0] + (run.yaw[1] - run.yaw[0]) * share + float(rng.normal(0, 0.02))
    half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * (0.5, 0.5 * kind.height / kind.width)
    (cy, sy), (cp, sp) = (np.cos(yaw), np.sin(yaw)), (np.cos(run.pitch), np.sin(run.pitch))
    x, y, z = half[:, 0] * cy, half[:, 1] * cp, half[:, 0] * sy + half[:, 1] * sp
    roll = run.roll + float(rng.normal(0, 0.015))
    x, y = x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)
    corners = np.stack([x, y], axis=1) / (1 + z[:, None] * 0.05) * width
    margin = rng.uniform(0.0, 0.14, 4) * np.tile(np.ptp(corners, axis=0), 2)
    low, high = corners.min(axis=0) - margin[:2], corners.max(axis=0) + margin[2:]
    size = np.maximum(np.ceil((high - low) / FINE).astype(int), 4) * FINE
    source = np.array([(0, 0), (plate.shape[1], 0), plate.shape[1::-1], (0, plate.shape[0])], np.float32)
    matrix = cv2.getPerspectiveTransform(source, (corners - low).astype(np.float32))
    shrink = max(1, int(plate.shape[1] / max(width, 1)))
    smooth = cv2.blur(plate, (shrink, shrink))
    warped = cv2.warpPerspective(
        smooth,
        matrix,
        tuple(int(v) for v in size),
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(run.around, run.around, run.around * 0.9),
    )
    return warped.astype(np.float32) / 255


def _lit(light: Floats, run: _Run, share: float) -> Floats:
    """Brightness, tint, and the edge of a shadow that wanders over the plate."""
    level = 0.35 + (light - 0.35) * run.contrast
    level = level * run.light * np.array((1 - run.warmth, 1, 1 + run.warmth), np.float32)
    if run.shade:
        height, width = light.shape[:2]
        edge = (np.arange(width) / width * 3 + share * 7) % 2 < 1
        row = cv2.GaussianBlur(edge.astype(np.float32)[None], (0, 0), max(width / 60, 0.5))
        level = level * (1 - run.shade * np.repeat(row, height, axis=0)[:, :, None])
    return np.asarray(level, np.float32)


def _streak(length: float, direction: float) -> Floats:
    """The kernel of a motion of so many pixels."""
    size = max(int(np.ceil(length)), 1) | 1
    kernel = np.zeros((size, size), np.float32)
    offset = np.array((np.cos(direction), np.sin(direction))) * (size - 1) / 2
    middle = (size - 1) / 2
    start, end = (tuple(round(middle + sign * float(v)) for v in offset) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return kernel / kernel.sum()


def _compressed(image: Image, quality: int) -> Image:
    done, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, quality))
    if not done:
        raise ValueError("a crop could not be encoded")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
