from itertools import islice

import numpy as np
import pytest

from pipeline.mirror import look_twice, merged
from pipeline.settings import ROOT, Settings
from pipeline.types import Box, Detection, Label
from pipeline.video import Clip
from pipeline.weights import read_manifest
from pipeline.yolo import Yolo

HEAD = Box(10, 10, 50, 60)
BARE = Detection(Label.WITHOUT_HELMET, HEAD, 0.8)


def test_looks_say_their_mean() -> None:
    again = Detection(Label.WITHOUT_HELMET, HEAD.shift(3, 0), 0.4)
    (one,) = merged([(again,), (BARE,)], 0.1)
    assert one.box == BARE.box, "the surest look says where"
    assert one.confidence == pytest.approx(0.6)


def test_what_one_look_sees_counts_half() -> None:
    (one,) = merged([(BARE,), ()], 0.1)
    assert one.confidence == pytest.approx(0.4)
    assert merged([(BARE,), ()], 0.5) == ()


def test_looks_that_differ_say_both() -> None:
    helmet = Detection(Label.WITH_HELMET, HEAD, 0.6)
    beside = Detection(Label.WITHOUT_HELMET, HEAD.shift(30, 0), 0.2)
    assert [(one.label, one.confidence) for one in merged([(BARE,), (helmet, beside)], 0.1)] == [
        (Label.WITHOUT_HELMET, pytest.approx(0.4)),
        (Label.WITH_HELMET, pytest.approx(0.3)),
        (Label.WITHOUT_HELMET, pytest.approx(0.1)),
    ]


def test_a_mirror_changes_nothing_but_the_side(settings: Settings) -> None:
    frame = next(islice(Clip(ROOT / "samples" / "demo.mp4", settings.max_side).frames(), 60, None))
    image = frame.image[200:520, 400:720]
    model = Yolo(read_manifest(settings.weights).stage2, settings)
    plain = look_twice(model, image, 0.1)
    mirrored = look_twice(model, np.ascontiguousarray(image[:, ::-1]), 0.1)
    assert Label.WITHOUT_HELMET in {one.label for one in plain}
    assert [one.label for one in plain] == [one.label for one in mirrored]
    for one, other in zip(plain, mirrored, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-3)
        assert one.box.as_tuple() == pytest.approx(other.box.mirrored(320).as_tuple(), abs=0.5)
