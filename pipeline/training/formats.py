"""VOC, COCO and YOLO labels read as boxes, with what supervision alone would leave out or take too much memory for."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from xml.etree.ElementTree import ParseError

import numpy as np
import supervision as sv
from defusedxml.ElementTree import parse

from pipeline.training.description import pictures_of
from pipeline.training.labels import label_boxes
from pipeline.training.pictures import spelled


def read_voc(images: Path, annotations: Path) -> sv.DetectionDataset:
    """The boxes in pixels, with `difficult` in their data, which supervision passes over.

    Raises:
        ValueError, ParseError: a label is broken.
    """
    difficult = {file.stem: _difficult(file) for file in annotations.glob("*.xml")}
    source = sv.DetectionDataset.from_pascal_voc(str(images), str(annotations))
    for path, detections in source.annotations.items():
        if Path(path).stem in difficult:
            detections.data["difficult"] = np.array(difficult[Path(path).stem])
    return source


def _difficult(file: Path) -> list[bool]:
    """Of each object in a file."""
    try:
        objects = parse(file).iterfind("object")
        return [one.findtext("difficult", "0").strip() not in {"", "0"} for one in objects]
    except (ParseError, ValueError) as error:  # supervision would not say in which file
        raise ValueError(f"{file.name}: {error}. Save it as XML in UTF-8") from error


def read_coco(images: Path, annotations: Path) -> sv.DetectionDataset:
    """The boxes in pixels; supervision would draw and keep a mask of each outline.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the file is no such list, or names pictures elsewhere.
    """
    said = json.loads(annotations.read_bytes())
    pictures = {one["id"] for one in said["images"]}
    for one in said["images"]:
        one["file_name"] = spelled(images, one["file_name"])
        one |= {"width": 0, "height": 0}  # of masks alone
    names = {one["id"]: one["name"] for one in said["categories"]}
    numbers = {name: number for number, name in names.items()}  # Roboflow may list a class and its set by one name
    for one in said["annotations"]:
        if one.get("image_id") not in pictures or one.get("category_id") not in names:
            raise ValueError(f"annotation {one.get('id')} is of a picture or a class that it does not list")
        if len(one.get("bbox") or ()) != 4:
            raise ValueError(f"annotation {one.get('id')} has no bbox of x, y, width and height: add it or take it out")
        one["category_id"] = numbers[names[one["category_id"]]]
        one.pop("segmentation", None)
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(said, file)
        file.flush()
        return sv.DetectionDataset.from_coco(str(images), file.name)


def read_yolo(images: Path, annotations: Path, names: list[str]) -> sv.DetectionDataset:
    """The boxes in shares of their pictures; those without a label file are left out.

    Raises:
        DatasetError: a label is broken.
    """
    pictures = {}
    for path in pictures_of(images):
        file = annotations / f"{path.stem}.txt"
        if path.parent == images and file.exists():
            rows = label_boxes(file, range(len(names)))
            corners = np.array([box.as_tuple() for _, box in rows]).reshape(-1, 4)
            pictures[str(path)] = sv.Detections(corners, class_id=np.array([number for number, _ in rows], int))
    return sv.DetectionDataset(names, list(pictures), pictures)
