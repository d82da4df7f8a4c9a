"""CVAT's own form of labels, "CVAT for images 1.1": one XML file for a whole task. No library here reads it."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
import supervision as sv
from defusedxml.ElementTree import parse

_SIDES = ("xtl", "ytl", "xbr", "ybr")


def read_cvat(images: Path, annotations: Path) -> sv.DetectionDataset:
    """The boxes of a task, in pixels; its classes are those that the task names, used or not.

    Raises:
        ValueError: a picture is missing, or the file is no CVAT export of pictures.
    """
    root = parse(annotations).getroot()
    if root is None or root.tag != "annotations" or root.find("track") is not None:
        raise ValueError("no task of pictures: export it as “CVAT for images 1.1”")
    named = {name.text or "" for name in root.iterfind("meta//label/name")}
    classes = sorted(named | {box.get("label", "") for box in root.iterfind("image/box")})
    pictures = {}
    for entry in root.iterfind("image"):
        path = (images / entry.get("name", "")).resolve()
        if not path.is_relative_to(images.resolve()) or not path.is_file():
            raise ValueError(f"it names the picture {entry.get('name')}, which is not in {images}")
        pictures[str(path)] = _boxes(entry, classes)
    return sv.DetectionDataset(classes, list(pictures), pictures)


def _boxes(entry: Element, classes: list[str]) -> sv.Detections:
    boxes = entry.findall("box")
    corners = [[float(box.get(side, "")) for side in _SIDES] for box in boxes]
    numbers = [classes.index(box.get("label", "")) for box in boxes]
    return sv.Detections(np.array(corners, np.float32).reshape(-1, 4), class_id=np.array(numbers, int))
