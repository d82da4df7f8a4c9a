"""A world: things that move, things that stand, light, and the dashcam that looks at them.

World axes: x along the street, y left, z up, metres. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from scenes.models import Colour, Model
from scenes.people import Person
from scenes.street import Site

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a thing is at one moment; angles in radians (yaw left, pitch nose down, roll to the right)."""

    x: float
    y: float
    z: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    def matrix(self) -> Matrix:
        return transform((self.x, self.y, self.z), self.yaw, self.pitch, self.roll)


def transform(at: tuple[float, float, float], yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Matrix:
    """A 4 x 4 matrix: roll about x, then pitch about y, then yaw about z, then the move."""
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    matrix = np.eye(4)
    matrix[:3, :3] = about_z @ about_y @ about_x
    matrix[:3, 3] = at
    return matrix


Turn = tuple[float, float, float]  # yaw, pitch, roll of a node, radians


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Something that moves: `path` gives its placement, or None while it is not there.

    `turns` gives the angles of its nodes. `models` are shown in turn, `steps` per second (a walking person);
    most things have one. `people` are those who ride it, the driver first: a thing without is no rider.
    `plate` is the text on its plate.
    """

    name: str
    models: tuple[Model, ...]
    path: Callable[[float], Placement | None]
    turns: Callable[[float], dict[str, Turn]] = lambda _: {}
    steps: float = 0.0
    people: tuple[Person, ...] = ()
    plate: str = ""

    def model_at(self, time: float) -> int:
        return int(time * self.steps) % len(self.models) if self.steps else 0


@dataclass(frozen=True, slots=True)
class Lamp:
    """`power` in W (a sun: W/m2), `size` in metres (a sun: radians across); light goes along local -z."""

    kind: str  # SUN, SPOT, POINT
    matrix: tuple[tuple[float, ...], ...]
    power: float
    colour: Colour
    size: float
    angle: float = 1.0
    node: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """The dashcam as a pinhole: picture size and focal length in pixels of the rendered, larger picture."""

    width: int = 1280
    height: int = 720
    focal: float = 1050.0
    margin: int = 16  # rendered beyond every edge: lens and shutter draw from there

    @property
    def size(self) -> tuple[int, int]:
        return self.width + 2 * self.margin, self.height + 2 * self.margin


@dataclass(frozen=True, slots=True, eq=False)
class World:
    sites: tuple[Site, ...]
    things: tuple[Thing, ...]
    camera: Callable[[float], Placement]
    view: View = field(default_factory=View)
    sky: str = "sky.hdr"
    lamps: tuple[Lamp, ...] = ()
    samples: int = 3


def keyframes(*keys: tuple[float, ...]) -> Callable[[float], npt.NDArray[np.float64]]:
    """A smooth curve through (time, value, value ...); it stays at its ends before and after."""
    table = np.array(keys)
    curve = PchipInterpolator(table[:, 0], table[:, 1:], axis=0)
    first, last = table[0, 0], table[-1, 0]
    return lambda time: np.asarray(curve(np.clip(time, first, last)))
