from pipeline.associate import associate
from pipeline.detect import distinct
from pipeline.track import Tracked
from pipeline.types import Box, Detection, Label
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


def test_one_head_is_never_charged_twice() -> None:
    left, right = rider(100), rider(130)
    between = head_of(left, BARE, 0.65)
    seen = associate(0, 0.0, [between], Tracked(((1, left), (2, right)), ()))
    assert len(seen[1].heads) + len(seen[2].heads) == 1


def test_nothing_to_assign() -> None:
    assert associate(0, 0.0, [head_of(rider(), BARE)], Tracked((), ())) == {}
    assert associate(0, 0.0, [], Tracked(((1, rider()),), ()))[1].heads == ()
