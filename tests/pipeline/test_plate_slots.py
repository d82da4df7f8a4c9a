import random

import pytest

from pipeline import plate_formats as formats
from pipeline.plate_formats import FORMATS, PlateFormat, draw_text
from pipeline.plate_slots import EMPTY, NAMES, SLOTS, decode, encode, known_names, permitted


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_every_character_has_its_slot_and_comes_back(kind: PlateFormat) -> None:
    for seed in range(30):
        text = draw_text(kind, random.Random(seed))
        slots = encode(kind, text)
        assert len(slots) == SLOTS
        assert decode(slots) == text


def test_serial_and_use_stand_in_the_same_slots_whatever_the_format() -> None:
    old = encode(formats.MOTORCYCLE_OLD, "서울 강남 가 1234")
    new = encode(formats.MOTORCYCLE_2026, "1가2 1234")
    car = encode(formats.CAR_8, "123가1234")
    assert old[-4:] == new[-4:] == car[-4:]
    assert old[8] == new[8] == car[8]
    assert car[5:8] == (2, 3, 4)
    assert new[5:8] == (EMPTY, EMPTY, 2)


def test_a_text_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no motorcycle 2026 plate"):
        encode(formats.MOTORCYCLE_2026, "12가3456")


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_what_the_grammar_permits_is_permitted_in_its_slot(kind: PlateFormat) -> None:
    table = permitted(kind.grammar)
    for seed in range(30):
        slots = encode(kind, draw_text(kind, random.Random(seed)))
        assert all(table[slot, one] for slot, one in enumerate(slots[NAMES:], NAMES))


def test_what_the_grammar_forbids_is_not() -> None:
    table = permitted(formats.MOTORCYCLE_2026.grammar)
    zero, taxi = encode(formats.CAR_7, "10가0000")[-1], encode(formats.CAR_BUSINESS, "서울10바0000")[8]
    assert not table[7, zero]
    assert not table[8, taxi]
    assert not table[9, EMPTY]


def test_old_motorcycles_have_the_districts_that_are_known() -> None:
    names = {decode(row) for row in known_names(formats.MOTORCYCLE_OLD.grammar).tolist()}
    assert "서울강남" in names
    assert "서울중" in names
    assert len(names) > 200
