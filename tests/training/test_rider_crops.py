import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from pipeline.crops import crop_rider
from pipeline.errors import DatasetError
from pipeline.training.labels import Labelled
from pipeline.training.rider_crops import build, cut, is_hard, labels_of
from pipeline.training.truth import Truth, read_truth
from pipeline.types import CLASS_NAMES, Box, Crop, Detection, Label, Sighting
from tests.training.conftest import draw_street

IMAGE = np.zeros((2000, 3000, 3), np.uint8)
RIDER = Box(1000, 400, 2000, 1900)
HEAD = Box(1300, 420, 1600, 700)
NEIGHBOUR = Box(2050, 500, 2600, 1800)
TRUTH = Truth(
    Path("a.jpg"),
    "set",
    frozenset(Label),
    (
        Labelled(Label.RIDER, RIDER),
        Labelled(Label.WITH_HELMET, HEAD),
        Labelled(Label.RIDER, NEIGHBOUR),
        Labelled(Label.PLATE, Box(100, 100, 200, 150)),
    ),
)


def crop(box: Box = RIDER) -> Crop:
    return crop_rider(IMAGE, Sighting(0, 0.0, box, 1.0))


def rider(box: Box, confidence: float = 0.9) -> Detection:
    return Detection(Label.RIDER, box, confidence)


def test_labels_move_into_the_pixels_of_a_crop_that_was_made_smaller() -> None:
    one = crop()
    assert one.scale < 1
    own, head, neighbour = labels_of(one, TRUTH)
    assert own.box.height == pytest.approx(RIDER.height * one.scale)
    assert head.box.x1 == pytest.approx((HEAD.x1 - one.region.x1) * one.scale)
    assert (own.ignored, head.ignored) == (False, False)
    assert neighbour.ignored, "the crop's edge cuts the neighbour off"
    assert neighbour.box.x2 <= one.image.shape[1]


def test_what_nobody_knows_of_a_whole_picture_nobody_knows_of_its_smallest_crop() -> None:
    everywhere = Labelled(Label.PLATE, Box(0, 0, 3000, 2000), ignored=True)
    one = crop(Box(1000, 400, 1100, 600))
    height, width = one.image.shape[:2]
    inside = labels_of(one, Truth(TRUTH.path, "set", TRUTH.covers - {Label.PLATE}, (everywhere,)))
    assert inside == [Labelled(Label.PLATE, Box(0, 0, width, height), ignored=True)]


def test_every_rider_is_cut_out_as_stage_1_sees_it_and_what_it_missed_as_labelled() -> None:
    seen = RIDER.shift(60, 30)
    crops = list(cut(TRUTH, IMAGE, (rider(seen),), train=False, rng=random.Random(0)))
    assert [one.sighting.box for one in crops] == [seen, NEIGHBOUR]


def test_training_gets_every_rider_once_more_with_its_box_a_little_off() -> None:
    crops = list(cut(TRUTH, IMAGE, (rider(RIDER),), train=True, rng=random.Random(0)))
    again = [one.sighting.box for one in crops if one.sighting.box.iou(RIDER) > 0.5]
    assert len(again) == 2
    assert 0.7 < again[1].iou(RIDER) < 1


def test_a_rider_too_small_to_learn_by_is_not_cut_out() -> None:
    at_the_edge = TRUTH.labels[0], Labelled(Label.RIDER, Box(2995, 100, 3000, 140))
    truth = Truth(TRUTH.path, "set", TRUTH.covers, at_the_edge)
    assert [one.sighting.box for one in cut(truth, IMAGE, (), False, random.Random(0))] == [RIDER]


def test_false_riders_become_crops_without_one_but_not_too_many() -> None:
    wrong = tuple(rider(Box(50 + 300 * i, 1000, 250 + 300 * i, 1300), 0.9 - i / 10) for i in range(3)) + tuple(
        rider(Box(50 + 300 * i, 10, 250 + 300 * i, 310), 0.3) for i in range(9)
    )
    empty = Truth(Path("a.jpg"), "set", frozenset(Label), ())
    crops = list(cut(empty, IMAGE, wrong, train=True, rng=random.Random(0)))
    assert len(crops) == 4
    assert not labels_of(crops[0], empty)


def test_a_crop_is_hard_where_stage_1_takes_a_helmet_for_a_bare_head() -> None:
    bare = Detection(Label.WITHOUT_HELMET, HEAD, 0.5)
    assert is_hard(crop(), TRUTH, (bare,))
    assert not is_hard(crop(), TRUTH, (Detection(Label.WITHOUT_HELMET, HEAD, 0.05),))
    right = Truth(TRUTH.path, "set", TRUTH.covers, (Labelled(Label.WITHOUT_HELMET, HEAD),))
    assert not is_hard(crop(), right, (bare,))
    not_labelled = Truth(TRUTH.path, "set", frozenset({Label.RIDER}), TRUTH.labels)
    assert not is_hard(crop(), not_labelled, (bare,))
    assert not is_hard(crop(NEIGHBOUR.shift(380, 0)), TRUTH, (bare,)), "the head lies outside the crop"


def test_crops_of_a_set_with_its_own_class_order_keep_their_classes(tmp_path: Path) -> None:
    for split in ("train", "val"):
        draw_street(tmp_path / "set" / split / "images", "s0", 0)
    names = ["number plate", "rider", "with helmet", "without helmet"]
    data = tmp_path / "set" / "data.yaml"
    paths = {split: str(tmp_path / "set" / split / "images") for split in ("train", "val")}
    data.write_text(yaml.safe_dump({**paths, "names": names}))
    blind = SimpleNamespace(first=lambda _image: ())
    out = tmp_path / "crops"
    crops = read_truth(build(data, blind, out), "val")
    assert {label.label for crop in crops for label in crop.labels} == {Label.RIDER}, "what a crop is cut around"
    assert all(path.is_relative_to(out) for path in tmp_path.rglob("*.crop*.jpg"))
    with pytest.raises(DatasetError, match="is not empty"):
        build(data, blind, out)


def test_two_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    images = tmp_path / "train" / "images"
    draw_street(images, "s0", 0)
    (images / "s0.bmp").write_bytes((images / "s0.png").read_bytes())
    data = tmp_path / "data.yaml"
    names = ["rider", "without helmet", "with helmet", "number plate"]
    data.write_text(yaml.safe_dump({"train": "train/images", "val": "train/images", "names": names}))
    with pytest.raises(DatasetError, match="two pictures of one set are called s0"):
        build(data, SimpleNamespace(first=lambda _image: ()), tmp_path / "crops")


def test_what_is_wrong_with_the_data_is_told_before_anything_is_cut(tmp_path: Path) -> None:
    draw_street(tmp_path / "train" / "images", "s0", 0)
    data, out = tmp_path / "data.yaml", tmp_path / "crops"
    names = ["rider", "without helmet", "with helmet", "number plate"]
    data.write_text(yaml.safe_dump({"train": "train/images", "val": [], "names": names}))
    with pytest.raises(DatasetError, match="names no val pictures"):
        build(data, SimpleNamespace(first=lambda _image: ()), out)
    assert not out.exists()


def test_crops_are_not_cut_once_more(tmp_path: Path) -> None:
    draw_street(tmp_path / "train" / "images", "s0.crop0", 0)
    data, names = tmp_path / "data.yaml", list(CLASS_NAMES)
    data.write_text(yaml.safe_dump({"train": "train/images", "val": "train/images", "names": names}))
    with pytest.raises(DatasetError, match=r"holds rider crops, such as s0\.crop0\.png: name .* whole pictures"):
        build(data, SimpleNamespace(first=lambda _image: ()), tmp_path / "crops")
    assert not (tmp_path / "crops").exists()
