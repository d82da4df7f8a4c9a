"""The demo clip: twenty seconds behind a windscreen, one scenario after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from pipeline import plate_formats
from scenes import plates, sky
from scenes.bikes import Bike, bike, ridden
from scenes.bodywork import Kind
from scenes.cast import BARE, BEHIND_BUS, BLACK, BROWN, CAST, COUPLE, COURIER, FRONT, HIDDEN, STRAP, Role
from scenes.heads import Hair, Head, Wear
from scenes.models import Colour, Model
from scenes.paths import camera, follow, glance, oncoming, rolling, stroll
from scenes.people import Person, walking
from scenes.street import Site, street
from scenes.vehicles import BUS, SEDAN, SUV, VAN, Shape, vehicle
from scenes.world import Placement, Thing, World

SECONDS = 20.0
FPS = 15
SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    name: str
    start_s: float
    end_s: float
    roles: tuple[Role, ...] = ()


SCENARIOS = (
    Scenario("a helmeted rider", 0.0, 3.5, (COURIER,)),
    Scenario("a bare-headed rider", 2.5, 6.2, (BARE,)),
    Scenario("a bare-headed rider behind a helmeted one, overlapping", 5.5, 10.3, (FRONT, HIDDEN)),
    Scenario("a pedestrian without a helmet beside a motorcycle", 8.6, 11.0),
    Scenario("a bare pillion behind a helmeted driver", 10.8, 14.5, (COUPLE,)),
    Scenario("a rider hidden by a bus for a second", 13.0, 18.8, (BEHIND_BUS,)),
    Scenario("a plate that no single frame shows well", 16.8, 20.0, (STRAP,)),
)


def world(folder: Path) -> World:
    """The whole clip; textures are written to `folder`."""
    rng = np.random.default_rng(SEED)
    sky.draw(sky.DAY, rng, folder / "sky.hdr")
    things = [*(rider(role, folder) for role in CAST), *traffic(folder), *_walkers()]
    sites = [*street(170, rng, folder), *_parked(folder)]
    return World(tuple(sites), tuple(things), camera, lamps=tuple(sky.sun(sky.DAY)))


def rider(role: Role, folder: Path) -> Thing:
    texture, size = _plate(role.name, role.plate, folder)
    spec = replace(role.bike, plate_texture=texture, plate_size=size)
    turns = rolling(role.path, 0.27, role.looks)
    return Thing(role.name, (ridden(spec, role.people),), role.path, turns, people=role.people, plate=role.plate)


def _plate(name: str, text: str, folder: Path) -> tuple[str, tuple[float, float]]:
    """Draw a plate for a model: the picture's file, and its size in metres."""
    kind = plate_formats.identify(text)
    if kind is None:
        raise ValueError(f"{text!r} fits no plate format")
    file = f"plate-{name}.png"
    cv2.imwrite(str(folder / file), plates.draw(kind, text, 6))
    return file, (kind.width / 1000, kind.height / 1000)


def traffic(folder: Path) -> list[Thing]:
    """Cars, and the bus that hides a rider."""
    plate, size = _plate("car", "128가4053", folder)
    bus_plate, _ = _plate("coach", "서울74사2816", folder)

    def car(shape: Shape, colour: Colour) -> tuple[Model, ...]:
        return (vehicle(shape, colour, plate, size),)

    coach = vehicle(BUS, (0.12, 0.5, 0.25), bus_plate, size)
    passing = follow((12.8, -16, -4.5), (14.2, 0, -4.5), (15.5, 14, -4.5), (17.5, 38, -4.5), (20, 70, -4.5))
    ahead = follow((0, 24, -4.5), (8, 34, -4.5), (14, 55, -4.5), (20, 80, -4.5))
    far = follow((0, 42, -7.5), (10, 48, -7.5), (20, 44, -7.5))
    return [
        Thing("coach", (coach,), passing),
        Thing("ahead", car(SEDAN, (0.85, 0.85, 0.87)), ahead),
        Thing("far", car(SUV, (0.08, 0.08, 0.1)), far),
        Thing("oncoming1", car(SEDAN, (0.5, 0.5, 0.52)), oncoming(70, 11, 4.5)),
        Thing("oncoming2", car(VAN, (0.88, 0.88, 0.86)), oncoming(140, 12, 1.6)),
        Thing("oncoming3", car(SUV, (0.75, 0.75, 0.78)), oncoming(230, 10, 4.6)),
        Thing("oncoming4", car(SEDAN, (0.12, 0.14, 0.3)), oncoming(330, 12, 1.6)),
    ]


def _walkers() -> list[Thing]:
    """People on the pavements, and the one beside the parked motorcycle. None of them rides."""
    red = Person(Head(hair=Hair.SHORT), top=(0.5, 0.15, 0.2))
    white = Person(
        Head(hair=Hair.LONG, hair_colour=BROWN), top=(0.8, 0.8, 0.82), trousers=(0.3, 0.35, 0.5), height=1.62
    )
    green = Person(Head(Wear.CAP, wear_colour=(0.1, 0.12, 0.3)), top=(0.2, 0.3, 0.25))
    ways = ((red, 22.0, -11.6, 1), (white, 60.0, -12.2, -1), (green, 98.0, 11.2, 1))
    things = []
    for number, (person, start, y, way) in enumerate(ways):
        steps = tuple(walking(person, phase / 6) for phase in range(6))
        things.append(Thing(f"walker{number}", steps, stroll(start, y, way), steps=7.0))
    waiting = Person(Head(hair=Hair.SHORT, hair_colour=BLACK), top=(0.75, 0.7, 0.3), trousers=(0.2, 0.2, 0.25))
    figure = walking(waiting, 0.02, stride=0.08, hands_up=0.4)
    look = glance((8.5, 0.0), (9.6, 0.7), (10.6, 1.1))
    beside = Placement(83.5, -9.85, 0.15, 2.7)
    things.append(Thing("waiting", (figure,), lambda _: beside, lambda time: {"head0": look(time)}))
    return things


def _parked(folder: Path) -> list[Site]:
    """The motorcycle the pedestrian stands beside, and cars at the kerb of the other side."""
    texture, size = _plate("parked", "서울서대문타5520", folder)
    machine = bike(Bike(Kind.SCOOTER, (0.55, 0.1, 0.12), plate_texture=texture, plate_size=size))
    car = vehicle(SEDAN, (0.9, 0.9, 0.9), "")
    return [Site(machine, 84.6, -9.75, 0.25, 0.15), Site(car, 40, 8.2, np.pi), Site(car, 95, 8.2, np.pi)]
