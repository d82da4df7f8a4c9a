import numpy as np

from pipeline.draw import Mark, draw, mark_small
from pipeline.types import HEADS, Box, Label
from tests.factory import sighting


def painted(side: int) -> int:
    """How many pixels a box and its letters take of a picture that is shown with this longer side."""
    image = np.zeros((480, 960, 3), np.uint8)
    return int(draw(image, [Mark(Box(100, 100, 300, 300), Label.RIDER, "74%")], side=side).any(axis=2).sum())


def test_lines_and_letters_are_the_larger_the_smaller_the_picture_is_shown() -> None:
    assert painted(240) > 3 * painted(960)


def test_a_picture_too_small_for_words_says_how_sure_stage_1_is_of_each_head() -> None:
    marks = mark_small(sighting(0, (Label.WITHOUT_HELMET, Label.WITH_HELMET)), accused=True)
    assert [(mark.color, mark.text) for mark in marks if mark.text] == [(label, "80%") for label in HEADS]
    assert len(marks) == 4, "the rider and the plate have boxes as well"
