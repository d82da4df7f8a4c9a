from dataclasses import replace

import pytest

from pipeline.errors import WeightsError
from pipeline.settings import Settings
from pipeline.training.labels import Labelled
from pipeline.training.second_look import nobody
from pipeline.training.sets import Part, SetSpec
from pipeline.training.teacher import BICYCLE, MOTORCYCLE, PERSON, Teacher, cyclists_only, judge, on_foot
from pipeline.types import Box, Detection, Label

RIDER = Box(100, 100, 200, 300)
HEAD = Box(130, 105, 165, 145)
MOTOR = [(MOTORCYCLE, Box(110, 180, 190, 300), 0.9)]


def spec(*covers: Label, gaps: tuple[Label, ...] = ()) -> SetSpec:
    part = Part(images="a", annotations="b")
    return SetSpec(
        name="s", origin="", licence="", format="yolo", map={}, covers=covers, gaps=gaps, parts={"all": part}
    )


def test_a_sure_rider_on_a_motorcycle_becomes_a_label() -> None:
    one = Detection(Label.RIDER, RIDER, 0.9)
    assert judge(one, spec(), MOTOR, []) == Labelled(Label.RIDER, RIDER)
    assert judge(replace(one, confidence=0.2), spec(), MOTOR, []) == Labelled(Label.RIDER, RIDER, ignored=True)


def test_a_rider_without_a_motorcycle_is_doubted_and_a_cyclist_is_none() -> None:
    one = Detection(Label.RIDER, RIDER, 0.9)
    assert judge(one, spec(), [], []) == Labelled(Label.RIDER, RIDER, ignored=True)
    bicycle = [(1, MOTOR[0][1], 0.9)]
    assert judge(one, spec(), bicycle, []) is None


@pytest.mark.parametrize("label", [Label.WITHOUT_HELMET, Label.WITH_HELMET])
def test_a_head_is_sure_only_on_a_rider(label: Label) -> None:
    one = Detection(label, HEAD, 0.9)
    assert judge(one, spec(), MOTOR, [RIDER]) == Labelled(label, HEAD)
    assert judge(one, spec(), MOTOR, []) == Labelled(label, HEAD, ignored=True)


def test_a_class_that_the_set_labels_is_left_to_it_but_for_its_gaps() -> None:
    one = Detection(Label.PLATE, HEAD, 0.9)
    assert judge(one, spec(Label.PLATE), [], []) is None
    with_gaps = spec(Label.PLATE, gaps=(Label.PLATE,))
    assert judge(one, with_gaps, [], []) == Labelled(Label.PLATE, HEAD, ignored=True)
    assert judge(replace(one, confidence=0.2), with_gaps, [], []) is None


def test_the_head_of_somebody_on_foot_is_ignored() -> None:
    head = Labelled(Label.WITHOUT_HELMET, HEAD)
    assert not on_foot(head, [RIDER]).ignored
    assert on_foot(head, [Box(300, 100, 400, 300)]).ignored
    plate = Labelled(Label.PLATE, HEAD)
    assert not on_foot(plate, []).ignored


def test_where_a_second_look_found_no_head_the_teacher_adds_none() -> None:
    head = Detection(Label.WITHOUT_HELMET, HEAD, 0.9)
    assert nobody(head, [HEAD.shift(5, 0)])
    assert not nobody(head, [HEAD.shift(100, 0)])
    assert not nobody(Detection(Label.PLATE, HEAD, 0.9), [HEAD]), "it looked at heads only"


def test_people_on_bicycles_are_no_motorcyclists() -> None:
    person, bicycle = (PERSON, 0.8), (BICYCLE, 0.7)
    assert cyclists_only([person, bicycle])
    assert cyclists_only([person, bicycle, (MOTORCYCLE, 0.2)])
    assert not cyclists_only([person, bicycle, (MOTORCYCLE, 0.5)])
    assert not cyclists_only([person])
    assert not cyclists_only([bicycle]), "a parked one is nobody's"


def test_only_coco_s_classes_vouch_for_motorcycles(settings: Settings) -> None:
    with pytest.raises(WeightsError, match="does not know COCO's classes"):
        Teacher(settings.weights, settings.weights / "stage1.pt", settings)
