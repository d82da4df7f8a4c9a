"""Cuts: found between scenes of one street, and nowhere else."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.cuts import Cuts
from pipeline.types import Frame, Image
from pipeline.video import Clip
from tests.factory import write_clip
from tests.samples import DEMO

FPS = 15


def cuts(pictures: Iterable[Image], fps: float = FPS) -> list[int]:
    finder = Cuts()
    return [row for row, one in enumerate(pictures) if finder.before(Frame(row, row / fps, one))]


@pytest.fixture(scope="module")
def street() -> list[Image]:
    """The demo clip's pictures, made smaller."""
    return [cv2.resize(one.image, None, fx=0.5, fy=0.5) for one in Clip(DEMO, 8192).frames()]


@pytest.mark.parametrize("fps", [10, 15, 30])
def test_scenes_of_one_street_that_are_cut_together_are_told_apart(street: list[Image], fps: float) -> None:
    assert cuts([*street[170:195], *street[60:80], *street[-20:], *street[:20]], fps) == [0, 25, 45, 65]


def test_a_drive_has_none(street: list[Image]) -> None:
    assert cuts(street) == [0]


def test_a_damaged_film_that_comes_back_whole_has_none(street: list[Image], tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "clip.mp4", [row / FPS for row in range(60)], street[150:210].__getitem__, key_every=15
    )
    data = bytearray(path.read_bytes())
    damage = np.random.default_rng(6)
    for place in damage.integers(len(data) // 10, 9 * len(data) // 10, 20):
        data[place : place + 200] = damage.bytes(200)
    path.write_bytes(data)
    finder = Cuts()
    assert [one.index for one in Clip(path, 8192).frames() if finder.before(one)] == [0]


def test_a_camera_that_turns_quickly_has_none(street: list[Image]) -> None:
    wide = cv2.resize(street[0], (1920, 360))
    assert cuts(wide[:, x : x + 640] for x in range(0, 1280, 32)) == [0]


def test_a_camera_that_turns_too_quickly_to_be_followed_has_none(street: list[Image]) -> None:
    """A third of the corners is followed as it sets off, then next to none, as if the film were cut at each picture."""
    wide = cv2.resize(street[0], (1920, 360))
    assert cuts(wide[:, x : x + 640] for x in (0, 80, 207, 407, 607, 807, 1007, 1207)) == [0]


def test_a_flash_and_a_camera_that_adapts_to_the_light_are_none(street: list[Image]) -> None:
    flash = [one if row != 5 else one // 4 + 190 for row, one in enumerate(street[60:80])]
    adapts = [one if row < 10 else cv2.convertScaleAbs(one, alpha=0.5) for row, one in enumerate(street[60:80])]
    assert cuts(flash) == cuts(adapts) == [0]


def test_noise_at_night_has_none() -> None:
    rng = np.random.default_rng(0)
    assert cuts(rng.normal(20, 15, (360, 640, 3)).clip(0, 255).astype(np.uint8) for _ in range(10)) == [0]


@pytest.mark.filterwarnings("error")
def test_a_picture_in_a_grey_frame_that_comes_nearer_has_none(street: list[Image]) -> None:
    """Means over plain places are a little below nothing, as they are added up in floats."""
    framed = []
    for share in np.linspace(0.3, 0.9, 16):
        small = cv2.resize(street[0], None, fx=share, fy=share)
        framed.append(np.full_like(street[0], 110))
        framed[-1][: small.shape[0], : small.shape[1]] = small
    assert cuts(framed) == [0]


def test_pictures_far_apart_may_differ(street: list[Image]) -> None:
    assert cuts(street[::15], fps=1) == [0]


def test_a_plain_picture_has_nothing_to_follow(street: list[Image]) -> None:
    plain = [np.full_like(street[0], grey) for grey in (0, 120, 0)]
    assert cuts(plain) == [0]


def test_boxes_lie_elsewhere_in_pictures_of_another_size(street: list[Image]) -> None:
    small = [cv2.resize(one, None, fx=0.5, fy=0.5) for one in street[:2]]
    assert cuts([*street[:2], *small]) == [0, 2]
