import cv2
import numpy as np
import pytest

from pipeline.relink import Colors, colors_of, likeness, may_be
from pipeline.types import Box

RED, BLUE = (30, 30, 200), (200, 120, 30)


def colors(upper: tuple[int, int, int], lower: tuple[int, int, int], street: int) -> Colors:
    """Of a rider in these clothes, with a street of this grey at both sides."""
    image = np.full((540, 960, 3), street, np.uint8)
    cv2.rectangle(image, (110, 100), (190, 199), upper, cv2.FILLED)
    cv2.rectangle(image, (110, 200), (190, 300), lower, cv2.FILLED)
    return colors_of(image, Box(100, 100, 200, 300))


def test_riders_are_as_alike_as_the_halves_of_their_clothes() -> None:
    one = colors(RED, BLUE, 100)
    assert likeness(one, colors(RED, BLUE, 200)) == pytest.approx(1)
    assert likeness(one, colors(RED, RED, 100)) == pytest.approx(0.5, abs=0.02)
    assert likeness(one, colors(BLUE, RED, 100)) == pytest.approx(0, abs=0.02)


def test_a_hidden_rider_may_have_slowed_down_but_not_stopped() -> None:
    last, expected = Box(100, 100, 200, 300), Box(700, 700, 800, 900)
    assert may_be(last, expected, Box(450, 450, 550, 650))
    assert not may_be(last, expected, last), "in a queue the next rider soon stands there"
    assert not may_be(last, expected, Box(900, 900, 1000, 1100))


def test_a_hidden_rider_does_not_become_a_child_or_a_giant() -> None:
    last = Box(100, 100, 200, 300)
    assert may_be(last, last, Box(60, 10, 240, 390))
    assert not may_be(last, last, Box(0, -50, 300, 450))
    assert not may_be(last, last, Box(130, 160, 170, 240))
