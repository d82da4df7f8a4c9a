"""The stage on its own, with the real networks."""

import numpy as np
import pytest

from pipeline import plate_formats as formats
from pipeline.plates import PlateReader
from pipeline.settings import PlateUpscale, Settings
from pipeline.types import PlateCrop
from tests.plates import track, view

NEW = formats.MOTORCYCLE_2026


@pytest.fixture
def reader(settings: Settings) -> PlateReader:
    return PlateReader(settings)


def test_all_reads_of_a_track_agree_on_its_plate(reader: PlateReader) -> None:
    found = reader.read(track(NEW, "4두95871", 6, view(26)))
    plate = found.plate
    assert plate.text == "4두95871"
    assert plate.readable
    assert plate.probability > 0.95
    assert len(plate.reads) == len(found.pictures) == 7
    assert [read.frames > 1 for read in plate.reads] == [False] * 6 + [True]
    assert {read.time_s for read in plate.reads} == {0.0, 0.1, 0.2, 0.3, 0.4, 0.5}
    *frames, fused = (read.weight for read in plate.reads)
    assert 0.5 < fused <= 1
    assert all(0 < weight <= 1 / 16 for weight in frames)


def test_no_crops_no_plate(reader: PlateReader) -> None:
    found = reader.read([])
    assert not found.plate.readable
    assert found.plate.text == ""
    assert found.pictures == ()


def test_what_shows_no_plate_is_not_readable_but_kept(reader: PlateReader) -> None:
    rng = np.random.default_rng(1)
    noise = [PlateCrop(np.asarray(rng.integers(0, 255, (20, 50, 3)), np.uint8), number / 10) for number in range(3)]
    found = reader.read(noise)
    assert not found.plate.readable
    assert len(found.pictures) >= 3


def test_a_smear_is_not_readable(reader: PlateReader) -> None:
    plate = reader.read(track(NEW, "1가23456", 3, view(7, blur=3.0, noise=0.05))).plate
    assert not plate.readable


def test_a_car_s_plate_is_not_taken_for_the_rider_s(reader: PlateReader) -> None:
    crops = track(formats.CAR_8, "123가4568", 4, view(26))
    behind, own = reader.read(crops).plate, reader.read(crops, motorcycle=False).plate
    assert own.readable
    assert own.text == behind.text == "123가4568"
    assert not behind.readable


@pytest.mark.parametrize("upscale", list(PlateUpscale))
def test_upscaling_can_be_switched(settings: Settings, upscale: PlateUpscale) -> None:
    reader = PlateReader(settings.model_copy(update={"plate_upscale": upscale, "plate_fusion": False}))
    found = reader.read(track(NEW, "4두95871", 3, view(18)))
    assert found.plate.text == "4두95871"
    assert [read.frames for read in found.plate.reads] == [1, 1, 1]
    assert all(0.3 < read.weight <= 1 for read in found.plate.reads)


def test_crops_that_show_different_things_are_not_made_into_one(reader: PlateReader) -> None:
    (crop,) = track(NEW, "4두95871", 1, view(26))
    noise = np.random.default_rng(1).integers(0, 255, crop.image.shape).astype(np.uint8)
    plate = reader.read([crop, PlateCrop(noise, crop.time_s + 1)]).plate
    assert plate.text == "4두95871"
    assert [read.frames for read in plate.reads] == [1, 1]
    assert max(read.weight for read in plate.reads) > 0.5


def test_only_the_best_crops_are_read(settings: Settings) -> None:
    reader = PlateReader(settings.model_copy(update={"plate_crops": 2, "plate_fusion": False}))
    good, bad = track(NEW, "1가23456", 2, view(24)), track(NEW, "1가23456", 4, view(8, blur=2.0))
    reads = reader.read([PlateCrop(one.image, one.time_s + 5) for one in bad] + good).plate.reads
    assert {read.time_s for read in reads} == {0.0, 0.1}
