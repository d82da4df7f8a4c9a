"""Plates drawn for training, by the hundred thousand; `plate_views` then shows them as a camera sees them.

Grey, because that is what a reader gets. Everything that a real plate could look like is drawn by chance, more wildly
than it happens; only what stands on the plate is never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.plate_formats import DISTRICTS, Glyph, Layout, PlateFormat
from pipeline.training import strokes, typefaces
from pipeline.types import Floats, Image

_SIDE = 220.0  # pixels: a drawn plate is as large as a square of this side
_EM = 96  # pixels: what the shapes of typefaces are drawn at, before they are stretched


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plate from the front, 0 to 1, and the height of its main characters as a share of the plate's."""

    picture: Floats
    characters: float


def draw(kind: PlateFormat, text: str, rng: np.random.Generator, new: bool = False) -> Drawn:
    """A plate of this format in any hand or typeface; as it comes from the maker, by hand, where it is to be new.

    Raises:
        ValueError: the text is none of this format.
        HelmetWatchError: there are no fonts, and a hand was not asked for.
    """
    scale = _SIDE / (kind.width * kind.height) ** 0.5
    width, height = round(kind.width * scale), round(kind.height * scale)
    glyphs = list(kind.glyphs(text)) if new else _glyphs(kind, text, rng)
    ink = _ink(glyphs, scale, (width, height), rng, by_hand=new)
    ground = np.full((height, width), _grey(kind.ground) + (0 if new else rng.normal(0, 0.06)), np.float32)
    if kind.band:
        _band(ground, round(kind.band * scale), rng)
    level = _grey(kind.ink) + (0 if new else rng.normal(0, 0.06))
    _edge(ink, height, rng)
    strength = float(rng.uniform(0.6, 1.0)) if rng.random() < 0.4 and not new else 1.0  # faded paint
    picture = ground + (level - ground) * (ink.astype(np.float32) * (strength / 255))
    if not new:
        _worn(picture, ink, rng)
        _bolts(picture, kind, scale, rng)
    main = max(line.height for line in kind.lines)
    return Drawn(np.clip(picture, 0, 1), main / kind.height)


def _grey(colour: tuple[int, int, int]) -> float:
    return float(np.dot(colour, (0.299, 0.587, 0.114))) / 255


def _glyphs(kind: PlateFormat, text: str, rng: np.random.Generator) -> list[Glyph]:
    """The cells of the text, set a little otherwise on every plate."""
    cells = kind.glyphs(text)
    wide, high, dx, dy = rng.normal(1, 0.04, 2).tolist() + rng.normal(0, 0.012, 2).tolist()
    syllable = float(rng.normal(1, 0.08))
    free = (kind.width - sum(cell.width for cell in cells)) / kind.width  # of a plate in one line
    loose = kind.layout is Layout.ONE_LINE and not kind.band
    gap = float(np.clip(rng.normal(0, 0.03), -0.02, max(free / 2 - 0.03, 0))) if loose else 0.0
    glyphs = []
    for number, cell in enumerate(cells):
        own = syllable if not cell.text.isdigit() else 1.0
        width, height = cell.width * wide * min(own, 1.1), cell.height * high * own
        x = cell.x + cell.width / 2 - width / 2 + dx * kind.width
        y = cell.y + cell.height / 2 - height / 2 + dy * kind.height
        after = number - (len(cells) - 5)  # the gap stands between the syllable and the serial
        x += gap * kind.width * (1 if after > 0 else -1)
        glyphs.append(Glyph(cell.text, x, y, width, height))
    return [replace(one, x=min(max(one.x, 0.0), kind.width - one.width)) for one in glyphs]


def _ink(glyphs: list[Glyph], scale: float, size: tuple[int, int], rng: np.random.Generator, by_hand: bool) -> Image:
    """Where the ink is, 0 to 255."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    hand = strokes.Hand() if by_hand else strokes.draw_hand(rng)
    face = None if by_hand else typefaces.draw_typeface(rng)
    drawn = rng.random(2) < 0.55  # digits, syllables
    slim, lean = float(rng.uniform(0.72, 0.92)), float(rng.uniform(0.7, 1.0))
    tallest = max(glyph.height for glyph in glyphs)
    for glyph in glyphs:
        digit = glyph.text.isdigit()
        room = glyph.width * (slim if digit else 0.9)
        x1, y1 = (glyph.x + (glyph.width - room) / 2) * scale, glyph.y * scale
        box = (x1, y1, x1 + room * scale, y1 + glyph.height * scale)
        if face is None or drawn[0 if digit else 1]:
            height = min(glyph.height * 1.35, tallest) * scale
            strokes.stamp(mask, glyph.text, box, hand, hand.weight * height * (1.0 if digit else lean))
        else:
            _paste(mask, typefaces.glyph(face.digits if digit else face.hangul, glyph.text, _EM), glyph.text, box)
    thicker = int(rng.choice((-1, 0, 1), p=(0.12, 0.76, 0.12)))
    if thicker and face is not None:
        turn = cv2.dilate if thicker > 0 else cv2.erode
        mask = np.asarray(turn(mask, np.ones((2, 2), np.uint8)), np.uint8)
    return mask


def _paste(mask: Image, shape: Image, text: str, box: tuple[float, float, float, float]) -> None:
    x1, y1, x2, y2 = box
    width, height = x2 - x1, max(round(y2 - y1), 2)
    natural = shape.shape[1] / shape.shape[0] * height
    if text == "1":
        width = min(natural * 1.3, width)
    elif text.isdigit():
        width = min(width, natural * 1.5)
    left, wide = round((x1 + x2) / 2 - width / 2), max(round(width), 2)
    top = round(y1)
    small = cv2.resize(shape, (wide, height), interpolation=cv2.INTER_AREA)
    a, b, c, d = max(left, 0), max(top, 0), min(left + wide, mask.shape[1]), min(top + height, mask.shape[0])
    if a < c and b < d:
        np.maximum(mask[b:d, a:c], small[b - top : d - top, a - left : c - left], out=mask[b:d, a:c])


def _band(ground: Floats, width: int, rng: np.random.Generator) -> None:
    """The blue strip with the hologram and KOR."""
    height = ground.shape[0]
    marks = np.zeros((height, width), np.uint8)
    cv2.putText(marks, "KOR", (int(width * 0.1), int(height * 0.82)), cv2.FONT_HERSHEY_SIMPLEX, width / 90, 255, 2)
    cv2.circle(marks, (width // 2, int(height * 0.33)), width // 4, 255, 2)
    dark, light = float(rng.uniform(0.2, 0.45)), float(rng.uniform(0.5, 0.9))
    ground[:, :width] = dark + (light - dark) * (marks.astype(np.float32) / 255)


def _edge(ink: Image, height: int, rng: np.random.Generator) -> None:
    """The line around the plate, where there is one."""
    if rng.random() < 0.25:
        return
    inset, wide = int(height * rng.uniform(0.0, 0.045)), max(int(height * rng.uniform(0.005, 0.03)), 1)
    cv2.rectangle(ink, (inset, inset), (ink.shape[1] - 1 - inset, height - 1 - inset), int(rng.uniform(80, 255)), wide)


def _bolts(picture: Floats, kind: PlateFormat, scale: float, rng: np.random.Generator) -> None:
    """Two screws, with the shadows that they cast, at the sides or above the characters; or none."""
    chance = rng.random()
    if chance < 0.2:
        return
    height, width = picture.shape
    if len(kind.lines) == 1 and kind.width > 400:
        places = [(width * s, height * 0.5) for s in (0.045, 0.955)]
    else:
        places = [(width * s, height * rng.uniform(0.1, 0.2)) for s in (0.22, 0.78)]
    radius, level = scale * float(rng.uniform(4, 9)), float(rng.uniform(0.1, 0.9))
    for x, y in places:
        spot = int(x + rng.normal(0, 3)), int(y + rng.normal(0, 3))
        if rng.random() < 0.25:
            long = spot[0] + int(rng.normal(0, radius * 2)), spot[1] + int(abs(rng.normal(0, radius * 3)))
            cv2.line(picture, spot, long, float(rng.uniform(0.05, 0.4)), max(int(radius * 0.8), 1), cv2.LINE_AA)
        cv2.circle(picture, spot, int(radius), level, -1, cv2.LINE_AA)
        if rng.random() < 0.6:
            cv2.circle(picture, spot, int(radius), float(rng.uniform(0.05, 0.5)), 1, cv2.LINE_AA)


def _worn(picture: Floats, ink: Image, rng: np.random.Generator) -> None:
    """Relief and dirt."""
    height, width = picture.shape
    if rng.random() < 0.25:  # embossed: light on one side of each stroke, shade on the other
        relief = cv2.Sobel(cv2.GaussianBlur(ink, (0, 0), 1.5), cv2.CV_32F, 0, 1, ksize=3)
        picture += np.asarray(relief) * float(rng.uniform(-1, 1)) * 4e-4
    if rng.random() < 0.5:
        blobs = rng.normal(0, 1, (int(rng.integers(2, 8)), int(rng.integers(3, 14)))).astype(np.float32)
        cover = np.clip(cv2.resize(blobs, (width, height), interpolation=cv2.INTER_CUBIC) * 0.3
                        + float(rng.uniform(-0.4, 0.25)), 0, 0.6)  # fmt: skip
        picture += (float(rng.uniform(0.1, 0.6)) - picture) * cover
    for _ in range(int(rng.poisson(1.0))):
        spot = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(picture, spot, int(rng.integers(1, 7)), float(rng.uniform(0.05, 0.8)), -1, cv2.LINE_AA)


def draw_district(text: str, rng: np.random.Generator) -> str:
    """An old motorcycle's text with a district that is in no list: the notice leaves the list open."""
    known = sorted({one for names in DISTRICTS.values() for name in names for one in name})
    name = "".join(rng.choice(known, int(rng.integers(2, 4))))
    return text[:2] + name + text[-5:]
