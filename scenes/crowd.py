"""Who is on the street by chance: riders, cars, people on foot, parked motorcycles."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from pipeline import plate_formats
from scenes import plates
from scenes.bikes import Bike, bike, pushed, ridden
from scenes.bodywork import Kind
from scenes.looks import OUTFITS, PAINTS, Helmets, near, on_foot, rider
from scenes.people import walking
from scenes.street import Site
from scenes.textures import KERB, LANE, LANES
from scenes.vehicles import BUS, SEDAN, SUV, VAN, vehicle
from scenes.world import Placement, Thing, Turn, transform

WITH_HELMET = {Helmets.ANY: 0.5, Helmets.BLACK_HALF: 0.5, Helmets.PLAIN: 0.65}  # of the drivers
WITH_PILLION = 0.28

# length and width of what takes room, metres
MOTORCYCLE = (2.1, 0.9)
CAR = (4.9, 2.1)
COACH = (7.4, 2.5)
WALKER = (0.8, 0.8)
PUSHED = (2.1, 1.8)


class Room:
    """The ground in every frame: nothing is put where something stands already."""

    def __init__(self, frames: int) -> None:
        self._taken: list[list[tuple[float, float, float, float]]] = [[] for _ in range(frames)]

    def place(self, size: tuple[float, float], propose: Callable[[int], Placement]) -> tuple[Placement | None, ...]:
        """A placement per frame, or None where a dozen proposals found no room."""
        return tuple(self._one(number, size, propose) for number in range(len(self._taken)))

    def _one(self, number: int, size: tuple[float, float], propose: Callable[[int], Placement]) -> Placement | None:
        for _ in range(12):
            at = propose(number)
            along, across = abs(np.cos(at.yaw)), abs(np.sin(at.yaw))
            half_x = (size[0] * along + size[1] * across) / 2
            half_y = (size[0] * across + size[1] * along) / 2
            if all(abs(at.x - x) > half_x + hx or abs(at.y - y) > half_y + hy for x, y, hx, hy in self._taken[number]):
                self._taken[number].append((at.x, at.y, half_x, half_y))
                return at
        return None


def machine(dice: random.Random, folder: Path, name: str, alone: bool) -> tuple[Bike, str]:
    """A motorcycle and the text on its plate, whose picture is written to `folder`."""
    kind = dice.choice(plate_formats.MOTORCYCLES)
    text = plate_formats.draw_text(kind, dice)
    file = f"plate-{name}.png"
    cv2.imwrite(str(folder / file), plates.draw(kind, text, 5, dice.choice(plates.fonts())))
    crate = near(dice, dice.choice(PAINTS + OUTFITS), 0.05) if alone and dice.random() < 0.4 else None
    spec = Bike(
        kind=dice.choice(tuple(Kind)),
        colour=near(dice, dice.choice(PAINTS), 0.05),
        box=crate,
        windscreen=dice.random() < 0.3,
        plate_texture=file,
        plate_size=(kind.width / 1000, kind.height / 1000),
        plate_tilt=dice.uniform(0.0, 0.8),
    )
    return spec, text


def riders(
    dice: random.Random, folder: Path, cameras: Sequence[Placement], room: Room, helmets: Helmets
) -> list[Thing]:
    """Motorcycles with their people."""
    things = []
    for number in range(dice.choices((1, 2, 3, 4, 5), (2, 4, 4, 2, 1))[0]):
        worn = [dice.random() < WITH_HELMET[helmets]]
        if dice.random() < WITH_PILLION:
            worn.append(dice.random() < (0.7 if worn[0] else 0.15))
        people = tuple(rider(dice, helmet, helmets) for helmet in worn)
        spec, text = machine(dice, folder, f"rider{number}", len(people) == 1)
        spots = room.place(MOTORCYCLE, lambda frame: _before(dice, cameras[frame]))
        path = moving(spots, dice.uniform(0, 15))
        turns = _turned([_looks(dice, len(people)) for _ in cameras])
        things.append(Thing(f"rider{number}", (ridden(spec, people),), path, turns, people=people, plate=text))
    return things


def cars(dice: random.Random, folder: Path, cameras: Sequence[Placement], room: Room) -> list[Thing]:
    kind = plate_formats.CAR_8_FILM
    cv2.imwrite(str(folder / "plate-car.png"), plates.draw(kind, plate_formats.draw_text(kind, dice), 3))
    things = []
    for number in range(dice.randrange(2, 6)):
        shape = dice.choice((SEDAN, SEDAN, SUV, VAN, BUS))
        model = vehicle(shape, near(dice, dice.choice(PAINTS), 0.03), "plate-car.png")
        way = dice.choice((-1, 1))
        lane = LANE * (dice.randrange(LANES) + 0.5) * way

        def somewhere(frame: int, lane: float = lane, way: int = way) -> Placement:
            x = cameras[frame].x + dice.uniform(11, 55)
            return Placement(x, lane + dice.gauss(0, 0.2), 0, 0.0 if way < 0 else np.pi)

        spots = room.place(COACH if shape is BUS else CAR, somewhere)
        things.append(Thing(f"car{number}", (model,), moving(spots, dice.uniform(0, 15))))
    return things


def pedestrians(dice: random.Random, cameras: Sequence[Placement], room: Room) -> list[Thing]:
    """On the pavement most of them, some on the road. None of them rides."""

    def somewhere(frame: int) -> Placement:
        side = -1 if dice.random() < 0.75 else 1
        off = KERB + dice.uniform(1.2, 3.2) if dice.random() < 0.8 else KERB - dice.uniform(0.2, 3.0)
        x, z = cameras[frame].x + dice.uniform(5, 26), 0.15 if off > KERB else 0.0
        return Placement(x, side * off, z, dice.uniform(0, 2 * np.pi))

    things = []
    for number in range(dice.randrange(1, 5)):
        model = walking(on_foot(dice), dice.random(), dice.uniform(0, 0.35), dice.uniform(0, 0.5))
        things.append(Thing(f"pedestrian{number}", (model,), moving(room.place(WALKER, somewhere), 1.2)))
    return things


def parked(dice: random.Random, folder: Path) -> list[Site]:
    """Motorcycles without people: nobody's rider."""
    sites = []
    for number in range(dice.randrange(0, 4)):
        spec, _ = machine(dice, folder, f"parked{number}", True)
        x, y = dice.uniform(8, 35), -KERB - dice.uniform(1.2, 1.8)
        sites.append(Site(bike(spec), x, y, dice.uniform(0, 2 * np.pi), 0.15))
    return sites


def waiting(dice: random.Random, parked: Sequence[Site], room: Room) -> list[Thing]:
    """People on foot close beside parked motorcycles: who takes them for riders is wrong."""
    things = []
    for number, motorcycle in enumerate(parked):
        if dice.random() < 0.35:
            continue

        def beside(_: int, motorcycle: Site = motorcycle) -> Placement:
            along, across = dice.uniform(-0.9, 0.9), dice.choice((-1, 1)) * dice.uniform(0.5, 0.9)
            ground = transform((motorcycle.x, motorcycle.y, motorcycle.z), motorcycle.yaw)
            x, y, z, _one = ground @ (along, across, 0, 1)
            return Placement(x, y, z, dice.uniform(0, 2 * np.pi))

        model = walking(on_foot(dice), dice.random(), dice.uniform(0, 0.15), dice.uniform(0, 0.5))
        things.append(Thing(f"waiting{number}", (model,), moving(room.place(WALKER, beside), 0)))
    return things


def pushing(dice: random.Random, folder: Path, cameras: Sequence[Placement], room: Room, share: float) -> list[Thing]:
    """Somebody on foot who pushes a motorcycle along the kerb, on `share` of the streets: no rider either."""
    if dice.random() < 1 - share:
        return []

    def somewhere(frame: int) -> Placement:
        side = -1 if dice.random() < 0.8 else 1
        x, y = cameras[frame].x + dice.uniform(5, 22), side * (KERB + dice.uniform(-2.5, 1.5))
        return Placement(x, y, 0.15 if abs(y) > KERB else 0.0, dice.choice((0.0, np.pi)) + dice.gauss(0, 0.2))

    spec, _ = machine(dice, folder, "pushed", True)
    model = pushed(spec, on_foot(dice))
    return [Thing("pushing", (model,), moving(room.place(PUSHED, somewhere), 1.2))]


def moving(spots: Sequence[Placement | None], speed: float) -> Callable[[float], Placement | None]:
    """A placement per whole second; around it the thing moves on at `speed` metres per second."""

    def path(time: float) -> Placement | None:
        spot = spots[round(time) % len(spots)]
        if spot is None:
            return None
        way = speed * (time - round(time))
        return replace(spot, x=spot.x + way * np.cos(spot.yaw), y=spot.y + way * np.sin(spot.yaw))

    return path


def _before(dice: random.Random, camera: Placement) -> Placement:
    """Somewhere before the camera: mostly ahead in the same direction, some oncoming, few across."""
    ahead = 3.2 * (28 / 3.2) ** dice.random()
    reach = min(ahead * 0.55, 6.0)
    aside, way = dice.uniform(-reach, reach), dice.random()
    yaw, roll = dice.gauss(0, 0.15), dice.gauss(0, 0.05)
    if 0.68 <= way < 0.88:
        ahead, aside, yaw = ahead + 1, dice.uniform(0.2 * reach, 1.2 * reach), np.pi + 1.3 * yaw
    elif way >= 0.88:
        ahead, yaw, roll = ahead + 2, dice.uniform(0, 2 * np.pi), 0.0
    y = min(max(camera.y + aside, -KERB + 0.5), KERB - 0.5)
    return Placement(camera.x + ahead, y, 0, yaw, 0, roll)


def _looks(dice: random.Random, people: int) -> dict[str, Turn]:
    heads = {f"head{number}": (dice.gauss(0, 0.45), dice.gauss(0.02, 0.08), 0.0) for number in range(people)}
    return heads | {wheel: (0.0, dice.uniform(0, 6), 0.0) for wheel in ("front", "rear")}


def _turned(looks: list[dict[str, Turn]]) -> Callable[[float], dict[str, Turn]]:
    return lambda time: looks[round(time) % len(looks)]
