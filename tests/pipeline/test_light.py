"""Light: taken out of a picture, and nothing else with it."""

import numpy as np

from pipeline.light import without_light


def test_brighter_and_stronger_light_changes_next_to_nothing() -> None:
    grey = np.random.default_rng(0).uniform(0, 100, (64, 96)).astype(np.float32)
    lit = 2 * grey + 30
    assert np.abs(without_light(lit, lit, 4.0) - without_light(grey, grey, 4.0)).max() < 0.02
    assert np.abs(without_light(grey, grey, 4.0)).max() > 1


def test_a_plain_place_stays_plain() -> None:
    plain = np.full((64, 96), 110, np.float32)
    plain[:, 80:] = 250  # what is added up over the bright side leaves a little below nothing on the other
    shown = without_light(plain, plain, 4.0)
    assert np.isfinite(shown).all()
    assert np.abs(shown[:, :60]).max() < 0.01
