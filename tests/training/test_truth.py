import os
import unicodedata
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from pipeline.errors import DatasetError
from pipeline.training.description import read_description
from pipeline.training.pictures import load
from pipeline.training.truth import read_split, read_truth
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


@pytest.mark.parametrize("covers", [[0, 2], ["Number-Plate", "rider"], {"one": [0, "RIDER"], "two": [1]}])
def test_covers_counts_and_spells_as_the_names_of_its_file(tmp_path: Path, covers: object) -> None:
    names = ["Number-Plate", "with_helmet", "Rider", "Without Helmet", "ignored rider"]
    one, _ = read_truth(data(tmp_path, names=names, covers=covers), "val")
    assert one.covers == {Label.RIDER, Label.PLATE}


def test_a_list_names_pictures_each_with_what_its_folder_covers_and_each_is_judged_once(tmp_path: Path) -> None:
    file = data(tmp_path, covers={"one": [0, 3], "two": [1]}, val=["one/val/images", "again.txt"])
    (tmp_path / "again.txt").write_text("./two/val/images/a.png\n" * 2)
    read = read_truth(file, "val")
    assert [(one.group, one.covers) for one in read[1:]] == [("two", {Label.WITHOUT_HELMET})]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"names": ["cat"]}, "“cat” is none of the project's classes"),
        ({"covers": {"one": [0]}}, "covers says nothing of two"),
        ({"covers": ["wheel"]}, "“wheel” is none of the project's classes"),
        ({"covers": [4]}, "covers names class 4, which has no name"),
        ({"covers": [True, False, True]}, "“True” is none of the project's classes"),
        ({"covers": "rider"}, "covers has to be a list"),
        ({"val": ["three/val/images"]}, "three/val/images is missing"),
        ({"names": list(CLASS_NAMES)[:0]}, r"a\.txt, line 1: class 0 has no name"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        read_truth(data(tmp_path, **changes), "val")


def test_a_missing_split_or_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="names no test pictures, only"):
        read_truth(data(tmp_path), "test")
    with pytest.raises(DatasetError, match="no data set description"):
        read_truth(tmp_path / "nowhere.yaml", "val")


def split(folder: Path, entry: str, **description: object) -> Path:
    """A data set as others lay it out: one picture in `entry`, a rider in its left upper quarter."""
    images = folder / entry
    images.mkdir(parents=True, exist_ok=True)
    labels = Path(str(images).replace("images", "labels"))
    labels.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(images / "a.png"), np.zeros((100, 200, 3), np.uint8))
    (labels / "a.txt").write_text("1 0.25 0.25 0.5 0.5\n")
    path = folder / "data.yaml"
    path.write_text(yaml.safe_dump({"names": ["number plate", "rider"]} | description))
    return path


@pytest.mark.parametrize(
    ("entry", "description"),
    [
        ("valid/images", {"val": "../valid/images"}),  # Roboflow
        ("valid/images", {"val": "valid"}),
        ("valid/images", {"valid": "valid/images"}),
        ("valid/images", {"train": "train/images"}),
        ("images/val", {"val": "images/val", "path": None}),
        ("images/val", {"path": ".", "val": ["images/val"], "names": {"0": "number plate", "1": "rider"}}),
        ("images/val/deeper", {"val": "images/val"}),
        ("deeper/images/val", {"path": "deeper", "val": "images/val"}),
        ("images/val", {"val": "images/val", "names": ["Number-Plate", "Rider"]}),
        ("images/val", {"val": "images/val", "names": {1: "rider"}}),
    ],
)
def test_layouts_of_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, description: dict[str, object]
) -> None:
    file = split(tmp_path, entry, **description)
    monkeypatch.chdir(tmp_path)
    for path in (file, Path("data.yaml")):
        (one,) = read_truth(path, "val")
        assert [(label.label, label.box.as_tuple()) for label in one.labels] == [(Label.RIDER, (0, 0, 100, 50))]
        assert one.group not in {"", "/", ".."}


def test_a_set_of_roboflow_inside_another_is_not_taken_for_it(tmp_path: Path) -> None:
    """Both say ../valid/images, which is that of the outer one to everybody else."""
    split(tmp_path, "valid/images", val="../valid/images")
    inner = split(tmp_path / "inner", "valid/images", val="../valid/images")
    with pytest.raises(DatasetError, match=rf"may be {tmp_path}/valid/images or {tmp_path}/inner/valid/images: name"):
        read_truth(inner, "val")


@pytest.mark.parametrize("name", ["valid", "validation"])
def test_a_split_may_be_asked_for_by_the_name_that_others_give_it(tmp_path: Path, name: str) -> None:
    assert len(read_truth(split(tmp_path, "images/val", val="images/val"), name)) == 1


def test_a_list_may_name_pictures_anywhere(tmp_path: Path) -> None:
    split(tmp_path / "elsewhere", "images/val")
    file = split(tmp_path / "here", "images/val", val="val.txt")
    (tmp_path / "here/val.txt").write_text(f"{tmp_path}/elsewhere/images/val/a.png\n../here/images/val/a.png\n")
    assert len(read_truth(file, "val")) == 2


@pytest.mark.parametrize("listed", ["images\\val\\거리.png", unicodedata.normalize("NFD", "images/val/거리.png")])
def test_a_list_from_another_system_names_the_same_pictures(tmp_path: Path, listed: str) -> None:
    file = split(tmp_path, "images/val", val="val.txt")
    for name in ("images/val/a.png", "labels/val/a.txt"):
        (tmp_path / name).rename(tmp_path / name.replace("a.", "거리."))
    (tmp_path / "val.txt").write_text(f"{listed}\r\n", newline="")
    (one,) = read_truth(file, "val")
    assert [label.label for label in one.labels] == [Label.RIDER]


def test_a_class_without_a_name_is_not_covered(tmp_path: Path) -> None:
    (one,) = read_truth(split(tmp_path, "images/val", val="images/val"), "val")
    assert one.covers == {Label.RIDER, Label.PLATE}


def labelled(folder: Path, text: str) -> Path:
    file = split(folder, "images/val", val="images/val")
    (folder / "labels/val/a.txt").write_text(text)
    return file


def test_outlines_are_boxes_and_a_label_counts_once(tmp_path: Path) -> None:
    outline, plate, nothing = "1 0.1 0.2 0.5 0.1 0.3 0.6", "0 0.95 0.5 0.2 0.2", "0 0.5 0.5 0 0"
    text = "\n".join(("\ufeff" + outline, "", plate.replace("0 ", "0.0 ", 1), plate, nothing))
    (one,) = read_truth(labelled(tmp_path, text), "val")
    assert [label.label for label in one.labels] == [Label.RIDER, Label.PLATE]
    first, second = (label.box.as_tuple() for label in one.labels)
    assert np.allclose(first, (20, 10, 100, 60))
    assert np.allclose(second, (170, 40, 200, 60)), "cut off at the picture's edge"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("-1 0.5 0.5 0.1 0.1", "class -1 has no name"),
        ("2 0.5 0.5 0.1 0.1", "class 2 has no name"),
        ("1 50 50 10 10", "shares of the picture"),
        ("1 0.5 0.5 nan 0.1", "shares of the picture"),
        ("1 0.5 0.5 0.1", "4 numbers"),
        ("0.5 0.5 0.5 0.1 0.1", "class 0.5 has no name"),
        ("rider 0.5 0.5 0.1 0.1", "rider"),
    ],
)
def test_a_row_that_is_no_label_is_named(tmp_path: Path, row: str, says: str) -> None:
    with pytest.raises(DatasetError, match=rf"a\.txt, line 2: .*{says}"):
        read_truth(labelled(tmp_path, f"1 0.5 0.5 0.1 0.1\n{row}\n"), "val")


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_labels_fit_a_picture_that_its_camera_turned(tmp_path: Path, suffix: str) -> None:
    file = split(tmp_path, "images/val", val="images/val")
    (tmp_path / "images/val/a.png").unlink()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (200, 100)).save(tmp_path / f"images/val/a.{suffix}", exif=turned)
    (one,) = read_truth(file, "val")
    assert one.labels[0].box.as_tuple() == (0, 0, 50, 100)


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16", "P"])
def test_pictures_of_every_kind_are_read_in_colours(tmp_path: Path, mode: str) -> None:
    file = split(tmp_path, "images/val", val="images/val")
    Image.new("I;16" if mode == "I;16" else "L", (200, 100), 120).convert(mode).save(tmp_path / "images/val/a.png")
    (one,) = read_truth(file, "val")
    assert load(one.path).shape == (100, 200, 3)


@pytest.mark.parametrize("suffix", ["JPG", "bmp", "gif", "jfif", "jpe", "tif", "webp"])
def test_pictures_are_judged_by_whatever_their_names_end_with(tmp_path: Path, suffix: str) -> None:
    file = split(tmp_path, "images/val", val="images/val")
    kind = "JPEG" if suffix in {"jfif", "jpe"} else None
    Image.new("RGB", (100, 50)).save(tmp_path / f"images/val/b.{suffix}", kind)
    assert [one.path.suffix[1:] for one in read_split(read_description(file), "val").truths] == ["png", suffix]


def test_a_name_from_korean_windows_is_judged_by_and_not_learned_by(tmp_path: Path) -> None:
    """As unzip leaves it: OpenCV ends the whole process at such a name."""
    file = split(tmp_path, "images/val", val="images/val")
    for name in ("images/val/a.png", "labels/val/a.txt"):
        (tmp_path / name).rename(tmp_path / name.replace("a.", os.fsdecode("거리.".encode("cp949"))))
    (one,) = read_split(read_description(file), "val").truths
    assert [label.label for label in one.labels] == [Label.RIDER]
    with pytest.raises(DatasetError, match=r"the name of .*\.png is not UTF-8: give it another"):
        read_truth(file, "val")


@pytest.mark.parametrize(("picture", "label"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_labels_are_found_whose_names_are_spelled_otherwise(
    tmp_path: Path, picture: Literal["NFC", "NFD"], label: Literal["NFC", "NFD"]
) -> None:
    """macOS takes Hangul in names to pieces; a label that is not found would say that the street is empty."""
    file = split(tmp_path, "images/val", val="images/val")
    cv2.imwrite(str(tmp_path / "images/val" / unicodedata.normalize(picture, "거리.png")), np.zeros((100, 200, 3)))
    (tmp_path / "labels/val" / unicodedata.normalize(label, "거리.txt")).write_text("1 0.5 0.5 0.1 0.2\n")
    reading = read_split(read_description(file), "val")
    assert not reading.unlabelled
    assert [len(one.labels) for one in reading.truths] == [1, 1]


def test_what_is_no_picture_and_what_nobody_labelled_is_counted(tmp_path: Path) -> None:
    file = split(tmp_path, "images/val", val="images/val")
    images = tmp_path / "images/val"
    (images / "text.jpg").write_text("no picture")
    (images / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    Image.new("F", (50, 50)).save(images / "depth.tiff")  # Pillow opens it, OpenCV does not
    Image.effect_noise((200, 200), 90).save(images / "short.jpg")
    (images / "short.jpg").write_bytes((images / "short.jpg").read_bytes()[:5000])
    with pytest.raises(DatasetError, match=r"depth\.tiff cannot be read as a picture"):
        read_truth(file, "val")
    cv2.imwrite(str(images / "street.png"), np.zeros((100, 200, 3), np.uint8))
    reading = read_split(read_description(file), "val")
    assert [path.name for path in reading.damaged] == ["depth.tiff", "gone.jpg", "short.jpg", "text.jpg"]
    assert [path.name for path in reading.unlabelled] == ["street.png"]
    assert [len(one.labels) for one in reading.truths] == [1, 0]


def test_labels_in_another_place_are_not_taken_for_empty_streets(tmp_path: Path) -> None:
    file = split(tmp_path, "images/val", val="images/val")
    (tmp_path / "labels").rename(tmp_path / "annotations")
    with pytest.raises(DatasetError, match=r"no picture in val has a label file .*labels/val/a\.txt"):
        read_split(read_description(file), "val")


@pytest.mark.parametrize(
    ("description", "says"),
    [
        ({"path": "/content/robo", "val": "images/val"}, "/content/robo is missing: mend `path`"),
        ({"val": "images/val", "names": "rider"}, "names have to be a list"),
        ({"val": "images/val", "covers": 3}, "covers"),
        ({"val": "images/val/a.png"}, "neither a folder nor a list"),
        ({"val": "images/val", "names": ["number plate", "bike"]}, "“bike” is none .* rename it"),
    ],
)
def test_a_description_that_cannot_be_used_is_told(tmp_path: Path, description: dict[str, object], says: str) -> None:
    with pytest.raises(DatasetError, match=says):
        read_truth(split(tmp_path, "images/val", **description), "val")


def test_a_folder_that_yaml_takes_for_a_number_or_a_day_is_a_folder(tmp_path: Path) -> None:
    split(tmp_path / "2024-01-01", "images/val")
    for name, place in (("day.yaml", "2024-01-01"), ("number.yaml", "5")):
        (tmp_path / name).write_text(f"path: {place}\nval: images/val\nnames: [number plate, rider]\n")
    day = read_description(tmp_path / "day.yaml")
    assert not day.merged
    assert len(read_split(day, "val").truths) == 1
    with pytest.raises(DatasetError, match="5 is missing: mend `path`"):
        read_description(tmp_path / "number.yaml")


@pytest.mark.parametrize("at", ["one/val/images/again", "one/val/images/below/up"])
def test_a_folder_that_links_to_itself_is_told(tmp_path: Path, at: str) -> None:
    file = data(tmp_path)
    (tmp_path / at).parent.mkdir(exist_ok=True)
    (tmp_path / at).symlink_to(tmp_path / "one" / "val" / "images")
    with pytest.raises(DatasetError, match=f"{at} links to a folder that it lies in: take the link out"):
        read_truth(file, "val")
    (tmp_path / at).unlink()
    (tmp_path / at).symlink_to(tmp_path / "two" / "val" / "images")
    assert len(read_description(file).pictures("val")) == 3, "links to other folders are followed"
