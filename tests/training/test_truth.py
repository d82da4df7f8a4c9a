from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from pipeline.errors import DatasetError
from pipeline.training.truth import read_truth
from pipeline.types import CLASS_NAMES, Label


def data(folder: Path, **changes: object) -> Path:
    for name in ("one", "two"):
        images = folder / name / "val" / "images"
        images.mkdir(parents=True, exist_ok=True)
        images.with_name("labels").mkdir(exist_ok=True)
        cv2.imwrite(str(images / "a.png"), np.zeros((100, 200, 3), np.uint8))
        (images.with_name("labels") / "a.txt").write_text("0 0.5 0.5 0.1 0.2\n")
    path = folder / "data.yaml"
    path.write_text(yaml.safe_dump({"val": ["one/val/images", "two/val/images"], "names": list(CLASS_NAMES)} | changes))
    return path


def test_boxes_come_in_pixels(tmp_path: Path) -> None:
    one, two = read_truth(data(tmp_path), "val")
    assert np.allclose(one.labels[0].box.as_tuple(), (90, 40, 110, 60))
    assert (one.group, two.group) == ("one", "two")
    assert one.covers == frozenset(Label)


def test_classes_go_by_name_and_ignored_ones_are_regions(tmp_path: Path) -> None:
    one, _ = read_truth(data(tmp_path, names={0: "ignored number plate", 1: "rider"}), "val")
    assert one.labels[0].label is Label.PLATE
    assert one.of(Label.PLATE) == ([], [one.labels[0].box])


@pytest.mark.parametrize("covers", [[0, 3], ["rider", "number plate"], {"one": [0, 3], "two": [1]}])
def test_covers_by_number_name_or_folder(tmp_path: Path, covers: object) -> None:
    one, _ = read_truth(data(tmp_path, covers=covers), "val")
    assert one.covers == {Label.RIDER, Label.PLATE}


def test_a_list_names_pictures_again_each_with_what_its_folder_covers(tmp_path: Path) -> None:
    file = data(tmp_path, covers={"one": [0, 3], "two": [1]}, val=["one/val/images", "again.txt"])
    (tmp_path / "again.txt").write_text("./two/val/images/a.png\n" * 2)
    read = read_truth(file, "val")
    assert [(one.group, one.covers) for one in read[1:]] == [("two", {Label.WITHOUT_HELMET})] * 2


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"names": ["cat"]}, "“cat” is none of the project's classes"),
        ({"covers": {"one": [0]}}, "covers says nothing of two"),
        ({"covers": ["wheel"]}, "covers"),
        ({"val": ["three/val/images"]}, "three/val/images is missing"),
        ({"names": list(CLASS_NAMES)[:0]}, r"a\.png or its label a\.txt cannot be read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        read_truth(data(tmp_path, **changes), "val")


def test_a_missing_split_or_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no data set description with names and test"):
        read_truth(data(tmp_path), "test")
    with pytest.raises(DatasetError, match="no data set description"):
        read_truth(tmp_path / "nowhere.yaml", "val")
