"""Solid shapes as signed distance fields, and the mesh of such a field.

A field maps points (N, 3) in metres to distances (N,) in metres, negative inside. Model axes: x forward,
y left, z up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]  # of floats; those that go to Blender are float32
Field: TypeAlias = Callable[[Array], Array]
Vec: TypeAlias = Sequence[float] | Sequence[Sequence[float]] | npt.NDArray[Any]

# a block of this many cells on a side is looked at closely only where the surface may pass through it
BLOCK = 4


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """`vertices` (N, 3) metres; `faces` (M, 4) indices, counter-clockwise from outside; `uv` (N, 2)."""

    vertices: Array
    faces: npt.NDArray[np.int32]
    uv: Array | None = None
    smooth: bool = True


def _vec(values: Vec) -> Array:
    return np.asarray(values, np.float32)


def ellipsoid(center: Vec, radii: Vec) -> Field:
    """Inigo Quilez's bound: exact on the surface, close to a distance near it."""
    c, r = _vec(center), _vec(radii)

    def field(p: Array) -> Array:
        q = (p - c) / r
        k0 = np.linalg.norm(q, axis=1)
        k1 = np.linalg.norm(q / r, axis=1)
        inside_center = k1 < 1e-6
        return np.where(inside_center, -r.min(), k0 * (k0 - 1) / np.maximum(k1, 1e-6))

    return field


def capsule(a: Vec, b: Vec, ra: float, rb: float | None = None) -> Field:
    """A limb from `a` to `b`, its radius going from `ra` to `rb`."""
    start, axis = _vec(a), _vec(b) - _vec(a)
    length2 = float(axis @ axis) or 1e-9
    end_radius = ra if rb is None else rb

    def field(p: Array) -> Array:
        t = np.clip((p - start) @ axis / length2, 0, 1)
        gap = np.linalg.norm(p - start - t[:, None] * axis, axis=1)
        return gap - (ra + (end_radius - ra) * t)

    return field


def box(center: Vec, half: Vec, rounding: float = 0.0, pitch: float = 0.0) -> Field:
    """A box with rounded edges, turned by `pitch` radians about y (positive: front down)."""
    c, h = _vec(center), _vec(half) - rounding
    cos, sin = np.cos(pitch), np.sin(pitch)
    turn = _vec([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])

    def field(p: Array) -> Array:
        q = np.abs((p - c) @ turn.T) - h
        outside = np.linalg.norm(np.maximum(q, 0), axis=1)
        return outside + np.minimum(q.max(axis=1), 0) - rounding

    return field


def cylinder(a: Vec, b: Vec, radius: float, rounding: float = 0.0) -> Field:
    """A cylinder from `a` to `b` with flat ends."""
    start, axis = _vec(a), _vec(b) - _vec(a)
    length = float(np.linalg.norm(axis))
    unit = axis / length

    def field(p: Array) -> Array:
        along = (p - start) @ unit
        radial = np.linalg.norm(p - start - along[:, None] * unit, axis=1)
        q = np.stack([radial - radius, np.abs(along - length / 2) - length / 2], axis=1) + rounding
        return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0) - rounding

    return field


def torus(center: Vec, radius: float, thickness: float, axis: int = 1) -> Field:
    """A ring around the coordinate axis `axis`; `thickness` is the radius of its tube."""
    c = _vec(center)
    plane = [i for i in range(3) if i != axis]

    def field(p: Array) -> Array:
        q = p - c
        ring = np.linalg.norm(q[:, plane], axis=1) - radius
        return np.hypot(ring, q[:, axis]) - thickness

    return field


def extrusion(profile: Sequence[tuple[float, float]], half_width: float, rounding: float = 0.0) -> Field:
    """A polygon in the x-z plane, as wide as 2 `half_width` along y, edges rounded."""
    points = _vec(profile)
    ends = np.roll(points, -1, axis=0)

    def field(p: Array) -> Array:
        xz = p[:, [0, 2]]
        nearest = np.full(len(p), np.inf, np.float32)
        inside = np.zeros(len(p), bool)
        for start, end in zip(points, ends, strict=True):
            edge = end - start
            t = np.clip((xz - start) @ edge / float(edge @ edge), 0, 1)
            nearest = np.minimum(nearest, np.linalg.norm(xz - start - t[:, None] * edge, axis=1))
            crosses = (start[1] > xz[:, 1]) != (end[1] > xz[:, 1])
            height = edge[1] if abs(edge[1]) > 1e-9 else 1e-9
            inside ^= crosses & (xz[:, 0] < start[0] + edge[0] * (xz[:, 1] - start[1]) / height)
        flat = np.where(inside, -nearest, nearest)
        q = np.stack([flat, np.abs(p[:, 1]) - half_width], axis=1) + rounding
        return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0) - rounding

    return field


def half_space(point: Vec, normal: Vec) -> Field:
    """Everything behind the plane through `point` that faces along `normal`."""
    unit = _vec(normal) / float(np.linalg.norm(_vec(normal)))
    offset = float(_vec(point) @ unit)
    return lambda p: p @ unit - offset


def union(*fields: Field, blend: float = 0.0) -> Field:
    """All of them; seams are smoothed over `blend` metres (polynomial smooth minimum)."""

    def field(p: Array) -> Array:
        total = fields[0](p)
        for other in fields[1:]:
            total = _smooth_min(total, other(p), blend)
        return total

    return field


def cut(body: Field, *tools: Field, blend: float = 0.0) -> Field:
    """`body` without the `tools`."""

    def field(p: Array) -> Array:
        total = body(p)
        for tool in tools:
            total = -_smooth_min(-total, tool(p), blend)
        return total

    return field


def common(*fields: Field) -> Field:
    """Where all of them are."""
    return lambda p: np.maximum.reduce([field(p) for field in fields])


def grown(body: Field, by: float) -> Field:
    """`body` with its surface moved outwards by `by` metres."""
    return lambda p: body(p) - by


def mirrored(body: Field) -> Field:
    """`body`, modelled on the left side, on both sides."""

    def field(p: Array) -> Array:
        return body(np.stack([p[:, 0], np.abs(p[:, 1]), p[:, 2]], axis=1))

    return field


def rough(body: Field, depth: float, wavelength: float, seed: int = 0, grain: Vec = (1, 1, 1)) -> Field:
    """`body` with lumps of about `depth` metres: folds, locks of hair; `grain` below 1 draws them out."""
    rng = np.random.default_rng(seed)
    waves = (rng.normal(size=(6, 3)) * (2 * np.pi / wavelength / 1.7) * np.asarray(grain)).astype(np.float32)
    phases = rng.uniform(0, 2 * np.pi, 6).astype(np.float32)

    def field(p: Array) -> Array:
        return body(p) + depth / 2.5 * np.sin(p @ waves.T + phases).sum(axis=1)

    return field


def _smooth_min(a: Array, b: Array, blend: float) -> Array:
    if blend <= 0:
        return np.minimum(a, b)
    h = np.maximum(blend - np.abs(a - b), 0) / blend
    return np.minimum(a, b) - h * h * blend / 4


def mesh(field: Field, low: Vec, high: Vec, cell: float) -> Mesh:
    """The surface of a field between the corners `low` and `high`, with cells of `cell` metres."""
    origin = _vec(low)
    blocks = np.ceil((_vec(high) - origin) / (cell * BLOCK)).astype(int)
    return _surface_nets(_sample(field, origin, blocks, cell), origin, cell)


def _sample(field: Field, origin: Array, blocks: npt.NDArray[np.int_], cell: float) -> Array:
    """The field on a grid of BLOCK * blocks points; far from the surface only its sign is right."""
    size = cell * BLOCK
    index = np.indices(tuple(blocks)).reshape(3, -1).T
    coarse = field((origin + (index + 0.5 - 0.5 / BLOCK) * size).astype(np.float32)).reshape(blocks)
    values = np.repeat(np.repeat(np.repeat(coarse, BLOCK, 0), BLOCK, 1), BLOCK, 2)
    near = np.argwhere(np.abs(coarse) < size * 1.6)
    steps = np.indices((BLOCK,) * 3).reshape(3, -1).T
    fine = (near[:, None] * BLOCK + steps).reshape(-1, 3)
    values[tuple(fine.T)] = field((origin + fine * cell).astype(np.float32))
    return values


def _surface_nets(values: Array, origin: Array, cell: float) -> Mesh:
    """Naive surface nets: one vertex per cell that the surface crosses, one quad per grid edge it crosses."""
    cells = np.array(values.shape) - 1
    owners, crossings, quads = [], [], []
    for axis in range(3):
        here, ahead = np.moveaxis(values, axis, 0)[:-1], np.moveaxis(values, axis, 0)[1:]
        at = np.argwhere((here < 0) != (ahead < 0))
        a, b = here[tuple(at.T)], ahead[tuple(at.T)]
        grid = np.insert(at[:, 1:], axis, at[:, 0], axis=1)
        crossing = grid.astype(float)
        crossing[:, axis] += a / (a - b)
        around = _cells_around(grid, axis, cells)
        for owner in around.T:
            owners.append(owner[owner >= 0])
            crossings.append(crossing[owner >= 0])
        around[a >= 0] = around[a >= 0][:, ::-1]  # quads face outwards
        quads.append(around[(around >= 0).all(axis=1)])
    used, number = np.unique(np.concatenate(owners), return_inverse=True)
    points, count = np.concatenate(crossings), np.bincount(number)
    sums = np.stack([np.bincount(number, points[:, k]) for k in range(3)], axis=1)
    vertices = origin + sums / count[:, None] * cell
    faces = np.searchsorted(used, np.concatenate(quads))
    return Mesh(vertices.astype(np.float32), faces.astype(np.int32))


def _cells_around(edges: npt.NDArray[np.int_], axis: int, cells: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """The numbers of the four cells around each grid edge along `axis`, in turn; -1: outside."""
    u, v = (axis + 1) % 3, (axis + 2) % 3
    around = []
    for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
        cell = edges.copy()
        cell[:, u] -= du
        cell[:, v] -= dv
        inside = np.all((cell >= 0) & (cell < cells), axis=1)
        flat = np.ravel_multi_index(tuple(np.where(inside[:, None], cell, 0).T), tuple(cells))
        around.append(np.where(inside, flat, -1))
    return np.stack(around, axis=1)
