"""Single frames of a clip, and pieces of them, for the class demo."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import resources
from pipeline.crops import resize
from pipeline.errors import ClipError
from pipeline.types import Box, Image
from pipeline.video import Clip

_BEFORE_S = 0.001  # times are compared after a seek


@st.cache_data(max_entries=48, show_spinner=False)
def still(path: str, time_s: float) -> Image:
    """The frame of a clip at this time, BGR.

    Raises:
        ClipError: the clip cannot be read any more.
    """
    clip = Clip(Path(path), resources.settings().max_side)
    frame = next(clip.frames(max(time_s - _BEFORE_S, 0.0)), None)
    if frame is None:
        raise ClipError("holds no frames")
    return frame.image


def piece(image: Image, box: Box, room: float, height: int) -> Image:
    """A box of a picture with `room` around it (share of its longer side), `height` pixels high."""
    rows, columns = image.shape[:2]
    margin = room * max(box.width, box.height)
    inside = Box(box.x1 - margin, box.y1 - margin, box.x2 + margin, box.y2 + margin).clip(columns, rows)
    x1, y1, x2, y2 = (round(side) for side in inside.as_tuple())
    part = image[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)]
    return resize(part, height / part.shape[0])
