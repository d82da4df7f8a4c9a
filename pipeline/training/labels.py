"""Labelled boxes, and the files that hold them. Loads no model: drawing, exports and training share it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.types import CLASS_NAMES, Box, Label

IGNORED = "ignored "  # before a class name: regions in which that class may or may not be
IGNORED_NAMES = tuple(f"{IGNORED}{name}" for name in CLASS_NAMES)


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


def numbered(names: Any) -> dict[int, str]:
    """A data set's class names by their numbers in its labels, from a list or a mapping.

    Raises:
        ValueError, TypeError: they are neither.
    """
    if not isinstance(names, dict | list):
        raise TypeError("names have to be a list, or a mapping from numbers")
    numbers = names.items() if isinstance(names, dict) else enumerate(names)
    return {int(number): str(name) for number, name in numbers}
