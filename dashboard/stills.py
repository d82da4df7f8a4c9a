"""Pictures that pages make: single frames of a clip, pieces of them, crops with what a stage saw."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import streamlit as st

from dashboard import resources
from dashboard.export import FONT
from dashboard.text import class_name
from db.cases import detections
from db.jobs import file_of
from db.models import Job, Look, Parts
from pipeline.crops import resize
from pipeline.draw import draw, mark_detections
from pipeline.errors import ClipError
from pipeline.palette import AGREED, COLORS, DISAGREED, NEUTRAL
from pipeline.types import Box, Detection, Image, Label
from pipeline.video import Clip

if TYPE_CHECKING:
    from pipeline.trace import TracedFrame  # loads the tracker's libraries: the gallery does without

_LEAST_SIDE = 560  # pixels, so that boxes and letters have room on small crops
_LOOK = (336, 560)  # pixels, width and height of a look
_RIDER_COLORS = (COLORS[Label.RIDER], DISAGREED, COLORS[Label.PLATE], AGREED, NEUTRAL)
_BEFORE_S = 0.001  # times are compared after a seek


def still(job: Job, time_s: float) -> Image:
    """The frame of a job's clip at this time, BGR.

    Raises:
        ClipError: the clip cannot be read any more, or its name is another file's by now.
    """
    path = resources.settings().clip(job.clip.path)
    changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
    _check(path, changed_ns, job.clip.sha256, job)
    return _frame(path, changed_ns, job.clip.film, time_s)


@st.cache_data(max_entries=48, show_spinner=False)
def _check(path: Path, changed_ns: int, content: str, _job: Job) -> None:
    """Once for each state of a file: to read a long one takes seconds."""
    file_of(_job.clip, resources.settings())


@st.cache_data(max_entries=48, show_spinner=False)
def _frame(path: Path, changed_ns: int, film: int, time_s: float) -> Image:
    clip = Clip(path, resources.settings().max_side, film)
    frame = next(clip.frames(max(time_s - _BEFORE_S, 0.0)), None)
    if frame is None:
        raise ClipError("holds no frames")
    return frame.image


def piece(image: Image, box: Box, room: float, height: int) -> Image:
    """A box of a picture with `room` around it (share of its longer side), `height` pixels high."""
    x1, y1, x2, y2 = _around(image, box, room)
    return resize(image[y1:y2, x1:x2], height / (y2 - y1))


def _around(image: Image, box: Box, room: float) -> tuple[int, int, int, int]:
    """The sides of that piece, in pixels of the picture."""
    rows, columns = image.shape[:2]
    margin = room * max(box.width, box.height)
    x1, y1, x2, y2 = (round(side) for side in box.grown(margin, margin).clip(columns, rows).as_tuple())
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)


def drawn(look: Look, stage: int) -> Image | None:
    """A crop with what a stage saw on it, large enough for letters; None where its picture is lost."""
    picture = resources.store().picture(look.picture)
    return None if picture is None else marked(picture, look.stage1 if stage == 1 else look.stage2, _LEAST_SIDE)


def marked(picture: Image, parts: Parts, least_side: int) -> Image:
    """A picture (BGR) with boxes on it, named in the viewer's language, a small one larger to have room for them."""
    factor = max(1.0, least_side / max(picture.shape[:2]))
    return draw(resize(picture, factor), mark_detections(detections(parts), class_name), factor, FONT)


def fitted(picture: Image) -> Image:
    """A picture in the size of a look, grey where it does not fill it."""
    width, height = _LOOK
    small = resize(picture, min(width / picture.shape[1], height / picture.shape[0]))
    right, below = width - small.shape[1], height - small.shape[0]
    edges = (below // 2, below - below // 2, right // 2, right - right // 2)
    return np.asarray(cv2.copyMakeBorder(small, *edges, cv2.BORDER_CONSTANT, value=(128, 128, 128)), np.uint8)


def framed(picture: Image, color: str) -> Image:
    """A picture with a thick edge in a colour."""
    return np.asarray(cv2.copyMakeBorder(picture, 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=_bgr(color)), np.uint8)


def ownership(picture: Image, frame: TracedFrame, heads: dict[int, tuple[Detection, ...]]) -> Image:
    """The riders of a frame, each in a colour of its own, and a line from every head to the rider who is charged."""
    riders = {id_: frame.found[place].box for id_, place, _track in frame.riders}
    sides = np.array([box.as_tuple() for box in riders.values()])
    around = Box(*sides[:, :2].min(axis=0).tolist(), *sides[:, 2:].max(axis=0).tolist())
    part = piece(picture, around, 0.12, 720).copy()
    x1, y1, _, y2 = _around(picture, around, 0.12)
    scale = part.shape[0] / (y2 - y1)

    def here(box: Box) -> Box:
        return box.shift(-x1, -y1).scale(scale)

    for number, (id_, box) in enumerate(riders.items()):
        color = _bgr(_RIDER_COLORS[number % len(_RIDER_COLORS)])
        _rectangle(part, here(box), color, 4)
        for head in heads.get(id_, ()):
            _rectangle(part, here(head.box), _bgr(COLORS[head.label]), 5)
            start, end = here(head.box).center, here(box).center
            cv2.line(part, (round(start[0]), round(start[1])), (round(end[0]), round(end[1])), color, 5, cv2.LINE_AA)
            cv2.circle(part, (round(end[0]), round(end[1])), 10, color, -1, cv2.LINE_AA)
    return part


def _rectangle(picture: Image, box: Box, color: tuple[int, int, int], width: int) -> None:
    x1, y1, x2, y2 = (round(side) for side in box.as_tuple())
    cv2.rectangle(picture, (x1, y1), (x2, y2), color, width, cv2.LINE_AA)


def _bgr(color: str) -> tuple[int, int, int]:
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return blue, green, red
