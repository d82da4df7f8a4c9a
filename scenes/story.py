"""The demo clip: twenty seconds behind a windscreen, one scenario after another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from pipeline import plate_formats
from pipeline.plate_formats import PlateFormat
from scenes import plates, sky
from scenes.bikes import Bike, Kind, bike, ridden
from scenes.heads import Hair, Head, Wear
from scenes.people import Person, walking
from scenes.street import Site, street
from scenes.vehicles import BUS, SEDAN, SUV, VAN, vehicle
from scenes.world import Placement, Thing, Turn, World, keyframes

SECONDS = 20.0
FPS = 15
SEED = 7
LANE_Y = -7.2  # the car with the camera keeps to the outer lane

# metres driven at these times; the car slows down once
EGO = keyframes((0, 0), (4, 32), (8.6, 68), (9.6, 74.5), (11.2, 82.5), (12.4, 90), (16, 118), (20, 150))


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    start_s: float
    end_s: float
    riders: tuple[str, ...]


SCENARIOS = (
    Scenario("a helmeted rider", 0.0, 3.5, ("courier",)),
    Scenario("a bare-headed rider", 2.5, 6.2, ("bare",)),
    Scenario("a bare-headed rider behind a helmeted one, overlapping", 5.5, 10.3, ("front", "hidden")),
    Scenario("a pedestrian without a helmet beside a motorcycle", 8.6, 11.0, ()),
    Scenario("a bare pillion behind a helmeted driver", 10.8, 14.5, ("couple",)),
    Scenario("a rider hidden by a bus for a second", 13.0, 18.3, ("bus",)),
    Scenario("a plate that no single frame shows well", 16.8, 20.0, ("strap",)),
)

# what stands on the plates; the formats are known by their grammar
PLATES = {
    "courier": "서울마포나4182",
    "bare": "3다76519",
    "front": "경기부천하2075",
    "hidden": "서울관악가8364",
    "couple": "5로24907",
    "bus": "인천부평너3918",
    "strap": "2수86371",
}


def world(folder: Path) -> World:
    """The whole clip; textures are written to `folder`."""
    rng = np.random.default_rng(SEED)
    sky.draw(sky.DAY, rng, folder / "sky.hdr")
    things = [*_riders(folder), *_traffic(folder), *_walkers(rng)]
    sites = [*street(170, rng, folder), *_parked(folder)]
    return World(tuple(sites), tuple(things), camera, lamps=tuple(sky.sun(sky.DAY)))


def camera(time: float) -> Placement:
    """The dashcam: it follows the car, and shakes with it."""
    shake = np.sin(time * np.array((9.1, 13.7, 23.3)) + (0.3, 1.7, 4.0)) * (0.006, 0.004, 0.002)
    tilt = np.sin(time * np.array((7.3, 11.9, 19.0)) + (2.0, 0.4, 1.1)) * (0.0016, 0.0012, 0.0008)
    x = float(EGO(time)[0])
    return Placement(
        x, LANE_Y, 1.3 + float(shake.sum()), float(tilt[0]), 0.02 + float(tilt.sum()), float(tilt[1])
    )


def follow(*keys: tuple[float, float, float], until: float = SECONDS) -> Callable[[float], Placement | None]:
    """A path given by (time, metres ahead of the camera, y); it turns and leans as its curve asks."""
    curve = keyframes(*keys)

    def where(time: float) -> tuple[float, float]:
        ahead, y = curve(time)
        return float(EGO(time)[0] + ahead), float(y)

    def direction(time: float) -> float:
        (x0, y0), (x1, y1) = where(time - 0.15), where(time + 0.15)
        return float(np.arctan2(y1 - y0, max(x1 - x0, 0.5)))

    def path(time: float) -> Placement | None:
        if not keys[0][0] - 0.5 <= time <= until:
            return None
        x, y = where(time)
        lean = -1.2 * (direction(time + 0.2) - direction(time - 0.2))
        return Placement(x, y, 0.0, direction(time), 0.0, float(np.clip(lean, -0.25, 0.25)))

    return path


def turns(
    path: Callable[[float], Placement | None], radius: float, **looks: Callable[[float], Turn]
) -> Callable[[float], dict[str, Turn]]:
    """Wheels that roll along the path; heads (and the strap) as `looks` say."""

    def at(time: float) -> dict[str, Turn]:
        place = path(time)
        rolled = place.x / radius if place else 0.0
        return {"front": (0, rolled, 0), "rear": (0, rolled, 0)} | {
            name: look(time) for name, look in looks.items()
        }

    return at


def glance(*keys: tuple[float, float]) -> Callable[[float], Turn]:
    """A head that turns: (time, yaw to the left in radians)."""
    curve = keyframes(*keys)
    return lambda time: (float(curve(time)[0]), 0.0, 0.0)


def plate_picture(name: str, text: str, folder: Path) -> tuple[str, tuple[float, float]]:
    """Draw a plate for a model: the texture's name, and its size in metres."""
    kind = plate_formats.identify(text)
    if kind is None:
        raise ValueError(f"{text!r} fits no plate format")
    return _picture(name, text, kind, folder)


def _picture(name: str, text: str, kind: PlateFormat, folder: Path) -> tuple[str, tuple[float, float]]:
    file = f"plate-{name}.png"
    cv2.imwrite(str(folder / file), plates.draw(kind, text, 6))
    return file, (kind.width / 1000, kind.height / 1000)


BLACK = (0.035, 0.03, 0.03)
BROWN = (0.2, 0.12, 0.07)


def _riders(folder: Path) -> list[Thing]:
    def rider(
        name: str,
        spec: Bike,
        people: tuple[Person, ...],
        path: Callable[[float], Placement | None],
        **looks: Callable[[float], Turn],
    ) -> Thing:
        texture, size = plate_picture(name, PLATES[name], folder)
        with_plate = Bike(
            spec.kind, spec.colour, spec.box, spec.windscreen, spec.strap, texture, size, spec.plate_tilt
        )
        return Thing(
            name,
            (ridden(with_plate, people),),
            path,
            turns(path, 0.27, **looks),
            people=people,
            plate=PLATES[name],
        )

    return [
        rider(
            "courier",
            Bike(Kind.SCOOTER, (0.2, 0.22, 0.25)),
            (
                Person(
                    Head(Wear.FULL_FACE, wear_colour=(0.92, 0.92, 0.92), stripe=(0.1, 0.6, 0.55)),
                    top=(0.12, 0.14, 0.17),
                ),
            ),
            follow((0, 5.2, -7.1), (1.2, 5.6, -7.0), (2.2, 8, -6.2), (3.4, 17, -4.6), (6, 50, -4.5), until=7),
        ),
        rider(
            "bare",
            Bike(Kind.NAKED, (0.65, 0.06, 0.05)),
            (
                Person(
                    Head(hair=Hair.PARTED, hair_colour=BROWN),
                    top=(0.62, 0.66, 0.7),
                    trousers=(0.16, 0.2, 0.3),
                ),
            ),
            follow(
                (2.0, 0.5, -4.4),
                (2.8, 4.2, -5.4),
                (3.4, 5.4, -6.4),
                (4.6, 5.8, -6.9),
                (5.4, 8.5, -6.2),
                (6.6, 20, -4.6),
                (9, 60, -4.5),
                until=9,
            ),
            head0=glance((2.6, 0), (3.2, -0.5), (4.0, -1.0), (4.5, -0.9), (5.0, 0)),
        ),
        rider(
            "front",
            Bike(Kind.UNDERBONE, (0.1, 0.22, 0.5), box=(0.75, 0.1, 0.08)),
            (Person(Head(Wear.OPEN_FACE, wear_colour=(0.85, 0.2, 0.1)), top=(0.1, 0.1, 0.1), build=1.1),),
            follow(
                (2.0, 40, -7.4),
                (5.6, 10, -7.4),
                (6.6, 6.4, -7.3),
                (7.6, 6.0, -7.5),
                (8.4, 5.0, -8.2),
                (9.4, 1.5, -8.7),
                (10, -2, -8.7),
                until=10,
            ),
        ),
        rider(
            "hidden",
            Bike(Kind.SCOOTER, (0.75, 0.72, 0.65)),
            (
                Person(
                    Head(hair=Hair.SHORT, hair_colour=BLACK, skin=(0.85, 0.66, 0.54)),
                    top=(0.75, 0.75, 0.72),
                    short_sleeves=True,
                ),
            ),
            follow(
                (2.0, 43, -6.9),
                (5.6, 13, -6.9),
                (6.6, 9.0, -6.9),
                (7.8, 8.6, -7.0),
                (8.6, 6.4, -6.6),
                (9.4, 5.6, -6.5),
                (10.2, 9, -5.6),
                (12, 34, -4.5),
                until=13,
            ),
            head0=glance((6.0, 0), (6.8, 0.8), (7.6, 0.9), (8.2, 0.2), (9.0, -0.6), (9.6, 0)),
        ),
        rider(
            "couple",
            Bike(Kind.SCOOTER, (0.1, 0.1, 0.12), windscreen=True),
            (
                Person(Head(Wear.OPEN_FACE, wear_colour=(0.9, 0.9, 0.88)), top=(0.25, 0.3, 0.4)),
                Person(
                    Head(hair=Hair.LONG, hair_colour=BROWN, skin=(0.88, 0.7, 0.6)),
                    top=(0.85, 0.8, 0.72),
                    height=1.63,
                ),
            ),
            follow(
                (10.2, 0.0, -4.5),
                (11.2, 3.8, -5.6),
                (12.0, 5.0, -6.4),
                (13.2, 5.5, -6.8),
                (14.0, 9, -5.8),
                (15.4, 30, -4.5),
                (17, 60, -4.5),
                until=17,
            ),
            head1=glance((11, 0), (11.8, -0.7), (12.6, -1.0), (13.2, 0.3), (13.8, 0.9)),
        ),
        rider(
            "bus",
            Bike(Kind.UNDERBONE, (0.75, 0.55, 0.1)),
            (
                Person(
                    Head(hair=Hair.SHORT, hair_colour=(0.06, 0.05, 0.045), glasses=True),
                    top=(0.8, 0.25, 0.15),
                ),
            ),
            follow(
                (11.6, 34, -2.0),
                (13.4, 13, -2.2),
                (14.4, 11.5, -2.3),
                (16.2, 11.5, -2.6),
                (17.0, 8, -5.2),
                (17.7, 6.0, -6.4),
                (18.5, 10, -5.6),
                (20, 30, -4.5),
            ),
            head0=glance((13, -0.6), (14.2, -0.9), (15.8, -0.3), (16.6, 0.4), (17.4, -0.8), (18.0, 0)),
        ),
        rider(
            "strap",
            Bike(Kind.SCOOTER, (0.3, 0.45, 0.4), strap=True),
            (
                Person(
                    Head(hair=Hair.PARTED, hair_colour=BLACK, mask=True),
                    top=(0.45, 0.5, 0.3),
                    bag=(0.15, 0.15, 0.18),
                ),
            ),
            follow((15.0, 30, -8.2), (16.8, 11, -8.0), (17.8, 6.6, -8.0), (18.6, 5.4, -7.8), (20, 5.0, -7.4)),
            head0=glance((17, 0), (18.0, 0.7), (18.8, 1.0), (19.6, 0.2)),
            strap=lambda time: (
                0.0,
                0.1,
                0.32 * float(np.sin(2 * np.pi * time / 1.3)) + 0.06 * float(np.sin(17 * time)),
            ),
        ),
    ]


def _traffic(folder: Path) -> list[Thing]:
    """Cars, and the bus that hides a rider. Their plates are nobody's business, but they are there."""
    texture, size = plate_picture("bus-itself", "서울74사2816", folder)
    white, _ = plate_picture("car", "128가4053", folder)
    long = (0.52, 0.11)
    coach = vehicle(BUS, (0.12, 0.5, 0.25), texture, size)

    def car(
        name: str,
        shape: object,
        colour: tuple[float, float, float],
        path: Callable[[float], Placement | None],
    ) -> Thing:
        return Thing(name, (vehicle(shape, colour, white, long),), path)  # type: ignore[arg-type]

    def oncoming(start: float, speed: float, y: float) -> Callable[[float], Placement | None]:
        return lambda time: Placement(start - speed * time, y, 0, np.pi)

    return [
        Thing(
            "coach",
            (coach,),
            follow((13.0, -14, -4.5), (14.2, 0, -4.5), (16.2, 16, -4.5), (18, 42, -4.5), (20, 70, -4.5)),
        ),
        car(
            "lead",
            SEDAN,
            (0.85, 0.85, 0.87),
            follow((0, 24, -4.5), (8, 34, -4.5), (14, 55, -4.5), (20, 70, -4.5)),
        ),
        car("far", SUV, (0.08, 0.08, 0.1), follow((0, 42, -7.5), (10, 48, -7.5), (20, 40, -7.5))),
        car("on1", SEDAN, (0.5, 0.5, 0.52), oncoming(70, 11, 4.5)),
        car("on2", VAN, (0.88, 0.88, 0.86), oncoming(140, 12, 1.6)),
        car("on3", SUV, (0.75, 0.75, 0.78), oncoming(230, 10, 4.6)),
        car("on4", SEDAN, (0.12, 0.14, 0.3), oncoming(330, 12, 1.6)),
    ]


def _walkers(rng: np.random.Generator) -> list[Thing]:
    """People on the pavements, and the one beside the parked motorcycle. None of them rides."""
    people = [
        Person(Head(hair=Hair.SHORT), top=(0.5, 0.15, 0.2)),
        Person(
            Head(hair=Hair.LONG, hair_colour=BROWN),
            top=(0.8, 0.8, 0.82),
            trousers=(0.3, 0.35, 0.5),
            height=1.62,
        ),
        Person(Head(Wear.CAP, wear_colour=(0.1, 0.12, 0.3)), top=(0.2, 0.3, 0.25)),
    ]
    things = []
    for number, person in enumerate(people):
        steps = tuple(walking(person, phase / 6) for phase in range(6))
        start, side, way = 22.0 + 38 * number, (-11.6, -12.2, 11.2)[number], (1, -1, 1)[number]
        things.append(Thing(f"walker{number}", steps, _stroll(start, side, way), steps=7.0))
    waiting = walking(
        Person(Head(hair=Hair.SHORT, hair_colour=BLACK), top=(0.75, 0.7, 0.3), trousers=(0.2, 0.2, 0.25)),
        0.02,
        stride=0.08,
        hands_up=0.4,
    )
    stand = Placement(83.5, -9.85, 0.15, 2.7)
    look = glance((8.5, 0.0), (9.6, 0.7), (10.6, 1.1))
    things.append(Thing("waiting", (waiting,), lambda _: stand, lambda time: {"head0": look(time)}))
    return things


def _stroll(start: float, y: float, way: int) -> Callable[[float], Placement]:
    return lambda time: Placement(start + way * 1.3 * time, y, 0.15, 0.0 if way > 0 else np.pi)


def _parked(folder: Path) -> list[Site]:
    """The motorcycle the pedestrian stands beside, and cars at the kerb of the other side."""
    texture, size = plate_picture("parked", "서울서대문타5520", folder)
    machine = bike(Bike(Kind.SCOOTER, (0.55, 0.1, 0.12), plate_texture=texture, plate_size=size))
    car = vehicle(SEDAN, (0.9, 0.9, 0.9), "")
    return [Site(machine, 84.6, -9.75, 0.25, 0.15), Site(car, 40, 8.2, np.pi), Site(car, 95, 8.2, np.pi)]
