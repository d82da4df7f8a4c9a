"""The grammar and the layout of Korean plates."""

from __future__ import annotations

import csv
import random
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline import plate_formats
from pipeline.plate_formats import CARS, FORMATS, MOTORCYCLE_2026, MOTORCYCLE_OLD, PlateFormat

REAL = Path("/work/shared/plates_kr/labels.csv")


@pytest.mark.parametrize(
    ("text", "kind", "rows"),
    [
        ("서울 강남 가 1234", MOTORCYCLE_OLD, ("서울 강남", "가 1234")),
        ("서울 중 가 1234", MOTORCYCLE_OLD, ("서울 중", "가 1234")),
        ("인천미추홀허0007", MOTORCYCLE_OLD, ("인천 미추홀", "허 0007")),
        ("1가2 3456", MOTORCYCLE_2026, ("1가2", "3456")),
        ("123가4568", plate_formats.CAR_8_FILM, ("123가 4568",)),
        ("52가3108", plate_formats.CAR_7, ("52가 3108",)),
        ("서울52바3108", plate_formats.CAR_BUSINESS, ("서울 52바 3108",)),
    ],
)
def test_samples_of_the_notice(text: str, kind: PlateFormat, rows: tuple[str, ...]) -> None:
    assert plate_formats.identify(text) is kind
    assert kind.rows(text) == rows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0가23456",  # class codes start at 1
        "1바23456",  # that syllable is for business
        "1가03456",  # the digit after the syllable, too, starts at 1
        "1가2345",
        "서울가1234",  # no district
        "강남서울가1234",
        "서울강남고1234",  # not one of the 28 syllables of motorcycles
        "서울강남가12345",
        "00가1234",
        "52각3108",
        "5٢가3108",
        "12٣가4568",
    ],
)
def test_what_no_plate_bears(text: str) -> None:
    assert plate_formats.identify(text) is None


@pytest.mark.parametrize("mark", [" ", "\xa0", "\n", "-", "\u2013", "\u2014", "\u2212", "_", "·", "\u200b", "\ufeff"])
def test_what_stands_between_the_characters_of_a_typed_plate_is_not_of_it(mark: str) -> None:
    assert plate_formats.compact(f"12가{mark}3456") == "12가3456"


def test_wide_digits_and_hangul_in_pieces_are_read_as_plates_bear_them() -> None:
    typed = unicodedata.normalize("NFD", "서울 강남 가 １2３4")
    assert plate_formats.compact(typed) == "서울강남가1234"
    assert plate_formats.identify(typed) is plate_formats.MOTORCYCLE_OLD


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_texts_by_chance_fit_their_format(kind: PlateFormat) -> None:
    dice = random.Random(kind.name)
    for _ in range(200):
        text = plate_formats.draw_text(kind, dice)
        assert kind.matches(text)
        assert plate_formats.compact("".join(kind.rows(text))) == text
        assert set(text) <= set(plate_formats.ALPHABET)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_characters_stand_on_the_plate_and_apart(kind: PlateFormat) -> None:
    dice = random.Random(kind.name)
    for _ in range(50):
        text = plate_formats.draw_text(kind, dice)
        glyphs = kind.glyphs(text)
        assert "".join(glyph.text for glyph in glyphs) == text
        for glyph in glyphs:
            assert kind.band <= glyph.x
            assert glyph.x + glyph.width <= kind.width
            assert glyph.y >= 0
            assert glyph.y + glyph.height <= kind.height
        for before, after in pairwise(glyphs):
            beside = before.x + before.width <= after.x + 1e-6
            below = before.y + before.height <= after.y + 1e-6
            assert beside or below


def test_a_foreign_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no motorcycle 2026 plate"):
        MOTORCYCLE_2026.glyphs("서울강남가1234")


@pytest.mark.skipif(not REAL.is_file(), reason=f"{REAL} is not here")
def test_real_car_plates_fit_a_car_format() -> None:
    with REAL.open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert texts
    assert [text for text in texts if not any(kind.matches(text) for kind in CARS)] == []
