import cv2
import numpy as np
import pytest

from pipeline.plate_crops import choose, quality
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.plate_geometry import Corners, natural, stretch, upright
from pipeline.types import Image
from tests.plates import crop, view

WHOLE = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)


def plate(**changes: float) -> tuple[Image, Corners]:
    """A plate of 1가23456 and its corners, as far as the crop's edges tell."""
    size = changes.pop("size", 30.0)
    image = crop(MOTORCYCLE_2026, "1가23456", view(size, **changes))
    return image, WHOLE * (image.shape[1], image.shape[0])


@pytest.mark.parametrize(
    ("worse", "what"),
    [
        ({"blur": 2.5}, "sharpness"),
        ({"size": 12.0}, "size"),
        ({"gain": 0.15}, "exposure"),
    ],
)
def test_what_makes_a_crop_worse_is_seen(worse: dict[str, float], what: str) -> None:
    good, bad = quality(*plate()), quality(*plate(**worse))
    assert 0 <= getattr(bad, what) < 0.8 * getattr(good, what) <= 0.8
    assert bad.worth < good.worth
    assert 0 <= bad.worth <= good.worth <= 1


def test_a_slanted_plate_is_worth_less_than_one_from_the_front() -> None:
    image, corners = plate()
    slanted = corners + np.array([(0, 0), (0, 1), (0, 1), (0, 0)]) * image.shape[1] * 0.7
    assert quality(image, slanted).angle < 0.9 < quality(image, corners).angle


def test_the_best_come_first_and_are_spread_over_time() -> None:
    worths = [0.9, 0.89, 0.88, 0.6, 0.1]
    times = [1.0, 1.01, 1.02, 3.0, 5.0]
    assert choose(worths, times, 2) == [0, 3]
    assert sorted(choose(worths, times, 9)) == [0, 1, 2, 3, 4]
    assert choose([], [], 3) == []


def test_a_plate_is_put_upright() -> None:
    flat = np.zeros((60, 120, 3), np.uint8)
    cv2.fillPoly(flat, [np.array([(20, 10), (100, 20), (105, 50), (15, 40)], np.int32)], (255, 255, 255))
    shown = upright(flat, np.array([(20, 10), (100, 20), (105, 50), (15, 40)], np.float64))
    assert shown.shape == (64, 192, 3)
    assert shown[8:-8, 8:-8].mean() > 250
    assert natural(shown, WHOLE * (210, 150)).shape == (137, 192, 3)


def test_a_large_plate_is_made_smaller_without_losing_a_line() -> None:
    stripes = np.zeros((640, 1920, 3), np.uint8)
    stripes[:, ::2] = 255
    shown = upright(stripes, WHOLE * (1920, 640))
    assert abs(float(shown[10:-10, 10:-10].mean()) - 127) < 10


def test_dark_pictures_get_all_the_contrast() -> None:
    dark = np.tile(np.arange(40, 60, dtype=np.uint8), (20, 5))
    bright = stretch(dark)
    assert (bright.min(), bright.max()) == (0, 255)
    assert stretch(np.full((5, 5), 7, np.uint8)).max() == 0
