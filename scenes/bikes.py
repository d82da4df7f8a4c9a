"""Motorcycles and scooters, with the people on them.

x = 0 is half way between the axles, z = 0 the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes import models
from scenes.bodywork import BODYWORK, FRAMES, Frame, Kind, body, handlebar, wheel
from scenes.models import Colour, Model, Part, placed, solid
from scenes.people import Person, leading, point, seated
from scenes.shapes import (
    Mesh,
    Vec,
    box,
    capsule,
    common,
    cut,
    ellipsoid,
    half_space,
    mirrored,
    torus,
    union,
)


@dataclass(frozen=True, slots=True)
class Bike:
    kind: Kind = Kind.SCOOTER
    colour: Colour = (0.8, 0.1, 0.08)
    box: Colour | None = None
    windscreen: bool = False
    strap: bool = False  # hangs before the plate and swings with the node `strap`
    plate_texture: str = ""
    plate_size: tuple[float, float] = (0.21, 0.115)
    plate_tilt: float = 0.25


def bike(spec: Bike) -> Model:
    """The motorcycle alone. Its wheels turn with the nodes `front` and `rear`."""
    frame = FRAMES[spec.kind]
    axle = frame.wheelbase / 2
    parts = [
        *BODYWORK[spec.kind](spec.colour, frame),
        *handlebar(frame),
        *_tail(spec, frame),
        *placed(wheel(frame), "front"),
        *placed(wheel(frame), "rear"),
    ]
    pivots = {"front": (axle, 0.0, frame.wheel), "rear": (-axle, 0.0, frame.wheel)}
    if spec.box:
        parts += _delivery_box(spec.box, frame)
    if spec.strap:
        parts += placed([_strap()], "strap")
        pivots["strap"] = _strap_pivot(frame)
    if spec.windscreen:
        parts.append(_windscreen(frame))
    return Model(tuple(parts), pivots).with_role("vehicle")


def ridden(spec: Bike, people: tuple[Person, ...]) -> Model:
    """The motorcycle with its driver and, if there is a second person, a pillion."""
    frame = FRAMES[spec.kind]
    model = models.joined(bike(spec), _driver(people[0], frame))
    if len(people) > 1:
        model = models.joined(model, _pillion(people[1], people[0], frame))
    return model


def pushed(spec: Bike, person: Person) -> Model:
    """The motorcycle and somebody on foot at its left side, one hand on the handlebar, one on the seat."""
    frame = FRAMES[spec.kind]
    x, y, z = frame.grip
    hands = (point(x - 0.09, y - 0.01, z + 0.02), point(frame.seat_x, 0.1, frame.seat + 0.04))
    return models.joined(bike(spec), leading(person, point(x - 0.4, 0.52, 0), hands))


def _driver(person: Person, frame: Frame) -> Model:
    x, y, z = frame.grip
    px, py, pz = frame.peg
    return seated(
        person,
        0,
        point(frame.seat_x, 0, frame.seat),
        (point(x - 0.09, y - 0.01, z + 0.02), point(x - 0.09, -y + 0.01, z + 0.02)),
        (point(px, py, pz), point(px, -py, pz)),
        frame.lean,
    )


def _pillion(person: Person, driver: Person, frame: Frame) -> Model:
    px, py, pz = frame.pillion_peg
    waist = point(frame.seat_x + 0.02, 0.2 * driver.build, frame.seat + 0.26)
    return seated(
        person,
        1,
        point(frame.pillion_x, 0, frame.seat + 0.06),
        (waist, waist * point(1, -1, 1)),
        (point(px, py, pz), point(px, -py, pz)),
        0.06,
    )


def _tail(spec: Bike, frame: Frame) -> list[Part]:
    """Tail light, indicators, mudguard and the plate."""
    x, z = frame.plate
    tilt = spec.plate_tilt
    lamp_x, lamp_z = frame.lamp
    light = box((lamp_x, 0, lamp_z), (0.035, 0.09, 0.035), 0.02)
    blinkers = mirrored(ellipsoid((lamp_x + 0.02, 0.17, lamp_z - 0.03), (0.03, 0.04, 0.028)))
    stalks = mirrored(capsule((lamp_x + 0.05, 0, lamp_z - 0.04), (lamp_x + 0.03, 0.14, lamp_z - 0.03), 0.012))
    hub = (-frame.wheelbase / 2, 0, frame.wheel)
    behind = half_space((hub[0] + 0.1, 0, 0), (1, 0, -1.2))
    guard = common(torus(hub, frame.wheel + 0.035, 0.055), behind)
    guard = cut(guard, torus(hub, frame.wheel + 0.02, 0.048))
    width, height = spec.plate_size
    holder = box((x + 0.012, 0, z + 0.02), (0.006, width / 2 + 0.008, height / 2 + 0.012), 0.004, pitch=tilt)
    stay = capsule((x + 0.055, 0, z + 0.04), (lamp_x + 0.12, 0, lamp_z - 0.06), 0.025)
    parts = [
        body(light, models.TAIL_LIGHT, 0.01),
        body(blinkers, models.INDICATOR, 0.01),
        body(union(stalks, guard, holder, stay), models.PLASTIC, 0.012),
    ]
    if spec.plate_texture:
        parts.append(plate((x, 0, z + 0.02), spec.plate_size, tilt, spec.plate_texture))
    return parts


def plate(center: Vec, size: tuple[float, float], tilt: float, texture: str) -> Part:
    """A number plate that faces backwards, its top leaning forward by `tilt` radians."""
    width, height = size
    spot = point(*center)
    across = point(0, -width / 2, 0)  # seen from behind, left is +y
    face = models.Material((1, 1, 1), roughness=0.45, texture=texture)
    rise = point(np.sin(tilt) * height / 2, 0, np.cos(tilt) * height / 2)
    corners = np.stack([spot - across - rise, spot + across - rise, spot + across + rise, spot - across + rise])
    uv = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    return Part(Mesh(corners.astype(np.float32), np.array([[0, 1, 2, 3]], np.int32), uv, smooth=False), face, "plate")


def _strap() -> Part:
    """A loose luggage strap, modelled around its upper end."""
    band = box((0, 0, -0.17), (0.003, 0.021, 0.17), 0.002)
    return solid(band, (-0.03, -0.05, -0.36), (0.03, 0.05, 0.02), 0.006, models.cloth((0.12, 0.1, 0.08)))


def _strap_pivot(frame: Frame) -> tuple[float, float, float]:
    x, z = frame.plate
    return (x - 0.05, 0.0, z + 0.25)


def _delivery_box(colour: Colour, frame: Frame) -> list[Part]:
    x = frame.pillion_x - 0.12
    z = frame.seat + 0.33
    shell = box((x, 0, z), (0.23, 0.24, 0.24), 0.03)
    lid = box((x, 0, z + 0.17), (0.238, 0.248, 0.012), 0.01)
    rack = box((x, 0, frame.seat + 0.06), (0.24, 0.15, 0.02), 0.01)
    return [body(shell, models.Material(colour, roughness=0.55)), body(union(lid, rack), models.PLASTIC)]


def _windscreen(frame: Frame) -> Part:
    x, _, z = frame.grip
    sheet = common(
        ellipsoid((x - 0.25, 0, z + 0.05), (0.5, 0.42, 0.5)),
        box((x + 0.2, 0, z + 0.22), (0.2, 0.24, 0.24), 0.08, pitch=-0.35),
    )
    return body(cut(sheet, ellipsoid((x - 0.25, 0, z + 0.05), (0.488, 0.408, 0.488))), models.CLEAR, 0.012)
