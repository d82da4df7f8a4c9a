"""A labelled YOLO data set as evaluation and mining need it: what is in each picture, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ultralytics.data.utils import img2label_paths

from pipeline.errors import DatasetError
from pipeline.training.description import Description, read_description
from pipeline.training.labels import Labelled
from pipeline.training.pictures import size
from pipeline.types import Box, Label

_ROUNDING = 0.01  # of a picture's side: so far beyond its edge labels may reach, as ultralytics allows


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
    """The same for those who choose or learn by it: every picture has to be whole and labelled.

    Raises:
        DatasetError: as above, or a picture is not.
    """
    reading = read_split(read_description(data), split)
    if reading.damaged:
        raise DatasetError(f"{reading.damaged[0]} cannot be read as a picture: mend it or take it out")
    if reading.unlabelled:
        path = reading.unlabelled[0]
        raise DatasetError(f"{path} has no label file {label_file(path)}: if nothing is in it, write an empty one")
    return reading.truths


def label_file(picture: Path) -> Path:
    return Path(img2label_paths([str(picture)])[0])


def _labels(file: Path, width: int, height: int, data: Description) -> Iterator[Labelled]:
    """Each label once; a box without a size marks nothing."""
    labels: dict[Labelled, None] = {}
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                labels[_label(line.split(), width, height, data)] = None
        except ValueError as error:
            raise DatasetError(f"{file}, line {number}: {error}") from error
    yield from (one for one in labels if one.box.area > 0)


def _label(row: list[str], width: int, height: int, data: Description) -> Labelled:
    cls, *numbers = (float(value) for value in row)
    if cls not in data.classes:
        raise ValueError(f"class {row[0]} has no name in {data.file}")
    if not all(-_ROUNDING <= one <= 1 + _ROUNDING for one in numbers):
        raise ValueError("numbers have to be shares of the picture, 0 to 1")
    if len(numbers) == 4:
        x, y, w, h = numbers
        shares = Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    elif len(numbers) >= 6 and len(numbers) % 2 == 0:  # an outline: x and y by turns
        shares = Box(min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
    else:
        raise ValueError("a class is followed by the 4 numbers of a box, or by the points of an outline")
    box = Box(shares.x1 * width, shares.y1 * height, shares.x2 * width, shares.y2 * height).clip(width, height)
    label, ignored = data.classes[int(cls)]
    return Labelled(label, box, ignored)
