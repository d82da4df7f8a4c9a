"""Boxes on pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import supervision as sv

from pipeline.palette import ACCUSED, COLORS
from pipeline.types import CLASS_NAMES, Box, Detection, Image, Label, Sighting

_ACCUSED = len(CLASS_NAMES)  # one more colour after those of the classes
_SHORT = {Label.WITHOUT_HELMET: "bare", Label.WITH_HELMET: "helmet"}  # for small pictures
_LINE = 16  # pixels that a line of text takes, where lines and letters are of size 1
_PALETTE = sv.ColorPalette.from_hex([*(COLORS[label] for label in Label), ACCUSED])


@dataclass(frozen=True, slots=True)
class Mark:
    """One box to draw, with what stands above it, or below."""

    box: Box
    color: int
    text: str = ""
    below: bool = False

    def seen_from(self, region: Box, scale: float) -> Mark:
        """This mark in a picture of `region`, `scale` times as large."""
        return replace(self, box=self.box.shift(-region.x1, -region.y1).scale(scale))


def mark_detections(found: Sequence[Detection], name: Callable[[Label], str] = lambda label: label.title) -> list[Mark]:
    return [Mark(one.box, one.label, f"{name(one.label)} {one.confidence:.0%}") for one in found]


def mark_sighting(sighting: Sighting, title: str, accused: bool = False) -> list[Mark]:
    """The rider under a title, with heads and plate."""
    rider = Mark(sighting.box, _ACCUSED if accused else Label.RIDER, title, below=True)
    return [rider, *mark_detections(sighting.parts)]


def mark_small(sighting: Sighting, accused: bool) -> list[Mark]:
    """The same for a picture that is shown small: the boxes, and of each head a short word and how sure stage 1 is."""
    rider = Mark(sighting.box, _ACCUSED if accused else Label.RIDER)
    words = {one: f"{_SHORT[one.label]} {one.confidence:.0%}" for one in sighting.heads}
    return [rider, *(Mark(one.box, one.label, words.get(one, "")) for one in sighting.parts)]


def draw(image: Image, marks: Sequence[Mark], scale: float = 1.0, font: Path | None = None, side: int = 960) -> Image:
    """A copy of a BGR picture, `scale` times as large as the one that the boxes are of, with them on it.

    Lines and letters are as large as they have to be where it is shown with this longer `side`, in pixels. OpenCV's own
    letters, which are quickly drawn, are English ones; other languages take a font.
    """
    scene = image.copy()
    height, width = image.shape[:2]
    marks = [replace(mark, box=mark.box.scale(scale)) for mark in marks]
    marks = [mark for mark in marks if mark.box.overlap(Box(0, 0, width, height))]  # of no other is there a name
    if not marks:
        return scene
    size = max(max(height, width) / side, 0.75)
    boxes = sv.Detections(
        xyxy=np.array([mark.box.as_tuple() for mark in marks], dtype=float),
        class_id=np.array([int(mark.color) for mark in marks]),
    )
    scene = sv.BoxAnnotator(_PALETTE, thickness=max(1, round(2 * size))).annotate(scene, boxes)
    padding = max(1, round(3 * size))
    under = [_goes_below(mark, height, _LINE * size) for mark in marks]
    for below, place in ((True, sv.Position.BOTTOM_LEFT), (False, sv.Position.TOP_LEFT)):
        rows = [row for row, mark in enumerate(marks) if mark.text and under[row] == below]
        letters: sv.LabelAnnotator | sv.RichLabelAnnotator
        if font is None:
            letters = sv.LabelAnnotator(
                _PALETTE,
                text_color=sv.Color.BLACK,
                text_scale=0.4 * size,
                text_thickness=max(1, round(size)),
                text_padding=padding,
                text_position=place,
                smart_position=True,  # within the picture
            )
        else:
            letters = sv.RichLabelAnnotator(
                _PALETTE,
                text_color=sv.Color.BLACK,
                font_path=str(font),
                font_size=round(14 * size),
                text_padding=padding,
                text_position=place,
                smart_position=True,  # within the picture
            )
        scene = letters.annotate(scene, boxes[rows], labels=[marks[row].text for row in rows])
    return cast(Image, scene)


def _goes_below(mark: Mark, height: int, letters: float) -> bool:
    """Whether its text stands below the box: on the other side where the picture has no room, not upon a head."""
    above, below = mark.box.y1 >= letters, mark.box.y2 + letters <= height
    return (below or not above) if mark.below else (below and not above)
