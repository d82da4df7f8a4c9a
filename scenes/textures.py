"""Pictures that the street is papered with: road, pavement, house fronts. All BGR."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pipeline.types import Image
from scenes import plates

LANE = 3.0  # metres
LANES = 3  # on each side of the yellow line
KERB = LANE * LANES + 0.4
TILE = 24.0  # the road's picture repeats every so many metres
ROAD_PIXELS = 50  # per metre
FACADE_PIXELS = 40
STOREY = 3.3
SIGNS = (
    "김밥천국", "약국", "미용실", "치킨", "부동산", "커피", "편의점", "세탁소", "식당", "노래방", "은행",
    "떡볶이", "안경", "학원", "문구", "꽃집", "분식", "열쇠",
)  # fmt: skip
SIGN_GROUNDS = ((200, 30, 30), (240, 240, 235), (30, 70, 160), (245, 200, 40), (30, 120, 60), (30, 30, 35))
WALLS = ((120, 132, 150), (92, 104, 140), (165, 170, 172), (110, 112, 115), (140, 155, 170), (75, 85, 105))
LINE_WHITE = (205, 208, 208)
LINE_YELLOW = (40, 165, 215)


def road(rng: np.random.Generator) -> Image:
    """Asphalt with its markings, TILE metres of it; the traffic towards +x at the lower edge."""
    width, height = int(TILE * ROAD_PIXELS), int(2 * KERB * ROAD_PIXELS)
    tone = 78 + _noise(rng, (height, width), ((1, 7), (3, 5), (40, 3), (200, 5)))
    picture = np.repeat(tone[:, :, None], 3, axis=2)
    wear = np.clip(0.8 + _noise(rng, (height, width), ((2, 0.08), (25, 0.1))), 0.45, 1)[:, :, None]
    for y, x0, x1, colour in _markings():
        rows = slice(int((KERB - y - 0.075) * ROAD_PIXELS), int((KERB - y + 0.075) * ROAD_PIXELS))
        columns = slice(int(x0 * ROAD_PIXELS), int(x1 * ROAD_PIXELS))
        cover = wear[rows, columns]
        picture[rows, columns] = picture[rows, columns] * (1 - cover) + np.array(colour) * cover
    for y in np.arange(-LANES + 0.5, LANES, 1.0) * LANE:  # darker where wheels run
        beside = np.abs(np.arange(height)[:, None] / ROAD_PIXELS - (KERB - y)) - 0.8
        picture -= 6 * np.exp(-(beside**2) / 0.08)[:, :, None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _markings() -> list[tuple[float, float, float, tuple[int, int, int]]]:
    """y, start, end and colour of every line."""
    lines = [(y, 0.0, TILE, LINE_YELLOW) for y in (-0.15, 0.15)]
    for side in (-1, 1):
        lines.append((side * LANES * LANE, 0.0, TILE, LINE_WHITE))
        lines += [(side * k * LANE, x, x + 3.2, LINE_WHITE) for k in range(1, LANES) for x in (0.0, 8.0, 16.0)]
    return lines


def paving(rng: np.random.Generator) -> Image:
    """40 metres of pavement, blocks of 0.4 m."""
    size, block = 2000, 20
    shape = (size // block, size // block)
    tint = rng.normal(0, 6, (*shape, 1)) + rng.normal(0, 3, (*shape, 3))
    tiles = np.repeat(np.repeat(tint, block, 0), block, 1) + np.array((132, 138, 146))
    tiles[::block] -= 28
    tiles[:, ::block] -= 28
    tiles += _noise(rng, (size, size), ((1, 5), (60, 6)))[:, :, None]
    return np.clip(tiles, 0, 255).astype(np.uint8)


def facade(rng: np.random.Generator, width: float, floors: int) -> tuple[Image, Image]:
    """A house front by day, and what of it shines by night."""
    w, h = int(width * FACADE_PIXELS), int(floors * STOREY * FACADE_PIXELS)
    base = np.array(WALLS[int(rng.integers(len(WALLS)))]) + rng.normal(0, 12) + rng.normal(0, 3, 3)
    wall = np.ones((h, w, 3)) * base + _noise(rng, (h, w), ((2, 3), (60, 7)))[:, :, None]
    day = np.clip(wall, 0, 255).astype(np.uint8)
    night = np.zeros_like(day)
    _windows(rng, day, night, floors)
    return _shops(rng, day, night)


def _windows(rng: np.random.Generator, day: Image, night: Image, floors: int) -> None:
    h, w = day.shape[:2]
    step = int(rng.choice((1.6, 2.0, 2.6)) * FACADE_PIXELS)
    half, high = int(step * 0.38), int(1.7 * FACADE_PIXELS)
    for floor in range(1, floors):
        top = h - int((floor + 1) * STOREY * FACADE_PIXELS) + int(0.8 * FACADE_PIXELS)
        for x in range(step // 2, w - step // 2, step):
            corners = (x - half, top), (x + half, top + high)
            shade = int(rng.integers(35, 90))
            cv2.rectangle(day, *corners, (shade + 18, shade + 8, shade), -1)
            cv2.line(day, (x, top), (x, top + high), (190, 190, 190), 2)
            cv2.rectangle(day, *corners, (175, 175, 172), 2)
            if rng.random() < 0.35:
                glow = float(rng.uniform(60, 200))
                cv2.rectangle(night, *corners, (glow * float(rng.uniform(0.5, 1)), glow * 0.9, glow), -1)


def _shops(rng: np.random.Generator, day: Image, night: Image) -> tuple[Image, Image]:
    px, (h, w) = FACADE_PIXELS, day.shape[:2]
    pictures = [Pillow.fromarray(np.ascontiguousarray(picture[:, :, ::-1])) for picture in (day, night)]
    by_day, by_night = (ImageDraw.Draw(picture) for picture in pictures)
    font = ImageFont.truetype(str(plates.FONT), int(0.6 * px))
    x = 0
    while x < w - 2 * px:
        wide = min(int(rng.uniform(3, 5) * px), w - x)
        inside = (x + 8, h - int(2.5 * px), x + wide - 8, h)
        shade, glow = int(rng.integers(30, 75)), int(rng.integers(0, 230))
        by_day.rectangle(inside, fill=(shade, shade + 5, shade + 10))
        by_night.rectangle(inside, fill=(glow, int(glow * 0.93), int(glow * 0.8)))
        for post in range(x + 8, x + wide, int(1.2 * px)):
            by_day.line((post, h - int(2.5 * px), post, h), fill=(170, 170, 170), width=4)
            by_night.line((post, h - int(2.5 * px), post, h), fill=(0, 0, 0), width=4)
        ground = SIGN_GROUNDS[int(rng.integers(len(SIGN_GROUNDS)))]
        ink = (255, 255, 255) if sum(ground) < 420 else (30, 30, 40)
        name = str(rng.choice(SIGNS))
        for pen in (by_day, by_night):
            pen.rectangle((x + 4, h - int(3.3 * px), x + wide - 4, inside[1]), fill=ground)
            pen.text((x + wide / 2, h - int(2.9 * px)), name, font=font, fill=ink, anchor="mm")
        x += wide
    done = [np.asarray(picture)[:, :, ::-1].copy() for picture in pictures]
    return done[0], done[1]


def _noise(rng: np.random.Generator, shape: tuple[int, int], scales: tuple[tuple[int, float], ...]) -> npt.NDArray[Any]:
    """Blurred white noise, summed over scales of (cell in pixels, strength)."""
    total = np.zeros(shape, np.float32)
    for cells, strength in scales:
        small = rng.normal(0, 1, (max(2, shape[0] // cells), max(2, shape[1] // cells))).astype(np.float32)
        total += strength * np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))
    return total
