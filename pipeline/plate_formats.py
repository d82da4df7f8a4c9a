"""Korean number plates: what may stand on them, and where. The one place that knows; imports no framework.

Source: the notice on standards for registration plates (자동차 등록번호판 등의 기준에 관한 고시) of the
Ministry of Land, Infrastructure and Transport, no. 2025-121 with the change no. 2025-676, as digested with
the drawings of its annexes by vehiclesdb (plates/kr.yml). From it come sizes, widths of cells, heights of
characters, colours, class codes and syllables. Not from it, and therefore guesses: the free space above,
between and below the lines of two-line plates; the list of districts (the notice names none; these are the
cities, counties and districts of 2024); how green plates before 2006 were set, and how much of its cell a
syllable fills (both by eye, from photographs of cars); the typeface, which is none of those a computer has.

Texts are compact: `서울강남가1234`, `1가23456`, `123가4568`. Lengths are millimetres, colours sRGB.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum

Colour = tuple[int, int, int]

PRIVATE = tuple("가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주")
BUSINESS = tuple("바사아자배")
RENTAL = tuple("허하호")
OLD_MOTORCYCLE = tuple("가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허")

# cities, counties and districts without their 시, 군 or 구, as plates show them (`서울 중`, `서울 관악`)
DISTRICTS: dict[str, tuple[str, ...]] = {
    province: tuple(names.split())
    for province, names in {
        "서울": "강남 강동 강북 강서 관악 광진 구로 금천 노원 도봉 동대문 동작 마포 서대문 서초 성동 성북 "
        "송파 양천 영등포 용산 은평 종로 중 중랑",
        "부산": "강서 금정 기장 남 동 동래 부산진 북 사상 사하 서 수영 연제 영도 중 해운대",
        "대구": "군위 남 달서 달성 동 북 서 수성 중",
        "인천": "강화 계양 남동 동 미추홀 부평 서 연수 옹진 중",
        "광주": "광산 남 동 북 서",
        "대전": "대덕 동 서 유성 중",
        "울산": "남 동 북 울주 중",
        "경기": "가평 고양 과천 광명 광주 구리 군포 김포 남양주 동두천 부천 성남 수원 시흥 안산 안성 안양 "
        "양주 양평 여주 연천 오산 용인 의왕 의정부 이천 파주 평택 포천 하남 화성",
        "강원": "강릉 고성 동해 삼척 속초 양구 양양 영월 원주 인제 정선 철원 춘천 태백 평창 홍천 화천 횡성",
        "충북": "괴산 단양 보은 영동 옥천 음성 제천 증평 진천 청주 충주",
        "충남": "계룡 공주 금산 논산 당진 보령 부여 서산 서천 아산 예산 천안 청양 태안 홍성",
        "전북": "고창 군산 김제 남원 무주 부안 순창 완주 익산 임실 장수 전주 정읍 진안",
        "전남": "강진 고흥 곡성 광양 구례 나주 담양 목포 무안 보성 순천 신안 여수 영광 영암 완도 장성 장흥 "
        "진도 함평 해남 화순",
        "경북": "경산 경주 고령 구미 김천 문경 봉화 상주 성주 안동 영덕 영양 영주 영천 예천 울릉 울진 "
        "의성 청도 청송 칠곡 포항",
        "경남": "거제 거창 고성 김해 남해 밀양 사천 산청 양산 의령 진주 창녕 창원 통영 하동 함안 함양 합천",
        "제주": "서귀포 제주",
    }.items()
}
PROVINCES = (*DISTRICTS, "세종")

PINKISH_WHITE: Colour = (228, 223, 216)  # 분홍빛 흰색, L* 89.10 a* 0.58 b* 3.95
PURPLISH_BLACK: Colour = (57, 61, 69)  # 보랏빛 검은색, L* 25.70 a* 0.10 b* -5.48
WHITE: Colour = (242, 242, 242)  # Munsell N9.5
BLUE: Colour = (31, 63, 143)  # about Munsell 2.5PB 3/13
YELLOW: Colour = (255, 188, 0)  # about Munsell 2.5Y 8/16
SKY: Colour = (185, 217, 242)  # Pantone 290C
LIGHT_GREEN: Colour = (151, 187, 54)  # L* 71.15 a* -30.67 b* 60.02
GREEN: Colour = (0, 108, 80)  # about Munsell 2.5G 4/10
BAND_BLUE: Colour = (14, 79, 160)


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character and its cell; `x`, `y` its upper left corner."""

    text: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A row of cells: `widths` of its characters (in the order of the text), the row centred or from `left`.

    A syllable fills the shares `syllable` of its cell's width and height, at the lower left.
    """

    top: float
    height: float
    widths: tuple[float, ...]
    left: float | None = None
    syllable: tuple[float, float] = (1.0, 1.0)


class Layout(StrEnum):
    """How a text falls into lines and cells."""

    ONE_LINE = "one line"
    SERIAL_BELOW = "serial below"  # 1가2 over 3456
    OLD_MOTORCYCLE = "old motorcycle"  # 서울 강남 over 가1234
    TWO_LINES = "two lines"  # 서울 39 over 바2764
    STACKED = "stacked"  # 서울 one above the other, then the rest in a line


@dataclass(frozen=True, slots=True)
class PlateFormat:
    """A kind of plate. `grammar` describes its compact text; `band` is the blue strip on the left, if any."""

    name: str
    motorcycle: bool
    width: float
    height: float
    ground: Colour
    ink: Colour
    grammar: re.Pattern[str]
    layout: Layout
    lines: tuple[Line, ...]
    band: float = 0.0

    def matches(self, text: str) -> bool:
        return self.grammar.fullmatch(compact(text)) is not None

    def parts(self, text: str) -> dict[str, str]:
        """What each group of the grammar takes of a text, nothing where it has no place.

        Raises:
            ValueError: the text is none of this format.
        """
        found = self.grammar.fullmatch(compact(text))
        if found is None:
            raise ValueError(f"{text!r} is no {self.name} plate")
        return found.groupdict(default="")

    def rows(self, text: str) -> tuple[str, ...]:
        """The lines of a text as they are read, words apart.

        Raises:
            ValueError: the text is none of this format.
        """
        part = self.parts(text)
        province, district = part.get("province", ""), part.get("district", "")
        if self.layout is Layout.OLD_MOTORCYCLE:
            return f"{province} {district}".strip(), f"{part['use']} {part['serial']}"
        if self.layout is Layout.SERIAL_BELOW:
            return f"{part['type']}{part['use']}{part.get('suffix', '')}", part["serial"]
        if self.layout is Layout.TWO_LINES:
            return f"{province} {part['type']}".strip(), f"{part['use']} {part['serial']}"
        return (f"{province} {part['type']}{part['use']} {part['serial']}".strip(),)

    def glyphs(self, text: str) -> tuple[Glyph, ...]:
        """The characters of a text with their cells.

        Raises:
            ValueError: the text is none of this format.
        """
        rows = self.rows(text)
        if self.layout is Layout.STACKED:
            return self._stacked(compact(text))
        glyphs: list[Glyph] = []
        for row, line in zip(rows, self.lines, strict=True):
            names = self.layout is Layout.OLD_MOTORCYCLE and line is self.lines[0]
            glyphs += _spread(row, line, self.width) if names else _cells(row, line, self.width)
        return tuple(glyphs)

    def _stacked(self, text: str) -> tuple[Glyph, ...]:
        line = self.lines[0]
        side = line.widths[0]
        rest = replace(line, widths=line.widths[1:], left=(line.left or 0) + side)
        half = line.height / 2
        place = [Glyph(c, line.left or 0, line.top + i * half, side, half * 0.92) for i, c in enumerate(text[:2])]
        return (*place, *_cells(text[2:], rest, self.width))


def _cells(row: str, line: Line, plate_width: float) -> list[Glyph]:
    """One cell per character, as wide as the line says."""
    characters = row.replace(" ", "")
    widths = line.widths[-len(characters) :]
    x = (plate_width - sum(widths)) / 2 if line.left is None else line.left
    glyphs = []
    for character, width in zip(characters, widths, strict=True):
        wide, high = (1.0, 1.0) if character.isdigit() else line.syllable
        glyphs.append(Glyph(character, x, line.top + line.height * (1 - high), width * wide, line.height * high))
        x += width
    return glyphs


def _spread(row: str, line: Line, plate_width: float) -> list[Glyph]:
    """Names of any length, centred, a space half as wide as a character."""
    pitch = line.widths[0]
    x = (plate_width - sum(pitch / 2 if c == " " else pitch for c in row)) / 2
    glyphs = []
    for character in row:
        if character == " ":
            x += pitch / 2
            continue
        glyphs.append(Glyph(character, x, line.top, pitch, line.height))
        x += pitch
    return glyphs


def _any(syllables: tuple[str, ...]) -> str:
    return f"[{''.join(syllables)}]"


_PROVINCE = f"(?P<province>{'|'.join(PROVINCES)})"
# the notice leaves the list of districts open, so names that are not in ours are read, too
_DISTRICT = "(?P<district>[가-힣]{1,3})"
_SERIAL = r"(?P<serial>[0-9]{4})"
_PRIVATE_USE = f"(?P<use>{_any(PRIVATE + RENTAL)})"
_TWO_DIGITS = r"(?P<type>0[1-9]|[1-9][0-9])"

MOTORCYCLE_2026 = PlateFormat(
    "motorcycle 2026", True, 210, 150, PINKISH_WHITE, PURPLISH_BLACK,
    re.compile(rf"(?P<type>[1-9])(?P<use>{_any(PRIVATE)})(?P<suffix>[1-9]){_SERIAL}"),
    Layout.SERIAL_BELOW,
    (Line(12, 46.5, (31.5, 48, 31.5)), Line(69, 68, (45,) * 4)),
)  # fmt: skip
MOTORCYCLE_OLD = PlateFormat(
    "motorcycle before 2026", True, 210, 115, WHITE, BLUE,
    re.compile(rf"{_PROVINCE}{_DISTRICT}(?P<use>{_any(OLD_MOTORCYCLE)}){_SERIAL}"),
    Layout.OLD_MOTORCYCLE,
    (Line(15, 20, (24,)), Line(49, 51, (40, 35, 35, 35, 35))),
)  # fmt: skip
CAR_8_FILM = PlateFormat(
    "car, eight characters, film", False, 520, 110, PINKISH_WHITE, PURPLISH_BLACK,
    re.compile(rf"(?P<type>[1-9][0-9][0-9]){_PRIVATE_USE}{_SERIAL}"),
    Layout.ONE_LINE, (Line(12.5, 85, (50, 50, 50, 85, 50, 50, 50, 50), 65, (0.66, 0.84)),), band=56.3,
)  # fmt: skip
CAR_8 = PlateFormat(
    "car, eight characters", False, 520, 110, PINKISH_WHITE, PURPLISH_BLACK, CAR_8_FILM.grammar,
    Layout.ONE_LINE, (Line(13.5, 83, (55, 55, 55, 75, 55, 55, 55, 55), None, (0.76, 0.84)),),
)  # fmt: skip
CAR_7 = PlateFormat(
    "car, seven characters", False, 520, 110, PINKISH_WHITE, PURPLISH_BLACK,
    re.compile(f"{_TWO_DIGITS}{_PRIVATE_USE}{_SERIAL}"),
    Layout.ONE_LINE, (Line(13.5, 83, (56, 56, 96, 56, 56, 56, 56), None, (0.6, 0.87)),),
)  # fmt: skip
CAR_7_SHORT = PlateFormat(
    "car, seven characters, short", False, 335, 155, PINKISH_WHITE, PURPLISH_BLACK, CAR_7.grammar,
    Layout.ONE_LINE, (Line(36, 83, (45, 45, 49, 45, 45, 45, 45), None, (0.9, 0.87)),),
)  # fmt: skip
CAR_ELECTRIC = PlateFormat(
    "car, electric", False, 520, 110, SKY, PURPLISH_BLACK, CAR_7.grammar,
    Layout.ONE_LINE, (Line(13.5, 83, (56, 56, 60, 56, 56, 56, 56), 62, (0.9, 0.84)),), band=35.8,
)  # fmt: skip
CAR_CORPORATE = PlateFormat(
    "car, corporate", False, 520, 110, LIGHT_GREEN, PURPLISH_BLACK, CAR_8_FILM.grammar,
    Layout.ONE_LINE, CAR_8_FILM.lines, band=56.3,
)  # fmt: skip
CAR_BUSINESS = PlateFormat(
    "car, business", False, 520, 110, YELLOW, PURPLISH_BLACK,
    re.compile(f"{_PROVINCE}{_TWO_DIGITS}(?P<use>{_any(BUSINESS)}){_SERIAL}"),
    Layout.STACKED, (Line(13.5, 83, (55, 55, 55, 71, 55, 55, 55, 55), 32, (0.85, 0.75)),),
)  # fmt: skip
CAR_BUSINESS_SHORT = PlateFormat(
    "car, business, short", False, 335, 170, YELLOW, PURPLISH_BLACK, CAR_BUSINESS.grammar,
    Layout.TWO_LINES, (Line(12, 48, (42, 42, 42, 42)), Line(67, 92, (64, 62, 62, 62, 62), None, (0.9, 0.7))),
)  # fmt: skip
CAR_GREEN = PlateFormat(
    "car, green, 2004 to 2006", False, 335, 170, GREEN, WHITE, CAR_7.grammar,
    Layout.SERIAL_BELOW, (Line(14, 42, (51, 51, 56)), Line(68, 88, (76,) * 4)),
)  # fmt: skip
CAR_GREEN_REGIONAL = PlateFormat(
    "car, green, before 2004", False, 335, 170, GREEN, WHITE,
    re.compile(f"{_PROVINCE}{_TWO_DIGITS}{_PRIVATE_USE}{_SERIAL}"),
    Layout.TWO_LINES, (Line(14, 42, (46, 46, 46, 46)), CAR_BUSINESS_SHORT.lines[1]),
)  # fmt: skip

MOTORCYCLES = (MOTORCYCLE_2026, MOTORCYCLE_OLD)
CARS = (
    CAR_8_FILM,
    CAR_8,
    CAR_7,
    CAR_7_SHORT,
    CAR_ELECTRIC,
    CAR_CORPORATE,
    CAR_BUSINESS,
    CAR_BUSINESS_SHORT,
    CAR_GREEN,
    CAR_GREEN_REGIONAL,
)
FORMATS = (*MOTORCYCLES, *CARS)

# every character that can stand on a plate, in a fixed order
ALPHABET = "".join(
    dict.fromkeys(
        "0123456789"
        + "".join(PRIVATE + BUSINESS + RENTAL + OLD_MOTORCYCLE + PROVINCES)
        + "".join(name for names in DISTRICTS.values() for name in names)
    )
)


def compact(text: str) -> str:
    """A text without spaces, line breaks and marks that no plate bears, dashes of any width and what nobody sees among
    them; wide digits and Hangul in pieces (as Korean keyboards and macOS give them) as plates have them."""
    return re.sub(r"[\s·._\-\u2010-\u2015\u2212\u200b-\u200d\ufeff]+", "", unicodedata.normalize("NFKC", text))


def identify(text: str) -> PlateFormat | None:
    """The first format whose grammar a text fits, motorcycles before cars."""
    return next((kind for kind in FORMATS if kind.matches(text)), None)


def draw_text(kind: PlateFormat, rng: random.Random) -> str:
    """A text of this format by chance, every permitted syllable alike."""
    serial = f"{rng.randrange(1, 10000):04d}"
    province = rng.choice(tuple(DISTRICTS))
    if kind is MOTORCYCLE_2026:
        return f"{rng.randrange(1, 10)}{rng.choice(PRIVATE)}{rng.randrange(1, 10)}{serial}"
    if kind is MOTORCYCLE_OLD:
        return f"{province}{rng.choice(DISTRICTS[province])}{rng.choice(OLD_MOTORCYCLE)}{serial}"
    if kind.grammar is CAR_BUSINESS.grammar:
        return f"{province}{rng.randrange(1, 100):02d}{rng.choice(BUSINESS)}{serial}"
    use = rng.choice(PRIVATE + RENTAL if rng.random() < 0.9 else RENTAL)
    if kind.grammar is CAR_8_FILM.grammar:
        return f"{rng.randrange(100, 998)}{use}{serial}"
    region = province if kind is CAR_GREEN_REGIONAL else ""
    return f"{region}{rng.randrange(1, 100):02d}{use}{serial}"
