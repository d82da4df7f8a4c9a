"""Plates drawn anew: on a frame of the demo clip, whose truth says where the plate is."""

import json

import cv2
import numpy as np
import pytest

from pipeline.plate_corners import CornerFinder
from pipeline.plate_weights import CORNERS
from pipeline.settings import ROOT
from pipeline.training.labels import Labelled
from pipeline.training.redraw import plates, redrawn
from pipeline.types import Box, Detection, Image, Label

FRAME = 200


@pytest.fixture(scope="module")
def corners() -> CornerFinder:
    return CornerFinder(ROOT / "weights" / "plates" / CORNERS)


@pytest.fixture(scope="module")
def plate() -> Box:
    truth = json.loads((ROOT / "samples" / "demo.json").read_text())
    return Box(*truth["frames"][FRAME]["riders"][0]["plate"]["box"])


@pytest.fixture(scope="module")
def image() -> Image:
    clip = cv2.VideoCapture(str(ROOT / "samples" / "demo.mp4"))
    for _ in range(FRAME):
        clip.grab()
    return np.asarray(clip.read()[1], np.uint8)


def seen(box: Box, confidence: float = 0.2) -> list[list[Detection]]:
    """Four looks that draw a plate too large, now here, now there."""
    w, h = 0.15 * box.width, 0.15 * box.height
    return [
        [Detection(Label.PLATE, Box(box.x1 - w, box.y1 - h, box.x2 + w, box.y2 + h).shift(x * w, -x * h), confidence)]
        for x in (-1, 0, 0, 1)
    ]


def test_a_label_beside_its_plate_is_drawn_where_the_plate_is(image: Image, plate: Box, corners: CornerFinder) -> None:
    beside = Labelled(Label.PLATE, plate.shift(0.3 * plate.width, 0.4 * plate.height))
    head = Labelled(Label.WITH_HELMET, Box(473, 267, 525, 309))
    kept, drawn = redrawn(image, [head, beside], seen(plate), corners, judge=False)
    assert kept == head
    assert not drawn.ignored
    assert beside.box.iou(plate) < 0.35
    assert seen(plate)[1][0].box.iou(plate) < 0.6
    assert drawn.box.iou(plate) > 0.7


@pytest.mark.parametrize("judge", [False, True])
def test_a_plate_that_no_look_sees_teaches_nothing_and_counts_as_missed(
    image: Image, plate: Box, corners: CornerFinder, judge: bool
) -> None:
    label = Labelled(Label.PLATE, plate)
    elsewhere = seen(plate.shift(-4 * plate.width, 0), 0.01)
    assert redrawn(image, [label], elsewhere, corners, judge=judge) == (Labelled(Label.PLATE, plate, not judge),)


def test_a_plate_that_the_set_does_not_label_is_ignored(image: Image, plate: Box, corners: CornerFinder) -> None:
    assert redrawn(image, [], seen(plate, 0.05), corners, judge=True) == ()
    (one,) = redrawn(image, [], seen(plate), corners, judge=True)
    assert one.ignored
    assert one.box.iou(plate) > 0.5


def test_what_is_too_small_to_have_corners_is_not_drawn(corners: CornerFinder) -> None:
    label = Labelled(Label.PLATE, Box(0, 0, 2, 2))
    nothing: Image = np.zeros((20, 20, 3), np.uint8)
    assert redrawn(nothing, [label], seen(label.box), corners, judge=True) == (label,)


def test_boxes_of_one_plate_are_one_and_its_neighbour_is_another() -> None:
    one, other = Box(100, 100, 120, 116), Box(140, 100, 160, 116)
    looks = [look + more for look, more in zip(seen(one, 0.2), seen(other, 0.4), strict=True)]
    right, left = plates(looks)
    assert (round(left.confidence, 3), round(right.confidence, 3)) == (0.2, 0.4)
    assert left.box.center == pytest.approx(one.center, abs=0.5)
    assert right.box.center == pytest.approx(other.center, abs=0.5)
    assert plates([[], []]) == []
