"""Meshes of distance fields."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from scenes import shapes
from scenes.shapes import Mesh


def volume(mesh: Mesh) -> float:
    """By the divergence theorem; positive where faces look outwards."""
    triangles = np.concatenate([mesh.faces[:, [0, 1, 2]], mesh.faces[:, [0, 2, 3]]])
    a, b, c = (mesh.vertices[triangles[:, k]].astype(float) for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_a_ball_is_round_closed_and_outside_out() -> None:
    ball = shapes.mesh(shapes.ellipsoid((0.1, 0, 0), (0.5, 0.5, 0.5)), (-0.6, -0.7, -0.7), (0.8, 0.7, 0.7), 0.05)
    radii = np.linalg.norm(ball.vertices - (0.1, 0, 0), axis=1)
    assert radii == pytest.approx(0.5, abs=0.01)
    edges = Counter(frozenset((int(f[k]), int(f[k - 1]))) for f in ball.faces for k in range(4))
    assert set(edges.values()) == {2}
    assert volume(ball) == pytest.approx(4 / 3 * np.pi * 0.5**3, rel=0.03)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (shapes.box((0, 0, 0), (0.3, 0.2, 0.1)), 0.6 * 0.4 * 0.2),
        (shapes.cylinder((0, 0, -0.2), (0, 0, 0.2), 0.25), np.pi * 0.25**2 * 0.4),
        (shapes.torus((0, 0, 0), 0.3, 0.1), 2 * np.pi**2 * 0.3 * 0.1**2),
        (shapes.extrusion([(-0.3, -0.1), (0.3, -0.1), (0.0, 0.3)], 0.2), 0.5 * 0.6 * 0.4 * 0.4),
        (
            shapes.cut(shapes.box((0, 0, 0), (0.3, 0.2, 0.1)), shapes.half_space((0, 0, 0), (1, 0, 0))),
            0.3 * 0.4 * 0.2,
        ),
    ],
)
def test_shapes_have_their_volume(field: shapes.Field, expected: float) -> None:
    mesh = shapes.mesh(field, (-0.5, -0.5, -0.5), (0.5, 0.5, 0.5), 0.02)
    assert volume(mesh) == pytest.approx(expected, rel=0.06)
