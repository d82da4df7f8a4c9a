import numpy as np
import pytest

from pipeline.plate_weights import UPSCALER
from pipeline.settings import ROOT, PlateUpscale
from pipeline.upscale import FACTOR, Upscaler

WEIGHTS = ROOT / "weights" / "plates" / UPSCALER


@pytest.mark.parametrize("way", list(PlateUpscale))
def test_small_crops_are_made_larger_in_colour(way: PlateUpscale) -> None:
    small = np.zeros((20, 40, 3), np.uint8)
    small[:, 20:] = (200, 60, 30)
    larger, factor = Upscaler(way, WEIGHTS).upscale(small)
    expected = 1 if way is PlateUpscale.OFF else FACTOR
    assert factor == expected
    assert larger.shape == (20 * expected, 40 * expected, 3)
    assert np.abs(larger[:, -5 * expected :].mean(axis=(0, 1)) - (200, 60, 30)).max() < 12


@pytest.mark.parametrize("way", list(PlateUpscale))
def test_large_crops_stay_as_they_are(way: PlateUpscale) -> None:
    large = np.zeros((90, 200, 3), np.uint8)
    same, factor = Upscaler(way, WEIGHTS).upscale(large)
    assert same is large
    assert factor == 1
