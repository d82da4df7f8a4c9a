"""What a second look at a set's pictures found: labels that are wrong, heads that are not labelled, and places
where a model sees a head and none is."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from pipeline.errors import DatasetError
from pipeline.training.labels import Labelled
from pipeline.types import CLASS_NAMES, HEADS, Box, Detection, Label

_SAME_PLACE = 0.002
_SAME_HEAD_IOU = 0.3


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the file.

    `at` is a box's centre, `size` its width and height, shares of the picture. Without a size it is a label that the
    set has. It should have been `says`; `ignored`: it cannot be told; `nothing`: no rider's head is there, whatever a
    model or the set itself may say.
    """

    at: tuple[float, float]
    says: Label | Literal["ignored", "nothing"]
    size: tuple[float, float] | None


Findings: TypeAlias = dict[str, list[Finding]]  # per file name


def read_findings(path: Path) -> Findings:
    """Rows of file, x, y, label and, for what the set does not label, width and height.

    Raises:
        DatasetError: a row is not one, or the file cannot be read.
    """
    findings: Findings = {}
    if not path.exists():
        return findings
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        try:
            for row in reader:
                findings.setdefault(row["file"], []).append(_finding(row))
        except UnicodeDecodeError as error:
            raise DatasetError(f"{path} cannot be read: save it as UTF-8 ({error})") from error
        except csv.Error as error:
            raise DatasetError(f"{path} cannot be read: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{path}, line {reader.line_num}: {error}") from error
    return findings


def _finding(row: dict[str, str]) -> Finding:
    says: Label | Literal["ignored", "nothing"]
    match row["label"]:
        case "ignored" | "nothing" as word:
            says = word
        case name:
            says = Label(CLASS_NAMES.index(name))
    size = (float(row["width"]), float(row["height"])) if row.get("width") else None
    if says == "nothing" and size is None:
        raise ValueError("“nothing” needs a width and a height")
    return Finding((float(row["x"]), float(row["y"])), says, size)


def corrected(label: Labelled, width: int, height: int, findings: Sequence[Finding]) -> Labelled:
    """A label of the set in a picture of this size, as the second look has it."""
    x, y = label.box.center
    for one in findings:
        near = abs(x / width - one.at[0]) < _SAME_PLACE and abs(y / height - one.at[1]) < _SAME_PLACE
        if near and one.size is None:
            return replace(label, label=one.says) if isinstance(one.says, Label) else replace(label, ignored=True)
    return label


def unused(labels: Sequence[Labelled], width: int, height: int, findings: Sequence[Finding]) -> list[Finding]:
    """The findings about a label that no label of the set in a picture of this size is meant by."""
    about = [one for one in findings if one.size is None]
    return [one for one in about if all(corrected(label, width, height, [one]) is label for label in labels)]


def found(width: int, height: int, findings: Sequence[Finding]) -> tuple[Labelled, ...]:
    """The heads that the set does not label in a picture of this size; one that cannot be told as both, ignored."""
    heads: list[Labelled] = []
    for one in findings:
        if one.size is not None and one.says != "nothing":
            box = _box(one, width, height)
            labels = HEADS if one.says == "ignored" else (one.says,)
            heads += [Labelled(label, box, ignored=one.says == "ignored") for label in labels]
    return tuple(heads)


def empty(width: int, height: int, findings: Sequence[Finding]) -> tuple[Box, ...]:
    """The places in a picture of this size where no rider's head is."""
    return tuple(_box(one, width, height) for one in findings if one.says == "nothing")


def nobody(head: Detection | Labelled, places: Sequence[Box]) -> bool:
    """Whether it is a head where no rider's is."""
    return head.label in HEADS and any(box.iou(head.box) > _SAME_HEAD_IOU for box in places)


def _box(finding: Finding, width: int, height: int) -> Box:
    (x, y), (w, h) = finding.at, finding.size or (0.0, 0.0)
    return Box((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height).clip(width, height)
