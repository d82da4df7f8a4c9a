import cv2
import numpy as np

from pipeline.fuse import fuse
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.types import Image
from tests.plates import crop, view


def still(text: str = "1가23456") -> Image:
    return np.asarray(cv2.resize(crop(MOTORCYCLE_2026, text, view(40)), (192, 64)), np.uint8)


def noisy(image: Image, dx: float, dy: float, seed: int) -> Image:
    matrix = np.array([(1, 0, dx), (0, 1, dy)], np.float32)
    moved = cv2.warpAffine(image, matrix, (192, 64), borderMode=cv2.BORDER_REPLICATE)
    grain = np.random.default_rng(seed).normal(0, 35, image.shape)
    return np.asarray(np.clip(moved + grain, 0, 255), np.uint8)


def error(one: Image, other: Image) -> float:
    return float(np.abs(one.astype(float) - other)[8:-8, 8:-8].mean())


def test_many_noisy_pictures_make_one_that_is_not() -> None:
    clean = still()
    pictures = [noisy(clean, dx, dy, seed) for seed, (dx, dy) in enumerate([(0, 0), (2.5, 1), (-3, 0.5), (1, -2)] * 2)]
    fused, count = fuse(pictures, [1.0] * 8)
    assert count == 8
    assert error(fused, clean) < 0.6 * error(pictures[0], clean)


def test_the_better_picture_weighs_more() -> None:
    clean = still()
    darker = np.asarray(clean // 2, np.uint8)
    fused, count = fuse([clean, darker], [0.3, 0.1])
    assert count == 2
    assert error(fused, np.asarray(0.75 * clean + 0.25 * darker, np.uint8)) < 2


def test_a_picture_of_something_else_is_left_out() -> None:
    other = np.asarray(np.random.default_rng(1).integers(0, 255, (64, 192, 3)), np.uint8)
    fused, count = fuse([still(), noisy(still(), 1, 0, 1), other], [1.0, 1.0, 1.0])
    assert count == 2
    assert error(fused, still()) < 25


def test_flat_pictures_do_no_harm() -> None:
    flat = np.full((64, 192, 3), 90, np.uint8)
    fused, count = fuse([flat, flat], [0.5, 0.5])
    assert fused.shape == flat.shape
    assert count >= 1


def test_a_shadow_that_wanders_over_the_plate_does_not_take_it_along() -> None:
    shaded = []
    for number in range(4):
        matrix = np.array([(1, 0, number), (0, 1, 0)], np.float32)
        plate = cv2.warpAffine(still(), matrix, (192, 64), borderMode=cv2.BORDER_REPLICATE)
        plate[:, 20 + 35 * number : 70 + 35 * number] //= 4
        shaded.append(np.asarray(plate, np.uint8))
    fused, count = fuse(shaded, [1.0] * 4)
    assert count == 4
    sharp, made = (float(np.abs(np.diff(one[8:-8, :, 0].astype(float), axis=1)).mean()) for one in (still(), fused))
    assert made > 0.7 * sharp
