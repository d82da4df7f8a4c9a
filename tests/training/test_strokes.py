import numpy as np
import pytest

from pipeline.plate_formats import ALPHABET
from pipeline.training.strokes import Hand, draw_hand, strokes


def test_any_hand_draws_every_character_inside_its_box() -> None:
    rng = np.random.default_rng(1)
    for text in ALPHABET:
        lines = strokes(text, draw_hand(rng))
        assert lines, text
        points = np.concatenate(lines)
        assert points.min() >= -0.12, text
        assert points.max() <= 1.12, text


@pytest.mark.parametrize("text", ["하", "허", "호", "차"])
def test_the_hat_of_a_plate_stands_and_that_of_a_typeface_lies(text: str) -> None:
    standing, lying = strokes(text, Hand())[0], strokes(text, Hand(hat=0.0))[0]
    assert np.ptp(standing[:, 0]) == 0
    assert np.ptp(lying[:, 1]) == 0
