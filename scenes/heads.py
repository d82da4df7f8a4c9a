"""Heads: faces, hair, helmets, and the hats that are no helmets.

A head is modelled around the base of its neck: chin at z = 0, crown at about z = 0.24, face towards +x.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scenes import models
from scenes.models import Colour, Material, Part, solid
from scenes.shapes import (
    Field,
    box,
    capsule,
    common,
    cut,
    ellipsoid,
    grown,
    half_space,
    mirrored,
    rough,
    torus,
    union,
)

LOW, HIGH = (-0.28, -0.21, -0.16), (0.28, 0.21, 0.34)
CELL = 0.006


class Hair(StrEnum):
    SHORT = "short"
    PARTED = "parted"
    LONG = "long"
    TAIL = "tail"
    BUN = "bun"
    BALD = "bald"


class Wear(StrEnum):
    """What is on the head; the first three are helmets."""

    FULL_FACE = "full face"
    OPEN_FACE = "open face"
    HALF = "half"
    NOTHING = "nothing"
    CAP = "cap"
    HOOD = "hood"
    BEANIE = "beanie"


HELMETS = (Wear.FULL_FACE, Wear.OPEN_FACE, Wear.HALF)


@dataclass(frozen=True, slots=True)
class Head:
    wear: Wear = Wear.NOTHING
    hair: Hair = Hair.SHORT
    skin: Colour = (0.80, 0.60, 0.48)
    hair_colour: Colour = (0.035, 0.03, 0.03)
    wear_colour: Colour = (0.9, 0.9, 0.9)
    stripe: Colour | None = None
    glasses: bool = False
    mask: bool = False
    visor_up: bool = False

    @property
    def helmet(self) -> bool:
        return self.wear in HELMETS


CRANIUM = ellipsoid((-0.005, 0, 0.137), (0.096, 0.076, 0.098))
NECK = capsule((-0.035, 0, -0.12), (-0.012, 0, 0.06), 0.057, 0.052)


def head_parts(head: Head) -> list[Part]:
    """The parts of a head; all of them belong to its box in the truth."""
    parts = [_skin(head)]
    if head.wear is not Wear.FULL_FACE or head.visor_up:
        parts += _features(head)
    if head.wear in (Wear.NOTHING, Wear.CAP, Wear.OPEN_FACE, Wear.HALF, Wear.BEANIE):
        parts += _hair(head)
    return parts + _WEAR[head.wear](head)


def neck_part(head: Head, role: str) -> Part:
    """The neck turns with the head but is not in its box."""
    return solid(NECK, LOW, HIGH, 0.01, Material(head.skin, roughness=0.5), role)


def _skin(head: Head) -> Part:
    face = union(
        CRANIUM,
        ellipsoid((0.035, 0, 0.08), (0.062, 0.06, 0.078)),
        ellipsoid((0.07, 0, 0.022), (0.026, 0.026, 0.022)),
        blend=0.04,
    )
    face = union(face, mirrored(ellipsoid((0.055, 0.042, 0.082), (0.03, 0.024, 0.022))), blend=0.03)
    face = cut(face, mirrored(ellipsoid((0.103, 0.032, 0.119), (0.016, 0.019, 0.012))), blend=0.018)
    face = union(face, capsule((0.092, 0, 0.12), (0.113, 0, 0.083), 0.008, 0.013), blend=0.014)
    ears = mirrored(
        cut(
            ellipsoid((-0.012, 0.088, 0.107), (0.021, 0.014, 0.036)),
            ellipsoid((-0.002, 0.103, 0.109), (0.012, 0.009, 0.022)),
        )
    )
    skin = Material(head.skin, roughness=0.5, grain=0.02, bump=0.05)
    return solid(union(face, ears, blend=0.008), LOW, HIGH, CELL, skin)


def _features(head: Head) -> list[Part]:
    eyes = mirrored(ellipsoid((0.089, 0.032, 0.117), (0.008, 0.014, 0.007)))
    brows = mirrored(capsule((0.097, 0.017, 0.138), (0.087, 0.048, 0.14), 0.005, 0.004))
    parts = [solid(union(eyes, brows), LOW, HIGH, 0.004, Material((0.05, 0.04, 0.035), roughness=0.6))]
    if head.mask:
        cover = cut(
            ellipsoid((0.042, 0, 0.05), (0.074, 0.066, 0.064)),
            half_space((0, 0, 0.0), (1, 0, -0.15)),
            half_space((0, 0, 0.088), (0.5, 0, -1)),
        )
        parts.append(solid(cover, LOW, HIGH, CELL, models.cloth((0.9, 0.9, 0.92))))
    else:
        lips = ellipsoid((0.09, 0, 0.05), (0.01, 0.022, 0.007))
        lip_colour = (head.skin[0] * 0.85, head.skin[1] * 0.6, head.skin[2] * 0.6)
        parts.append(solid(lips, LOW, HIGH, 0.004, Material(lip_colour, roughness=0.4)))
    if head.glasses:
        rims = mirrored(torus((0.108, 0.033, 0.117), 0.022, 0.003, axis=0))
        arms = mirrored(capsule((0.105, 0.055, 0.12), (-0.005, 0.083, 0.122), 0.003))
        parts.append(solid(union(rims, arms), LOW, HIGH, 0.004, models.PLASTIC))
    return parts


def _hair_shape(head: Head) -> Field:
    thick = 0.014 if head.hair in (Hair.SHORT, Hair.BUN, Hair.TAIL) else 0.019
    scalp = grown(ellipsoid((-0.008, 0, 0.14), (0.097, 0.077, 0.097)), thick)
    forehead = ellipsoid((0.125, 0, 0.075), (0.088, 0.085, 0.112))
    if head.hair is Hair.PARTED:
        forehead = ellipsoid((0.125, 0, 0.06), (0.085, 0.08, 0.1))
    nape = half_space((0, 0, 0.085), (-0.35, 0, 1))
    ear = mirrored(ellipsoid((-0.002, 0.105, 0.095), (0.036, 0.034, 0.055)))
    shape = cut(scalp, forehead, nape, ear, blend=0.012)
    if head.hair is Hair.LONG:
        fall = common(ellipsoid((-0.045, 0, 0.05), (0.085, 0.1, 0.2)), half_space((0.02, 0, 0), (1, 0, 0.05)))
        shape = union(shape, fall, blend=0.02)
    elif head.hair is Hair.TAIL:
        tail = capsule((-0.11, 0, 0.16), (-0.15, 0, -0.06), 0.03, 0.018)
        shape = union(shape, tail, blend=0.02)
    elif head.hair is Hair.BUN:
        shape = union(shape, ellipsoid((-0.115, 0, 0.2), (0.04, 0.042, 0.04)), blend=0.012)
    return rough(rough(shape, 0.005, 0.06, 3), 0.003, 0.014, 4, grain=(1, 1, 0.2))


def _hair(head: Head) -> list[Part]:
    if head.hair is Hair.BALD:
        return []
    hair = Material(head.hair_colour, roughness=0.45, grain=0.012, bump=0.7)
    return [solid(_hair_shape(head), LOW, HIGH, CELL, hair)]


def _shell(scale: float = 1.0) -> Field:
    return ellipsoid((-0.012, 0, 0.128), (0.148 * scale, 0.124 * scale, 0.137 * scale))


def _striped(shape: Field, head: Head) -> list[Part]:
    """A helmet's shell, with a stripe over its middle if it has one."""
    parts = [solid(shape, LOW, HIGH, CELL, models.paint(head.wear_colour))]
    if head.stripe:
        band = common(grown(shape, 0.002), box((0, 0, 0.2), (0.3, 0.035, 0.3)))
        parts.append(solid(band, LOW, HIGH, CELL, models.paint(head.stripe)))
    return parts


def _full_face(head: Head) -> list[Part]:
    chin = ellipsoid((0.045, 0, 0.04), (0.115, 0.1, 0.085))
    outer = union(_shell(), chin, blend=0.05)
    opening = box((0.16, 0, 0.125), (0.13, 0.2, 0.052), 0.04)
    neck = union(capsule((-0.02, 0, -0.3), (-0.01, 0, 0.1), 0.085), half_space((0, 0, -0.045), (0.12, 0, 1)))
    shell = cut(outer, opening, neck, blend=0.01)
    visor_box = box((0.16, 0, 0.125), (0.15, 0.2, 0.06), 0.045)
    visor = cut(common(outer, visor_box), neck, grown(outer, -0.012))
    parts = _striped(shell, head)
    if not head.visor_up:
        parts.append(solid(visor, LOW, HIGH, CELL, models.VISOR))
    parts.append(solid(cut(grown(outer, -0.02), opening, neck), LOW, HIGH, 0.01, models.PLASTIC))
    hinges = mirrored(ellipsoid((0.02, 0.118, 0.13), (0.022, 0.012, 0.022)))
    return [*parts, solid(hinges, LOW, HIGH, CELL, models.PLASTIC)]


def _open_face(head: Head) -> list[Part]:
    outer = _shell()
    opening = box((0.19, 0, 0.04), (0.16, 0.3, 0.125), 0.05)
    neck = union(capsule((-0.01, 0, -0.3), (-0.01, 0, 0.1), 0.085), half_space((0, 0, 0.02), (0.1, 0, 1)))
    shell = cut(outer, opening, capsule((-0.01, 0, -0.3), (-0.01, 0, 0.08), 0.085), blend=0.008)
    shell = cut(shell, half_space((0, 0, 0.015), (0, 0, 1)))
    parts = _striped(shell, head)
    bubble = cut(common(grown(outer, 0.012), box((0.19, 0, 0.1), (0.14, 0.2, 0.09), 0.04)), grown(outer, 0.007))
    if head.visor_up:
        peak = common(grown(outer, 0.016), box((0.14, 0, 0.225), (0.16, 0.2, 0.05), 0.02))
        parts.append(solid(cut(peak, outer), LOW, HIGH, CELL, models.VISOR))
    else:
        parts.append(solid(cut(bubble, neck), LOW, HIGH, CELL, models.CLEAR))
    return [*parts, _strap()]


def _half(head: Head) -> list[Part]:
    outer = _shell(0.98)
    shell = cut(outer, half_space((0.02, 0, 0.128), (-0.18, 0, 1)), grown(CRANIUM, 0.004))
    peak = common(
        ellipsoid((0.1, 0, 0.165), (0.075, 0.1, 0.05)),
        box((0.16, 0, 0.158), (0.15, 0.2, 0.01), 0.008, pitch=0.3),
    )
    parts = _striped(shell, head)
    parts.append(solid(peak, LOW, HIGH, CELL, models.PLASTIC))
    return [*parts, _strap()]


def _strap() -> Part:
    band = mirrored(capsule((0.01, 0.088, 0.15), (0.045, 0.05, 0.004), 0.008))
    under = capsule((0.045, 0.05, 0.004), (0.045, -0.05, 0.004), 0.008)
    return solid(union(band, under), LOW, HIGH, CELL, models.PLASTIC)


def _cap(head: Head) -> list[Part]:
    crown = cut(grown(CRANIUM, 0.026), half_space((0, 0, 0.148), (-0.1, 0, 1)))
    brim = common(
        ellipsoid((0.085, 0, 0.155), (0.085, 0.078, 0.06)),
        box((0.1, 0, 0.162), (0.1, 0.1, 0.009), 0.008, pitch=0.25),
    )
    return [solid(union(crown, brim, blend=0.01), LOW, HIGH, CELL, models.cloth(head.wear_colour))]


def _hood(head: Head) -> list[Part]:
    outer = union(grown(CRANIUM, 0.04), capsule((-0.04, 0, 0.05), (-0.03, 0, -0.08), 0.1, 0.13), blend=0.05)
    opening = ellipsoid((0.13, 0, 0.08), (0.11, 0.08, 0.125))
    shape = cut(outer, opening, capsule((0.0, 0, -0.3), (0, 0, 0.1), 0.075), blend=0.015)
    return [solid(rough(shape, 0.006, 0.07, 5), LOW, HIGH, CELL, models.cloth(head.wear_colour))]


def _beanie(head: Head) -> list[Part]:
    shape = cut(grown(CRANIUM, 0.03), half_space((0, 0, 0.15), (-0.12, 0, 1)))
    rim = cut(
        grown(CRANIUM, 0.036),
        half_space((0, 0, 0.15), (-0.12, 0, 1)),
        half_space((0, 0, 0.185), (0.12, 0, -1)),
    )
    return [solid(union(shape, rim, blend=0.005), LOW, HIGH, CELL, models.cloth(head.wear_colour))]


def _nothing(head: Head) -> list[Part]:
    return []


_WEAR = {
    Wear.FULL_FACE: _full_face,
    Wear.OPEN_FACE: _open_face,
    Wear.HALF: _half,
    Wear.NOTHING: _nothing,
    Wear.CAP: _cap,
    Wear.HOOD: _hood,
    Wear.BEANIE: _beanie,
}
