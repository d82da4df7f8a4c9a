"""CVAT's own form of labels, "CVAT for images 1.1": one XML file for a whole task. No library here reads it."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import supervision as sv
from defusedxml.ElementTree import parse

from pipeline.training.pictures import spelled


def read_cvat(images: Path, annotations: Path) -> sv.DetectionDataset:
    """The boxes of a task and those around its polygons, in pixels; its classes are all that the task names.

    Raises:
        ValueError: a picture is missing or there twice, or the file is no CVAT export of pictures.
    """
    root = parse(annotations).getroot()
    if root is None or root.tag != "annotations" or root.find("track") is not None:
        raise ValueError("no task of pictures: export it as “CVAT for images 1.1”")
    named = {name.text or "" for name in root.iterfind("meta//label/name")}
    classes = sorted(named | {shape.get("label", "") for entry in root.iterfind("image") for shape in _shapes(entry)})
    pictures = {}
    for entry in root.iterfind("image"):
        path = (images / spelled(images, entry.get("name", ""))).resolve()
        if not path.is_relative_to(images.resolve()) or not path.is_file():
            raise ValueError(f"it names the picture {entry.get('name')}, which is not in {images}")
        if str(path) in pictures:
            raise ValueError(f"it names the picture {entry.get('name')} twice")
        pictures[str(path)] = _boxes(entry, classes)
    return sv.DetectionDataset(classes, list(pictures), pictures)


def _boxes(entry: Element, classes: list[str]) -> sv.Detections:
    shapes = _shapes(entry)
    corners = [_corners(shape) for shape in shapes]
    numbers = [classes.index(shape.get("label", "")) for shape in shapes]
    return sv.Detections(np.array(corners, np.float32).reshape(-1, 4), class_id=np.array(numbers, int))


def _shapes(entry: Element) -> list[Element]:
    return [one for one in entry if one.tag != "tag"]  # a tag is of the whole picture


def _corners(shape: Element) -> list[float]:
    """Of the box around a polygon, or of a box, whichever of its corners comes first."""
    if shape.tag == "polygon":
        points = [point.split(",") for point in shape.get("points", "").split(";")]
    elif shape.tag == "box" and not float(shape.get("rotation", 0)):
        points = [[shape.get(side, "") for side in corner] for corner in (("xtl", "ytl"), ("xbr", "ybr"))]
    else:
        raise ValueError(
            f"it holds a {shape.tag}{' that is turned' if shape.tag == 'box' else ''}: draw boxes or polygons"
        )
    xs, ys = ([float(point[axis]) for point in points] for axis in (0, 1))
    return [min(xs), min(ys), max(xs), max(ys)]
