"""What people have on the head."""

from __future__ import annotations

import random

import pytest

from scenes import looks
from scenes.heads import HELMETS, Wear


@pytest.mark.parametrize("helmet", [True, False])
def test_a_cap_is_no_helmet(helmet: bool) -> None:
    dice = random.Random(2)
    people = [looks.person(dice, helmet) for _ in range(200)]
    assert {person.head.helmet for person in people} == {helmet}
    worn = {person.head.wear for person in people}
    assert worn == ({Wear.FULL_FACE, Wear.OPEN_FACE, Wear.HALF} if helmet else set(looks.BARE))


def test_a_helmet_of_any_kind_becomes_a_black_half_helmet() -> None:
    dice = random.Random(3)
    helmeted = [looks.with_black_half_helmet(looks.person(dice, helmet=True)).head for _ in range(50)]
    assert {head.wear for head in helmeted} == {Wear.HALF}
    assert max(max(head.wear_colour) for head in helmeted) < 0.05
    assert {head.stripe for head in helmeted} == {None}
    bare = looks.person(dice, helmet=False)
    assert looks.with_black_half_helmet(bare) == bare


def test_a_helmet_of_any_kind_becomes_a_plain_one_pale_or_dark() -> None:
    dice = random.Random(3)
    helmeted = [looks.with_plain_helmet(dice, looks.person(dice, helmet=True)).head for _ in range(200)]
    assert {head.wear for head in helmeted} == set(HELMETS)
    light = [sum(head.wear_colour) / 3 for head in helmeted]
    assert all(one < 0.25 or one > 0.5 for one in light)
    assert 60 < sum(one > 0.5 for one in light) < 140
    assert {head.stripe for head in helmeted} == {None}
    bare = looks.person(dice, helmet=False)
    assert looks.with_plain_helmet(dice, bare) == bare
