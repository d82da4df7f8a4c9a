from dataclasses import replace

from pipeline.occupants import occupants
from pipeline.types import Label, Sighting, Track
from tests.factory import head_of, rider, sighting

BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET


def test_driver_and_pillion_are_two_occupants_all_along() -> None:
    everybody = occupants(Track(1, tuple(sighting(frame, (HELMET, BARE)) for frame in range(20))))
    assert [one.bare_sightings for one in everybody] == [0, 20]
    assert [one.bare_share for one in everybody] == [0.0, 1.0]


def test_a_helmet_mistaken_for_hair_now_and_then_is_mostly_a_helmet() -> None:
    labels = [HELMET, HELMET, BARE, HELMET, BARE, HELMET, HELMET, HELMET]
    (one,) = occupants(Track(1, tuple(sighting(frame, (label,)) for frame, label in enumerate(labels))))
    assert one.bare_sightings == 2
    assert one.bare_share == 0.25


def test_an_occupant_missed_for_some_frames_is_the_same_one() -> None:
    seen = [sighting(frame) if frame % 3 else replace(sighting(frame), heads=()) for frame in range(12)]
    assert len(occupants(Track(1, tuple(seen)))) == 1


def test_the_rider_coming_nearer_changes_nobody() -> None:
    def near(frame: int) -> Sighting:
        one = rider(100, 100, 50 + 10 * frame, 100 + 20 * frame)
        return Sighting(frame, frame / 10, one.box, 0.9, (head_of(one, HELMET, 0.3), head_of(one, BARE, 0.8)))

    assert len(occupants(Track(1, tuple(near(frame) for frame in range(30))))) == 2


def test_nobody_was_seen() -> None:
    assert occupants(Track(1, (replace(sighting(0), heads=()),))) == ()
