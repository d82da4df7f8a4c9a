from dataclasses import replace
from itertools import combinations_with_replacement

import pytest

from pipeline.occupants import accused
from pipeline.settings import Settings
from pipeline.types import Box, Crop, Detection, Label, Outcome, Says, Track
from pipeline.verify import SAME_HEAD_IOU, Verifier, decide, judge, own_heads, read, vote
from pipeline.weights import Thresholds
from tests.factory import FRAME, head_of, look, rider, sighting, suspect

BARE, HELMET, NOTHING = Says.BARE, Says.HELMET, Says.NOTHING
BAR = 0.45


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ([BARE] * 5, Outcome.CONFIRMED),
        ([BARE] * 4 + [HELMET], Outcome.CONFIRMED),
        ([BARE], Outcome.UNSURE),  # one look is no proof
        ([BARE, BARE, NOTHING, NOTHING, NOTHING], Outcome.UNSURE),
        ([BARE] * 4 + [NOTHING] * 3, Outcome.UNSURE),  # more than half, but not most
        ([BARE, BARE, HELMET, HELMET], Outcome.REJECTED),
        ([HELMET] * 3, Outcome.REJECTED),
        ([NOTHING] * 3, Outcome.REJECTED),
        ([], Outcome.REJECTED),
    ],
)
def test_the_vote(said: list[Says], outcome: Outcome) -> None:
    assert vote(tuple(look(says) for says in said), 2, BAR).outcome is outcome


def test_looks_that_see_nothing_lower_the_confidence() -> None:
    assert vote((look(BARE, 0.8), look(BARE, 0.8)), 2, BAR).confidence == pytest.approx(0.8)
    assert vote((look(BARE, 0.8), look(NOTHING)), 2, BAR).confidence == pytest.approx(0.4)


def test_the_fewer_looks_say_bare_the_surer_they_have_to_be() -> None:
    """Two of three, the third saw a helmet."""
    torn = (look(BARE, 0.55), look(BARE, 0.51), look(HELMET))
    assert vote(torn, 2, BAR).outcome is Outcome.UNSURE
    assert vote(torn[:2], 2, BAR).outcome is Outcome.CONFIRMED
    assert vote((look(BARE, 0.75), look(BARE, 0.71), look(HELMET)), 2, BAR).outcome is Outcome.CONFIRMED


@pytest.mark.parametrize("more", [HELMET, NOTHING])
def test_no_look_that_sees_no_bare_head_makes_a_verdict_worse(more: Says) -> None:
    gravity = [Outcome.REJECTED, Outcome.UNSURE, Outcome.CONFIRMED]
    for said in (one for count in range(7) for one in combinations_with_replacement(Says, count)):
        looks = tuple(look(says) for says in said)
        before, after = vote(looks, 2, BAR), vote((*looks, look(more)), 2, BAR)
        assert gravity.index(after.outcome) <= gravity.index(before.outcome)
        assert after.confidence <= before.confidence


def test_a_bare_head_counts_where_stage_1_saw_it() -> None:
    one = sighting(0)
    bare = one.heads[0]
    assert judge(one.bare_heads, (replace(bare, confidence=0.6),)) == (BARE, 0.6)
    assert judge(one.bare_heads, (replace(bare, label=Label.WITH_HELMET),))[0] is HELMET
    elsewhere = replace(bare, box=bare.box.shift(60, 0))
    assert judge(one.bare_heads, (elsewhere,)) == (NOTHING, 0.0)


def test_of_two_heads_the_one_that_stage_1_saw_speaks() -> None:
    """A helmet that stage 1 took for hair, and behind it the bare head of somebody on foot, whom only stage 2 sees."""
    one = sighting(0)
    (taken,) = one.bare_heads
    helmet = replace(taken, label=Label.WITH_HELMET, confidence=0.8)
    behind = replace(taken, box=taken.box.shift(24, 0), confidence=0.9)
    assert behind.box.iou(taken.box) > SAME_HEAD_IOU
    assert judge(one.bare_heads, (helmet, behind)) == judge(one.bare_heads, (behind, helmet)) == (HELMET, 0.8)


def test_a_head_of_a_neighbour_at_the_edge_is_not_the_suspects() -> None:
    """A helmeted suspect, and a bare-headed rider half in the crop, where stage 1 took that head for the suspect's."""
    own, neighbour = rider(100), rider(170, 90)
    helmet, bare = head_of(own, Label.WITH_HELMET), head_of(neighbour, Label.WITHOUT_HELMET)
    one = replace(sighting(0), heads=(bare,))
    assert own_heads(one, (own, neighbour, helmet, bare), 0.3) == (helmet,)
    assert judge(one.bare_heads, (helmet,)) == (NOTHING, 0.0)


def test_where_stage_2_sees_no_rider_nobody_is_accused() -> None:
    one = sighting(0)
    bare = one.heads[0]
    assert own_heads(one, (bare,), 0.3) == ()
    far = Detection(Label.RIDER, one.box.shift(90, 150), 0.9)
    assert own_heads(one, (bare, far), 0.3) == ()
    weak = rider(confidence=0.2)
    assert own_heads(one, (bare, weak), 0.3) == ()
    neighbour = rider(160)  # whose head it may be as well
    pillion = head_of(rider(), Label.WITHOUT_HELMET, 0.7)
    assert own_heads(one, (pillion, neighbour), 0.3) == ()


def test_on_a_crop_that_was_made_smaller_a_head_is_where_it_is_in_the_frame() -> None:
    one = sighting(0)
    region = Box(80, 60, 220, 320)
    found = tuple(
        replace(part, box=part.box.shift(-region.x1, -region.y1).scale(0.5)) for part in (rider(), *one.heads)
    )
    thresholds = Thresholds(rider=0.3, without_helmet=0.3, with_helmet=0.3, plate=0.3)
    seen = read(Crop(one, region, 0.5, FRAME[:130, :70]), found, thresholds)
    assert (seen.heads, seen.says) == (one.heads, BARE)


@pytest.mark.parametrize(("x", "y", "confidence"), [(145, 90, 0.2), (128, 100, 0.9)])
def test_a_neighbour_whom_stage_2_hardly_sees_or_close_by_keeps_his_head(x: float, y: float, confidence: float) -> None:
    own, neighbour = rider(100), rider(x, y, confidence=confidence)
    helmet, bare = head_of(own, Label.WITH_HELMET), head_of(neighbour, Label.WITHOUT_HELMET)
    assert own_heads(replace(sighting(0), heads=(bare,)), (own, neighbour, helmet, bare), 0.3) == (helmet,)


def two_up(*labels: tuple[Label, Label]) -> Track:
    """Driver and pillion as stage 1 sees them, frame by frame."""
    return Track(1, tuple(sighting(frame, pair) for frame, pair in enumerate(labels)))


def test_two_heads_that_are_misread_now_and_then_do_not_add_up(settings: Settings) -> None:
    bare, helmet = Label.WITHOUT_HELMET, Label.WITH_HELMET
    track = two_up(*[(bare, helmet), (helmet, bare)] * 5)
    looks = tuple(look(BARE, seen=one) for one in track.sightings)  # stage 2 errs just as stage 1 does
    assert vote(looks, 2, BAR).outcome is Outcome.CONFIRMED
    heads = accused(track, settings)
    assert len(heads) == 2
    assert decide(looks, heads, 2, BAR).outcome is not Outcome.CONFIRMED


def test_one_bare_head_of_two_is_confirmed_by_what_is_said_of_it(settings: Settings) -> None:
    track = two_up(*[(Label.WITH_HELMET, Label.WITHOUT_HELMET)] * 8)
    verdict = decide(tuple(look(BARE, seen=one) for one in track.sightings), accused(track, settings), 2, BAR)
    assert (verdict.outcome, {one.says for one in verdict.looks}) == (Outcome.CONFIRMED, {BARE})
    assert decide(verdict.looks, (), 2, BAR).outcome is Outcome.REJECTED


def test_a_look_speaks_for_a_head_only_where_stage_1_saw_that_one_bare(settings: Settings) -> None:
    """The crop is of the driver then: of a pillion who looked helmeted, stage 2's bare head alone is no proof."""
    bare, helmet = Label.WITHOUT_HELMET, Label.WITH_HELMET
    track = two_up(*[(bare, bare)] * 4, *[(bare, helmet)] * 6)
    first, second = sighting(0, (bare, bare)).heads
    heads = replace(first, confidence=0.9), replace(second, confidence=0.5)
    looks = tuple(replace(look(BARE, seen=one), heads=heads) for one in track.sightings)
    driver, pillion = (decide(looks, (one,), 2, BAR) for one in accused(track, settings))
    assert (driver.outcome, driver.confidence) == (Outcome.CONFIRMED, pytest.approx(0.9))
    assert [(one.says, one.confidence) for one in pillion.looks] == [(BARE, 0.5)] * 4 + [(NOTHING, 0.0)] * 6


@pytest.mark.parametrize("bare", [0, 1])
def test_of_two_bare_heads_the_one_that_stage_2_confirms_counts(settings: Settings, bare: int) -> None:
    track = two_up(*[(Label.WITHOUT_HELMET, Label.WITHOUT_HELMET)] * 8)
    heads = accused(track, settings)
    labels = [Label.WITHOUT_HELMET if place == bare else Label.WITH_HELMET for place in range(2)]
    looks = tuple(replace(look(BARE, seen=one), heads=sighting(one.frame, labels).heads) for one in track.sightings)
    verdict = decide(looks, heads, 2, BAR)
    assert (verdict.outcome, {one.says for one in verdict.looks}) == (Outcome.CONFIRMED, {BARE})


def test_an_empty_crop_is_turned_down_by_the_real_model(settings: Settings) -> None:
    verdict = Verifier(settings).verify(suspect())
    assert verdict.outcome is Outcome.REJECTED
    assert verdict.confidence == 0
    assert {one.says for one in verdict.looks} == {NOTHING}
