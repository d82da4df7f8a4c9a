from dataclasses import replace

import pytest

from pipeline.motion import Motion, filled, moved
from pipeline.types import Box, Sighting, Track
from tests import factory


def at(frame: int, x: float, width: float = 100) -> Sighting:
    one = factory.rider(x, width=width)
    head = factory.head_of(one, factory.Label.WITHOUT_HELMET)
    return Sighting(frame, frame / 10, one.box, 0.9, (head,), factory.plate_of(one))


@pytest.mark.parametrize("first", [0, 50])
def test_a_rider_is_carried_on_along_its_way(first: int) -> None:
    motion = Motion()
    for frame in range(4):
        motion.update((first + frame) / 10, {7: at(first + frame, 100 + 20 * frame)})
    there = motion.at((first + 4) / 10)[7]
    assert there.box.x1 == pytest.approx(180)
    assert motion.at((first + 2) / 10)[7].box.x1 == pytest.approx(140), "a frame shown late is drawn as it was"


def test_heads_and_plate_keep_their_places_on_a_rider_who_moves_and_grows() -> None:
    """Else somebody else is hidden, or shown, in what leaves the system."""
    seen = at(0, 100)
    there = moved(seen, Box(300, 50, 450, 450))  # from 100, 100 to 200, 300
    assert [part.box.as_tuple() for part in there.parts] == [
        pytest.approx((300 + 1.5 * (x1 - 100), 50 + 2 * (y1 - 100), 300 + 1.5 * (x2 - 100), 50 + 2 * (y2 - 100)))
        for x1, y1, x2, y2 in (part.box.as_tuple() for part in seen.parts)
    ]
    assert moved(replace(seen, plate=None), seen.box).plate is None


def test_a_rider_who_comes_nearer_grows() -> None:
    motion = Motion()
    for frame in range(3):
        motion.update(frame / 10, {1: at(frame, 100, 100 + 10 * frame)})
    assert motion.at(0.3)[1].box.width == pytest.approx(130)


def test_a_rider_who_is_gone_is_no_longer_drawn() -> None:
    motion = Motion()
    motion.update(0.0, {1: at(0, 100)})
    assert motion.at(0.3)
    assert not motion.at(0.7)
    motion.update(0.7, {})
    assert not motion.at(0.7)


def test_frames_between_two_sightings_get_one() -> None:
    track = Track(1, (at(5, 100), at(9, 140), at(35, 500)))
    dense = filled(track, [(index, index / 10) for index in range(40)])
    assert [one.frame for one in dense.sightings] == [5, 6, 7, 8, 9, 35], "not across a long gap, nor beyond the ends"
    assert [one.box.x1 for one in dense.sightings[:5]] == pytest.approx([100, 110, 120, 130, 140])
    assert dense.sightings[0] == track.sightings[0]
    nowhere = replace(track.sightings[0], box=Box(0, 0, 0, 0))
    assert filled(Track(1, (nowhere,)), [(3, 0.3)]).sightings == (nowhere,)
