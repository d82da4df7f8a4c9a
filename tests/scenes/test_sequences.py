"""Plate sequences: they fall in size, or keep the one that was asked for."""

import numpy as np
import pytest

from pipeline.errors import HelmetWatchError
from pipeline.plate_formats import MOTORCYCLE_2026
from scenes import plates
from scenes.sequences import FRAMES, STEADY_FRAMES, sequence


@pytest.fixture(autouse=True)
def _fonts() -> None:
    try:
        plates.fonts()
    except HelmetWatchError as error:
        pytest.skip(str(error))


def widths(size: float | None) -> list[int]:
    return [image.shape[1] for image in sequence(MOTORCYCLE_2026, "4두95871", np.random.default_rng(2), size)]


def test_a_sequence_falls_in_size() -> None:
    found = widths(None)
    assert FRAMES[0] <= len(found) <= FRAMES[1]
    assert found[-1] < found[0] * 0.8


def test_a_size_that_is_asked_for_is_kept_for_ten_frames() -> None:
    found = widths(12.0)
    assert len(found) == STEADY_FRAMES
    assert max(found) < min(found) * 1.4
    # characters of 68 mm on a plate of 210 mm, seen at an angle, with a little room around
    assert 0.6 * 12 * 210 / 68 < np.mean(found) < 1.4 * 12 * 210 / 68


def test_a_tilted_plate_keeps_the_height_that_is_asked_for() -> None:
    high = [
        image.shape[0]
        for seed in range(40)
        for image in sequence(MOTORCYCLE_2026, "4두95871", np.random.default_rng(seed), 24.0)
    ]
    assert min(high) >= 24 * 150 / 68 * 0.97, "characters of 68 mm on a plate 150 mm high; room around only adds"
