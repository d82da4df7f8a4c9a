"""What a model is made of: parts with a mesh, a material and a role in the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from scenes.shapes import Field, Mesh, Vec, mesh

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Material:
    """`colour` is sRGB, 0 to 1, as are the others but `glow` (W/m2/sr) and `grain` (metres between lumps).

    `texture` and `light` name pictures: what is seen of it, and what of it glows.
    """

    colour: Colour
    roughness: float = 0.6
    metallic: float = 0.0
    coat: float = 0.0
    glow: float = 0.0
    grain: float = 0.0
    bump: float = 0.0
    clear: float = 0.0
    texture: str = ""
    light: str = ""


def paint(colour: Colour) -> Material:
    return Material(colour, roughness=0.3, coat=0.8)


def cloth(colour: Colour) -> Material:
    return Material(colour, roughness=0.9, grain=0.05, bump=0.25)


PLASTIC = Material((0.07, 0.07, 0.075), roughness=0.5)
RUBBER = Material((0.05, 0.05, 0.05), roughness=0.85)
CHROME = Material((0.75, 0.75, 0.77), roughness=0.2, metallic=1.0)
STEEL = Material((0.45, 0.46, 0.48), roughness=0.4, metallic=1.0)
GLASS = Material((0.03, 0.035, 0.04), roughness=0.05, coat=1.0)
VISOR = Material((0.015, 0.015, 0.02), roughness=0.04, coat=1.0)
CLEAR = Material((0.9, 0.9, 0.9), roughness=0.05, clear=0.8)
TAIL_LIGHT = Material((0.6, 0.02, 0.02), roughness=0.2, coat=1.0, glow=0.6)
INDICATOR = Material((0.9, 0.4, 0.05), roughness=0.2, coat=1.0)
HEADLIGHT = Material((0.95, 0.95, 0.9), roughness=0.1, coat=1.0, glow=3.0)
SEAT = Material((0.05, 0.05, 0.055), roughness=0.65, grain=0.01, bump=0.1)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """`role` is what the truth calls it: vehicle, person0, head0, helmet0, plate, or empty for scenery.

    Its mesh is relative to the pivot of the `node` it turns with (empty: the model itself).
    """

    mesh: Mesh
    material: Material
    role: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    parts: tuple[Part, ...]
    pivots: dict[str, tuple[float, float, float]] = field(default_factory=dict)

    def with_role(self, role: str) -> Model:
        """The same model, every part that has none given this role."""
        return replace(self, parts=tuple(replace(p, role=p.role or role) for p in self.parts))


def joined(*models: Model) -> Model:
    parts = tuple(part for model in models for part in model.parts)
    return Model(parts, {name: at for model in models for name, at in model.pivots.items()})


def solid(shape: Field, low: Vec, high: Vec, cell: float, material: Material, role: str = "") -> Part:
    """A part from a field; the corners only have to enclose it."""
    return Part(mesh(shape, low, high, cell), material, role)


def placed(parts: Iterable[Part], node: str) -> tuple[Part, ...]:
    """Parts modelled around the origin, to turn with a node."""
    return tuple(replace(part, node=node) for part in parts)
