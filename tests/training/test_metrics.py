from pathlib import Path

import pytest

from pipeline.training.labels import Labelled
from pipeline.training.metrics import average_precision, count, curve, match
from pipeline.training.truth import Truth
from pipeline.types import Box, Detection, Label

BARE = Label.WITHOUT_HELMET
EVERYTHING = frozenset(Label)
HERE, THERE = Box(100, 100, 140, 140), Box(300, 100, 340, 140)


def truth(*labels: Labelled, covers: frozenset[Label] = EVERYTHING) -> Truth:
    return Truth(Path("a.jpg"), "set", covers, labels)


def bare(box: Box, confidence: float = 0.9) -> Detection:
    return Detection(BARE, box, confidence)


def test_what_is_found_exactly_has_full_average_precision() -> None:
    truths = [truth(Labelled(BARE, HERE)), truth(Labelled(BARE, THERE))]
    precision = average_precision(truths, [[bare(HERE)], [bare(THERE)]], BARE)
    assert precision.ap50 == pytest.approx(1)
    assert precision.ap50_95 == pytest.approx(1)
    assert precision.objects == 2


def test_half_of_the_objects_give_half_and_a_loose_box_counts_at_iou_50_alone() -> None:
    loose = HERE.shift(10, 0)  # IoU 0.6
    truths = [truth(Labelled(BARE, HERE), Labelled(BARE, THERE))]
    precision = average_precision(truths, [[bare(loose)]], BARE)
    assert precision.ap50 == pytest.approx(51 / 101)  # COCO reads the curve at 101 points
    assert precision.ap50_95 == pytest.approx(51 / 101 * 3 / 10)


def test_a_surer_false_detection_costs_precision() -> None:
    truths = [truth(Labelled(BARE, HERE))]
    assert average_precision(truths, [[bare(THERE, 0.95), bare(HERE)]], BARE).ap50 == pytest.approx(0.5)


def test_ignored_regions_and_sets_without_the_class_judge_nobody() -> None:
    region = Labelled(BARE, Box(250, 50, 400, 200), ignored=True)
    not_covered = truth(covers=frozenset({Label.PLATE}))
    truths = [truth(Labelled(BARE, HERE), region), not_covered]
    found = [[bare(THERE, 0.95), bare(HERE)], [bare(THERE, 0.99)]]
    assert average_precision(truths, found, BARE).ap50 == pytest.approx(1)
    counts = count(truths, found, BARE)
    assert (counts.true, counts.false, counts.missed, counts.pictures) == (1, 0, 0, 1)


def test_a_class_that_is_nowhere_has_no_precision() -> None:
    assert average_precision([truth()], [[bare(HERE)]], BARE).ap50 is None
    assert average_precision([truth(Labelled(BARE, HERE))], [[]], BARE).ap50 == 0


def test_accusations_are_counted_once_per_head() -> None:
    judged, missed = match(truth(Labelled(BARE, HERE)), [bare(HERE, 0.6), bare(HERE.shift(3, 0), 0.9)], BARE)
    assert [one.true for one in judged] == [True, False]
    assert judged[0].detection.confidence == 0.9, "the surer one is the match"
    assert missed == 0


def test_heads_lower_than_12_pixels_need_less_overlap() -> None:
    small, large = Box(0, 0, 10, 10), Box(0, 0, 40, 40)
    for box, right in ((small, 1), (large, 0)):
        off = box.shift(0.4 * box.width, 0)  # IoU 0.43
        assert count([truth(Labelled(BARE, box))], [[bare(off)]], BARE).true == right


def test_a_head_of_12_pixels_is_not_lower_for_being_written_as_a_share() -> None:
    head = Box(0, 0, 12, round(12 / 1080, 6) * 1080)
    assert count([truth(Labelled(BARE, head))], [[bare(head.shift(4.8, 0))]], BARE).true == 0


def test_a_low_plate_needs_as_much_overlap_as_any() -> None:
    plate = Box(0, 0, 30, 10)
    off = Detection(Label.PLATE, plate.shift(12, 0), 0.9)  # IoU 0.43
    assert count([truth(Labelled(Label.PLATE, plate))], [[off]], Label.PLATE).true == 0


def test_a_small_head_is_found_beside_a_large_one_that_the_box_misses() -> None:
    large, small = Box(0, 0, 20, 20), Box(15, 0, 26, 11)
    between = bare(Box(2, 0, 26, 12))  # IoU 0.46 with the large one, 0.42 with the small one
    assert large.iou(between.box) > small.iou(between.box) > 0.3
    assert count([truth(Labelled(BARE, large), Labelled(BARE, small))], [[between]], BARE).true == 1


def test_counts_and_curve() -> None:
    truths = [truth(Labelled(BARE, HERE), Labelled(BARE, Box(0, 0, 40, 40))), truth()]
    found = [[bare(HERE, 0.8), bare(THERE, 0.5)], [bare(HERE, 0.3)]]
    counts = count(truths, found, BARE)
    assert counts.precision == pytest.approx(1 / 3)
    assert counts.recall == pytest.approx(1 / 2)
    assert counts.false_per_100 == 100
    assert curve(truths, found, BARE).tolist() == [[0.8, 1, 0.5], [0.5, 0.5, 0.5], [0.3, pytest.approx(1 / 3), 0.5]]
