"""What chance may do, and what it may not."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from scenes import crowd
from scenes.models import Model
from scenes.street import Site
from scenes.world import Placement, Thing


def test_nothing_stands_in_something_else() -> None:
    dice, room = random.Random(1), crowd.Room(3)
    placed = [
        (size, room.place(size, lambda _: Placement(dice.uniform(0, 20), dice.uniform(-5, 5))))
        for size in (crowd.MOTORCYCLE, crowd.MOTORCYCLE, crowd.CAR, crowd.COACH, crowd.WALKER) * 3
    ]
    for frame in range(3):
        there = [(size, spots[frame]) for size, spots in placed if spots[frame]]
        assert len(there) >= 5
        for (size, one), (other_size, other) in combinations(there, 2):
            assert one and other
            along = abs(one.x - other.x) >= (size[0] + other_size[0]) / 2
            across = abs(one.y - other.y) >= (size[1] + other_size[1]) / 2
            assert along or across


def test_where_there_is_no_room_nothing_is_put() -> None:
    room = crowd.Room(1)
    assert room.place(crowd.CAR, lambda _: Placement(10, 0)) == (Placement(10, 0),)
    assert room.place(crowd.MOTORCYCLE, lambda _: Placement(11, 0.5)) == (None,)


def test_people_stand_close_beside_parked_motorcycles_and_are_no_riders() -> None:
    parked = [Site(Model(()), 20 + 5 * number, -10, 0.7 * number, 0.15) for number in range(10)]
    people = crowd.waiting(random.Random(4), parked, crowd.Room(3))
    assert 3 <= len(people) < len(parked)
    for one in people:
        site = parked[int(one.name.removeprefix("waiting"))]
        assert not one.people
        for at in (one.path(time) for time in range(3)):
            assert at
            aside = (at.y - site.y) * np.cos(site.yaw) - (at.x - site.x) * np.sin(site.yaw)
            assert 0.5 <= abs(aside) <= 0.9, "beside it, not on it"
            assert np.hypot(at.x - site.x, at.y - site.y) < 1.3
            assert at.z == site.z


def test_who_pushes_a_motorcycle_walks_beside_it_and_is_no_rider(tmp_path: Path) -> None:
    cameras = [Placement(4, -3)] * 3

    def streets(share: float) -> list[list[Thing]]:
        return [crowd.pushing(random.Random(seed), tmp_path, cameras, crowd.Room(3), share) for seed in range(8)]

    assert not any(streets(0))
    assert all(streets(1))
    pushing = [one for things in streets(0.4) for one in things]
    assert 0 < len(pushing) < 8, "now and then"
    for one in pushing:
        assert not one.people
        [model] = one.models
        _, aside, height = model.pivots["head0"]
        assert aside == pytest.approx(0.52, abs=0.05), "a rider's head is over the middle"
        assert 1.2 < height < 1.7
        assert {"vehicle", "person0"} <= {part.role for part in model.parts}
