"""Streets by chance, for training: any light, any traffic."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from scenes import crowd, sky, street
from scenes.dashcam import Dashcam
from scenes.looks import Helmets
from scenes.sky import Sky
from scenes.textures import KERB, LANE, LANES
from scenes.world import Lamp, Placement, World, transform

LENGTH = 60.0  # metres of street


@dataclass(frozen=True, slots=True)
class Weather:
    """The sky, what the dashcam makes of it, and whether the road is wet, windows and lamps are lit."""

    name: str
    sky: Sky
    camera: Dashcam
    wet: bool = False
    lit: bool = False
    lamps: bool = False


DAY = Weather("day", sky.DAY, Dashcam())
RAIN = Weather(
    "rain",
    sky.RAIN,
    Dashcam(gain=1.05, exposure_s=1 / 90, haze=0.006, rain=1.0, noise=0.01),
    wet=True,
    lit=True,
)
DUSK = Weather("dusk", sky.DUSK, Dashcam(gain=2.6, exposure_s=1 / 60, noise=0.014, warmth=0.05), lit=True, lamps=True)
NIGHT = Weather(
    "night", sky.NIGHT, Dashcam(gain=3.2, exposure_s=1 / 40, noise=0.022, softness=0.8), lit=True, lamps=True
)
WEATHERS = {DAY: 6, RAIN: 2, DUSK: 2, NIGHT: 2}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a street by chance shall have: any weather if none is given."""

    helmets: Helmets
    weather: Weather | None
    pushing: float  # share of streets where somebody pushes a motorcycle, 0 to 1


def scene(folder: Path, seed: int, frames: int, wishes: Wishes) -> tuple[World, Weather]:
    """A street with traffic, placed anew for each of the times 0, 1 ... `frames` - 1; textures go to `folder`."""
    dice, rng = random.Random(seed), np.random.default_rng(seed)  # noqa: S311
    any_weather = dice.choices(tuple(WEATHERS), tuple(WEATHERS.values()))[0]
    weather = wishes.weather or any_weather
    above = _sky(dice, weather.sky)
    sky.draw(above, rng, folder / "sky.hdr")
    cameras = _cameras(dice, frames)
    room = crowd.Room(frames)
    things = [
        *crowd.riders(dice, folder, cameras, room, wishes.helmets),
        *crowd.cars(dice, folder, cameras, room),
        *crowd.pedestrians(dice, cameras, room),
    ]
    parked = crowd.parked(dice, folder)
    sites = [*street.street(LENGTH, rng, folder, weather.wet, weather.lit), *parked]
    lamps = [*sky.sun(above), *(_lamps() if weather.lamps else [])]
    drive = crowd.moving(cameras, dice.choice((0.0, dice.uniform(2, 15))))
    # last, so that all else of a seed stays
    things += [*crowd.waiting(dice, parked, room), *crowd.pushing(dice, folder, cameras, room, wishes.pushing)]
    return World(tuple(sites), tuple(things), lambda t: drive(t) or cameras[0], lamps=tuple(lamps)), weather


def _sky(dice: random.Random, usual: Sky) -> Sky:
    """The sun anywhere around, more or fewer clouds."""
    clouds = min(1.0, usual.clouds * dice.uniform(0.4, 1.8))
    elevation = usual.elevation * dice.uniform(0.6, 1.5)
    return replace(usual, azimuth=dice.uniform(0, 360), clouds=clouds, elevation=elevation)


def _cameras(dice: random.Random, frames: int) -> list[Placement]:
    """One car's dashcam: always as high, now here and now there in its lane."""
    lane = -LANE * (dice.randrange(LANES) + 0.5)
    height, pitch = dice.uniform(1.15, 1.9), dice.gauss(0.02, 0.02)
    cameras = []
    for _ in range(frames):
        x, y = dice.uniform(0, 6), lane + dice.gauss(0, 0.3)
        cameras.append(Placement(x, y, height, dice.gauss(0, 0.05), pitch, dice.gauss(0, 0.01)))
    return cameras


def _lamps() -> list[Lamp]:
    """Those street lamps that matter, near the camera, and the car's own headlights."""
    lamps = []
    for side in (-1, 1):
        for x in (-11.0, 16.0, 43.0):
            above = transform((x, side * (KERB - 1.7), 8.4))
            lamps.append(Lamp("SPOT", sky.rows(above), 1100.0, (1.0, 0.82, 0.6), 0.25, 2.4))
        # the camera looks along its x, a lamp shines along its -z
        ahead = transform((1.2, 0.6 * side, -0.6), pitch=-np.pi / 2 + 0.05)
        lamps.append(Lamp("SPOT", sky.rows(ahead), 350.0, (1.0, 0.97, 0.9), 0.08, 0.9, "camera"))
    return lamps
