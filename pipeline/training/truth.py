"""A labelled YOLO data set as evaluation and mining need it: what is in each picture, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from PIL import Image
from ultralytics.data.utils import IMG_FORMATS, img2label_paths

from pipeline.errors import DatasetError
from pipeline.training.labels import IGNORED, Labelled
from pipeline.types import CLASS_NAMES, Box, Label


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


def read_truth(data: Path, split: str) -> list[Truth]:
    """The pictures of one split of a data set.

    `covers` in the data.yaml is a list of classes, or one list per folder below `path`; without it, all are covered.

    Raises:
        DatasetError: the file is no data.yaml, has another class, or a picture or label is missing or broken.
    """
    try:
        description = yaml.safe_load(data.read_text())
        names = description["names"]
        entries = description[split] if isinstance(description[split], list) else [description[split]]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise DatasetError(f"{data} is no data set description with names and {split} ({error!r})") from error
    classes = _classes(names, data)
    root = data.parent / description.get("path", ".")
    pictures = []
    for entry in entries:
        listed = (root / entry).is_file()  # it may name pictures of any folder
        for path in pictures_of(root / entry):
            group = (path.relative_to(root) if listed else Path(entry)).parts[0]
            covers = _covers(description.get("covers"), group, data)
            pictures.append(Truth(path, group, covers, tuple(_labels(path, classes))))
    if not pictures:
        raise DatasetError(f"{data}: no pictures in {split}")
    return pictures


def _classes(names: Any, data: Path) -> list[tuple[Label, bool]]:
    """Our class of each of the data set's numbers, and whether it marks ignored regions."""
    ordered = [names[i] for i in sorted(names)] if isinstance(names, dict) else list(names)
    classes = []
    for name in ordered:
        plain = str(name).removeprefix(IGNORED)
        if plain not in CLASS_NAMES:
            raise DatasetError(f"{data}: “{name}” is none of the project's classes ({', '.join(CLASS_NAMES)})")
        classes.append((Label(CLASS_NAMES.index(plain)), plain != name))
    return classes


def _covers(covers: Any, group: str, data: Path) -> frozenset[Label]:
    if isinstance(covers, dict):
        if group not in covers:
            raise DatasetError(f"{data}: covers says nothing of {group}")
        covers = covers[group]
    if covers is None:
        return frozenset(Label)
    try:
        return frozenset(Label(one) if isinstance(one, int) else Label(CLASS_NAMES.index(one)) for one in covers)
    except ValueError as error:
        raise DatasetError(f"{data}: covers: {error}") from error


def pictures_of(entry: Path) -> Iterator[Path]:
    """The pictures of a folder, or those that a list names (relative to it), in order."""
    if entry.is_dir():
        yield from sorted(path for path in entry.iterdir() if path.suffix[1:].lower() in IMG_FORMATS)
    elif entry.is_file():
        yield from (entry.parent / line.strip() for line in entry.read_text().splitlines() if line.strip())
    else:
        raise DatasetError(f"{entry} is missing")


def _labels(path: Path, classes: list[tuple[Label, bool]]) -> Iterator[Labelled]:
    file = Path(img2label_paths([str(path)])[0])
    try:
        with Image.open(path) as image:
            width, height = image.size
        rows = [line.split() for line in file.read_text().splitlines() if line.strip()]
        for row in rows:
            label, ignored = classes[int(row[0])]
            x, y, w, h = (float(value) for value in row[1:5])
            box = Box((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
            yield Labelled(label, box, ignored)
    except (OSError, ValueError, IndexError) as error:
        raise DatasetError(f"{path.name} or its label {file.name} cannot be read ({error!r})") from error
