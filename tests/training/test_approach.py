from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from pipeline.settings import ROOT, Settings
from pipeline.training.approach import approach
from pipeline.training.labels import Labelled
from pipeline.training.truth import Truth
from pipeline.types import Box, Label
from pipeline.video import Clip

HEADS = frozenset({Label.WITHOUT_HELMET, Label.WITH_HELMET})
LEFT, TOP = 350, 170  # of the part of the frame that shows nobody else
BARE_HEAD = Box(518, 258, 563, 310).shift(-LEFT, -TOP)


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo clip's first violation where it is seen best."""
    path = tmp_path_factory.mktemp("pictures") / "frame.png"
    frame = next(Clip(ROOT / "samples" / "demo.mp4", 1920).frames(4.73))
    cv2.imwrite(str(path), frame.image[TOP:, LEFT:800])
    return path


def test_whom_the_product_accuses_is_judged_by_the_labels(picture: Path, settings: Settings) -> None:
    """The same picture with its label, with none, without anybody knowing, and of a set that does not label heads."""
    right = Truth(picture, "a", HEADS, (Labelled(Label.WITHOUT_HELMET, BARE_HEAD),))
    wrong = replace(right, labels=())
    unknown = replace(right, labels=(Labelled(Label.WITHOUT_HELMET, BARE_HEAD.grown(20, 20), ignored=True),))
    figures = approach([right, replace(right, covers=frozenset()), wrong, unknown], settings)
    assert figures["pictures"] == 3
    assert figures["confirmed"] == {"true": 1, "false": 1, "unknown": 1}
    assert figures["falsely accused"] == [str(picture)]
    assert approach([], settings)["confirmed"] == {"true": 0, "false": 0, "unknown": 0}
