from dataclasses import replace

import pytest

from pipeline.motion import Motion, filled
from pipeline.types import Box, Sighting, Track
from tests import factory


def at(frame: int, x: float, width: float = 100) -> Sighting:
    one = factory.rider(x, width=width)
    head = factory.head_of(one, factory.Label.WITHOUT_HELMET)
    return Sighting(frame, frame / 10, one.box, 0.9, (head,), factory.plate_of(one))


def test_a_rider_is_carried_on_along_its_way() -> None:
    motion = Motion()
    for frame in range(4):
        motion.update(frame / 10, {7: at(frame, 100 + 20 * frame)})
    there = motion.at(0.4)[7]
    assert there.box.x1 == pytest.approx(180)
    assert there.heads[0].box.x1 - there.box.x1 == pytest.approx(at(0, 100).heads[0].box.x1 - 100)
    assert motion.at(0.2)[7].box.x1 == pytest.approx(140), "a frame shown late is drawn as it was"


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
    track = Track(1, (at(0, 100), at(4, 140), at(30, 500)))
    dense = filled(track, [(index, index / 10) for index in range(40)])
    assert [one.frame for one in dense.sightings] == [0, 1, 2, 3, 4, 30], "not across a long gap, nor beyond the ends"
    assert [one.box.x1 for one in dense.sightings[:5]] == pytest.approx([100, 110, 120, 130, 140])
    assert dense.sightings[0] == track.sightings[0]
    nowhere = replace(track.sightings[0], box=Box(0, 0, 0, 0))
    assert filled(Track(1, (nowhere,)), [(3, 0.3)]).sightings == (nowhere,)
