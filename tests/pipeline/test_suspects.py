from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.occupants import accused
from pipeline.settings import Settings
from pipeline.suspects import Collector, is_suspect
from pipeline.types import Box, Detection, Frame, Image, Label, Sighting, Suspect, Track
from tests.factory import FRAME, head_of, rider, sighting, track

BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET


def collect(settings: Settings, seen: list[Sighting]) -> Suspect:
    collector = Collector(settings)
    for one in seen:
        collector.add(Frame(one.frame, one.time_s, FRAME), {1: one}, ())
    (suspect,) = (one for one in collector.rest() if one.track.id > 0)
    return suspect


def test_three_sightings_of_one_bare_head_make_a_suspect(settings: Settings) -> None:
    seen = tuple(sighting(frame, fps=4) for frame in range(3))
    assert accused(Track(1, seen), settings)
    assert not accused(Track(1, seen[:2]), settings)
    assert not accused(track(frames=30, labels=(HELMET,)), settings)


def test_two_sightings_of_a_bare_head_are_too_few_however_long_the_rider_stays(settings: Settings) -> None:
    suspect = collect(settings, [sighting(frame, fps=1) for frame in range(2)])
    assert suspect.crops
    assert not accused(suspect.track, settings)
    assert not is_suspect(suspect, settings)


def test_a_helmet_mistaken_for_hair_in_a_fifth_of_its_sightings_makes_no_suspect(settings: Settings) -> None:
    labels = ([BARE] + [HELMET] * 4) * 5
    seen = tuple(sighting(frame, (label,)) for frame, label in enumerate(labels))
    assert not accused(Track(1, seen), settings)


def test_three_bare_heads_in_three_places_make_no_suspect(settings: Settings) -> None:
    one = rider()
    places = [head_of(one, BARE, across) for across in (0.1, 0.5, 0.9)]
    seen = (Sighting(frame, frame / 10, one.box, 0.9, (head,)) for frame, head in enumerate(places))
    assert not accused(Track(1, tuple(seen)), settings)


def test_people_who_walk_past_behind_a_rider_who_waits_make_no_suspect(settings: Settings) -> None:
    """One after another, each over the motorcycle for two thirds of a second, and missed now and then."""
    one = rider()
    own = head_of(one, HELMET)
    seen = []
    for frame in range(90):
        step = frame % 20
        walker = (head_of(one, BARE, 0.1 + 0.08 * step),) if step < 11 and step % 3 else ()
        seen.append(Sighting(frame, frame / 15, one.box, 0.9, (own, *walker)))
    assert sum(bool(one.bare_heads) for one in seen) > 30
    assert not accused(Track(1, tuple(seen)), settings)


@pytest.mark.parametrize("labels", [[HELMET] * 20 + [BARE] * 40, [BARE] * 40 + [HELMET] * 20])
def test_who_takes_the_helmet_off_or_puts_it_on_is_no_suspect(settings: Settings, labels: list[Label]) -> None:
    """As people do at a halt: nobody does while riding."""
    assert not is_suspect(
        collect(settings, [sighting(frame, (label,)) for frame, label in enumerate(labels)]), settings
    )


def test_who_is_misread_while_still_far_away_is_a_suspect(settings: Settings) -> None:
    def at(frame: int) -> Sighting:
        one = rider(width=50, height=100) if frame < 20 else rider()
        return Sighting(frame, frame / 10, one.box, 0.9, (head_of(one, HELMET if frame < 20 else BARE),))

    assert is_suspect(collect(settings, [at(frame) for frame in range(60)]), settings)


def test_who_comes_near_in_a_helmet_and_takes_it_off_is_no_suspect(settings: Settings) -> None:
    def at(frame: int) -> Sighting:
        one = rider(width=50, height=100) if frame < 20 else rider()
        return Sighting(frame, frame / 10, one.box, 0.9, (head_of(one, HELMET if frame < 40 else BARE),))

    assert not is_suspect(collect(settings, [at(frame) for frame in range(80)]), settings)


@pytest.mark.parametrize(
    ("height", "across", "suspects"),
    [(200, 0.3, 0), (200, 0.8, 1), (100, 0.3, 1)],  # the rider's own, a pillion's, and one that was far away
)
def test_a_helmet_seen_before_is_of_whoever_sits_in_that_place_as_near(
    settings: Settings, height: float, across: float, suspects: int
) -> None:
    one = rider(width=height / 2, height=height)
    worn = Sighting(0, 0.0, one.box, 0.9), head_of(one, HELMET, across)
    bare = Track(1, tuple(sighting(frame) for frame in range(10, 30)))
    assert len(accused(bare, settings, [worn])) == suspects


def test_a_head_seen_now_and_then_in_one_place_is_nobody_who_rides_along(settings: Settings) -> None:
    seen = [sighting(frame, (HELMET, BARE) if frame % 10 == 0 else (HELMET,), fps=15) for frame in range(60)]
    assert not accused(Track(1, tuple(seen)), settings)


def test_who_is_missed_in_every_other_sighting_rides_along(settings: Settings) -> None:
    """A pillion in a turn, whose place changes within a second."""
    seen = [sighting(frame, (), fps=15) for frame in range(30)]
    for row in range(0, 30, 2):
        heads = head_of(rider(), HELMET), head_of(rider(), BARE, 0.55 + 0.01 * row)
        seen[row] = replace(seen[row], heads=heads)
    assert [one.bare_sightings for one in accused(Track(1, tuple(seen)), settings)] == [15]


def test_the_best_crops_are_spread_over_time(settings: Settings) -> None:
    seen = [sighting(frame, fps=30) for frame in range(90)]
    for row in (10, 11, 12, 50):  # the surest, three of them side by side
        seen[row] = replace(seen[row], heads=(head_of(rider(), BARE, 0.3, 0.95 + row / 1000),))
    suspect = collect(settings, seen)
    times = [crop.sighting.time_s for crop in suspect.crops]
    assert len(times) == settings.crops_per_suspect
    assert all(later - earlier >= settings.crop_spacing_s for earlier, later in pairwise(times))
    assert {12, 50} <= {crop.sighting.frame for crop in suspect.crops}


def test_of_crops_side_by_side_the_largest_is_looked_at_but_far_enough_is_near_enough(settings: Settings) -> None:
    """Heads of 20, 40 and 80 pixels: from 40 on the surer one shows more."""
    riders = [rider(width=height / 2, height=height) for height in (100, 200, 400)]
    seen = [
        Sighting(frame, frame / 30, one.box, 0.9, (head_of(one, BARE, confidence=sure),))
        for frame, (one, sure) in enumerate(zip(riders, (0.8, 0.8, 0.75), strict=True))
    ]
    assert [crop.sighting.frame for crop in collect(settings, seen).crops] == [1]


def test_crops_hold_the_rider_and_not_the_frame(settings: Settings) -> None:
    suspect = collect(settings, [sighting(frame) for frame in range(5)])
    crop = suspect.crops[0]
    assert crop.image.base is None
    assert crop.sighting.box.inside(crop.region) == 1
    assert crop.image.shape[:2] == (crop.region.height, crop.region.width)


def test_plate_crops_are_kept_of_helmeted_sightings_too(settings: Settings) -> None:
    suspect = collect(settings, [sighting(frame, (HELMET,)) for frame in range(5)])
    assert not suspect.crops
    assert len(suspect.plates) == 5


def test_crops_are_of_the_head_that_makes_the_suspect_and_not_of_passers_by(settings: Settings) -> None:
    """A bare pillion, and somebody surer beside the motorcycle now and then, each time in another place."""
    one = rider()
    pillion = head_of(one, BARE, 0.7, 0.5)
    passing = [head_of(one, BARE, 0.1 + 0.05 * place, 0.95) for place in range(3)]
    seen = [
        Sighting(frame, frame / 10, one.box, 0.9, (passing[frame // 10],) if frame % 10 < 3 else (pillion,))
        for frame in range(30)
    ]
    assert {crop.sighting.heads for crop in collect(settings, seen).crops} == {(pillion,)}


def test_the_head_that_makes_the_suspect_is_looked_at_before_one_that_is_surer_but_seldom(settings: Settings) -> None:
    one = rider()
    rides, passes = head_of(one, BARE, 0.3, 0.35), head_of(one, BARE, 0.8, 0.95)
    heads = [(rides,)] * 5 + [(rides, passes)] * 2
    suspect = collect(settings, [Sighting(frame, frame / 10, one.box, 0.9, who) for frame, who in enumerate(heads)])
    assert len(accused(suspect.track, settings)) == 1
    assert is_suspect(suspect, settings)
    assert {0, 2, 4} <= {crop.sighting.frame for crop in suspect.crops}


def test_a_suspect_has_crops_although_somebody_surer_came_with_who_took_over_the_id(settings: Settings) -> None:
    """All that would show the surer head is taken out with who it belongs to."""
    one = rider()
    bare, helmet, other = (head_of(one, *how) for how in ((BARE, 0.3, 0.4), (HELMET, 0.3, 0.3), (BARE, 0.8, 0.9)))
    seen = [Sighting(frame, frame / 15, one.box, 0.9, (bare,)) for frame in range(9)]
    after = [(helmet, other) if frame in (19, 20) else (helmet,) for frame in range(18, 29)]
    seen += [Sighting(frame, frame / 15, one.box, 0.9, who) for frame, who in enumerate(after, 18)]
    suspect = collect(settings, seen)
    assert is_suspect(suspect, settings)
    assert {crop.sighting.frame for crop in suspect.crops} <= set(range(9))


@pytest.mark.parametrize("misread", [0, 3])
def test_who_takes_over_an_id_answers_for_nothing(settings: Settings, misread: int) -> None:
    """A bare-headed rider is hidden for half a second, and a helmeted one, misread in up to a quarter of what is seen
    of him, comes out under the same id."""
    first = [sighting(frame) for frame in range(12)]
    labels = [BARE] * misread + [HELMET] * 9
    second = [replace(sighting(frame, (who,)), time_s=frame / 10 + 0.5) for frame, who in enumerate(labels, 12)]
    suspect = collect(settings, first + second)
    assert is_suspect(suspect, settings)
    assert {one.frame for one in suspect.track.sightings} == set(range(12))
    assert {crop.sighting.frame for crop in suspect.plates} == set(range(12))
    assert {crop.sighting.frame for crop in suspect.crops} <= set(range(12))


def test_who_takes_over_an_id_is_a_rider_of_its_own(settings: Settings) -> None:
    """Whom others' evidence has to hide as well."""
    collector = Collector(settings)
    for one in [sighting(frame) for frame in range(20)] + [sighting(frame, (HELMET,)) for frame in range(25, 40)]:
        collector.add(Frame(one.frame, one.time_s, FRAME), {7: one}, ())
    other, suspect = collector.rest()
    assert (other.track.id, suspect.track.id) == (-7, 7)
    assert {one.frame for one in other.track.sightings} == set(range(25, 40))
    assert not is_suspect(other, settings)


def test_who_takes_over_an_id_in_plain_view_answers_for_nothing(settings: Settings) -> None:
    """One rider passes another, or the picture is cut: no sighting is missing, and the plate is read no less well."""
    seen = [sighting(frame) for frame in range(20)] + [sighting(frame, (HELMET,)) for frame in range(20, 34)]
    collector = Collector(settings)
    for one in seen:
        collector.add(Frame(one.frame, one.time_s, FRAME), {7: one}, ())
    other, suspect = collector.rest()
    assert set(range(20, 34)) <= {one.frame for one in other.track.sightings}
    assert set(range(15)) <= {crop.sighting.frame for crop in suspect.plates} <= set(range(20))
    assert is_suspect(suspect, settings)


@pytest.mark.parametrize("fps", [10, 4])
def test_a_rider_misread_for_a_moment_is_nobody_else(settings: Settings, fps: float) -> None:
    """But the plates of that moment do not count."""
    labels = [BARE] * 12 + [HELMET] * 3 + [BARE] * 12 + [HELMET] * 2
    suspect = collect(settings, [sighting(frame, (label,), fps) for frame, label in enumerate(labels)])
    assert len(suspect.track.sightings) == len(labels)
    assert set(range(12)) <= {crop.sighting.frame for crop in suspect.plates}


def test_moments_in_which_one_of_two_bare_heads_looks_helmeted_are_still_the_others(settings: Settings) -> None:
    seen = [sighting(frame, (BARE, BARE) if frame < 20 else (BARE, HELMET)) for frame in range(35)]
    suspect = collect(settings, seen)
    assert len(accused(suspect.track, settings)) == 2
    assert len(suspect.track.sightings) == 35


def test_who_looks_bare_at_no_moment_is_no_suspect(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.suspects.bare_balance", lambda *_: dict.fromkeys(range(9), -1.0))
    suspect = collect(settings, [sighting(frame) for frame in range(9)])
    assert len(suspect.track.sightings) == 9
    assert not is_suspect(suspect, settings)


def test_a_plate_that_a_rider_passes_by_is_not_the_riders(settings: Settings) -> None:
    """Nobody sees the rider's own plate, but now and then that of a parked motorcycle is where it would be."""
    seen = [replace(sighting(frame, fps=15), plate=None) for frame in range(45)]
    for first, frames in ((10, 3), (25, 3), (38, 1), (44, 1)):
        for step in range(frames):
            parked = Detection(Label.PLATE, Box(120, 220, 160, 234).shift(12 * step, 0), 0.7)
            seen[first + step] = replace(seen[first + step], plate=parked)
    suspect = collect(settings, seen)
    assert is_suspect(suspect, settings)
    assert not suspect.plates


def test_of_two_plates_the_one_that_rides_along_is_the_riders(settings: Settings) -> None:
    """The rider's own is hidden while a parked motorcycle's is where it would be."""
    seen = [sighting(frame, fps=15) for frame in range(45)]
    for step, row in enumerate((20, 21, 22)):
        parked = Detection(Label.PLATE, Box(165, 220, 205, 234).shift(12 * step, 0), 0.7)
        seen[row] = replace(seen[row], plate=parked)
    frames = {crop.sighting.frame for crop in collect(settings, seen).plates}
    assert len(frames) > 25
    assert not frames & {20, 21, 22}


def test_the_riders_own_plate_counts_although_it_is_often_missed(settings: Settings) -> None:
    seen = [sighting(frame, fps=15) for frame in range(45)]
    missed = [one if one.frame % 4 == 0 else replace(one, plate=None) for one in seen]
    assert len(collect(settings, missed).plates) == 12


def test_a_short_look_away_takes_no_plates(settings: Settings) -> None:
    seen = [sighting(frame) for frame in range(30)]
    for row in (14, 15, 16):  # no head is seen for a moment
        seen[row] = replace(seen[row], heads=())
    assert len(collect(settings, seen).plates) == 30


def test_a_track_is_handed_out_when_its_rider_is_gone(settings: Settings) -> None:
    collector = Collector(settings)
    collector.add(Frame(0, 0.0, FRAME), {1: sighting(0)}, ())
    assert not list(collector.gone(settings.lost_after_s))
    assert [one.track.id for one in collector.gone(settings.lost_after_s + 1)] == [1]
    assert not list(collector.rest())


def test_what_is_under_way_began_with_the_first_rider(settings: Settings) -> None:
    collector = Collector(settings)
    collector.add(Frame(1, 0.1, FRAME), {1: sighting(1)}, ())
    collector.add(Frame(2, 0.2, FRAME), {1: sighting(2), 2: sighting(2, x=600)}, ())
    assert collector.since_s() == 0.1


def dressed(color: tuple[int, int, int], *places: int) -> Image:
    """A street with riders in clothes of this colour."""
    street = cv2.resize(np.random.default_rng(1).integers(60, 120, (54, 96, 3), np.uint8), (960, 540))
    for x in places:
        street[100:300, x : x + 100] = color
    return np.asarray(street, np.uint8)


def show(
    collector: Collector,
    frames: range,
    seen: dict[int, int],
    hidden: dict[int, int],
    color: tuple[int, int, int] = (30, 30, 200),
) -> None:
    """Frames, 20 a second, with who is seen in them and who is hidden, by id, and where (x)."""
    unseen = [(id_, Box(x, 100, x + 100, 300)) for id_, x in hidden.items()]
    image = dressed(color, *seen.values()) if seen else FRAME
    for frame in frames:
        sightings = {id_: sighting(frame, fps=20, x=x) for id_, x in seen.items()}
        collector.add(Frame(frame, frame / 20, image), sightings, unseen)


def hide_a_red_rider(settings: Settings) -> Collector:
    """Seen for a second, and not seen for another."""
    collector = Collector(settings)
    show(collector, range(20), {1: 100}, {})
    show(collector, range(20, 40), {}, {1: 300})
    return collector


def come_back(settings: Settings, color: tuple[int, int, int], until: int = 60) -> list[int]:
    """The ids of the tracks when a red rider is hidden for a second and somebody comes out under a new id."""
    collector = hide_a_red_rider(settings)
    show(collector, range(40, until), {2: 320}, {1: 300}, color)
    return [suspect.track.id for suspect in collector.rest()]


def test_a_rider_who_comes_back_under_a_new_id_is_one_track(settings: Settings) -> None:
    assert come_back(settings, (30, 30, 200)) == [1]


def test_a_rider_who_comes_back_right_before_the_end_is_one_track(settings: Settings) -> None:
    assert come_back(settings, (30, 30, 200), until=44) == [1]
    assert come_back(settings, (200, 120, 30), until=44) == [1, 2]


@pytest.mark.parametrize(("seen", "found"), [((100, 100), 120), ((100, 200), 310), ((600, 600, 600, 500), 280)])
def test_a_rider_is_found_again_where_its_way_in_the_picture_leads(
    settings: Settings, seen: tuple[int, ...], found: int
) -> None:
    """Although the bus that hides it looks like the camera's own motion, and takes its place along for the tracker."""
    collector = Collector(settings)
    for half, x in enumerate(seen, 10):
        show(collector, range(10 * half, 10 * half + 10), {1: x}, {})
    lost = 100 + 10 * len(seen)
    show(collector, range(lost, lost + 20), {}, {1: 900})
    show(collector, range(lost + 20, lost + 40), {2: found}, {1: 900})
    assert [suspect.track.id for suspect in collector.rest()] == [1]


def test_what_was_seen_since_a_rider_came_back_is_evidence_too(settings: Settings) -> None:
    collector = hide_a_red_rider(settings)
    show(collector, range(40, 48), {2: 320}, {1: 300})
    (suspect,) = collector.rest()
    assert any(crop.sighting.frame >= 40 for crop in suspect.crops)
    assert any(crop.sighting.frame >= 40 for crop in suspect.plates)


def test_two_riders_who_come_back_are_still_two(settings: Settings) -> None:
    """The second while the first is in view under another id."""
    collector = Collector(settings)
    show(collector, range(20), {1: 100, 2: 600}, {})
    show(collector, range(20, 40), {}, {1: 100, 2: 600})
    show(collector, range(40, 60), {3: 110}, {1: 100, 2: 600})
    show(collector, range(60, 80), {3: 110, 4: 610}, {2: 600})
    assert sorted((one.track.id, len(one.track.sightings)) for one in collector.rest()) == [(1, 60), (2, 40)]


def test_a_hidden_rider_seen_again_beside_a_new_one_is_not_the_new_one(settings: Settings) -> None:
    collector = hide_a_red_rider(settings)
    show(collector, range(40, 44), {2: 320}, {1: 300})
    show(collector, range(44, 60), {1: 380, 2: 320}, {})
    assert sorted((one.track.id, len(one.track.sightings)) for one in collector.rest()) == [(1, 36), (2, 20)]


@pytest.mark.parametrize("likest", [1, 2])
def test_of_two_hidden_riders_it_is_the_one_who_looks_most_alike(settings: Settings, likest: int) -> None:
    """Both in red, and one of them with a blue bag."""
    bag = dressed((30, 30, 200), 100, 600)
    bag[100:150, 600:700] = (200, 120, 30)
    collector = Collector(settings)
    places = {1: 100, 2: 600}
    for frame in range(20):
        collector.add(
            Frame(frame, frame / 20, bag), {id_: sighting(frame, fps=20, x=x) for id_, x in places.items()}, ()
        )
    hidden = [(id_, Box(350, 100, 450, 300)) for id_ in places]
    picture = np.roll(bag, 350 - places[likest], axis=1)
    for frame in range(30, 50):
        collector.add(Frame(frame, frame / 20, picture), {3: sighting(frame, fps=20, x=350)}, hidden)
    assert {one.track.id: len(one.track.sightings) for one in collector.rest()}[likest] == 40


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_rider_who_is_hidden_twice_is_one_track(settings: Settings, newest_first: bool) -> None:
    """By then the tracker knows two ids for it: one where it was lost first, and one where it should be."""
    collector = hide_a_red_rider(settings)
    show(collector, range(40, 60), {2: 320}, {1: 300})
    both = {2: 520, 1: 10} if newest_first else {1: 10, 2: 520}
    show(collector, range(60, 80), {}, both)
    show(collector, range(80, 100), {3: 540}, both)
    (suspect,) = collector.rest()
    assert (suspect.track.id, len(suspect.track.sightings)) == (1, 60)


def come_back_and(settings: Settings, seen: dict[int, int], hidden: dict[int, int]) -> list[tuple[int, int]]:
    """The ids and lengths of the tracks where a rider has come back as 2, and then 1 is seen again for a second."""
    collector = hide_a_red_rider(settings)
    show(collector, range(40, 60), {2: 320}, {1: 300})
    show(collector, range(60, 80), seen, hidden)
    return sorted((one.track.id, len(one.track.sightings)) for one in collector.rest())


@pytest.mark.parametrize("seen", [{1: 700, 2: 340}, {2: 340, 1: 700}])
def test_who_turns_up_elsewhere_under_the_former_id_of_a_reunited_rider_is_somebody_else(
    settings: Settings, seen: dict[int, int]
) -> None:
    """Neither heads nor plates of one are to come to the other."""
    assert come_back_and(settings, seen, {}) == [(1, 60), (1_000_001, 20)]


def test_who_has_a_former_id_is_somebody_else_also_while_the_rider_is_hidden(settings: Settings) -> None:
    assert come_back_and(settings, {1: 700}, {2: 340}) == [(1, 40), (1_000_001, 20)]


def test_two_boxes_of_a_reunited_rider_are_one_track(settings: Settings) -> None:
    assert come_back_and(settings, {1: 370, 2: 340}, {}) == [(1, 60)]
    assert come_back_and(settings, {1: 370}, {2: 340}) == [(1, 60)]


def test_a_reunited_rider_who_is_lost_and_found_under_the_former_id_is_one_track(settings: Settings) -> None:
    """Far from where the newer id is expected, but where the rider may be by now."""
    collector = hide_a_red_rider(settings)
    show(collector, range(40, 60), {2: 320}, {1: 300})
    show(collector, range(60, 70), {}, {1: 420, 2: 520})
    show(collector, range(70, 90), {1: 440}, {2: 520})
    show(collector, range(90, 110), {1: 440}, {})
    assert [(one.track.id, len(one.track.sightings)) for one in collector.rest()] == [(1, 80)]


def test_the_plate_of_somebody_in_other_clothes_is_another_riders(settings: Settings) -> None:
    """The picture is cut, and right where the suspect was somebody rides whose head is hidden."""
    collector = Collector(settings)
    show(collector, range(20), {1: 100}, {})
    for frame in range(20, 40):
        one = sighting(frame, (), fps=20)
        collector.add(Frame(frame, frame / 20, dressed((200, 120, 30), 100)), {1: one}, ())
    (suspect,) = collector.rest()
    assert is_suspect(suspect, settings)
    assert {crop.sighting.frame for crop in suspect.plates} == set(range(20))


def test_somebody_in_other_clothes_is_another_rider(settings: Settings) -> None:
    assert come_back(settings, (200, 120, 30)) == [1, 2]


def test_somebody_far_from_where_the_rider_should_be_is_another_rider(settings: Settings) -> None:
    collector = Collector(settings)
    image = dressed((30, 30, 200), 100)
    collector.add(Frame(0, 0.0, image), {1: sighting(0)}, ())
    for frame in range(20, 30):
        one = Sighting(frame, frame / 20, Box(100, 100, 200, 300), 0.9, (Detection(BARE, Box(0, 0, 9, 9), 0.9),))
        collector.add(Frame(frame, frame / 20, image), {2: one}, [(1, Box(700, 100, 800, 300))])
    assert len(list(collector.rest())) == 2
