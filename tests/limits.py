"""Where stage 1 is wrong on the samples, whose truth is known: the worst case of each kind, for the model card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline.detect import Detector
from pipeline.draw import draw, mark_detections
from pipeline.settings import ROOT, Settings
from pipeline.types import Box, Detection, Image, Label
from pipeline.video import Clip

SAMPLES = ("demo", "rain")
_SAME_HEAD_IOU = 0.3
_MOST_HIDDEN = 0.3
_TILE, _ROOM = 330, 2.5  # pixels a side; widths of a head around it


@dataclass(frozen=True, slots=True, eq=False)
class Wrong:
    kind: str
    head: Box
    tile: Image


def limits() -> Image:
    """The largest head of each kind of mistake, side by side (BGR)."""
    worst: dict[str, Wrong] = {}
    for name in SAMPLES:
        for wrong in _wrong(ROOT / "samples" / f"{name}.mp4"):
            if wrong.kind not in worst or worst[wrong.kind].head.area < wrong.head.area:
                worst[wrong.kind] = wrong
    return np.hstack([_titled(worst[kind]) for kind in sorted(worst)])


def _wrong(clip: Path) -> Iterator[Wrong]:
    settings = Settings(device="cpu")
    detector, truth = Detector(settings), json.loads(clip.with_suffix(".json").read_text())["frames"]
    for frame, known in zip(Clip(clip, settings.max_side).frames(), truth, strict=False):
        found = detector.detect(frame)
        for rider in known["riders"]:
            for head in rider["heads"]:
                kind = _kind(Box(*head["box"]), head["helmet"], found)
                if kind and head["hidden"] < _MOST_HIDDEN:
                    yield Wrong(kind, Box(*head["box"]), _tile(frame.image, Box(*head["box"]), found))


def _kind(head: Box, helmet: bool, found: tuple[Detection, ...]) -> str | None:
    said = [one.label for one in found if one.box.iou(head) > _SAME_HEAD_IOU]
    if helmet:
        return "helmet taken for a bare head" if Label.WITHOUT_HELMET in said else None
    if Label.WITHOUT_HELMET in said:
        return None
    return "bare head taken for a helmet" if Label.WITH_HELMET in said else "bare head not seen"


def _tile(image: Image, head: Box, found: tuple[Detection, ...]) -> Image:
    side = min(2 * _ROOM * max(head.width, head.height), *image.shape[:2])
    x, y = head.center
    left = min(max(x - side / 2, 0), image.shape[1] - side)
    top = min(max(y - side / 2, 0), image.shape[0] - side)
    region = Box(left, top, left + side, top + side)
    scale = _TILE / side
    piece = image[int(region.y1) : int(region.y2), int(region.x1) : int(region.x2)]
    large = np.asarray(cv2.resize(piece, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
    heads = [one for one in found if one.label in (Label.WITHOUT_HELMET, Label.WITH_HELMET)]
    return draw(large, [mark.seen_from(region, scale) for mark in mark_detections(heads)])


def _titled(wrong: Wrong) -> Image:
    tile = np.full((_TILE + 30, _TILE, 3), 255, np.uint8)
    shown = wrong.tile[:_TILE, :_TILE]
    tile[: shown.shape[0], : shown.shape[1]] = shown
    title = f"{wrong.kind}, {wrong.head.width:.0f} px"
    cv2.putText(tile, title, (4, _TILE + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return tile
