"""People: a skeleton from where hands and feet are, and clothes around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes import models
from scenes.heads import Head, head_parts, neck_part
from scenes.models import Colour, Material, Model, Part, placed, solid
from scenes.shapes import (
    Array,
    Field,
    box,
    capsule,
    ellipsoid,
    rough,
    union,
)

# lengths in metres of a person 1.72 m tall
UPPER_ARM, FOREARM, THIGH, SHIN = 0.29, 0.26, 0.43, 0.43
TORSO = 0.50  # hip joint to base of the neck
STANDING_HIP = 0.92
CELL = 0.014


@dataclass(frozen=True, slots=True)
class Person:
    head: Head
    top: Colour = (0.2, 0.25, 0.4)
    trousers: Colour = (0.1, 0.11, 0.15)
    shoes: Colour = (0.85, 0.85, 0.85)
    gloves: bool = False
    bag: Colour | None = None
    short_sleeves: bool = False
    build: float = 1.0
    height: float = 1.72


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """Where the joints are, in the model's frame; left hand and foot first. `lean` is forward, radians."""

    hip: Array
    lean: float
    hands: tuple[Array, Array]
    feet: tuple[Array, Array]
    knees_out: float


def point(x: float, y: float, z: float) -> Array:
    return np.array((x, y, z), np.float32)


def body(person: Person, pose: Pose, number: int) -> Model:
    """A clothed person. The head turns with the node `head<number>`; roles carry the number, too."""
    scale = person.height / 1.72
    up = point(np.sin(pose.lean), 0, np.cos(pose.lean))
    ahead = point(np.cos(pose.lean), 0, -np.sin(pose.lean))
    neck = pose.hip + up * TORSO * scale
    wide = 0.185 * scale * person.build
    sleeves: list[Field] = []
    forearms: list[Field] = []
    legs: list[Field] = []
    hands: list[Field] = []
    shoes: list[Field] = []
    for side, hand, foot in ((1, pose.hands[0], pose.feet[0]), (-1, pose.hands[1], pose.feet[1])):
        shoulder = neck - up * 0.055 * scale + point(0, side * wide, 0)
        elbow = _bend(shoulder, hand, UPPER_ARM * scale, FOREARM * scale, point(-0.4, side * 0.6, -1))
        sleeves.append(capsule(shoulder, elbow, 0.062 * person.build, 0.05))
        (forearms if person.short_sleeves else sleeves).append(capsule(elbow, hand, 0.047, 0.036))
        hands.append(_hand(elbow, hand))
        hip = pose.hip + point(0, side * 0.095 * person.build, 0)
        ankle = foot + point(0, 0, 0.09)
        knee = _bend(hip, ankle, THIGH * scale, SHIN * scale, point(1, side * pose.knees_out, 0.3))
        legs += [capsule(hip, knee, 0.088 * person.build, 0.062), capsule(knee, ankle, 0.06, 0.045)]
        shoes.append(_shoe(foot))
    low, high = _bounds(pose, neck)
    role = f"person{number}"

    def part(shape: Field, material: Material, cell: float = CELL) -> Part:
        return solid(shape, low, high, cell, material, role)

    skin = Material(person.head.skin, roughness=0.5)
    bare = union(*hands, *forearms, blend=0.01)
    parts = [
        part(_jacket(person, pose.hip, neck, up, sleeves), models.cloth(person.top)),
        part(_trousers(person, pose.hip, legs), models.cloth(person.trousers)),
        part(union(*shoes), Material(person.shoes, roughness=0.6), 0.012),
        part(bare, models.PLASTIC if person.gloves else skin, 0.01),
    ]
    if person.bag:
        pack = pose.hip + up * 0.27 * scale - ahead * 0.21
        shape = rough(box(pack, (0.1, 0.15, 0.2), 0.07, pitch=pose.lean), 0.01, 0.15, 2)
        parts.append(part(shape, models.cloth(person.bag)))
    node = f"head{number}"
    kind = "helmet" if person.head.helmet else "bare"
    head = [Part(p.mesh, p.material, f"{kind}{number}") for p in head_parts(person.head)]
    head.append(neck_part(person.head, role))
    base = neck + up * 0.075 * scale + ahead * 0.015
    return Model((*parts, *placed(head, node)), {node: (float(base[0]), float(base[1]), float(base[2]))})


def seated(
    person: Person,
    number: int,
    seat: Array,
    grips: tuple[Array, Array],
    feet: tuple[Array, Array],
    lean: float,
) -> Model:
    """Somebody on a motorcycle: `seat` is the top of the seat below the hips."""
    hip = seat + point(0, 0, 0.1 * person.build)
    return body(person, Pose(hip, lean, grips, feet, knees_out=0.45), number)


def walking(person: Person, phase: float, stride: float = 0.3, hands_up: float = 0.0) -> Model:
    """A pedestrian, standing on z = 0, `phase` (0 to 1) of a step cycle; a stride of 0 stands still."""
    turn = 2 * np.pi * phase
    swing, rise = float(np.sin(turn)) * stride, float(np.cos(turn)) * stride * 0.2
    feet = (point(swing, 0.09, max(0.0, rise)), point(-swing, -0.09, max(0.0, -rise)))
    hip = point(0, 0, (STANDING_HIP - 0.33 * swing**2) * person.height / 1.72)
    ahead, aside, z = 0.08 + hands_up * 0.2, 0.25 * person.build, float(hip[2]) + hands_up * 0.25
    hands = (point(ahead - swing * 0.7, aside, z), point(ahead + swing * 0.7, -aside, z))
    return body(person, Pose(hip, 0.04, hands, feet, knees_out=0.1), 0)


def leading(person: Person, at: Array, hands: tuple[Array, Array]) -> Model:
    """Somebody in mid-step with the hands on something; `at` is the ground below the hips."""
    hip = at + point(0, 0, (STANDING_HIP - 0.01) * person.height / 1.72)
    step = point(0.2, 0.09, 0)
    return body(person, Pose(hip, 0.15, hands, (at + step, at - step), knees_out=0.1), 0)


def _bend(root: Array, tip: Array, first: float, second: float, towards: Array) -> Array:
    """The middle joint of a limb of two bones (law of cosines), bent `towards` a direction."""
    axis = tip - root
    reach = float(np.clip(np.linalg.norm(axis), abs(first - second) + 0.01, first + second - 0.002))
    axis = axis / np.linalg.norm(axis)
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    aside = towards - axis * float(towards @ axis)
    aside = aside / (np.linalg.norm(aside) + 1e-6)
    bent: Array = root + axis * along + aside * np.sqrt(max(first**2 - along**2, 0))
    return bent.astype(np.float32)


def _hand(elbow: Array, wrist: Array) -> Field:
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    return union(
        capsule(wrist, wrist + along * 0.07, 0.034, 0.03),
        ellipsoid(wrist + along * 0.06, (0.05, 0.042, 0.038)),
        blend=0.02,
    )


def _shoe(foot: Array) -> Field:
    sole = box(foot + point(0.06, 0, 0.035), (0.135, 0.048, 0.035), 0.03)
    return union(sole, ellipsoid(foot + point(0.0, 0, 0.075), (0.08, 0.046, 0.05)), blend=0.03)


def _jacket(person: Person, hip: Array, neck: Array, up: Array, sleeves: list[Field]) -> Field:
    wide = person.build
    chest = ellipsoid(neck - up * 0.17, (0.13 * wide, 0.185 * wide, 0.2))
    belly = ellipsoid(hip + up * 0.13, (0.125 * wide, 0.165 * wide, 0.2))
    shoulders = capsule(
        neck - up * 0.055 + point(0, 0.16 * wide, 0), neck - up * 0.055 - point(0, 0.16 * wide, 0), 0.068
    )
    collar = capsule(neck - up * 0.04, neck - up * 0.005, 0.085, 0.075)
    trunk = union(chest, belly, shoulders, collar, blend=0.07)
    return rough(union(trunk, *sleeves, blend=0.035), 0.007, 0.11, 1)


def _trousers(person: Person, hip: Array, legs: list[Field]) -> Field:
    pelvis = ellipsoid(hip + point(0, 0, 0.02), (0.135 * person.build, 0.165 * person.build, 0.12))
    return rough(union(pelvis, *legs, blend=0.04), 0.006, 0.1, 2)


def _bounds(pose: Pose, neck: Array) -> tuple[Array, Array]:
    points = np.stack([pose.hip, neck, *pose.hands, *pose.feet])
    return points.min(axis=0) - np.float32(0.45), points.max(axis=0) + np.float32(0.4)
