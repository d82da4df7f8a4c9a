"""Pictures of number plates, drawn flat."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from pipeline.errors import HelmetWatchError
from pipeline.plate_formats import BAND_BLUE, Glyph, PlateFormat
from pipeline.training import typefaces
from pipeline.types import Image

FOLDER = Path("/usr/share/fonts/truetype/nanum")
FONT = FOLDER / "NanumSquareEB.ttf"
# like the typefaces on plates: of even stroke, none of them the real one
FONT_NAMES = ("NanumSquareB", "NanumSquareEB", "NanumSquareRoundB", "NanumSquareRoundEB", "NanumGothicBold",
              "NanumGothicExtraBold", "NanumBarunGothicBold")  # fmt: skip
INK = 0.9  # share of its cell that a character fills


@cache
def fonts() -> tuple[Path, ...]:
    """The typefaces at hand.

    Raises:
        HelmetWatchError: there is none.
    """
    found = tuple(path for name in FONT_NAMES if (path := FOLDER / f"{name}.ttf").is_file())
    if not found:
        raise HelmetWatchError("The fonts are missing: install them, on Debian with `apt-get install fonts-nanum`")
    return found


def draw(kind: PlateFormat, text: str, scale: float = 4.0, font: Path = FONT) -> Image:
    """A new, clean plate seen from the front, BGR, `scale` pixels per millimetre.

    Raises:
        ValueError: the text is none of this format.
    """
    width, height = round(kind.width * scale), round(kind.height * scale)
    canvas = Pillow.new("RGB", (width, height), kind.ground)
    pen = ImageDraw.Draw(canvas)
    if kind.band:
        pen.rectangle((0, 0, kind.band * scale, height), fill=BAND_BLUE)
    edge = 2.5 * scale
    pen.rounded_rectangle(
        (edge, edge, width - edge, height - edge), 5 * scale, outline=kind.ink, width=round(1.5 * scale)
    )
    for glyph in kind.glyphs(text):
        canvas.paste(kind.ink, *_stamp(glyph, scale, font))
    sides = (0.03, 0.97) if len(kind.lines) == 1 else (0.18, 0.82)
    for x in (kind.width * side for side in sides):
        y = kind.height / 2 if len(kind.lines) == 1 else kind.lines[0].top * 0.55 + 3
        pen.ellipse([(v * scale) for v in (x - 3, y - 3, x + 3, y + 3)], fill=(150, 150, 150), outline=(90, 90, 90))
    return np.asarray(canvas)[:, :, ::-1].copy()


def _stamp(glyph: Glyph, scale: float, font: Path) -> tuple[tuple[int, int], Pillow.Image]:
    """Where to paste a character, and its shape stretched to fill its cell, as the real typefaces do."""
    shape = typefaces.glyph(font, glyph.text, 200)
    high = glyph.height * scale
    wide = glyph.width * scale * (0.86 if glyph.text.isdigit() else INK)
    if glyph.text == "1":
        wide *= 0.45
    size = max(round(wide), 1), max(round(high), 1)
    resized = cv2.resize(shape, size, interpolation=cv2.INTER_AREA)
    x = round((glyph.x + glyph.width / 2) * scale - size[0] / 2)
    y = round((glyph.y + glyph.height / 2) * scale - size[1] / 2)
    return (x, y), Pillow.fromarray(resized)
