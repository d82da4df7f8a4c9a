from itertools import permutations
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import DatasetError
from pipeline.training.check import contact_sheet, doubt_outliers, refuse_swapped, statistics, swapped
from pipeline.training.labels import Labelled
from pipeline.training.sets import Part, Picture, SetSpec
from pipeline.types import Box, Label

STREET = (
    Labelled(Label.RIDER, Box(100, 100, 200, 300)),
    Labelled(Label.WITHOUT_HELMET, Box(130, 105, 165, 145)),
    Labelled(Label.WITH_HELMET, Box(160, 110, 195, 150)),
    Labelled(Label.PLATE, Box(130, 220, 160, 235)),
)


def street(order: tuple[int, ...] = (0, 1, 2, 3), path: Path = Path("a.jpg")) -> list[Picture]:
    labels = tuple(Labelled(Label(order[one.label]), one.box) for one in STREET)
    return [Picture(path, None, 640, 480, labels)] * 6


def spec(trusted: bool = False) -> SetSpec:
    part = Part(images="a", annotations="b")
    return SetSpec(
        name="s", origin="", licence="", format="yolo", map={}, covers=(), trusted=trusted, parts={"all": part}
    )


def test_a_right_order_raises_no_complaint() -> None:
    assert swapped(statistics(street())) == []


@pytest.mark.parametrize("order", [one for one in permutations(range(4)) if one not in {(0, 1, 2, 3), (0, 2, 1, 3)}])
def test_every_order_that_moves_riders_heads_or_plates_is_found(order: tuple[int, ...]) -> None:
    assert swapped(statistics(street(order)))


def test_a_plate_as_tall_as_a_person_is_refused_unless_trusted() -> None:
    pictures = street((3, 1, 2, 0))
    with pytest.raises(DatasetError, match=r"s: its classes look mixed up: .*number plate.* riders high"):
        refuse_swapped(spec(), pictures)
    refuse_swapped(spec(trusted=True), pictures)


def test_one_box_with_the_label_of_another_class_is_ignored() -> None:
    usual = street()
    wrong = Picture(Path("b.jpg"), None, 640, 480, (Labelled(Label.WITH_HELMET, Box(50, 50, 250, 400)),))
    *_, last = doubt_outliers([*usual, wrong])
    assert last.labels[0].ignored
    assert not any(one.ignored for one in doubt_outliers(usual)[0].labels)


def test_the_contact_sheet_shows_every_box_of_the_class(tmp_path: Path) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    cv2.rectangle(image, (130, 105), (165, 145), (0, 0, 255), -1)
    cv2.imwrite(str(tmp_path / "a.png"), image)
    sheet = contact_sheet(street(path=tmp_path / "a.png"), Label.WITHOUT_HELMET)
    assert sheet is not None
    assert sheet.shape == (96, 12 * 96, 3)
    red = sheet[48, 48::96, 2]
    assert (red[:6] > 200).all()
    assert (red[6:] == 0).all()
    assert contact_sheet([], Label.PLATE) is None
