"""A Korean street: road, pavements, houses with shop signs, trees, poles and lamps. It runs along x.

Traffic keeps right: towards +x on the side of negative y.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from scenes import models, textures
from scenes.models import Material, Model, Part, solid
from scenes.shapes import Mesh, Vec, box, capsule, cylinder, ellipsoid, rough, union
from scenes.textures import KERB, STOREY, TILE

PAVEMENT = 3.6
NIGHT_GLOW = 1.2


@dataclass(frozen=True, slots=True)
class Site:
    """Something that stands still: a model, where it stands, and its direction in radians."""

    model: Model
    x: float
    y: float
    yaw: float = 0.0
    z: float = 0.0
    scale: float = 1.0


def street(length: float, rng: np.random.Generator, folder: Path, wet: bool = False, lit: bool = False) -> list[Site]:
    """A street from x = -30 to `length`; its pictures are written to `folder`."""
    sites = [Site(_ground(length, rng, folder, wet), 0, 0)]
    sites += _houses(length, rng, folder, lit)
    sites += _rows(length, rng)
    return sites


def quad(corners: Vec, uv: Vec, material: Material) -> Part:
    """A flat picture; corners counter-clockwise from where it is seen."""
    mesh = Mesh(
        np.asarray(corners, np.float32),
        np.array([[0, 1, 2, 3]], np.int32),
        np.asarray(uv, np.float32),
        smooth=False,
    )
    return Part(mesh, material)


def _flat(x0: float, x1: float, y0: float, y1: float, z: float, material: Material, tile: float) -> Part:
    corners = [(x0, y0, z), (x1, y0, z), (x1, y1, z), (x0, y1, z)]
    uv = [(x0 / tile, 0), (x1 / tile, 0), (x1 / tile, 1), (x0 / tile, 1)]
    return quad(corners, uv, material)


def _ground(length: float, rng: np.random.Generator, folder: Path, wet: bool) -> Model:
    cv2.imwrite(str(folder / "road.png"), textures.road(rng))
    cv2.imwrite(str(folder / "paving.png"), textures.paving(rng))
    road = Material((1, 1, 1), roughness=0.85, texture="road.png", grain=0.015, bump=0.3)
    if wet:
        road = replace(road, roughness=0.25, bump=0.15)
    paving = Material((1, 1, 1), roughness=0.8, texture="paving.png")
    stone = Material((0.55, 0.54, 0.52), 0.8)
    x0, x1 = -40.0, length + 150
    parts = [_flat(x0, x1, -KERB, KERB, 0, road, TILE)]
    for side in (-1, 1):
        edge, inner, outer = side * KERB, side * (KERB + 0.15), side * (KERB + 40)
        parts.append(_flat(x0, x1, min(inner, outer), max(inner, outer), 0.15, paving, 40.0))
        parts.append(Part(_block((x0, min(edge, inner), -0.05), (x1, max(edge, inner), 0.155)), stone))
    return Model(tuple(parts))


def _block(low: Vec, high: Vec) -> Mesh:
    """A box along the axes between two corners."""
    axes = [(low[k], high[k]) for k in range(3)]
    corners = np.array([[x, y, z] for x in axes[0] for y in axes[1] for z in axes[2]], np.float32)
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return Mesh(corners, np.array(faces, np.int32), smooth=False)


def _houses(length: float, rng: np.random.Generator, folder: Path, lit: bool) -> list[Site]:
    sites: list[Site] = []
    for side in (-1, 1):
        x = -30.0
        while x < length + 90:
            width, floors = float(rng.uniform(8, 15)), int(rng.integers(3, 8))
            number = len(sites)
            day, night = textures.facade(rng, width, floors)
            cv2.imwrite(str(folder / f"house{number}.png"), day)
            cv2.imwrite(str(folder / f"house{number}-night.png"), night)
            wall = Material((1, 1, 1), roughness=0.6, texture=f"house{number}.png")
            if lit:
                wall = replace(wall, light=f"house{number}-night.png", glow=NIGHT_GLOW)
            front = side * (KERB + PAVEMENT + float(rng.uniform(0.2, 0.9)))
            sites.append(Site(_house(x, width, floors * STOREY, front, side, wall), 0, 0))
            x += width + (float(rng.uniform(3, 6)) if rng.random() < 0.3 else 0.2)
    return sites


def _house(x: float, width: float, height: float, front: float, side: int, wall: Material) -> Model:
    back = front + side * 10
    ends = (x, x + width) if side > 0 else (x + width, x)
    parts = []
    for a, b, ya, yb in (
        (ends[0], ends[1], front, front),
        (x, x, front, back),
        (x + width, x + width, front, back),
    ):
        corners = [(a, ya, 0), (b, yb, 0), (b, yb, height), (a, ya, height)]
        parts.append(quad(corners, [(0, 0), (1, 0), (1, 1), (0, 1)], wall))
    roof = [(x, front, height), (x + width, front, height), (x + width, back, height), (x, back, height)]
    parts.append(quad(roof, [(0, 0)] * 4, Material((0.4, 0.4, 0.4))))
    return Model(tuple(parts))


def tree(rng: np.random.Generator) -> Model:
    """A street tree about 6 m high: trunk, and a crown of leaf quads."""
    limbs = [((0.5, 0.3, 4.2), 2.6), ((-0.4, -0.3, 4.4), 2.6)]
    branches = [capsule((0.05, 0, z), tip, 0.07, 0.03) for tip, z in limbs]
    trunk = union(capsule((0, 0, 0), (0.05, 0, 2.8), 0.13, 0.09), *branches, blend=0.1)
    bark = solid(rough(trunk, 0.015, 0.2), (-0.8, -0.8, 0), (0.9, 0.8, 4.6), 0.05, Material((0.3, 0.25, 0.2), 0.9))
    clumps = rng.normal((0, 0, 4.3), (0.75, 0.75, 0.6), (26, 3))
    count = 5000
    centers = clumps[rng.integers(len(clumps), size=count)] + rng.normal(0, 0.33, (count, 3))
    across = rng.normal(size=(count, 3))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    along = np.cross(across, rng.normal(size=(count, 3)))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    corners = np.stack(
        [centers + (sx * across + sy * along) * 0.055 for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))],
        axis=1,
    )
    faces = np.arange(count * 4, dtype=np.int32).reshape(-1, 4)
    leaves = Mesh(corners.reshape(-1, 3).astype(np.float32), faces, smooth=False)
    return Model((bark, Part(leaves, Material((0.22, 0.36, 0.12), 0.7))))


def lamp_post() -> Model:
    pole = union(
        cylinder((0, 0, 0), (0, 0, 8), 0.08),
        capsule((0, 0, 8), (0, 2.2, 8.5), 0.05),
        cylinder((0, 0, 0), (0, 0, 0.6), 0.14),
    )
    lamp = ellipsoid((0, 2.4, 8.5), (0.14, 0.4, 0.07))
    low, high = (-0.3, -0.3, 0), (0.3, 3, 8.7)
    return Model((solid(pole, low, high, 0.07, models.STEEL), solid(lamp, low, high, 0.06, models.HEADLIGHT)))


def power_pole() -> Model:
    pole = union(
        cylinder((0, 0, 0), (0, 0, 9), 0.15),
        box((0, 0, 8.2), (0.05, 0.9, 0.05)),
        cylinder((0.3, 0, 6.2), (0.3, 0, 7.2), 0.25),
    )
    return Model((solid(pole, (-0.5, -1, 0), (0.7, 1, 9.1), 0.08, Material((0.5, 0.49, 0.47), 0.9)),))


def bollard() -> Model:
    post = cylinder((0, 0, 0), (0, 0, 0.8), 0.07, 0.03)
    return Model((solid(post, (-0.1, -0.1, 0), (0.1, 0.1, 0.85), 0.025, Material((0.85, 0.45, 0.08), 0.5)),))


def _rows(length: float, rng: np.random.Generator) -> list[Site]:
    """What stands along the kerb, at more or less even distances."""
    trees = [tree(rng) for _ in range(3)]
    lamp, pole, post = lamp_post(), power_pole(), bollard()
    sites = []
    for side in (-1, 1):
        y = side * (KERB + 0.7)
        for x in np.arange(-20, length + 80, 9.0):
            kind = trees[int(rng.integers(3))]
            jitter = float(rng.uniform(-1, 1))
            sites.append(
                Site(kind, float(x) + jitter, y, float(rng.uniform(0, 6)), 0.15, float(rng.uniform(0.8, 1.15)))
            )
        for x in np.arange(-15, length + 80, 27.0):
            sites.append(Site(lamp, float(x) + 4, y, 0.0 if side < 0 else np.pi, 0.15))
            sites.append(Site(pole, float(x) + 13, side * (KERB + PAVEMENT - 0.4), 0.0, 0.15))
        for x in np.arange(-10, length + 40, 3.0):
            if rng.random() < 0.35:
                sites.append(Site(post, float(x), side * (KERB + 0.4), 0.0, 0.15))
    return sites
