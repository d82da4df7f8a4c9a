"""COCO and YOLO labels read as boxes: where they are outlines, supervision would draw and keep a mask of each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import supervision as sv

from pipeline.training.description import pictures_of
from pipeline.training.labels import label_boxes


def read_coco(images: Path, annotations: Path) -> sv.DetectionDataset:
    """The boxes in pixels.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: the file is no such list, or names pictures elsewhere.
    """
    said = json.loads(annotations.read_bytes())
    for one in said["annotations"]:
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
