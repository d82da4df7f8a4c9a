import cv2
import numpy as np

from pipeline.settings import Settings
from pipeline.track import Tracked, Tracker
from pipeline.types import Box, Detection, Frame, Image, Label
from tests.factory import FRAME, head_of, plate_of, rider

FPS = 30


def follow(tracker: Tracker, boxes: list[list[Detection]], images: list[Image] | None = None) -> list[set[int]]:
    """The ids of each frame."""
    images = images or [FRAME] * len(boxes)
    return [
        {id_ for id_, _ in tracker.update(Frame(index, index / FPS, image), tuple(found)).riders}
        for index, (found, image) in enumerate(zip(boxes, images, strict=True))
    ]


def moving(index: int, confidence: float = 0.9) -> Detection:
    return rider(100 + 4 * index, 100, 100, 200, confidence)


def test_one_rider_has_one_id_through_missed_and_weak_detections(settings: Settings) -> None:
    boxes = [[moving(index)] for index in range(60)]
    boxes[20:26] = [[]] * 6
    boxes[40] = [moving(40, 0.15)]
    seen = follow(Tracker(0.4, settings), boxes)
    assert set().union(*seen) == {1}
    assert all(seen[26:])


def test_a_rider_hidden_for_a_second_keeps_its_id(settings: Settings) -> None:
    boxes = [[moving(index)] for index in range(90)]
    boxes[30:60] = [[]] * 30
    assert set().union(*follow(Tracker(0.4, settings), boxes)) == {1}


def test_two_riders_that_cross_have_two_ids(settings: Settings) -> None:
    boxes = [[rider(100 + 6 * index), rider(500 - 6 * index, 180)] for index in range(60)]
    seen = follow(Tracker(0.4, settings), boxes)
    assert seen[-1] == seen[5]
    assert len(seen[-1]) == 2


def test_a_weak_detection_starts_no_track(settings: Settings) -> None:
    assert set().union(*follow(Tracker(0.4, settings), [[moving(index, 0.2)] for index in range(30)])) == set()


def test_a_swaying_camera_loses_nobody(settings: Settings) -> None:
    """A standing rider, and a camera that shakes so fast that its boxes of two frames hardly meet."""
    street = cv2.resize(np.random.default_rng(0).integers(0, 255, (90, 200, 3), np.uint8), (1600, 720))
    places = [round(300 + 120 * np.sin(0.4 * index)) for index in range(60)]
    images = [np.ascontiguousarray(street[:540, x : x + 960]) for x in places]
    boxes = [[Detection(Label.RIDER, Box(800 - x, 200, 850 - x, 300), 0.9)] for x in places]
    assert set().union(*follow(Tracker(0.4, settings), boxes, images)) == {1}


def test_where_a_hidden_rider_should_be(settings: Settings) -> None:
    tracker = Tracker(0.4, settings)
    follow(tracker, [[moving(index)] for index in range(30)])
    for index in range(30, 40):
        tracked = tracker.update(Frame(index, index / FPS, FRAME), ())
    ((id_, box),) = tracked.hidden
    assert id_ == 1
    assert box.iou(moving(39).box) > 0.6


def test_only_riders_have_ids_and_only_those_unseen_are_hidden(settings: Settings) -> None:
    tracker, one = Tracker(0.4, settings), rider()
    follow(tracker, [[one, head_of(one, Label.WITHOUT_HELMET), plate_of(one)]] * 5)
    tracked = tracker.update(Frame(5, 5 / FPS, FRAME), (head_of(one, Label.WITHOUT_HELMET), one))
    assert tracked == Tracked(((1, one),), ())


def test_ids_go_on_where_a_tracker_starts_over(settings: Settings) -> None:
    tracker = Tracker(0.4, settings)
    boxes = [[rider(100), rider(500)]] * 5
    assert follow(tracker, boxes)[-1] == {1, 2}
    tracker.start_over()
    assert follow(tracker, boxes)[-1] == {3, 4}
    assert {id_ for id_, _ in tracker.update(Frame(5, 5 / FPS, FRAME), ()).hidden} == {3, 4}


def test_a_tracker_that_starts_over_looks_out_for_nobody(settings: Settings) -> None:
    tracker = Tracker(0.4, settings)
    follow(tracker, [[rider()]] * 5)
    tracker.start_over()
    assert tracker.update(Frame(5, 5 / FPS, FRAME), ()) == Tracked((), ())
