import numpy as np
import pytest

from pipeline.crops import crop_plate, crop_rider, picture_of
from pipeline.types import Box, Crop, Detection, Image, Label, Sighting

# every pixel says where it is
FRAME = np.dstack([np.indices((540, 960))[axis] // 4 for axis in (0, 1, 0)]).astype(np.uint8)
BOXES = [Box(400, 200, 500, 400), Box(0, 0, 60, 120), Box(900, 430, 960, 540), Box(-30, 480, 40, 600)]


def seen(box: Box) -> Sighting:
    return Sighting(0, 0.0, box, 0.9)


def shows_its_region(crop: Crop, frame: Image) -> bool:
    x1, y1, x2, y2 = (int(side) for side in crop.region.as_tuple())
    assert 0 <= x1 < x2 <= frame.shape[1]
    assert 0 <= y1 < y2 <= frame.shape[0]
    assert crop.image.shape[1] == pytest.approx(crop.scale * (x2 - x1), abs=1)
    assert crop.image.shape[0] == pytest.approx(crop.scale * (y2 - y1), abs=1)
    corners = crop.image[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    return bool(np.abs(corners - frame[[y1, y1, y2 - 1, y2 - 1], [x1, x2 - 1, x1, x2 - 1]]).max() <= 1)


@pytest.mark.parametrize("box", BOXES)
def test_every_crop_says_which_part_of_the_frame_it_shows(box: Box) -> None:
    plate = Detection(Label.PLATE, Box(box.x1 + 20, box.y1 + 60, box.x1 + 60, box.y1 + 74), 0.7)
    one = seen(box)
    crop, small, picture = crop_rider(FRAME, one), crop_plate(FRAME, one, plate), picture_of(FRAME, one)
    assert all(shows_its_region(shown, FRAME) for shown in (crop, small, picture))
    assert crop.scale == small.scale == 1, "as it is in the frame"
    assert picture.region.width == pytest.approx(picture.region.height, abs=1)
    inside = box.clip(960, 540)
    assert inside.inside(crop.region) == inside.inside(picture.region) == 1


@pytest.mark.parametrize("box", [Box(990, 570, 999, 580), Box(-50, -60, -40, -50)])
def test_a_box_outside_the_frame_fails_nothing(box: Box) -> None:
    one = seen(box)
    for crop in (crop_rider(FRAME, one), crop_plate(FRAME, one, Detection(Label.PLATE, box, 0.7))):
        assert shows_its_region(crop, FRAME)


def test_a_crop_of_a_rider_has_room_for_a_head_above_and_one_of_a_plate_hardly_any() -> None:
    box = BOXES[0]
    assert crop_rider(FRAME, seen(box)).region == Box(385, 160, 515, 410)
    assert crop_plate(FRAME, seen(box), Detection(Label.PLATE, Box(430, 320, 470, 340), 0.7)).region == Box(
        425, 315, 475, 345
    )


def test_a_large_rider_is_cropped_smaller_and_whole() -> None:
    frame = np.zeros((2160, 3840, 3), np.uint8)
    crop = crop_rider(frame, seen(Box(500, 100, 1500, 2100)))
    assert max(crop.image.shape) == 1280
    assert crop.region == Box(350, 0, 1650, 2160)
    assert shows_its_region(crop, frame)


@pytest.mark.parametrize(("height", "side"), [(100, 480), (400, 520), (2000, 960)])
def test_the_picture_of_a_rider_is_a_square_of_no_odd_size(height: float, side: int) -> None:
    frame = np.zeros((3000, 4000, 3), np.uint8)
    image = picture_of(frame, seen(Box(1800, 300, 1900, 300 + height))).image
    assert image.shape[:2] == pytest.approx((side, side), abs=2)
