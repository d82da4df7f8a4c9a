import json
import os
import tracemalloc
import unicodedata
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from pipeline.errors import DatasetError
from pipeline.settings import ROOT
from pipeline.training.second_look import read_findings
from pipeline.training.sets import Picture, read_set, read_spec
from pipeline.training.truth import read_truth
from pipeline.types import Box, Label

VOC = {"format": "voc", "names": None}
COCO = {"format": "coco", "names": None, "parts": {"val": {"images": "images", "annotations": "labels.json"}}}
CVAT = {"format": "cvat", "names": None, "parts": {"val": {"images": "images", "annotations": "labels.xml"}}}
MAP = {"motorbike": "rider", "no_helmet": "without helmet", "helmet": "with helmet", "plate": "number plate"}


def spec_file(folder: Path, **changes: object) -> Path:
    spec = {
        "name": "set",
        "origin": "drawn",
        "licence": "none",
        "format": "yolo",
        "names": ["plate", "helmet", "motorbike", "no_helmet"],
        "map": MAP,
        "covers": ["rider", "number plate"],
        "parts": {"train": {"images": "images", "annotations": "labels"}},
    } | changes
    path = folder / "set.yaml"
    path.write_text(yaml.safe_dump(spec))
    return path


def read(folder: Path, **changes: object) -> list[Picture]:
    """The set in a folder, with what a second look at it found."""
    return list(read_set(read_spec(spec_file(folder, **changes)), folder, read_findings(folder / "set.csv")))


def picture(path: Path, width: int = 200, height: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height, width, 3), 128, np.uint8))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def coco(*objects: dict[str, object], size: tuple[int, int] = (200, 100)) -> dict[str, object]:
    """One picture's motorbikes as COCO has them."""
    one = {"id": 1, "file_name": "a.jpg", "width": size[0], "height": size[1]}
    annotations = [{"id": i, "image_id": 1, "category_id": 3} | about for i, about in enumerate(objects)]
    return {"images": [one], "categories": [{"id": 3, "name": "motorbike"}], "annotations": annotations}


def test_own_order_of_yolo_classes_is_mapped_by_name(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "2 0.5 0.5 0.5 0.8\n0 0.5 0.7 0.1 0.1\n")
    (only,) = read(tmp_path)
    assert [one.label for one in only.labels] == [Label.RIDER, Label.PLATE]
    assert np.allclose(only.labels[0].box.as_tuple(), (50, 10, 150, 90))
    assert (only.width, only.height, only.split) == (200, 100, "train")


def test_a_class_of_its_own_may_mark_what_is_ignored(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "0 0.5 0.5 0.2 0.2\n1 0.5 0.7 0.1 0.1\n")
    (only,) = read(tmp_path, names=["ignored helmet", "helmet"])
    assert [(one.label, one.ignored) for one in only.labels] == [(Label.WITH_HELMET, True), (Label.WITH_HELMET, False)]


def test_rendered_frames_are_a_set_of_their_own(tmp_path: Path) -> None:
    record = pytest.importorskip("scenes.record", reason="the denoiser is not installed")
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "0 0.5 0.5 0.2 0.2\n5 0.5 0.7 0.1 0.1\n")
    write(tmp_path / "data.yaml", record.data_yaml())
    (only,) = read_set(read_spec(ROOT / "scenes/frames.yaml"), tmp_path, {})
    assert [(one.label, one.ignored) for one in only.labels] == [(Label.RIDER, False), (Label.WITHOUT_HELMET, True)]


@pytest.mark.parametrize("names", ["classes.txt", "obj.names"])
def test_labelimg_and_cvat_keep_labels_beside_pictures_and_names_in_a_list(tmp_path: Path, names: str) -> None:
    picture(tmp_path / "a.png")
    write(tmp_path / "a.txt", "1 0.5 0.5 0.2 0.2\n")
    write(tmp_path / names, "plate\nhelmet\n")
    (only,) = read(tmp_path, names=names, parts={"all": {"images": ".", "annotations": "."}})
    assert only.labels[0].label is Label.WITH_HELMET
    assert only.split is None


def test_pascal_voc_names_are_mapped(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    box = "<bndbox><xmin>11</xmin><ymin>21</ymin><xmax>60</xmax><ymax>70</ymax></bndbox>"
    write(
        tmp_path / "labels/a.xml",
        f"<annotation><size><width>200</width><height>100</height></size>"
        f"<object><name>no_helmet</name>{box}</object></annotation>",
    )
    (only,) = read(tmp_path, **VOC)
    assert only.labels[0].label is Label.WITHOUT_HELMET
    assert only.labels[0].box.iou(Box(10, 20, 60, 70)) > 0.9


def test_what_voc_calls_difficult_is_ignored(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    objects = "".join(
        f"<object><name>plate</name>{difficult}"
        f"<bndbox><xmin>{x}</xmin><ymin>21</ymin><xmax>{x + 20}</xmax><ymax>40</ymax></bndbox></object>"
        for x, difficult in ((11, "<difficult>0</difficult>"), (41, "<difficult>1</difficult>"), (71, ""))
    )
    size = "<size><width>200</width><height>100</height></size>"
    write(tmp_path / "labels/a.xml", f"<annotation>{size}{objects}</annotation>")
    (only,) = read(tmp_path, **VOC)
    assert [(one.box.x1, one.ignored) for one in only.labels] == [(10, False), (40, True), (70, False)]


def test_coco_json_as_roboflow_and_cvat_export_it(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    picture(tmp_path / "images/b.jpg")
    annotations = {
        "images": [
            {"id": i, "file_name": f"{name}.jpg", "width": 200, "height": 100} for i, name in ((1, "a"), (2, "b"))
        ],
        "categories": [{"id": 7, "name": "plate"}, {"id": 3, "name": "motorbike"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 3, "bbox": [20, 10, 50, 60], "area": 3000, "iscrowd": 0}
        ],
    }
    write(tmp_path / "labels.json", json.dumps(annotations))
    found = read(tmp_path, **COCO)
    assert [len(one.labels) for one in found] == [1, 0]
    assert found[0].labels[0].label is Label.RIDER
    assert np.allclose(found[0].labels[0].box.as_tuple(), (20, 10, 70, 70))


@pytest.mark.parametrize("stray", [{"image_id": "1"}, {"category_id": 9}])
def test_an_annotation_of_what_coco_does_not_list_is_told(tmp_path: Path, stray: dict[str, object]) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels.json", json.dumps(coco({"bbox": [20, 10, 50, 60]}, {"bbox": [20, 10, 50, 60]} | stray)))
    with pytest.raises(DatasetError, match="annotation 1 is of a picture or a class that it does not list"):
        read(tmp_path, **COCO)


@pytest.mark.parametrize("bbox", [{}, {"bbox": None}, {"bbox": []}, {"bbox": [20, 10, 50, 60, 0.9]}])
def test_an_annotation_of_coco_without_a_box_is_named(tmp_path: Path, bbox: dict[str, object]) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels.json", json.dumps(coco({"bbox": [20, 10, 50, 60]}, bbox)))
    with pytest.raises(DatasetError, match="annotation 1 has no bbox of x, y, width and height: add it or take it out"):
        read(tmp_path, **COCO)


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
def test_what_coco_lacks_is_named(tmp_path: Path, key: str) -> None:
    picture(tmp_path / "images/a.jpg")
    whole = coco({"bbox": [20, 10, 50, 60]})
    write(tmp_path / "labels.json", json.dumps({name: one for name, one in whole.items() if name != key}))
    with pytest.raises(DatasetError, match=rf"labels\.json cannot be read: '{key}' is missing in it"):
        read(tmp_path, **COCO)


def test_coco_need_not_say_how_large_its_pictures_are(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    text = json.dumps(coco({"bbox": [20, 10, 50, 60]})).replace(', "width": 200, "height": 100', "")
    write(tmp_path / "labels.json", text)
    (only,) = read(tmp_path, **COCO)
    assert (only.width, only.height, only.labels[0].box.as_tuple()) == (200, 100, (20, 10, 70, 70))


def test_a_picture_that_has_labels_and_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    write(tmp_path / "labels.json", json.dumps(coco({"bbox": [20, 10, 50, 60]})))
    with pytest.raises(DatasetError, match=r"set: .*a\.jpg has labels and is not there: put it back"):
        read(tmp_path, **COCO)


def test_two_classes_of_coco_with_one_name_are_one(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    listed = coco({"bbox": [20, 10, 50, 60]}, {"bbox": [90, 10, 50, 60], "category_id": 5})
    twice = {"categories": [{"id": 3, "name": "motorbike"}, {"id": 5, "name": "motorbike"}]}
    write(tmp_path / "labels.json", json.dumps(listed | twice))
    (only,) = read(tmp_path, **COCO)
    assert [(one.label, one.box.x1) for one in only.labels] == [(Label.RIDER, 20), (Label.RIDER, 90)]


def test_a_crowd_of_coco_is_ignored(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    box = {"bbox": [20, 10, 50, 60]}
    crowd = {"bbox": [100, 10, 80, 60], "iscrowd": 1, "segmentation": {"counts": [0, 9, 19991], "size": [100, 200]}}
    write(tmp_path / "labels.json", json.dumps(coco(box, crowd)))
    (only,) = read(tmp_path, **COCO)
    assert [(one.box.x1, one.ignored) for one in only.labels] == [(20, False), (100, True)]


TASK = """<annotations>
  <version>1.1</version>
  <meta><task><labels><label><name>motorbike</name></label><label><name>plate</name></label></labels></task></meta>
  <image id="0" name="a.jpg" width="200" height="100">
    <box label="motorbike" source="manual" occluded="0" xtl="20.0" ytl="10.0" xbr="70.0" ybr="70.0" z_order="0"/>
  </image>
  <image id="1" name="b.jpg" width="200" height="100"/>
</annotations>"""


def test_cvat_xml(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    picture(tmp_path / "images/b.jpg")
    write(tmp_path / "labels.xml", TASK)
    found = read(tmp_path, **CVAT)
    assert [len(one.labels) for one in found] == [1, 0]
    assert found[0].labels[0].label is Label.RIDER
    assert np.allclose(found[0].labels[0].box.as_tuple(), (20, 10, 70, 70))


def test_a_polygon_of_cvat_is_the_box_around_it(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    picture(tmp_path / "images/b.jpg")
    shape = '<polygon label="plate" points="30.0,20.0;60.0,10.5;50.0,40.0"/><tag label="plate"/>'
    write(tmp_path / "labels.xml", TASK.replace('height="100"/>', f'height="100">{shape}</image>'))
    found = read(tmp_path, **CVAT)
    assert [(one.label, one.box.as_tuple()) for one in found[1].labels] == [(Label.PLATE, (30, 10.5, 60, 40))]


def test_a_box_of_cvat_may_begin_at_any_corner(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    picture(tmp_path / "images/b.jpg")
    turned = TASK.replace('xtl="20.0"', 'xtl="70.0"').replace('xbr="70.0"', 'xbr="20.0"')
    write(tmp_path / "labels.xml", turned)
    found = read(tmp_path, **CVAT)
    assert [one.box.as_tuple() for one in found[0].labels] == [(20, 10, 70, 70)]


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        (TASK.replace("b.jpg", "../b.jpg"), "not in"),
        (TASK.replace("b.jpg", "a.jpg"), "names the picture a.jpg twice"),
        (TASK.replace("<image", "<track").replace("</image", "</track"), "no task of pictures"),
        (TASK[:200], "cannot be read"),
        (TASK.replace('width="200"', 'width="400"'), "of another size than the picture"),
        (TASK.replace("<box", '<box rotation="30.0"'), "a box that is turned: draw boxes or polygons"),
        (TASK.replace("<box", "<polyline"), "holds a polyline: draw boxes or polygons"),
        (TASK.replace('xtl="20.0"', ""), "cannot be read"),
    ],
)
def test_broken_cvat_xml_is_refused(tmp_path: Path, xml: str, says: str) -> None:
    for name in ("images/a.jpg", "images/b.jpg", "b.jpg"):
        picture(tmp_path / name)
    write(tmp_path / "labels.xml", xml)
    with pytest.raises(DatasetError, match=says):
        read(tmp_path, **CVAT)


@pytest.mark.parametrize(("listed", "there"), [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("kind", ["coco", "cvat"])
def test_a_picture_is_found_whose_name_is_spelled_otherwise(tmp_path: Path, kind: str, listed: str, there: str) -> None:
    """macOS takes Hangul in names to pieces."""
    picture(tmp_path / "images" / unicodedata.normalize(there, "거리.jpg"))
    cvat = TASK.partition('  <image id="1"')[0] + "</annotations>"
    text = json.dumps(coco({"bbox": [20, 10, 50, 60]})) if kind == "coco" else cvat
    write(tmp_path / "labels", text.replace("a.jpg", unicodedata.normalize(listed, "거리.jpg")))
    parts = {"val": {"images": "images", "annotations": "labels"}}
    (only,) = read(tmp_path, format=kind, names=None, parts=parts)
    assert [one.box.as_tuple() for one in only.labels] == [(20, 10, 70, 70)]
    write(tmp_path / "labels", (tmp_path / "labels").read_text().replace("200", "400"))
    with pytest.raises(DatasetError, match="of another size than the picture"):
        read(tmp_path, format=kind, names=None, parts=parts)


def test_null_leaves_a_class_out_and_boxes_are_clipped(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "0 0.5 0.5 0.2 0.2\n2 0.95 0.5 0.2 0.2\n")
    (only,) = read(tmp_path, map=MAP | {"plate": None})
    assert [one.label for one in only.labels] == [Label.RIDER]
    assert only.labels[0].box.x2 == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"map": {"plate": "number plate"}}, r"'helmet', 'motorbike', 'no_helmet'"),
        ({"map": MAP | {"helmet": "hat"}}, "“hat” is none of the project's classes"),
        ({"covers": ["riders"]}, "“riders” is none"),
        ({"names": None}, "`names` must say"),
        ({"names": "tabs.yaml"}, "cannot be read"),
        ({"names": "classes.yaml"}, r"the classes \['class 0'\] are not in its map"),
        ({"covers": ["rider"], "gaps": ["number plate"]}, r"covers does not name \['number plate'\]"),
        ({"parts": {"train": {"images": ".", "annotations": "labels"}}}, "parts of their own"),
        ({"format": "csv"}, "format"),
        ({"parts": {}}, "parts: Dictionary should have at least 1 item"),
        ({"parts": {"train": {"images": "pictures", "annotations": "labels"}}}, "pictures is missing"),
    ],
)
def test_what_a_set_cannot_be_is_said_clearly(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "")
    write(tmp_path / "classes.yaml", "names: {1: plate, 2: helmet}")
    write(tmp_path / "tabs.yaml", "names:\n\t- plate\n\t- helmet\n")
    with pytest.raises(DatasetError, match=says):
        read(tmp_path, **changes)


def test_a_class_number_without_a_name_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "4 0.5 0.5 0.2 0.2\n")
    with pytest.raises(DatasetError, match=r"a\.txt, line 1: class 4 has no name"):
        read(tmp_path)


def test_yolo_labels_mean_in_a_set_what_they_mean_to_those_who_judge_by_them(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    outline, sure = "0 0.1 0.2 0.5 0.1 0.3 0.6", "1 0.5 0.5 0.2 0.4 0.93"
    write(tmp_path / "labels/a.txt", f"\ufeff{outline}\n\n{sure}\n{outline}\n2 0.5 0.5 0 0\n")
    write(tmp_path / "data.yaml", "names: [rider, with helmet, number plate]\nval: images\n")
    names = ["rider", "with helmet", "number plate"]
    (own,) = read(tmp_path, names=names, map={name: name for name in names})
    (truth,) = read_truth(tmp_path / "data.yaml", "val")
    assert own.labels == truth.labels
    assert [one.label for one in own.labels] == [Label.RIDER, Label.WITH_HELMET]
    assert np.allclose([one.box.as_tuple() for one in own.labels], [(20, 10, 100, 60), (80, 30, 120, 70)])


@pytest.mark.parametrize("kind", ["yolo", "coco"])
def test_outlines_take_no_more_memory_than_boxes(tmp_path: Path, kind: str) -> None:
    picture(tmp_path / "images/a.jpg", 2000, 1500)
    write(tmp_path / "labels/a.txt", "2 0.1 0.2 0.5 0.1 0.3 0.6\n" + "1 0.5 0.5 0.6 0.5 0.6 0.7\n" * 19)
    outline = {"bbox": [200, 150, 800, 750], "segmentation": [[200, 300, 1000, 150, 600, 900]]}
    write(tmp_path / "labels.json", json.dumps(coco(*[outline] * 20, size=(2000, 1500))))
    parts = {"val": {"images": "images", "annotations": "labels" if kind == "yolo" else "labels.json"}}
    tracemalloc.start()
    (only,) = read(tmp_path, format=kind, parts=parts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.allclose(only.labels[0].box.as_tuple(), (200, 150, 1000, 900))
    assert peak < 30e6, "a mask of each would be 60 MB"


def test_a_picture_nobody_labelled_is_refused_and_an_empty_label_is_not(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "")
    assert not read(tmp_path)[0].labels
    picture(tmp_path / "images/b.jpg")
    with pytest.raises(DatasetError, match=r"1 pictures without a label file, the first b\.jpg"):
        read(tmp_path)


@pytest.mark.parametrize("damage", [lambda whole: whole[:400], lambda _: b"", lambda _: b"no picture"])
def test_a_damaged_picture_is_named_however_little_is_left_of_it(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "images/a.jpg").write_bytes(damage((tmp_path / "images/a.jpg").read_bytes()))
    with pytest.raises(DatasetError, match=r"a\.jpg cannot be read as a picture: mend it or take it out"):
        read(tmp_path)


def test_a_picture_that_is_far_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9000)  # of twice as many Pillow takes a picture for an attack
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "")
    with pytest.raises(DatasetError, match=r"a\.jpg is too large: make it smaller or take it out \(Image size"):
        read(tmp_path)


@pytest.mark.parametrize("kind", ["yolo", "voc"])
def test_pictures_in_folders_below_are_told_unless_they_are_a_part(tmp_path: Path, kind: str) -> None:
    for name in ("a", "deeper/b"):
        picture(tmp_path / f"{name}.jpg")
        write(tmp_path / f"{name}.txt", "")
        write(tmp_path / f"{name}.xml", "<annotation/>")
    parts = {"train": {"images": ".", "annotations": "."}}
    with pytest.raises(DatasetError, match=r"deeper/b\.jpg is in no part .*folders below are parts of their own"):
        read(tmp_path, format=kind, parts=parts)
    parts |= {"val": {"images": "deeper", "annotations": "deeper"}}
    found = read(tmp_path, format=kind, parts=parts)
    assert [(one.path.name, one.split) for one in found] == [("a.jpg", "train"), ("b.jpg", "val")]


def test_a_second_look_changes_one_box_or_ignores_it(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "1 0.25 0.5 0.1 0.1\n1 0.5 0.5 0.1 0.1\n1 0.75 0.5 0.1 0.1\n")
    write(tmp_path / "set.csv", "file,x,y,label\na.jpg,0.250,0.500,without helmet\na.jpg,0.750,0.500,ignored\n")
    (only,) = read(tmp_path)
    assert [one.label for one in only.labels] == [Label.WITHOUT_HELMET, Label.WITH_HELMET, Label.WITH_HELMET]
    assert [one.ignored for one in only.labels] == [False, False, True]
    assert only.found == () == only.empty


def test_a_second_look_finds_heads_and_places_without_one(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "1 0.25 0.5 0.1 0.1\n")
    rows = ("a.jpg,0.25,0.5,without helmet,0.1,0.1", "a.jpg,0.5,0.5,ignored,0.1,0.1", "a.jpg,0.75,0.5,nothing,0.1,0.2")
    write(tmp_path / "set.csv", "file,x,y,label,width,height\n" + "\n".join(rows) + "\n")
    (only,) = read(tmp_path)
    assert [(one.label, one.ignored) for one in only.labels] == [(Label.WITH_HELMET, False)], "a row with a size is new"
    assert [(one.label, one.ignored) for one in only.found] == [
        (Label.WITHOUT_HELMET, False), (Label.WITHOUT_HELMET, True), (Label.WITH_HELMET, True)
    ]  # fmt: skip
    width, height = only.width, only.height
    assert only.empty[0].iou(Box(0.7 * width, 0.4 * height, 0.8 * width, 0.6 * height)) > 0.99


def test_a_head_of_somebody_on_foot_that_the_set_labels_is_none(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "3 0.25 0.5 0.1 0.1\n3 0.5 0.5 0.1 0.1\n0 0.25 0.5 0.1 0.1\n")
    write(tmp_path / "set.csv", "file,x,y,label,width,height\na.jpg,0.25,0.5,nothing,0.1,0.1\n")
    (only,) = read(tmp_path)
    assert [one.label for one in only.labels] == [Label.WITHOUT_HELMET, Label.PLATE], "a plate is no head"
    assert len(only.empty) == 1


@pytest.mark.parametrize("row", ["a.jpg,0.5,0.5,hat,,", "a.jpg,x,0.5,ignored,,", "a.jpg,0.5,0.5,nothing,,", "a.jpg"])
def test_a_row_that_is_none_is_named(row: str, tmp_path: Path) -> None:
    write(tmp_path / "set.csv", f"file,x,y,label,width,height\nb.jpg,0.5,0.5,ignored,,\n{row}\n")
    with pytest.raises(DatasetError, match=r"set\.csv, line 3"):
        read_findings(tmp_path / "set.csv")


@pytest.mark.parametrize(
    ("text", "encoding", "says"),
    [
        ("거리.jpg,0.5,0.5,ignored", "cp949", r"set\.csv cannot be read: save it as UTF-8"),
        ("a.jpg,0.5,0.5,ignored", "utf-16", r"set\.csv cannot be read: save it as UTF-8"),
        (f"{'a' * 200_000}.jpg,0.5,0.5,ignored", "utf-8", r"set\.csv cannot be read: field larger"),
    ],
    ids=["cp949", "utf-16", "a long field"],
)
def test_a_second_look_that_cannot_be_read_is_told(tmp_path: Path, text: str, encoding: str, says: str) -> None:
    (tmp_path / "set.csv").write_text(f"file,x,y,label\n{text}\n", encoding)
    with pytest.raises(DatasetError, match=says):
        read_findings(tmp_path / "set.csv")


def test_a_second_look_at_one_of_two_pictures_of_the_same_name_is_refused(tmp_path: Path) -> None:
    for name in ("train/1", "train/2", "valid/1", "valid/3"):
        picture(tmp_path / f"{name}.jpg")
        write(tmp_path / f"{name}.txt", "1 0.25 0.5 0.1 0.1\n")
    parts = {split: {"images": part, "annotations": part} for split, part in (("train", "train"), ("val", "valid"))}
    write(tmp_path / "set.csv", "file,x,y,label\n2.jpg,0.25,0.5,ignored\n")
    assert [one.labels[0].ignored for one in read(tmp_path, parts=parts)] == [False, True, False, False]
    write(tmp_path / "set.csv", "file,x,y,label\n1.jpg,0.25,0.5,ignored\n")
    with pytest.raises(DatasetError, match=r"set: several pictures are called 1\.jpg"):
        read(tmp_path, parts=parts)


def test_what_a_set_covers_has_to_be_said(tmp_path: Path) -> None:
    """Without it everything would be ignored in training, and nothing judged, without a word."""
    file = spec_file(tmp_path)
    file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith(("cov", "- "))))
    with pytest.raises(DatasetError, match="covers: Field required"):
        read_spec(file)


@pytest.mark.parametrize("row", ["0 100 50 20 10", "0 1.2 0.5 0.1 0.1"])
def test_numbers_that_are_no_shares_are_refused(tmp_path: Path, row: str) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", row)
    with pytest.raises(DatasetError, match=r"a\.txt, line 1: numbers have to be shares of the picture"):
        read(tmp_path)


def test_a_box_outside_its_picture_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    box = "<bndbox><xmin>311</xmin><ymin>21</ymin><xmax>360</xmax><ymax>70</ymax></bndbox>"
    write(tmp_path / "labels/a.xml", f"<annotation><object><name>helmet</name>{box}</object></annotation>")
    with pytest.raises(DatasetError, match=r"a box of .*a\.jpg lies outside it: mend its labels or take it out"):
        read(tmp_path, **VOC)


@pytest.mark.parametrize("kind", ["yolo", "voc"])
def test_a_name_from_korean_windows_is_told(tmp_path: Path, kind: str) -> None:
    """As unzip leaves it: OpenCV, and with it supervision, ends the whole process at such a name."""
    name = os.fsdecode("거리".encode("cp949"))
    picture(tmp_path / "images/a.jpg")
    (tmp_path / "images/a.jpg").rename(tmp_path / f"images/{name}.jpg")
    write(tmp_path / f"labels/{name}.txt", "")
    write(tmp_path / f"labels/{name}.xml", "<annotation/>")
    with pytest.raises(DatasetError, match=r"the name of .*\.jpg is not UTF-8: give it another"):
        read(tmp_path, format=kind)


@pytest.mark.parametrize("box", [[0.1, 0.1, 0.3, 0.6], [0, 0, 1, 1]])
def test_boxes_of_coco_in_shares_are_told(tmp_path: Path, box: list[float]) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels.json", json.dumps(coco({"bbox": box})))
    with pytest.raises(DatasetError, match=r"the boxes of .*a\.jpg are in shares of it: here they have to be pixels"):
        read(tmp_path, **COCO)


def test_a_picture_that_its_camera_turned_fits_its_yolo_labels_and_not_those_of_the_file_as_it_lies(
    tmp_path: Path,
) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    (tmp_path / "images").mkdir()
    Image.new("RGB", (200, 100)).save(tmp_path / "images/a.jpg", exif=turned)
    write(tmp_path / "labels/a.txt", "0 0.25 0.9 0.5 0.2\n")
    (only,) = read(tmp_path)
    assert (only.width, only.height) == (100, 200)
    assert np.allclose(only.labels[0].box.as_tuple(), (0, 160, 50, 200))
    size = "<size><width>200</width><height>100</height></size>"
    write(tmp_path / "labels/a.xml", f"<annotation>{size}</annotation>")
    with pytest.raises(DatasetError, match="of another size than the picture"):
        read(tmp_path, **VOC)


def test_coco_labels_of_a_larger_picture_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    one = {"id": 1, "file_name": "a.jpg", "width": 400, "height": 200}
    write(tmp_path / "labels.json", json.dumps({"images": [one], "categories": [], "annotations": []}))
    with pytest.raises(DatasetError, match="of another size than the picture"):
        read(tmp_path, **COCO)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("voc", "<annotation><size><width>200.0</width><height>100.0</height></size></annotation>"),
        ("voc", "<annotation><size><width>wide</width><height>inf</height></size></annotation>"),
        ("coco", '{"images": [{"id": 1, "file_name": "a.jpg", "width": null, "height": "high"}], "categories": [],'
         ' "annotations": []}'),
        ("cvat", '<annotations><image id="0" name="a.jpg" width="200.0" height="100.0"/></annotations>'),
    ],
)  # fmt: skip
def test_a_size_as_a_fraction_is_one_and_what_is_none_is_not_known(tmp_path: Path, kind: str, text: str) -> None:
    picture(tmp_path / "images/a.jpg")
    file = {"voc": "labels/a.xml", "coco": "labels.json", "cvat": "labels.xml"}[kind]
    write(tmp_path / file, text)
    parts = {"train": {"images": "images", "annotations": "labels" if kind == "voc" else file}}
    (only,) = read(tmp_path, format=kind, names=None, parts=parts)
    assert (only.width, only.height) == (200, 100)


def test_a_picture_of_a_kind_that_the_reader_passes_over_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    (tmp_path / "images/b.avif").touch()
    for name in ("a", "b"):
        write(tmp_path / f"labels/{name}.xml", "<annotation/>")
    with pytest.raises(DatasetError, match=r"b\.avif is of a kind that is not read here"):
        read(tmp_path, **VOC)


@pytest.mark.parametrize("kind", ["yolo", "voc", "coco", "cvat"])
def test_a_picture_that_training_would_pass_over_is_told(tmp_path: Path, kind: str) -> None:
    picture(tmp_path / "images/a.jpg")
    (tmp_path / "images/a.jpg").rename(tmp_path / "images/a.jfif")
    write(tmp_path / "labels/a.txt", "0 0.5 0.5 0.2 0.2\n")
    write(tmp_path / "labels/a.xml", "<annotation/>")
    write(tmp_path / "labels.json", json.dumps(coco({"bbox": [20, 10, 50, 60]})).replace("a.jpg", "a.jfif"))
    write(tmp_path / "labels.xml", TASK.partition('  <image id="1"')[0].replace("a.jpg", "a.jfif") + "</annotations>")
    parts = {"yolo": {}, "voc": VOC, "coco": COCO, "cvat": CVAT}[kind]
    with pytest.raises(DatasetError, match=r"a\.jfif is of a kind that is not read here: save it as JPEG or PNG"):
        read(tmp_path, **parts)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a.jpg,0.35,0.500,without helmet", r"a\.jpg was at \(0\.35, 0\.5\), where it labels nothing"),
        ("gone.jpg,0.25,0.5,ignored", r"at gone\.jpg, which it does not hold"),
    ],
)
def test_a_second_look_at_what_is_not_there_is_told(tmp_path: Path, row: str, says: str) -> None:
    picture(tmp_path / "images/a.jpg")
    write(tmp_path / "labels/a.txt", "1 0.25 0.5 0.1 0.1\n")
    write(tmp_path / "set.csv", f"\ufefffile,x,y,label\n{row}\n")
    with pytest.raises(DatasetError, match=says):
        read(tmp_path)


def test_a_file_of_voc_that_is_not_in_utf8_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    for text in ('<?xml version="1.0" encoding="euc-kr"?><annotation/>', "<annotation>거리</annotation>"):
        (tmp_path / "labels").mkdir(exist_ok=True)
        (tmp_path / "labels/a.xml").write_bytes(text.encode("euc-kr"))
        with pytest.raises(DatasetError, match=r"cannot be read: a\.xml: .*\. Save it as XML in UTF-8"):
            read(tmp_path, **VOC)


@pytest.mark.parametrize("kind", ["yolo", "voc"])
@pytest.mark.parametrize(("name", "labels"), [("a", "A"), ("가", unicodedata.normalize("NFD", "가"))])
def test_labels_of_a_name_that_is_spelled_otherwise_are_told(tmp_path: Path, kind: str, name: str, labels: str) -> None:
    picture(tmp_path / f"images/{name}.jpg")
    suffix = {"yolo": "txt", "voc": "xml"}[kind]
    write(tmp_path / f"labels/{labels}.{suffix}", {"yolo": "", "voc": "<annotation/>"}[kind])
    with pytest.raises(DatasetError, match=f"{labels}.{suffix} is spelled otherwise .* rename it to {name}.{suffix}"):
        read(tmp_path, **({} if kind == "yolo" else VOC))
