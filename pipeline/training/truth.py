"""A labelled YOLO data set as evaluation and mining need it: what is in each picture, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ultralytics.data.utils import img2label_paths

from pipeline.errors import DatasetError
from pipeline.training.description import Description, read_description
from pipeline.training.labels import Labelled, label_boxes
from pipeline.training.pictures import garbled, size, spelled
from pipeline.types import Box, Label


@dataclass(frozen=True, slots=True)
class Truth:
    """A picture, the classes that are labelled in it wherever they can be seen, and the labels (pixels)."""

    path: Path
    group: str
    covers: frozenset[Label]
    labels: tuple[Labelled, ...]

    def of(self, label: Label) -> tuple[list[Box], list[Box]]:
        """Boxes of a class that are there, and regions in which it may be."""
        mine = [one for one in self.labels if one.label is label]
        return [one.box for one in mine if not one.ignored], [one.box for one in mine if one.ignored]


@dataclass(frozen=True, slots=True)
class Reading:
    """A split: its pictures, those of them without a label file (nothing is in them), and files that are none."""

    truths: list[Truth]
    unlabelled: list[Path]
    damaged: list[Path]


def read_split(data: Description, split: str) -> Reading:
    """The pictures of one split of a data set, each once.

    Raises:
        DatasetError: there are none, none has a label file, or a label is broken.
    """
    reading = Reading([], [], [])
    for path in dict.fromkeys(data.pictures(split)):
        try:
            width, height = size(path)
        except DatasetError:
            reading.damaged.append(path)
            continue
        file = label_file(path)
        file = file.with_name(spelled(file.parent, file.name))
        if not file.exists():
            reading.unlabelled.append(path)
        labels = tuple(_labels(file, width, height, data)) if file.exists() else ()
        group = data.group(path)
        reading.truths.append(Truth(path, group, data.covers(group), labels))
    if not reading.truths:
        raise DatasetError(f"{data.file}: none of the pictures in {split} can be read, such as {reading.damaged[0]}")
    if len(reading.unlabelled) == len(reading.truths):
        raise DatasetError(
            f"{data.file}: no picture in {split} has a label file (the first would be "
            f"{label_file(data.pictures(split)[0])}). Where nothing is in any of them, write empty ones"
        )
    return reading


def read_truth(data: Path, split: str) -> list[Truth]:
    """The same for those who choose or learn by it: every picture has to be whole, labelled and of a name that
    can be written.

    Raises:
        DatasetError: as above, or a picture is not.
    """
    reading = read_split(read_description(data), split)
    if reading.damaged:
        raise DatasetError(f"{reading.damaged[0]} cannot be read as a picture: mend it or take it out")
    if reading.unlabelled:
        raise unlabelled(reading.unlabelled[0])
    if named := next((truth.path for truth in reading.truths if garbled(truth.path)), None):
        raise DatasetError(f"the name of {named} is not UTF-8: give it another")
    return reading.truths


def label_file(picture: Path) -> Path:
    return Path(img2label_paths([str(picture)])[0])


def unlabelled(picture: Path) -> DatasetError:
    file = label_file(picture)
    return DatasetError(f"{picture} has no label file {file}: if nothing is in it, write an empty one")


def _labels(file: Path, width: int, height: int, data: Description) -> Iterator[Labelled]:
    """In pixels; a box without a size marks nothing."""
    for cls, share in label_boxes(file, data.classes):
        label, ignored = data.classes[cls]
        box = share.scale(width, height).clip(width, height)
        if box.area > 0:
            yield Labelled(label, box, ignored)
