"""The truth follows the picture: same lens, same shutter, nothing guessed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

dashcam = pytest.importorskip("scenes.dashcam", reason="the denoiser is not installed")
from pipeline.types import HEADS, Box, Label  # noqa: E402
from scenes import truth  # noqa: E402
from scenes.bundle import STEP  # noqa: E402
from scenes.world import transform  # noqa: E402

SIZE = (344, 204)
FOCAL = 280.0
# Blender's camera looks along its -z; turned to look along x it stands at the origin
CAMERA = np.array([[0, 0, -1, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])


def optics(**changes: float) -> Any:
    return dashcam.Optics(dashcam.Dashcam(width=320, height=180, **changes), SIZE)


def frame(nodes: dict[str, Any], later: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"camera": CAMERA, "camera_next": CAMERA, "nodes": nodes, "nodes_next": later or nodes}


def square(index: int, role: str, half: float = 0.5) -> truth.Shell:
    """An upright square that faces the camera, 2 `half` metres wide."""
    corners = np.array([(0, -half, -half), (0, half, -half), (0, half, half), (0, -half, half)], np.float32)
    return truth.Shell(index, "thing", 1, role, corners, np.array([[0, 1, 2, 3]], np.int32))


@pytest.mark.parametrize(
    ("height", "hidden", "dark", "told"),
    [(14, 0.2, False, True), (14, 0.2, True, False), (10, 0.2, False, False), (40, 0.6, False, False)],
)
def test_a_head_that_nobody_could_tell_is_ignored(height: float, hidden: float, dark: bool, told: bool) -> None:
    head = truth.SeenHead(0, False, truth.Seen(Box(0, 0, 12, height), hidden))
    rider = truth.SeenRider(1, truth.Seen(Box(0, 0, 50, 120), 0.0), (head,))
    found = [(one.label, one.ignored) for one in truth.labels([rider], dark)[1:]]
    assert found == ([(Label.WITHOUT_HELMET, False)] if told else [(label, True) for label in HEADS])


@pytest.mark.parametrize("distortion", [0.0, 0.05])
@pytest.mark.parametrize("speed", [(0.0, 0.0), (400.0, -150.0)])
def test_points_and_pixels_take_the_same_way(distortion: float, speed: tuple[float, float]) -> None:
    lens = optics(distortion=distortion, readout_s=0.03)
    flow = np.broadcast_to(np.array(speed, np.float32), (SIZE[1], SIZE[0], 2))
    where = lens.pixels(np.ascontiguousarray(flow))
    points = np.random.default_rng(0).uniform((60, 50), (280, 150), (50, 2))
    for rendered, (x, y) in zip(points, lens.project(points, np.array([speed])), strict=True):
        back = dashcam.sample(where, np.array([[[x - 0.5, y - 0.5]]], np.float32))[0, 0] + 0.5
        assert back == pytest.approx(rendered, abs=0.15)


def test_a_picture_is_sampled_where_it_is_asked() -> None:
    picture = np.random.default_rng(0).random((180, 320, 3)).astype(np.float32)
    rows, columns = np.indices((60, 100), np.float32)
    where = np.stack([columns + 30, rows + 20], axis=-1)
    assert dashcam.sample(picture, where) == pytest.approx(picture[20:80, 30:130])
    assert dashcam.sample(picture, where, nearest=True) == pytest.approx(picture[20:80, 30:130])


def test_a_box_is_where_the_lens_puts_it() -> None:
    lens = optics(distortion=0.0, readout_s=0.0)
    index = np.zeros((180, 320), np.int32)
    index[60:80, 100:130] = 7
    (rider,) = truth.look(frame({"thing": transform((5, 0, 0))}), [square(7, "vehicle")], index, lens, FOCAL)
    assert rider.seen.box.as_tuple() == (100, 60, 130, 80)


def test_hidden_is_the_share_that_is_not_seen() -> None:
    lens = optics(distortion=0.0, readout_s=0.0)
    side = FOCAL / 5  # a metre, five metres away
    index = np.zeros((180, 320), np.int32)
    left, top = round(160 - side / 2), round(90 - side / 2)
    index[top : top + round(side), left : left + round(side / 4)] = 7
    (rider,) = truth.look(frame({"thing": transform((5, 0, 0))}), [square(7, "vehicle")], index, lens, FOCAL)
    assert rider.seen.hidden == pytest.approx(0.75, abs=0.04)


def test_what_is_behind_the_edge_counts_as_hidden() -> None:
    lens = optics(distortion=0.0, readout_s=0.0)
    shell = square(7, "vehicle")
    at = frame({"thing": transform((5, 160 * 5 / FOCAL, 0))})  # its middle on the picture's left edge
    index = np.zeros((180, 320), np.int32)
    side = FOCAL / 5
    index[round(90 - side / 2) : round(90 + side / 2), : round(side / 2)] = 7
    (rider,) = truth.look(at, [shell], index, lens, FOCAL)
    assert rider.seen.box.x1 == 0
    assert rider.seen.hidden == pytest.approx(0.5, abs=0.04)


def test_a_rider_out_of_sight_is_not_in_the_truth() -> None:
    lens = optics()
    index = np.zeros((180, 320), np.int32)
    assert truth.look(frame({"thing": transform((5, 0, 0))}), [square(7, "vehicle")], index, lens, FOCAL) == []
    assert truth.look(frame({}), [square(7, "vehicle")], index, lens, FOCAL) == []


def test_heads_and_plate_belong_to_their_rider() -> None:
    lens = optics(distortion=0.0, readout_s=0.0)
    parts = [
        square(1, "vehicle"),
        square(2, "helmet0", 0.1),
        square(3, "bare1", 0.1),
        square(4, "plate", 0.1),
    ]
    index = np.zeros((180, 320), np.int32)
    index[40:140, 100:160] = 1
    index[40:52, 110:120], index[38:50, 130:140], index[120:128, 120:140] = 2, 3, 4
    (rider,) = truth.look(frame({"thing": transform((5, 0, 0))}), parts, index, lens, FOCAL)
    assert [(head.person, head.helmet) for head in rider.heads] == [(0, True), (1, False)]
    assert rider.plate is not None
    assert rider.plate.box.as_tuple() == (120, 120, 140, 128)
    assert rider.seen.box.as_tuple() == (100, 38, 160, 140)


def test_motion_is_that_of_what_moves() -> None:
    depth = np.full((SIZE[1], SIZE[0]), 4.0, np.float32)
    index = np.zeros((SIZE[1], SIZE[0]), np.int32)
    index[:, 200:] = 9
    rendered = dashcam.Rendered(np.zeros((*depth.shape, 3), np.float32), depth, index)
    moves = frame({"thing": transform((4, 0, 0))}, {"thing": transform((4, -2 * STEP, 0))})  # 2 m/s to the right
    flow = dashcam.motion(moves, {9: "thing"}, rendered, FOCAL)
    assert flow[:, :200] == pytest.approx(0.0, abs=1e-2)
    assert flow[50, 250] == pytest.approx((2 * FOCAL / 4, 0), abs=0.1)
