"""Shapes of characters from the fonts at hand: none is the plates' own, so a reader should know many.

Debian: fonts-nanum fonts-nanum-extra fonts-nanum-eco fonts-noto-cjk fonts-noto-cjk-extra fonts-baekmuk
fonts-unfonts-core fonts-unfonts-extra fonts-lexi-gulim fonts-lexi-saebom fonts-naver-d2coding fonts-woowa-bm
fonts-opendin fonts-routed-gothic fonts-roboto-unhinted fonts-liberation fonts-open-sans fonts-dejavu fonts-lato
fonts-urw-base35 fonts-paratype fonts-play fonts-b612 fonts-bebas-neue
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ImageFont

from pipeline.errors import HelmetWatchError
from pipeline.types import Image

FOLDER = Path("/usr/share/fonts")
# folder: files
HANGUL = {
    "nanum": (
        "NanumSquareB NanumSquareEB NanumSquareR NanumSquareRoundB NanumSquareRoundEB NanumSquareRoundR "
        "NanumGothicBold NanumGothicExtraBold NanumGothic NanumBarunGothicBold NanumBarunGothic "
        "NanumGothicEcoBold NanumGothicEcoExtraBold NanumGothicCodingBold NanumBarunpenB NanumSquare_acB "
        "NanumSquare_acEB"
    ),
    "unfonts-core": "UnDotumBold UnDotum UnDinaruBold UnGraphicBold UnGraphic UnDinaru",
    "unfonts-extra": "UnVada UnTaza",
    "baekmuk": "dotum gulim hline",
    "lexi": "LexiGulim LexiSaebomR",
    "naver-d2coding": "D2Coding-Ver1.3.2*",
    "woowa-bm": "BMDOHYEON_ttf BMHANNA_11yrs_ttf BMHANNAPro BMJUA_ttf",
    "noto": "NotoSansCJK-Bold NotoSansCJK-Medium NotoSansCJK-Regular NotoSansCJK-Black NotoSansCJK-DemiLight",
}
DIGITS = {
    "opendin": "OSP-DIN",
    "routed-gothic": "routed-gothic routed-gothic-narrow",
    "liberation": "LiberationSans-Bold LiberationSans-Regular LiberationSansNarrow-Bold",
    "unhinted": "RobotoCondensed-Bold",
    "open-sans": "OpenSans-CondBold OpenSans-Semibold",
    "dejavu": "DejaVuSansCondensed-Bold DejaVuSansCondensed",
    "lato": "Lato-Bold Lato-Medium",
    "urw-base35": "NimbusSans-Bold NimbusSansNarrow-Bold NimbusSansNarrow-Regular",
    "paratype": "PTN77F PTN57F PTS75F",
    "play": "Play-Bold Play-Regular",
    "b612": "B612-Bold",
    "bebas-neue": "BebasNeue-Bold BebasNeue-Regular",
}


@dataclass(frozen=True, slots=True)
class Typeface:
    hangul: Path
    digits: Path


@cache
def hangul() -> tuple[Path, ...]:
    return _installed(HANGUL)


@cache
def digits() -> tuple[Path, ...]:
    return _installed(DIGITS)


def _installed(named: dict[str, str]) -> tuple[Path, ...]:
    """The files of these fonts that are there.

    Raises:
        HelmetWatchError: there is none.
    """
    wanted = [f"**/{folder}/{name}.[ot]t[fc]" for folder, names in named.items() for name in names.split()]
    found = [path for pattern in wanted for path in sorted(FOLDER.glob(pattern))[:1]]
    if not found:
        raise HelmetWatchError("no fonts: install those that pipeline/training/typefaces.py names")
    return tuple(found)


@cache
def glyph(font: Path, text: str, size: int) -> Image:
    """The shape of a character, white on black, cut to its ink, (H, W); `size` is that of the em, pixels.

    Raises:
        HelmetWatchError: the font lacks it.
    """
    mask = _font(font, size).getmask(text, mode="L")
    picture = np.asarray(mask, np.uint8).reshape(mask.size[::-1])
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    if not len(rows):
        raise HelmetWatchError(f"{font.name} lacks {text}")
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


@cache
def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, index=1 if "NotoSansCJK" in path.name else 0)


def draw_typeface(rng: np.random.Generator) -> Typeface:
    font = hangul()[int(rng.integers(len(hangul())))]
    if rng.random() < 0.4:
        return Typeface(font, font)
    return Typeface(font, digits()[int(rng.integers(len(digits())))])
