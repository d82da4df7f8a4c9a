from pipeline.types import CLASS_NAMES, Box, Label


def test_the_class_order_is_that_of_the_labels() -> None:
    assert [label.title for label in Label] == list(CLASS_NAMES)


def test_boxes_share_and_cover() -> None:
    box, half = Box(0, 0, 10, 10), Box(5, 0, 15, 10)
    assert box.iou(half) == 50 / 150
    assert half.inside(box) == 0.5
    assert box.iou(Box(0, 5, 10, 15)) == 50 / 150
    assert box.iou(Box(20, 20, 30, 30)) == 0
    assert Box(1, 1, 1, 1).iou(Box(1, 1, 1, 1)) == 0, "no place at all"
    assert Box(-5, -5, 20, 5).clip(10, 10) == Box(0, 0, 10, 5)


def test_boxes_move_and_grow() -> None:
    box = Box(10, 20, 40, 60)
    assert box.shift(1, 2) == Box(11, 22, 41, 62)
    assert box.scale(2) == Box(20, 40, 80, 120)
    assert box.scale(2, 0.5) == Box(20, 10, 80, 30)
    assert box.grown(1, 2) == Box(9, 18, 41, 62)
    assert box.toward(Box(20, 40, 50, 70), 0.5) == Box(15, 30, 45, 65)


def test_a_mirror_swaps_left_and_right() -> None:
    assert Box(10, 20, 40, 60).mirrored(100) == Box(60, 20, 90, 60)
