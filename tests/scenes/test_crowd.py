"""What chance may do, and what it may not."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from scenes import crowd
from scenes.heads import HELMETS, Wear
from scenes.models import Model
from scenes.street import Site
from scenes.world import Placement


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


@pytest.mark.parametrize("helmet", [True, False])
def test_a_cap_is_no_helmet(helmet: bool) -> None:
    dice = random.Random(2)
    people = [crowd.person(dice, helmet) for _ in range(200)]
    assert {person.head.helmet for person in people} == {helmet}
    worn = {person.head.wear for person in people}
    assert worn == ({Wear.FULL_FACE, Wear.OPEN_FACE, Wear.HALF} if helmet else set(crowd.BARE))


def test_a_helmet_of_any_kind_becomes_a_black_half_helmet() -> None:
    dice = random.Random(3)
    helmeted = [crowd.with_black_half_helmet(crowd.person(dice, helmet=True)).head for _ in range(50)]
    assert {head.wear for head in helmeted} == {Wear.HALF}
    assert max(max(head.wear_colour) for head in helmeted) < 0.05
    assert {head.stripe for head in helmeted} == {None}
    bare = crowd.person(dice, helmet=False)
    assert crowd.with_black_half_helmet(bare) == bare


def test_a_helmet_of_any_kind_becomes_a_plain_one_pale_or_dark() -> None:
    dice = random.Random(3)
    helmeted = [crowd.with_plain_helmet(dice, crowd.person(dice, helmet=True)).head for _ in range(200)]
    assert {head.wear for head in helmeted} == set(HELMETS)
    light = [sum(head.wear_colour) / 3 for head in helmeted]
    assert all(one < 0.25 or one > 0.5 for one in light)
    assert 60 < sum(one > 0.5 for one in light) < 140
    assert {head.stripe for head in helmeted} == {None}
    bare = crowd.person(dice, helmet=False)
    assert crowd.with_plain_helmet(dice, bare) == bare


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
    streets = [crowd.pushing(random.Random(seed), tmp_path, cameras, crowd.Room(3)) for seed in range(8)]
    pushing = [one for things in streets for one in things]
    assert 0 < len(pushing) < len(streets), "now and then"
    for one in pushing:
        assert not one.people
        [model] = one.models
        _, aside, height = model.pivots["head0"]
        assert aside == pytest.approx(0.52, abs=0.05), "a rider's head is over the middle"
        assert 1.2 < height < 1.7
        assert {"vehicle", "person0"} <= {part.role for part in model.parts}
