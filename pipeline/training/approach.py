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

from pipeline.analyse import analyse
from pipeline.settings import Settings
from pipeline.training.metrics import match
from pipeline.training.pictures import load
from pipeline.training.truth import Truth
from pipeline.types import Case, Image, Label, Outcome
from pipeline.video_writer import VideoWriter

_WIDTH, _HEIGHT = 1280, 960
_SHARES = np.linspace(0.42, 0.96, 16).tolist()  # how much of the frame a picture takes, one frame each
_FRAME_S = 0.1
_PICTURE_S = 7.0  # from one picture to the next: nobody is followed for so long out of sight
_GREY = 110


def approach(truths: Sequence[Truth], settings: Settings) -> dict[str, Any]:
    """By the product's word on a suspect, how many are true: one of the accused heads is bare; how many false: none is;
    and of how many the labels cannot tell. The pictures with somebody who is falsely accused are named. Only those
    whose set covers bare heads are shown, so many `pictures`."""
    shown = [truth for truth in truths if Label.WITHOUT_HELMET in truth.covers]
    sides: list[tuple[int, int]] = []
    with tempfile.TemporaryDirectory() as scratch:  # the evidence is not wanted
        clip = Path(scratch) / "clip.mp4"
        with VideoWriter(clip, 1 / _FRAME_S) as video:
            for place, truth in enumerate(shown):
                image = load(truth.path)
                sides.append((image.shape[1], image.shape[0]))
                for step, share in enumerate(_SHARES):
                    video.write(_frame(image, share), place * _PICTURE_S + step * _FRAME_S)
        aside = settings.model_copy(update={"data": Path(scratch)})
        cases = [case for case, _ in analyse(clip, aside).cases] if shown else []
    told = [(case.verdict.outcome, *_judged(case, shown, sides)) for case in cases]
    said = Counter((word, kind) for word, kind, _ in told)
    figures = {word: {kind: said[word, kind] for kind in ("true", "false", "unknown")} for word in Outcome}
    wrong = sorted({str(path) for word, kind, path in told if (word, kind) == (Outcome.CONFIRMED, "false")})
    return {"pictures": len(shown)} | figures | {"falsely accused": wrong}


def _judged(case: Case, shown: Sequence[Truth], sides: Sequence[tuple[int, int]]) -> tuple[str, Path]:
    place = int(case.best.time_s / _PICTURE_S)
    truth, share = shown[place], _SHARES[round((case.best.time_s - place * _PICTURE_S) / _FRAME_S)]
    scale, left, top = _lie(*sides[place], share)
    heads = [replace(head, box=head.box.shift(-left, -top).scale(1 / scale)) for head in case.best.bare_heads]
    judged = {one.true for one in match(truth, heads, Label.WITHOUT_HELMET)[0]}
    return "true" if True in judged else "false" if judged == {False} else "unknown", truth.path


def _frame(image: Image, share: float) -> Image:
    scale, left, top = _lie(image.shape[1], image.shape[0], share)
    shift = np.array([[scale, 0, left], [0, scale, top]])
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    frame = cv2.warpAffine(image, shift, (_WIDTH, _HEIGHT), flags=smooth, borderValue=(_GREY, _GREY, _GREY))
    return np.asarray(frame, np.uint8)


def _lie(width: int, height: int, share: float) -> tuple[float, float, float]:
    """Where a picture of this size lies in the frame, in its middle: how much larger, and its left and upper side."""
    scale = share * min(_WIDTH / width, _HEIGHT / height)
    return scale, (_WIDTH - width * scale) / 2, (_HEIGHT - height * scale) / 2
