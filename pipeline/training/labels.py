"""Labelled boxes, and the files that hold them. Loads no model: drawing, exports and training share it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import DatasetError
from pipeline.types import CLASS_NAMES, Box, Label

IGNORED = "ignored "  # before a class name: regions in which that class may or may not be
IGNORED_NAMES = tuple(f"{IGNORED}{name}" for name in CLASS_NAMES)
_ROUNDING = 0.01  # of a picture's side: so far beyond its edge labels may reach, as ultralytics allows


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled box, pixels of its picture. `ignored`: may or may not be there, so nobody is judged by it."""

    label: Label
    box: Box
    ignored: bool = False


def label_lines(labels: Iterable[Labelled], width: int, height: int) -> str:
    """YOLO's label file of a picture of this size; ignored regions as class 4 to 7."""
    lines = []
    for label in labels:
        x, y = label.box.center
        cls = label.label + (len(CLASS_NAMES) if label.ignored else 0)
        sides = (x / width, y / height, label.box.width / width, label.box.height / height)
        lines.append(f"{int(cls)} " + " ".join(f"{side:.6f}" for side in sides) + "\n")
    return "".join(lines)


def save_labels(picture: Path, labels: Iterable[Labelled], width: int, height: int) -> None:
    """Write the label file of a picture in a folder `images`, into the folder `labels` beside that."""
    (picture.parent.with_name("labels") / f"{picture.stem}.txt").write_text(label_lines(labels, width, height))


def label_boxes(file: Path, named: Container[float]) -> list[tuple[int, Box]]:
    """A YOLO label file: class numbers and boxes (shares of the picture), those around outlines too, each label once.

    Args:
        named: the numbers of the classes that have a name.

    Raises:
        DatasetError: it cannot be read, or a line is no label.
    """
    rows: dict[tuple[int, Box], None] = {}
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                rows[_row(line.split(), named)] = None
        except ValueError as error:
            raise DatasetError(f"{file}, line {number}: {error}") from error
    return list(rows)


def _row(row: list[str], named: Container[float]) -> tuple[int, Box]:
    cls, *numbers = (float(value) for value in row)
    if cls not in named:
        raise ValueError(f"class {row[0]} has no name: add it to `names`")
    if len(numbers) % 2:  # how sure a model was, or the number of a track
        numbers.pop()
    if not all(-_ROUNDING <= one <= 1 + _ROUNDING for one in numbers):
        raise ValueError("numbers have to be shares of the picture, 0 to 1")
    if len(numbers) == 4:
        x, y, w, h = numbers
        return int(cls), Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    if len(numbers) >= 6:  # an outline: x and y by turns
        return int(cls), Box(min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
    raise ValueError("a class is followed by the 4 numbers of a box, or by the points of an outline")


def numbered(names: Any) -> dict[int, str]:
    """A data set's class names by their numbers in its labels, from a list or a mapping.

    Raises:
        ValueError, TypeError: they are neither.
    """
    if not isinstance(names, dict | list):
        raise TypeError("names have to be a list, or a mapping from numbers")
    numbers = names.items() if isinstance(names, dict) else enumerate(names)
    return {int(number): str(name) for number, name in numbers}
