"""The motorcycles' own parts: wheels, handlebar, and the bodywork of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scenes import models
from scenes.models import Colour, Part, solid
from scenes.shapes import (
    Field,
    box,
    capsule,
    cut,
    cylinder,
    ellipsoid,
    extrusion,
    half_space,
    mirrored,
    torus,
    union,
)


class Kind(StrEnum):
    SCOOTER = "scooter"
    UNDERBONE = "underbone"
    NAKED = "naked"


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the things are that people and wheels are fixed to."""

    wheelbase: float
    wheel: float
    tyre: float
    seat: float
    seat_x: float
    pillion_x: float
    grip: tuple[float, float, float]
    peg: tuple[float, float, float]
    pillion_peg: tuple[float, float, float]
    plate: tuple[float, float]
    lamp: tuple[float, float]
    lean: float


FRAMES = {
    Kind.SCOOTER: Frame(
        wheelbase=1.30, wheel=0.245, tyre=0.058, seat=0.77, seat_x=-0.12, pillion_x=-0.46, lean=0.08,
        grip=(0.36, 0.30, 1.03), peg=(0.26, 0.13, 0.28), pillion_peg=(-0.28, 0.2, 0.32), plate=(-0.97, 0.56),
        lamp=(-0.955, 0.74),
    ),
    Kind.UNDERBONE: Frame(
        wheelbase=1.22, wheel=0.285, tyre=0.042, seat=0.77, seat_x=-0.08, pillion_x=-0.42, lean=0.1,
        grip=(0.36, 0.29, 1.02), peg=(0.08, 0.2, 0.27), pillion_peg=(-0.3, 0.21, 0.33), plate=(-0.97, 0.58),
        lamp=(-0.82, 0.73),
    ),
    Kind.NAKED: Frame(
        wheelbase=1.38, wheel=0.31, tyre=0.066, seat=0.80, seat_x=-0.14, pillion_x=-0.48, lean=0.28,
        grip=(0.40, 0.34, 1.04), peg=(-0.1, 0.2, 0.36), pillion_peg=(-0.45, 0.2, 0.42), plate=(-1.07, 0.63),
        lamp=(-0.9, 0.84),
    ),
}  # fmt: skip

LOW, HIGH = (-1.2, -0.5, 0.0), (1.15, 0.5, 1.55)
CELL = 0.016


def body(shape: Field, material: models.Material, cell: float = CELL) -> Part:
    return solid(shape, LOW, HIGH, cell, material)


def wheel(frame: Frame) -> list[Part]:
    r, t = frame.wheel, frame.tyre
    low, high = (-r - 0.02, -0.1, -r - 0.02), (r + 0.02, 0.1, r + 0.02)
    tyre = torus((0, 0, 0), r - t, t)
    rim = cut(cylinder((0, -t * 0.7, 0), (0, t * 0.7, 0), r - t * 1.5), cylinder((0, -1, 0), (0, 1, 0), r - t * 2.2))
    hub = cylinder((0, -0.06, 0), (0, 0.06, 0), 0.05, 0.01)
    spokes = [
        capsule((0, 0, 0), ((r - t * 1.7) * c, 0, (r - t * 1.7) * s), 0.018, 0.014)
        for c, s in ((1, 0), (0.309, 0.951), (-0.809, 0.588), (-0.809, -0.588), (0.309, -0.951))
    ]
    return [
        solid(tyre, low, high, 0.014, models.RUBBER),
        solid(union(rim, hub, *spokes, blend=0.01), low, high, 0.012, models.STEEL),
    ]


def handlebar(frame: Frame) -> list[Part]:
    x, y, z = frame.grip
    bar = mirrored(
        union(
            capsule((x + 0.1, 0, z - 0.04), (x + 0.07, y * 0.6, z), 0.016),
            capsule((x + 0.07, y * 0.6, z), (x - 0.02, y + 0.05, z), 0.016),
        )
    )
    grips = mirrored(capsule((x + 0.01, y - 0.07, z), (x - 0.03, y + 0.07, z), 0.023))
    levers = mirrored(capsule((x + 0.07, y - 0.1, z), (x + 0.04, y + 0.06, z), 0.009))
    stalk = mirrored(capsule((x + 0.03, y - 0.1, z), (x + 0.06, y - 0.02, z + 0.2), 0.009))
    mirror = mirrored(ellipsoid((x + 0.06, y, z + 0.22), (0.025, 0.075, 0.048)))
    axle = frame.wheelbase / 2
    forks = mirrored(capsule((axle, 0.075, frame.wheel), (x + 0.12, 0.075, z - 0.12), 0.026))
    return [
        body(union(grips, levers, stalk, mirror), models.PLASTIC, 0.012),
        body(bar, models.CHROME, 0.012),
        body(forks, models.STEEL),
    ]


def _exhaust(x: float, z: float) -> Part:
    pipe = capsule((x - 0.55, -0.2, z + 0.06), (x - 0.1, -0.19, z), 0.055, 0.045)
    return body(union(pipe, capsule((x - 0.1, -0.19, z), (x + 0.25, -0.1, z - 0.02), 0.022), blend=0.03), models.STEEL)


def _scooter(colour: Colour, frame: Frame) -> list[Part]:
    skin = models.paint(colour)
    shield = extrusion([(0.32, 0.30), (0.40, 0.30), (0.62, 0.72), (0.52, 1.0), (0.44, 1.0), (0.5, 0.72)], 0.2, 0.03)
    nose = ellipsoid((0.55, 0, 0.72), (0.14, 0.17, 0.24))
    head = ellipsoid((0.46, 0, 1.0), (0.13, 0.2, 0.085))
    mudguard = cut(torus((0.65, 0, 0.245), 0.26, 0.075), half_space((0, 0, 0.27), (-0.25, 0, 1)))
    front = union(shield, nose, head, blend=0.06)
    side = extrusion(
        [(0.1, 0.30), (0.02, 0.66), (-0.2, 0.7), (-0.92, 0.8), (-0.95, 0.72), (-0.6, 0.42), (-0.3, 0.3)],
        0.18,
        0.07,
    )
    tail = ellipsoid((-0.7, 0, 0.7), (0.28, 0.16, 0.12))
    floor = box((0.22, 0, 0.27), (0.28, 0.19, 0.035), 0.02)
    seat = union(
        ellipsoid((-0.1, 0, 0.735), (0.26, 0.16, 0.07)),
        ellipsoid((-0.48, 0, 0.79), (0.25, 0.14, 0.07)),
        blend=0.06,
    )
    engine = union(
        box((-0.5, 0.1, 0.27), (0.24, 0.05, 0.08), 0.04),
        box((-0.3, 0, 0.3), (0.2, 0.12, 0.1), 0.04),
        blend=0.03,
    )
    lamp = ellipsoid((0.64, 0, 0.84), (0.06, 0.12, 0.06))
    lamps = union(lamp, mirrored(ellipsoid((0.6, 0.15, 0.72), (0.06, 0.03, 0.05))))
    return [
        body(union(front, mudguard), skin),
        body(union(side, tail, blend=0.05), skin),
        body(seat, models.SEAT),
        body(union(floor, engine), models.PLASTIC),
        body(lamps, models.HEADLIGHT, 0.01),
        _exhaust(-0.25, 0.27),
    ]


def _underbone(colour: Colour, frame: Frame) -> list[Part]:
    skin = models.paint(colour)
    shield = mirrored(extrusion([(0.3, 0.3), (0.42, 0.32), (0.5, 0.85), (0.42, 0.85)], 0.2, 0.02))
    hollow = box((0.2, 0, 0.5), (0.26, 0.1, 0.5), 0.05)
    spine = capsule((0.42, 0, 0.75), (-0.05, 0, 0.5), 0.08)
    cowl = ellipsoid((0.42, 0, 1.0), (0.15, 0.15, 0.09))
    mudguard = cut(torus((0.61, 0, 0.285), 0.29, 0.06), half_space((0, 0, 0.33), (-0.2, 0, 1)))
    side = extrusion([(0.06, 0.5), (-0.05, 0.68), (-0.75, 0.76), (-0.82, 0.7), (-0.35, 0.45)], 0.13, 0.05)
    seat = union(
        ellipsoid((-0.06, 0, 0.735), (0.24, 0.14, 0.06)),
        ellipsoid((-0.42, 0, 0.765), (0.28, 0.135, 0.06)),
        blend=0.06,
    )
    engine = union(
        box((0.08, 0, 0.33), (0.16, 0.13, 0.1), 0.05),
        capsule((0.12, 0, 0.36), (0.32, 0, 0.4), 0.07),
        blend=0.03,
    )
    swing = mirrored(capsule((-0.05, 0.1, 0.34), (-0.61, 0.1, 0.285), 0.03))
    chain = box((-0.3, 0.11, 0.33), (0.34, 0.025, 0.06), 0.03)
    shock = mirrored(capsule((-0.6, 0.13, 0.32), (-0.5, 0.13, 0.64), 0.025))
    pegs = mirrored(capsule((0.08, 0.1, 0.26), (0.08, 0.26, 0.26), 0.016))
    lamp = ellipsoid((0.54, 0, 0.99), (0.05, 0.085, 0.065))
    return [
        body(cut(union(shield, cowl, blend=0.05), hollow), skin),
        body(union(mudguard, spine, side, blend=0.02), skin),
        body(seat, models.SEAT),
        body(union(engine, swing, shock, pegs), models.STEEL),
        body(chain, models.PLASTIC),
        body(lamp, models.HEADLIGHT, 0.01),
        _exhaust(-0.2, 0.3),
    ]


def _naked(colour: Colour, frame: Frame) -> list[Part]:
    skin = models.paint(colour)
    tank = union(
        ellipsoid((0.2, 0, 0.88), (0.27, 0.15, 0.13)),
        ellipsoid((0.05, 0, 0.83), (0.15, 0.1, 0.1)),
        blend=0.08,
    )
    tail = extrusion([(-0.2, 0.72), (-0.25, 0.8), (-0.85, 0.92), (-0.88, 0.84), (-0.4, 0.68)], 0.1, 0.04)
    guard = cut(torus((0.69, 0, 0.31), 0.33, 0.075), half_space((0, 0, 0.42), (-0.2, 0, 1)))
    seat = union(
        ellipsoid((-0.14, 0, 0.78), (0.22, 0.14, 0.055)),
        ellipsoid((-0.5, 0, 0.86), (0.24, 0.12, 0.05)),
        blend=0.08,
    )
    engine = union(
        box((0.1, 0, 0.42), (0.2, 0.17, 0.14), 0.05),
        box((0.2, 0, 0.6), (0.1, 0.16, 0.12), 0.04, pitch=0.3),
        blend=0.02,
    )
    beams = mirrored(
        union(
            capsule((0.5, 0.04, 0.85), (-0.15, 0.12, 0.55), 0.035),
            capsule((-0.15, 0.12, 0.5), (-0.69, 0.12, 0.31), 0.035),
        )
    )
    pegs = mirrored(capsule((-0.1, 0.1, 0.35), (-0.1, 0.26, 0.35), 0.016))
    lamp = ellipsoid((0.6, 0, 0.93), (0.07, 0.1, 0.1))
    stay = capsule((-0.7, 0, 0.8), (frame.plate[0] + 0.07, 0, frame.plate[1] + 0.12), 0.025)
    return [
        body(union(tank, tail, guard), skin),
        body(seat, models.SEAT),
        body(union(engine, pegs), models.STEEL),
        body(union(beams, stay), models.PLASTIC),
        body(lamp, models.HEADLIGHT, 0.01),
        _exhaust(-0.3, 0.4),
    ]


BODYWORK = {Kind.SCOOTER: _scooter, Kind.UNDERBONE: _underbone, Kind.NAKED: _naked}
