"""Whether a set's classes are what its file says: by the statistics of the boxes, and by eye on contact sheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np
import supervision as sv

from pipeline.errors import DatasetError
from pipeline.training.labels import Labelled
from pipeline.training.pictures import load, save
from pipeline.training.sets import Picture, SetSpec
from pipeline.types import HEADS, Box, Image, Label

# Medians over the ten sets that ship with a file lie at a head's height of 0.15 to 0.25 of its rider's and a
# plate's of 0.05 to 0.11; a plate is at least as wide as it is high, a head 0.55 to 1.2 times
_TALLEST_PART = 0.5  # of a rider's height: a "head" or "plate" above it is a rider or a person
_NARROWEST_PLATE = 0.75  # width over height
_TALLEST_ALONE = 0.5  # of the picture's height, where no rider is labelled to compare with
_DIFFERENT = 2.5  # times the height of the other kind of heads
_WAIST = 0.35  # share of a rider's height from its top: heads sit above it, plates below
_FEWEST = 5  # boxes of a class from which its median says something
_OUTLIER = 4.0  # times the median height of its class, and
_OUTLIER_SHARE = 0.35  # of the picture's height: a box with another class's label

_TILE, _COLUMNS, _ROWS = 96, 12, 10


@dataclass(frozen=True, slots=True)
class Statistics:
    """Boxes of one class in a set: how many, and medians of their height (share of the picture's), their width over
    height, and where their centre lies in a rider around it (share of the rider's height from its top)."""

    boxes: int
    height: float
    aspect: float
    place: float | None


def statistics(pictures: Sequence[Picture]) -> dict[Label, Statistics]:
    """The boxes of each class that a set has."""
    found = {}
    for label in Label:
        boxes = [(one.box, picture) for picture in pictures for one in picture.labels if one.label is label]
        if boxes:
            found[label] = Statistics(
                len(boxes),
                median(box.height / picture.height for box, picture in boxes),
                median(box.width / max(box.height, 1e-6) for box, _ in boxes),
                median(places) if len(places := list(_places(boxes))) >= _FEWEST else None,
            )
    return found


def _places(boxes: Sequence[tuple[Box, Picture]]) -> Iterator[float]:
    for box, picture in boxes:
        riders = [one.box for one in picture.labels if one.label is Label.RIDER and box.inside(one.box) > 0.5]
        if riders:
            rider = min(riders, key=lambda one: one.area)
            yield (box.center[1] - rider.y1) / max(rider.height, 1e-6)


def swapped(found: dict[Label, Statistics]) -> list[str]:
    """What speaks for an order that was mixed up; empty where nothing does."""
    enough = {label: one for label, one in found.items() if one.boxes >= _FEWEST}
    rider = enough.get(Label.RIDER)
    complaints = []
    for label, one in enough.items():
        if label is Label.RIDER:
            continue
        if rider and one.height > _TALLEST_PART * rider.height:
            complaints.append(f"half of “{label.title}” is {one.height / rider.height:.1f} riders high or more")
        elif not rider and one.height > _TALLEST_ALONE:
            complaints.append(f"half of “{label.title}” is more than {_TALLEST_ALONE:.0%} of its picture high")
    plate = enough.get(Label.PLATE)
    if plate and plate.aspect < _NARROWEST_PLATE:
        complaints.append(f"half of “{Label.PLATE.title}” is higher than wide")
    if plate and plate.place is not None and plate.place < _WAIST:
        complaints.append(f"half of “{Label.PLATE.title}” is where a rider's head is")
    heads = [enough[label] for label in HEADS if label in enough]
    for head in heads:
        if head.place is not None and head.place > _WAIST:
            complaints.append("half of the heads are below a rider's shoulders")
        if plate and plate.height > head.height and plate.aspect < head.aspect:
            complaints.append(f"“{Label.PLATE.title}” is higher and narrower than heads")
    if len(heads) == len(HEADS) and max(head.height for head in heads) > _DIFFERENT * min(
        head.height for head in heads
    ):
        complaints.append(f"“{HEADS[0].title}” and “{HEADS[1].title}” differ in height")
    return complaints


def refuse_swapped(spec: SetSpec, pictures: Sequence[Picture]) -> None:
    """Stop where a set's order was mixed up.

    Raises:
        DatasetError: its boxes do not look like their classes.
    """
    complaints = swapped(statistics(pictures))
    if complaints and not spec.trusted:
        raise DatasetError(
            f"{spec.name}: its classes look mixed up: {'; '.join(complaints)}. Mend `names` or `map` in its file "
            "(contact sheets show which is which), or say `trusted: true` there."
        )


def doubt_outliers(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures with heads and plates as tall as a rider, single boxes with another class's label, ignored."""
    usual = statistics(pictures)

    def outlier(picture: Picture, one: Labelled) -> bool:
        share = one.box.height / picture.height
        return one.label is not Label.RIDER and share > max(_OUTLIER_SHARE, _OUTLIER * usual[one.label].height)

    return [
        replace(
            picture, labels=tuple(replace(one, ignored=one.ignored or outlier(picture, one)) for one in picture.labels)
        )
        for picture in pictures
    ]


def contact_sheet(pictures: Sequence[Picture], label: Label) -> Image | None:
    """Up to 120 boxes of a class with some of what is around them, spread over the set (BGR)."""
    owners = [(picture, one) for picture in pictures for one in picture.labels if one.label is label]
    if not owners:
        return None
    step = max(len(owners) // (_COLUMNS * _ROWS), 1)
    tiles = [_tile(picture, one) for picture, one in owners[::step][: _COLUMNS * _ROWS]]
    rows = -(-len(tiles) // _COLUMNS)
    tiles += [np.zeros((_TILE, _TILE, 3), np.uint8)] * (rows * _COLUMNS - len(tiles))
    return np.concatenate([np.concatenate(tiles[r * _COLUMNS : (r + 1) * _COLUMNS], 1) for r in range(rows)])


def _tile(picture: Picture, one: Labelled) -> Image:
    image = load(picture.path)
    x, y = one.box.center
    half = 0.8 * max(one.box.width, one.box.height)
    around = np.array([x - half, y - half, x + half, y + half])
    piece = sv.crop_image(image, around.clip(0, (picture.width, picture.height) * 2))
    if piece.size == 0:
        return np.zeros((_TILE, _TILE, 3), np.uint8)
    return np.asarray(sv.letterbox_image(piece, (_TILE, _TILE)), np.uint8)


def write_sheets(spec: SetSpec, pictures: Sequence[Picture], folder: Path) -> None:
    """One contact sheet per class of a set."""
    folder.mkdir(parents=True, exist_ok=True)
    for label in Label:
        sheet = contact_sheet(pictures, label)
        if sheet is not None:
            save(folder / f"{spec.name}_{int(label)}_{label.title.replace(' ', '_')}.jpg", sheet)
