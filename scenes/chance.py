"""Streets by chance, for training: who rides what, wears what, where, in which light."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from pipeline import plate_formats
from scenes import plates, sky, street
from scenes.bikes import Bike, bike, ridden
from scenes.bodywork import Kind
from scenes.dashcam import Dashcam
from scenes.heads import HELMETS, Hair, Head, Wear
from scenes.models import Colour, Model
from scenes.people import Person, walking
from scenes.sky import Sky
from scenes.street import Site
from scenes.textures import KERB, LANE, LANES
from scenes.vehicles import BUS, SEDAN, SUV, VAN, vehicle
from scenes.world import Lamp, Placement, Thing, Turn, View, World, transform

LENGTH = 60.0  # metres of street
OUTFITS = (
    (0.05, 0.05, 0.06), (0.85, 0.85, 0.85), (0.2, 0.25, 0.4), (0.45, 0.45, 0.47), (0.5, 0.12, 0.12),
    (0.15, 0.35, 0.25), (0.75, 0.65, 0.3), (0.3, 0.22, 0.16), (0.6, 0.7, 0.85), (0.85, 0.5, 0.15),
    (0.75, 0.55, 0.6),
)  # fmt: skip
PAINTS = (
    (0.9, 0.9, 0.9), (0.04, 0.04, 0.05), (0.6, 0.6, 0.62), (0.25, 0.26, 0.28), (0.6, 0.05, 0.05),
    (0.08, 0.15, 0.45), (0.75, 0.7, 0.6), (0.1, 0.35, 0.3),
)  # fmt: skip
HAIR = (
    (0.035, 0.03, 0.03),
    (0.05, 0.04, 0.035),
    (0.12, 0.07, 0.045),
    (0.22, 0.13, 0.08),
    (0.45, 0.45, 0.46),
    (0.55, 0.38, 0.18),
)
HAIR_SHARES = (8, 4, 3, 2, 2, 1)
SKINS = ((0.86, 0.68, 0.57), (0.80, 0.60, 0.48), (0.72, 0.52, 0.40), (0.55, 0.38, 0.28))
BARE = {Wear.NOTHING: 12, Wear.CAP: 3, Wear.HOOD: 1, Wear.BEANIE: 1}
WITH_HELMET = 0.55


@dataclass(frozen=True, slots=True)
class Weather:
    name: str
    sky: Sky
    camera: Dashcam
    wet: bool = False
    lit: bool = False


WEATHERS = (
    Weather("day", sky.DAY, Dashcam()),
    Weather(
        "rain",
        sky.RAIN,
        Dashcam(gain=1.3, exposure_s=1 / 90, haze=0.008, rain=1.0, noise=0.01),
        wet=True,
        lit=True,
    ),
    Weather("dusk", sky.DUSK, Dashcam(gain=2.6, exposure_s=1 / 60, noise=0.014, warmth=0.05), lit=True),
    Weather(
        "night",
        sky.NIGHT,
        Dashcam(gain=3.2, exposure_s=1 / 40, noise=0.022, softness=0.8),
        wet=False,
        lit=True,
    ),
)
WEATHER_SHARES = (6, 2, 2, 2)


def scene(folder: Path, seed: int, frames: int, view: View) -> tuple[World, Weather]:
    """A street with traffic, placed anew for each of the times 0, 1 ... `frames` - 1.

    Textures are written to `folder`.
    """
    dice = random.Random(seed)  # noqa: S311
    rng = np.random.default_rng(seed)
    weather = dice.choices(WEATHERS, WEATHER_SHARES)[0]
    turned = replace(
        weather.sky,
        azimuth=dice.uniform(0, 360),
        clouds=min(1.0, weather.sky.clouds * dice.uniform(0.4, 1.8)),
    )
    if weather.sky.sun:
        turned = replace(turned, elevation=weather.sky.elevation * dice.uniform(0.6, 1.5))
    sky.draw(turned, rng, folder / "sky.hdr")
    lane = -LANE * (dice.randrange(LANES) + 0.5)
    height, pitch = dice.uniform(1.15, 1.9), dice.gauss(0.02, 0.02)
    cameras = [
        Placement(
            dice.uniform(0, 6),
            lane + dice.gauss(0, 0.3),
            height,
            dice.gauss(0, 0.05),
            pitch,
            dice.gauss(0, 0.01),
        )
        for _ in range(frames)
    ]
    things = _riders(dice, folder, cameras) + _cars(dice, folder, cameras) + _pedestrians(dice, cameras)
    sites = [*street.street(LENGTH, rng, folder, wet=weather.wet, lit=weather.lit), *_parked(dice, folder)]
    lamps = [*sky.sun(turned), *(_street_lamps() if weather.lit and weather.name != "rain" else [])]
    if weather.name in ("night", "dusk"):
        lamps += _own_headlights()
    drive = _moving(cameras, dice.choice((0.0, dice.uniform(2, 15))))
    world = World(tuple(sites), tuple(things), lambda t: drive(t) or cameras[0], view, "sky.hdr", tuple(lamps))
    return world, weather


def person(dice: random.Random, helmet: bool) -> Person:
    """Somebody, with a helmet or with something on the head that is none."""
    wear = dice.choice(HELMETS) if helmet else dice.choices(tuple(BARE), tuple(BARE.values()))[0]
    head = Head(
        wear=wear,
        hair=dice.choices(tuple(Hair), (8, 5, 4, 2, 1, 1))[0],
        skin=_near(dice, dice.choice(SKINS), 0.04),
        hair_colour=_near(dice, dice.choices(HAIR, HAIR_SHARES)[0], 0.015),
        wear_colour=_near(dice, dice.choice(PAINTS if helmet else OUTFITS), 0.05),
        stripe=dice.choice(PAINTS) if dice.random() < 0.25 else None,
        glasses=dice.random() < 0.25,
        mask=dice.random() < 0.2,
        visor_up=dice.random() < 0.3,
    )
    return Person(
        head=head,
        top=_near(dice, dice.choice(OUTFITS), 0.06),
        trousers=_near(dice, dice.choice(OUTFITS), 0.05),
        shoes=dice.choice(((0.85, 0.85, 0.85), (0.06, 0.06, 0.06), (0.35, 0.2, 0.12))),
        gloves=dice.random() < 0.3,
        bag=_near(dice, dice.choice(OUTFITS), 0.05) if dice.random() < 0.15 else None,
        short_sleeves=dice.random() < 0.3,
        build=dice.uniform(0.88, 1.18),
        height=dice.gauss(1.69, 0.07),
    )


def plate(dice: random.Random, folder: Path, name: str) -> tuple[str, str, tuple[float, float]]:
    """A motorcycle's plate by chance: its text, its picture's file and its size in metres."""
    kind = dice.choice(plate_formats.MOTORCYCLES)
    text = plate_formats.draw_text(kind, dice)
    file = f"plate-{name}.png"
    cv2.imwrite(str(folder / file), plates.draw(kind, text, 5, dice.choice(plates.fonts())))
    return text, file, (kind.width / 1000, kind.height / 1000)


def _machine(dice: random.Random, folder: Path, name: str, alone: bool) -> tuple[Bike, str]:
    text, file, size = plate(dice, folder, name)
    crate = _near(dice, dice.choice(PAINTS + OUTFITS), 0.05) if alone and dice.random() < 0.4 else None
    spec = Bike(
        kind=dice.choice(tuple(Kind)),
        colour=_near(dice, dice.choice(PAINTS), 0.05),
        box=crate,
        windscreen=dice.random() < 0.3,
        plate_texture=file,
        plate_size=size,
        plate_tilt=dice.uniform(0.0, 0.8),
    )
    return spec, text


def _riders(dice: random.Random, folder: Path, cameras: list[Placement]) -> list[Thing]:
    things = []
    for number in range(dice.choices((1, 2, 3, 4, 5), (2, 4, 4, 2, 1))[0]):
        helmets = [dice.random() < WITH_HELMET]
        if dice.random() < 0.28:
            helmets.append(dice.random() < (0.75 if helmets[0] else 0.15))
        people = tuple(person(dice, helmet) for helmet in helmets)
        spec, text = _machine(dice, folder, f"rider{number}", len(people) == 1)
        spots = [_spot(dice, camera) if dice.random() < 0.9 else None for camera in cameras]
        looks: list[dict[str, Turn]] = [_looks(dice, len(people)) for _ in cameras]
        things.append(
            Thing(
                f"rider{number}",
                (ridden(spec, people),),
                _moving(spots, dice.uniform(0, 15)),
                _turned(looks),
                people=people,
                plate=text,
            )
        )
    return things


def _moving(spots: Sequence[Placement | None], speed: float) -> Callable[[float], Placement | None]:
    """A placement per whole second; around it the thing moves on at `speed` metres per second."""

    def path(time: float) -> Placement | None:
        spot = spots[round(time) % len(spots)]
        if spot is None:
            return None
        way = speed * (time - round(time))
        return replace(spot, x=spot.x + way * np.cos(spot.yaw), y=spot.y + way * np.sin(spot.yaw))

    return path


def _spot(dice: random.Random, camera: Placement) -> Placement:
    """Somewhere before the camera: mostly ahead in the same direction, some oncoming, few across."""
    ahead = 3.2 * (28 / 3.2) ** dice.random()
    reach = min(ahead * 0.55, 6.0)
    way = dice.random()
    if way < 0.68:
        return Placement(
            camera.x + ahead,
            camera.y + dice.uniform(-reach, reach),
            0,
            dice.gauss(0, 0.15),
            0,
            dice.gauss(0, 0.05),
        )
    if way < 0.88:
        side = camera.y + dice.uniform(0.2 * reach, 1.2 * reach)
        return Placement(camera.x + ahead + 1, side, 0, np.pi + dice.gauss(0, 0.2), 0, dice.gauss(0, 0.05))
    return Placement(camera.x + ahead + 2, camera.y + dice.uniform(-reach, reach), 0, dice.uniform(0, 2 * np.pi))


def _looks(dice: random.Random, people: int) -> dict[str, Turn]:
    heads: dict[str, Turn] = {f"head{i}": (dice.gauss(0, 0.45), dice.gauss(0.02, 0.08), 0.0) for i in range(people)}
    return heads | {
        "front": (dice.gauss(0, 0.08), dice.uniform(0, 6), 0.0),
        "rear": (0.0, dice.uniform(0, 6), 0.0),
    }


def _turned(looks: list[dict[str, Turn]]) -> Callable[[float], dict[str, Turn]]:
    return lambda time: looks[round(time) % len(looks)]


def _cars(dice: random.Random, folder: Path, cameras: list[Placement]) -> list[Thing]:
    long = plate_formats.CAR_8_FILM
    cv2.imwrite(str(folder / "plate-car.png"), plates.draw(long, plate_formats.draw_text(long, dice), 3))
    things = []
    for number in range(dice.randrange(2, 6)):
        model = vehicle(
            dice.choice((SEDAN, SEDAN, SUV, VAN, BUS)),
            _near(dice, dice.choice(PAINTS), 0.05),
            "plate-car.png",
        )
        own = dice.random() < 0.5
        lane = LANE * (dice.randrange(LANES) + 0.5) * (-1 if own else 1)
        spots = [
            Placement(camera.x + dice.uniform(11, 55), lane + dice.gauss(0, 0.2), 0, 0.0 if own else np.pi)
            for camera in cameras
        ]
        things.append(Thing(f"car{number}", (model,), _moving(spots, dice.uniform(0, 15))))
    return things


def _pedestrians(dice: random.Random, cameras: list[Placement]) -> list[Thing]:
    things = []
    for number in range(dice.randrange(1, 5)):
        model = walking(person(dice, dice.random() < 0.06), dice.random(), dice.uniform(0, 0.35), dice.uniform(0, 0.5))
        spots = []
        for camera in cameras:
            side = -1 if dice.random() < 0.75 else 1
            off = KERB + dice.uniform(0.3, 3.0) if dice.random() < 0.8 else KERB - dice.uniform(0.2, 3.0)
            height = 0.15 if off > KERB else 0.0
            spots.append(Placement(camera.x + dice.uniform(5, 26), side * off, height, dice.uniform(0, 2 * np.pi)))
        things.append(Thing(f"pedestrian{number}", (model,), _moving(spots, 1.2)))
    return things


def _parked(dice: random.Random, folder: Path) -> list[Site]:
    """Motorcycles without people: nobody's rider."""
    sites = []
    for number in range(dice.randrange(0, 4)):
        spec, _ = _machine(dice, folder, f"parked{number}", True)
        model: Model = bike(spec)
        sites.append(Site(model, dice.uniform(8, 35), -KERB - dice.uniform(0.5, 1.2), dice.uniform(0, 2 * np.pi), 0.15))
    return sites


def _street_lamps() -> list[Lamp]:
    """The lamps over the road that matter: those near the camera."""
    lamps = []
    for side in (-1, 1):
        for x in (-11.0, 16.0, 43.0):
            matrix = transform((x, side * (KERB - 1.7), 8.4))
            rows = tuple(tuple(float(v) for v in row) for row in matrix)
            lamps.append(Lamp("SPOT", rows, 900.0, (1.0, 0.82, 0.6), 0.25, 2.4))
    return lamps


def _own_headlights() -> list[Lamp]:
    """Two cones ahead of the camera; it looks along its x, a lamp along its -z."""
    lamps = []
    for side in (-0.6, 0.6):
        matrix = transform((1.2, side, -0.6), pitch=-np.pi / 2 + 0.05)
        rows = tuple(tuple(float(v) for v in row) for row in matrix)
        lamps.append(Lamp("SPOT", rows, 700.0, (1.0, 0.97, 0.9), 0.08, 0.9, "camera"))
    return lamps


def _near(dice: random.Random, colour: Colour, spread: float) -> Colour:
    red, green, blue = (min(max(c + dice.gauss(0, spread), 0.01), 0.97) for c in colour)
    return red, green, blue
