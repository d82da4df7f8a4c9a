import numpy as np

from pipeline.ring import Ring
from pipeline.types import Frame
from tests.factory import FRAME


def test_old_frames_go() -> None:
    ring = Ring(0.95, 64)
    for index in range(50):
        ring.add(Frame(index, index / 10, FRAME))
    assert ring.span(0, 9)[0].number == 40
    assert ring.last_s == 4.9
    assert [one.number for one in ring.span(4.2, 4.45)] == [42, 43, 44]


def test_memory_is_bounded_whatever_the_pictures() -> None:
    ring, noise = Ring(100.0, 1), np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    for index in range(100):
        ring.add(Frame(index, index / 10, noise))
    assert 1 < len(ring.span(0, 10)) < 20


def test_a_frame_larger_than_the_memory_takes_the_place_of_the_one_before() -> None:
    ring, noise = Ring(100.0, 1), np.random.default_rng(0).integers(0, 255, (1600, 1600, 3), np.uint8)
    for index in range(3):
        ring.add(Frame(index, index / 10, noise))
    assert [one.number for one in ring.span(0, 10)] == [2]


def test_what_comes_out_is_what_went_in() -> None:
    ring = Ring(1.0, 64)
    ramp = np.repeat(np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None], 180, 0).repeat(3, 2)
    ring.add(Frame(0, 0.0, ramp))
    out = ring.span(0, 1)[0].frame().image
    assert np.abs(out.astype(int) - ramp).mean() < 2
