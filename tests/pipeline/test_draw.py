from dataclasses import replace

import numpy as np
import pytest

from pipeline.draw import Mark, draw, mark_small
from pipeline.types import Box, Label
from tests.factory import sighting


def painted(side: int) -> int:
    """How many pixels a box and its letters take of a picture that is shown with this longer side."""
    image = np.zeros((480, 960, 3), np.uint8)
    return int(draw(image, [Mark(Box(100, 100, 300, 300), Label.RIDER, "74%")], side=side).any(axis=2).sum())


def test_lines_and_letters_are_the_larger_the_smaller_the_picture_is_shown() -> None:
    assert painted(240) > 3 * painted(960)


@pytest.mark.parametrize("y1", [0, 20, 420])
@pytest.mark.parametrize("below", [True, False])
def test_text_is_in_the_picture_and_upon_no_head(y1: int, below: bool) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    mark = Mark(Box(580, y1, 639, y1 + 59), Label.WITHOUT_HELMET, "without helmet 74%", below)
    text = (draw(image, [mark]) != draw(image, [replace(mark, text="")])).any(axis=2)
    assert text.any(axis=0).sum() > 70, "wider than the room beside the box"
    assert text.any(axis=1).sum() > 10
    assert not text[y1 + 5 : y1 + 55, 580:].any()


def test_what_is_outside_the_picture_has_no_text_in_it() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    assert not draw(image, [Mark(Box(700, 100, 760, 160), Label.RIDER, "rider 2")]).any()


def test_a_small_picture_says_of_each_head_what_it_is_and_how_sure_stage_1_is() -> None:
    marks = mark_small(sighting(0, (Label.WITHOUT_HELMET, Label.WITH_HELMET)), accused=True)
    said = [(mark.color, mark.text) for mark in marks if mark.text]
    assert said == [(Label.WITHOUT_HELMET, "bare 80%"), (Label.WITH_HELMET, "helmet 80%")], "not by colour alone"
    assert len(marks) == 4, "the rider and the plate have boxes as well"
