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
HANGUL = (
    "nanum/NanumSquareB nanum/NanumSquareEB nanum/NanumSquareR nanum/NanumSquareRoundB nanum/NanumSquareRoundEB "
    "nanum/NanumSquareRoundR nanum/NanumGothicBold nanum/NanumGothicExtraBold nanum/NanumGothic "
    "nanum/NanumBarunGothicBold nanum/NanumBarunGothic nanum/NanumGothicEcoBold nanum/NanumGothicEcoExtraBold "
    "nanum/NanumGothicCodingBold nanum/NanumBarunpenB nanum/NanumSquare_acB nanum/NanumSquare_acEB "
    "unfonts-core/UnDotumBold unfonts-core/UnDotum unfonts-core/UnDinaruBold unfonts-core/UnGraphicBold "
    "unfonts-core/UnGraphic unfonts-core/UnDinaru unfonts-extra/UnVada unfonts-extra/UnTaza "
    "baekmuk/dotum baekmuk/gulim baekmuk/hline lexi/LexiGulim lexi/LexiSaebomR naver-d2coding/D2Coding-Ver1.3.2* "
    "woowa-bm/BMDOHYEON_ttf woowa-bm/BMHANNA_11yrs_ttf woowa-bm/BMHANNAPro woowa-bm/BMJUA_ttf "
    "noto/NotoSansCJK-Bold noto/NotoSansCJK-Medium noto/NotoSansCJK-Regular noto/NotoSansCJK-Black "
    "noto/NotoSansCJK-DemiLight"
).split()
DIGITS = (
    "opendin/OSP-DIN routed-gothic/routed-gothic routed-gothic/routed-gothic-narrow liberation/LiberationSans-Bold "
    "liberation/LiberationSans-Regular liberation/LiberationSansNarrow-Bold unhinted/RobotoCondensed-Bold "
    "open-sans/OpenSans-CondBold "
    "open-sans/OpenSans-Semibold dejavu/DejaVuSansCondensed-Bold dejavu/DejaVuSansCondensed lato/Lato-Bold "
    "lato/Lato-Medium urw-base35/NimbusSans-Bold urw-base35/NimbusSansNarrow-Bold urw-base35/NimbusSansNarrow-Regular "
    "paratype/PTN77F paratype/PTN57F paratype/PTS75F play/Play-Bold play/Play-Regular b612/B612-Bold "
    "bebas-neue/BebasNeue-Bold bebas-neue/BebasNeue-Regular"
).split()
_SIZE = 96  # pixels of the em


@dataclass(frozen=True, slots=True)
class Typeface:
    hangul: Path
    digits: Path


@cache
def files(names: tuple[str, ...]) -> tuple[Path, ...]:
    """The font files of these names that are installed.

    Raises:
        HelmetWatchError: there is none.
    """
    found = [path for name in names for path in sorted(FOLDER.glob(f"**/{name}.[ot]t[fc]"))[:1]]
    if not found:
        raise HelmetWatchError("no fonts: install those that pipeline/training/typefaces.py names")
    return tuple(found)


@cache
def glyph(font: Path, text: str) -> Image:
    """The shape of a character, white on black, cut to its ink, (H, W).

    Raises:
        HelmetWatchError: the font lacks it.
    """
    mask = _font(font).getmask(text, mode="L")
    picture = np.asarray(mask, np.uint8).reshape(mask.size[::-1])
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    if not len(rows):
        raise HelmetWatchError(f"{font.name} lacks {text}")
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


@cache
def _font(path: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), _SIZE, index=1 if "NotoSansCJK" in path.name else 0)


def draw_typeface(rng: np.random.Generator) -> Typeface:
    hangul = files(tuple(HANGUL))
    font = hangul[int(rng.integers(len(hangul)))]
    if rng.random() < 0.4:
        return Typeface(font, font)
    digits = files(tuple(DIGITS))
    return Typeface(font, digits[int(rng.integers(len(digits)))])
