"""A second sample: at a red light, in the rain, a black half helmet that stage 1 takes for hair."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scenes import chance, sky
from scenes.bikes import Bike
from scenes.bodywork import Kind
from scenes.cast import Role
from scenes.heads import Hair, Head, Wear
from scenes.paths import glance
from scenes.people import Person
from scenes.story import Scenario, rider, traffic
from scenes.street import street
from scenes.world import Placement, World

SECONDS = 2.4
SEED = 11
WEATHER = chance.RAIN

HALF_HELMET = Role(
    "half helmet",
    "경기안양라5127",
    Bike(Kind.SCOOTER, (0.5, 0.1, 0.1)),
    (
        Person(
            Head(Wear.HALF, hair=Hair.SHORT, wear_colour=(0.014, 0.014, 0.016)),
            top=(0.39, 0.58, 0.47),
            build=0.92,
            height=1.66,
        ),
    ),
    lambda time: Placement(6.8 + 0.05 * time, -3.3, 0.0, -0.15, 0.0, -0.04),
    {"head0": glance((0, -0.64), (0.8, -0.68), (1.6, -0.62), (2.4, -0.66))},
)
SCENARIOS = (Scenario("a black half helmet in the rain", 0.0, SECONDS, (HALF_HELMET,)),)


def world(folder: Path) -> World:
    """The whole clip; textures are written to `folder`."""
    rng = np.random.default_rng(SEED)
    sky.draw(WEATHER.sky, rng, folder / "sky.hdr")
    sites = street(80, rng, folder, WEATHER.wet, WEATHER.lit)
    return World(
        tuple(sites), (rider(HALF_HELMET, folder), *traffic(folder)), waiting, lamps=tuple(sky.sun(WEATHER.sky))
    )


def waiting(time: float) -> Placement:
    """The dashcam of a car that stands, its engine running."""
    shake = np.sin(time * np.array((31.0, 47.0))) * (0.0008, 0.0005)
    return Placement(0.96, -4.13, 1.86 + float(shake.sum()), 0.036, 0.038 + float(shake[0]), -0.006)
