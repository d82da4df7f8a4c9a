import random
from dataclasses import replace

import pytest

from pipeline.associate import associate
from pipeline.detect import distinct
from pipeline.track import Tracked
from pipeline.types import HEADS, Box, Detection, Label
from tests.factory import head_of, plate_of, rider

BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET


def test_heads_and_plate_go_to_their_rider() -> None:
    one = rider()
    parts = [head_of(one, BARE), head_of(one, HELMET, 0.8), plate_of(one)]
    seen = associate(0, 0.0, [one, *parts], Tracked(((7, one),), ()))[7]
    assert set(seen.heads) == set(parts[:2])
    assert seen.plate == parts[2]


def test_a_bare_head_behind_a_helmeted_rider_is_not_charged_to_that_rider() -> None:
    """The case that used to accuse the wrong one: the head lies inside the box of the rider in front."""
    front, behind = rider(100, 100, 100, 200), rider(145, 85, 90, 180)
    bare, helmet = head_of(behind, BARE), head_of(front, HELMET)
    assert bare.box.inside(front.box) > 0.5
    seen = associate(0, 0.0, [bare, helmet], Tracked(((1, front), (2, behind)), ()))
    assert seen[1].heads == (helmet,)
    assert seen[2].heads == (bare,)


def test_a_hidden_rider_keeps_its_head() -> None:
    front, behind = rider(100, 100, 100, 200), rider(145, 85, 90, 180)
    bare = head_of(behind, BARE)
    seen = associate(0, 0.0, [bare], Tracked(((1, front),), ((2, behind.box),)))
    assert seen[1].heads == ()


def test_a_rider_without_an_id_yet_keeps_its_head() -> None:
    """Half hidden, it is seen too weakly to start a track."""
    front, behind = rider(100, 100, 100, 200), rider(145, 85, 90, 180, confidence=0.2)
    bare, helmet = head_of(behind, BARE), head_of(front, HELMET)
    seen = associate(0, 0.0, [front, behind, bare, helmet], Tracked(((1, front),), ()))
    assert seen[1].heads == (helmet,)


def test_riders_side_by_side_are_two_as_long_as_both_are_seen() -> None:
    """Their boxes share more than half of what they cover together, but not so much that they would count as one."""
    own, beside = rider(), rider(128, confidence=0.9)
    assert 0.55 < own.box.iou(beside.box) < 0.6
    bare, helmet = head_of(beside, BARE), head_of(own, HELMET)
    seen = associate(0, 0.0, distinct((own, beside, bare, helmet)), Tracked(((1, own),), ()))
    assert seen[1].heads == (helmet,)


def test_a_second_box_of_the_same_rider_takes_nothing() -> None:
    one, again = rider(), rider(110, 105, 95, 190, confidence=0.15)
    bare = head_of(one, BARE)
    assert associate(0, 0.0, [one, again, bare], Tracked(((1, one),), ()))[1].heads == (bare,)


def test_the_ghost_of_a_rider_that_is_seen_under_another_id_takes_nothing() -> None:
    one = rider()
    bare = head_of(one, BARE)
    seen = associate(0, 0.0, [bare], Tracked(((2, one),), ((1, one.box.shift(3, 0)),)))
    assert seen[2].heads == (bare,)


def test_a_pedestrian_beside_a_motorcycle_is_nobodys_head() -> None:
    one = rider()
    beside = head_of(rider(210, 100), BARE)
    low = Detection(BARE, Box(140, 230, 170, 260), 0.9)
    tiny = Detection(BARE, Box(140, 120, 146, 126), 0.9)
    assert associate(0, 0.0, [beside, low, tiny], Tracked(((1, one),), ()))[1].heads == ()


def half_hidden(across: float) -> tuple[list[Detection], list[Detection]]:
    """A helmeted rider, and beside and above it all that is in view of a bare-headed one behind: riders, heads."""
    front, behind = rider(100, 100, 100, 200), rider(140, 90, across, 90)
    bare = Detection(BARE, Box(145, 94, 177, 130), 0.8)
    return [front, behind], [bare, head_of(front, HELMET, 0.35)]


def test_a_head_of_a_rider_who_is_half_hidden_is_not_taken_for_a_pillions() -> None:
    """In the box of what is in view the head is where no whole rider has it."""
    (front, behind), heads = half_hidden(across=110)
    alone = associate(0, 0.0, heads, Tracked(((1, front),), ()))
    assert set(alone[1].heads) == set(heads)
    seen = associate(0, 0.0, heads, Tracked(((1, front), (2, behind)), ()))
    assert seen[1].heads == (heads[1],)


def test_a_pillion_before_a_rider_whose_own_head_is_seen_keeps_his() -> None:
    (front, behind), heads = half_hidden(across=110)
    own = head_of(behind, HELMET)
    seen = associate(0, 0.0, [*heads, own], Tracked(((1, front), (2, behind)), ()))
    assert set(seen[1].heads) == set(heads)
    assert seen[2].heads == (own,)


def test_a_second_box_around_a_pillion_takes_nothing() -> None:
    (front, again), heads = half_hidden(across=55)
    seen = associate(0, 0.0, heads, Tracked(((1, front), (2, again)), ()))
    assert len(seen[1].heads) + len(seen[2].heads) == 2


def test_one_head_is_never_charged_twice() -> None:
    left, right = rider(100), rider(130)
    between = head_of(left, BARE, 0.65)
    seen = associate(0, 0.0, [between], Tracked(((1, left), (2, right)), ()))
    assert len(seen[1].heads) + len(seen[2].heads) == 1


def test_of_two_riders_whose_head_it_may_be_it_is_that_of_who_has_none_yet() -> None:
    """Where one wears a helmet, a bare head a little nearer to that rider is still more likely the other's."""
    left, right = rider(100), rider(150)
    helmet, between = head_of(left, HELMET), head_of(left, BARE, 0.72)
    seen = associate(0, 0.0, [helmet, between], Tracked(((1, left), (2, right)), ()))
    assert seen[1].heads == (helmet,)
    assert seen[2].heads == (between,)


def test_a_plate_is_no_head_and_a_head_is_no_plate_wherever_they_are() -> None:
    one = rider()
    above, below = replace(head_of(one, BARE), label=Label.PLATE), replace(plate_of(one), label=BARE)
    seen = associate(0, 0.0, [above, below], Tracked(((1, one),), ()))[1]
    assert seen.parts == ()


def test_nothing_to_assign() -> None:
    assert associate(0, 0.0, [head_of(rider(), BARE)], Tracked((), ())) == {}
    assert associate(0, 0.0, [], Tracked(((1, rider()),), ()))[1].heads == ()


@pytest.mark.parametrize("seed", range(40))
def test_in_any_crowd_no_part_is_charged_twice_and_the_order_of_what_is_seen_decides_nothing(seed: int) -> None:
    chance = random.Random(seed)
    riders = [
        rider(*(chance.uniform(*side) for side in ((0, 300), (0, 150), (30, 150), (60, 250), (0.1, 0.95))))
        for _ in range(chance.randint(1, 7))
    ]
    heads = [head_of(chance.choice(riders), chance.choice(HEADS), chance.uniform(-0.2, 1.2)) for _ in range(20)]
    parts = heads + [plate_of(one) for one in riders]
    tracked = Tracked(tuple(enumerate(riders[::2], 1)), ((90, rider(chance.uniform(0, 300)).box),))
    seen = associate(0, 0.0, riders + parts, tracked)
    charged = [part for one in seen.values() for part in one.parts]
    assert all(sum(part is other for other in charged) <= 1 for part in parts)
    chance.shuffle(parts)
    again = associate(0, 0.0, parts + riders[::-1], tracked)
    assert {id_: set(one.parts) for id_, one in again.items()} == {id_: set(one.parts) for id_, one in seen.items()}
