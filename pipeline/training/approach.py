"""The product as a whole on labelled pictures: each is a second and a half of a clip in which the camera comes nearer.

Single pictures do not show what many looks and their vote make of a rider.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.analyse import analyse
from pipeline.settings import Settings
from pipeline.training.metrics import match
from pipeline.training.pictures import load
from pipeline.training.truth import Truth
from pipeline.types import Case, Detection, Image, Label, Outcome
from pipeline.video import VideoWriter

_WIDTH, _HEIGHT = 1280, 960
_SIZES = np.linspace(0.42, 0.96, 16)  # of a picture in the frame, one frame each
_FRAME_S = 0.1
_PICTURE_S = 7.0  # from one picture to the next: nobody is followed for so long out of sight
_GREY = 110


def approach(truths: Sequence[Truth], settings: Settings) -> dict[str, Any]:
    """By the product's word on a suspect, how many are true: one of the accused heads is bare; how many false: none is;
    and of how many the labels cannot tell. The pictures with somebody who is falsely accused are named. Only those
    whose set covers bare heads are shown."""
    shown = [truth for truth in truths if Label.WITHOUT_HELMET in truth.covers]
    with tempfile.TemporaryDirectory() as scratch:  # the evidence is not wanted
        clip = Path(scratch) / "clip.mp4"
        with VideoWriter(clip, 1 / _FRAME_S) as video:
            for place, truth in enumerate(shown):
                image = load(truth.path)
                for step, size in enumerate(_SIZES):
                    video.write(_frame(image, size), place * _PICTURE_S + step * _FRAME_S)
        aside = settings.model_copy(update={"data": Path(scratch)})
        cases = [case for case, _ in analyse(clip, aside).cases] if shown else []
    told = [(case.verdict.outcome, *_judged(case, shown)) for case in cases]
    said = Counter((word, kind) for word, kind, _ in told)
    figures = {word: {kind: said[word, kind] for kind in ("true", "false", "unknown")} for word in Outcome}
    wrong = sorted({str(path) for word, kind, path in told if (word, kind) == (Outcome.CONFIRMED, "false")})
    return figures | {"falsely accused": wrong}


def _judged(case: Case, shown: Sequence[Truth]) -> tuple[str, Path]:
    place = int(case.best.time_s / _PICTURE_S)
    truth, size = shown[place], _SIZES[round((case.best.time_s - place * _PICTURE_S) / _FRAME_S)]
    back = np.asarray(cv2.invertAffineTransform(_shift(load(truth.path), size)), np.float64)
    heads = [_moved(head, back) for head in case.best.bare_heads]
    judged = {one.true for one in match(truth, place, heads, Label.WITHOUT_HELMET)[0]}
    return "true" if True in judged else "false" if judged == {False} else "unknown", truth.path


def _shift(image: Image, size: float) -> npt.NDArray[np.float64]:
    """Where a picture lies in the frame, in its middle: (2, 3), as cv2.warpAffine takes it."""
    height, width = image.shape[:2]
    scale = size * min(_WIDTH / width, _HEIGHT / height)
    return np.array([[scale, 0, (_WIDTH - width * scale) / 2], [0, scale, (_HEIGHT - height * scale) / 2]])


def _frame(image: Image, size: float) -> Image:
    shift = _shift(image, size)
    smooth = cv2.INTER_AREA if shift[0, 0] < 1 else cv2.INTER_LINEAR
    frame = cv2.warpAffine(image, shift, (_WIDTH, _HEIGHT), flags=smooth, borderValue=(_GREY, _GREY, _GREY))
    return np.asarray(frame, np.uint8)


def _moved(head: Detection, shift: npt.NDArray[np.float64]) -> Detection:
    return replace(head, box=head.box.scale(float(shift[0, 0])).shift(float(shift[0, 2]), float(shift[1, 2])))
