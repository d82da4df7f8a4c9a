"""Cars, vans and buses. x = 0 is the middle, z = 0 the ground; the plate faces backwards."""

from __future__ import annotations

from dataclasses import dataclass

from scenes import models
from scenes.bikes import plate
from scenes.models import Colour, Material, Model, Part, solid
from scenes.shapes import (
    Field,
    box,
    common,
    cut,
    cylinder,
    ellipsoid,
    extrusion,
    grown,
    half_space,
    mirrored,
    union,
)

Profile = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Side view of a vehicle: the body, and the cabin with its windows."""

    body: Profile
    cabin: Profile
    windows: Profile
    half_width: float
    axles: tuple[float, float]
    wheel: float
    lean_in: float = 0.35
    cell: float = 0.045
    plate: float = 0.62


SEDAN = Shape(
    ((-2.3, 0.3), (-2.36, 0.75), (-2.2, 1.02), (-1.3, 1.02), (1.0, 0.98), (2.1, 0.82), (2.38, 0.6),
     (2.34, 0.25), (1.9, 0.2), (-1.9, 0.2)),
    ((-1.95, 0.95), (-1.1, 1.42), (0.1, 1.46), (0.55, 1.36), (1.35, 0.92)),
    ((-1.75, 1.02), (-1.02, 1.36), (0.1, 1.4), (0.45, 1.3), (1.1, 1.0)),
    half_width=0.92, axles=(1.42, -1.42), wheel=0.33,
)  # fmt: skip
SUV = Shape(
    ((-2.25, 0.35), (-2.32, 0.9), (-2.25, 1.15), (1.0, 1.12), (2.1, 0.98), (2.3, 0.65), (2.26, 0.3),
     (1.9, 0.26), (-1.9, 0.26)),
    ((-2.25, 1.05), (-2.0, 1.66), (-1.8, 1.72), (0.0, 1.74), (0.45, 1.6), (1.2, 1.05)),
    ((-2.15, 1.14), (-1.95, 1.58), (0.0, 1.64), (0.38, 1.52), (0.98, 1.14)),
    half_width=0.95, axles=(1.38, -1.38), wheel=0.37,
)  # fmt: skip
VAN = Shape(
    ((-2.5, 0.35), (-2.55, 1.0), (1.6, 1.05), (2.45, 0.95), (2.55, 0.5), (2.5, 0.3)),
    ((-2.52, 0.95), (-2.45, 1.9), (-2.3, 1.98), (1.0, 1.98), (1.35, 1.85), (2.25, 0.95)),
    ((-2.45, 1.12), (-2.4, 1.78), (0.95, 1.82), (1.25, 1.7), (1.85, 1.12)),
    half_width=0.96, axles=(1.65, -1.6), wheel=0.34, lean_in=0.16,
)  # fmt: skip
BUS = Shape(
    ((-3.5, 0.35), (-3.55, 1.2), (3.4, 1.2), (3.5, 0.4), (3.4, 0.3)),
    ((-3.55, 1.1), (-3.5, 2.6), (-3.3, 2.72), (3.1, 2.72), (3.3, 2.6), (3.48, 1.1)),
    ((-3.45, 1.35), (-3.42, 2.3), (3.22, 2.3), (3.42, 1.25)),
    half_width=1.1, axles=(2.35, -1.9), wheel=0.42, lean_in=0.05, cell=0.06, plate=0.75,
)  # fmt: skip


def vehicle(shape: Shape, colour: Colour, plate_texture: str, plate_size: tuple[float, float] = (0.52, 0.11)) -> Model:
    front = max(x for x, _ in shape.body)
    back = min(x for x, _ in shape.body)
    roof = max(z for _, z in shape.cabin)
    low, high = (back - 0.2, -1.4, 0.0), (front + 0.2, 1.4, roof + 0.2)

    def part(field: Field, material: Material, cell: float = shape.cell) -> Part:
        return solid(field, low, high, cell, material)

    hull, cabin = _hull(shape), _cabin(shape, shape.cabin, 0.0)
    pillars = [box((x, 0, 1.5), (0.045, 2, 2)) for x in _pillars(shape)]
    panes = cut(_cabin(shape, shape.windows, 0.012), *pillars)
    ends = common(grown(cabin, 0.012), _between(shape))
    glass = union(panes, ends)
    belt = min(z for _, z in shape.windows)
    lights_z = belt * 0.72
    w = shape.half_width
    tails = mirrored(box((back + 0.08, w - 0.2, lights_z + 0.08), (0.09, 0.19, 0.075), 0.03))
    fronts = mirrored(box((front - 0.16, w - 0.22, lights_z), (0.12, 0.18, 0.07), 0.04))
    trim = union(
        box((back + 0.1, 0, 0.42), (0.13, w - 0.06, 0.09), 0.04),
        box((front - 0.1, 0, 0.42), (0.12, w - 0.06, 0.1), 0.04),
    )
    mirrors = mirrored(ellipsoid((max(x for x, _ in shape.windows) - 0.25, w + 0.1, belt + 0.08), (0.09, 0.12, 0.08)))
    wheels = [part(*wheel) for wheel in _wheels(shape)]
    parts = [
        part(union(hull, cabin, mirrors, blend=0.03), models.paint(colour)),
        part(glass, models.GLASS),
        part(tails, models.TAIL_LIGHT, 0.03),
        part(fronts, models.HEADLIGHT, 0.03),
        part(trim, models.PLASTIC, 0.04),
        *wheels,
    ]
    if plate_texture:
        parts.append(plate((back - 0.03, 0, shape.plate), plate_size, 0.05, plate_texture))
    return Model(tuple(parts)).with_role("scenery")


def _hull(shape: Shape) -> Field:
    arches = [cylinder((x, -2, shape.wheel), (x, 2, shape.wheel), shape.wheel + 0.06) for x in shape.axles]
    tunnel = [common(arch, lambda p: 0.6 - abs(p[:, 1])) for arch in arches]
    return cut(extrusion(shape.body, shape.half_width, 0.1), *tunnel)


def _cabin(shape: Shape, profile: Profile, by: float) -> Field:
    """The upper part; its sides lean in above the belt."""
    belt = min(z for _, z in shape.cabin)
    side = mirrored(half_space((0, shape.half_width - 0.04 + by, belt), (0, 1, shape.lean_in)))
    return common(extrusion(profile, shape.half_width + by, 0.05), side)


def _pillars(shape: Shape) -> tuple[float, ...]:
    front = max(x for x, _ in shape.windows)
    back = min(x for x, _ in shape.windows)
    count = max(3, round((front - back) / 1.1))
    return tuple(back + (front - back) * i / count for i in range(1, count))


def _between(shape: Shape) -> Field:
    """Where windscreen and rear window are: as high as the other windows, before and behind the roof."""
    low = min(z for _, z in shape.windows) + 0.03
    high = max(z for _, z in shape.windows) - 0.03
    width = shape.half_width - 0.18
    band = box((0, 0, (low + high) / 2), (6, width, (high - low) / 2))
    front = max(x for x, z in shape.cabin if z > high)
    back = min(x for x, z in shape.cabin if z > high)
    return cut(band, box(((front + back) / 2, 0, 1), ((front - back) / 2, 3, 3)))


def _wheels(shape: Shape) -> list[tuple[Field, Material, float]]:
    w, r = shape.half_width, shape.wheel
    tyres = [mirrored(cylinder((x, w - 0.26, r), (x, w - 0.03, r), r, 0.05)) for x in shape.axles]
    rims = [mirrored(cylinder((x, w - 0.1, r), (x, w - 0.02, r), r * 0.66, 0.02)) for x in shape.axles]
    return [(union(*tyres), models.RUBBER, 0.035), (union(*rims), models.STEEL, 0.03)]
