from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
import yaml

from pipeline.crops import crop_rider
from pipeline.errors import CalibrationError
from pipeline.settings import ROOT
from pipeline.training.accusations import (
    Seen,
    accusation_figures,
    accused,
    at_bars,
    at_each_false,
    riders,
    saved,
    suspected,
)
from pipeline.training.calibrate import by_f, by_precision, halves, main
from pipeline.training.labels import Labelled
from pipeline.training.metrics import count
from pipeline.training.ship import write_manifest
from pipeline.training.still import Second, suspects
from pipeline.training.truth import Truth
from pipeline.types import CLASS_NAMES, Box, Detection, Label
from pipeline.weights import Manifest, Thresholds, read_manifest
from tests.training.conftest import draw_street

BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET
IMAGE = np.zeros((400, 400, 3), np.uint8)
RIDER, HEAD, PLATE = Box(100, 100, 200, 300), Box(130, 110, 170, 150), Box(130, 220, 160, 235)
LOW = Thresholds(rider=0.2, without_helmet=0.2, with_helmet=0.2, plate=0.2)


def street(
    name: str, head: Label, first: float, second: float, *more: Box
) -> tuple[Truth, tuple[Detection, ...], list[Second]]:
    """A rider whose head stage 1 and 2 call bare with these confidences; `head` is what it is. Stage 1 takes `more` for
    bare heads, too, of which there are none."""
    away = HEAD.shift(200, 0)  # a helmet by itself
    labels = (Labelled(Label.RIDER, RIDER), Labelled(head, HEAD), Labelled(HELMET, away), Labelled(Label.PLATE, PLATE))
    found = (
        Detection(Label.RIDER, RIDER, 0.8),
        Detection(Label.WITHOUT_HELMET, HEAD, first),
        Detection(HELMET, away, 0.3),
        Detection(Label.PLATE, PLATE, 0.6),
        *(Detection(Label.WITHOUT_HELMET, box, first) for box in more),
    )
    looks = []
    for sighting in suspects(found, LOW):
        crop = crop_rider(IMAGE, sighting)
        moved = [
            Detection(one.label, one.box.shift(-crop.region.x1, -crop.region.y1), one.confidence)
            for one in (Detection(Label.RIDER, RIDER, 0.9), Detection(Label.WITHOUT_HELMET, HEAD, second))
        ]
        looks.append(Second(crop, tuple(moved)))
    return Truth(Path(f"{name}.jpg"), "set", frozenset(Label), labels), found, looks


def seen(*rows: tuple[Label, float, float]) -> Seen:
    streets = [street(f"p{i}", *row) for i, row in enumerate(rows)]
    return Seen([one[0] for one in streets], [one[1] for one in streets], [one[2] for one in streets])


def test_stage_2_removes_what_it_does_not_confirm() -> None:
    looked = seen((BARE, 0.9, 0.8), (BARE, 0.5, 0.6), (HELMET, 0.7, 0.3), (HELMET, 0.1, 0.9))
    alone = count(looked.truths, suspected(looked, LOW), BARE)
    assert (alone.true, alone.false, alone.missed) == (2, 1, 0), "the last is below stage 1's threshold"
    strict = LOW.model_copy(update={"without_helmet": 0.5})
    after = count(looked.truths, accused(looked, strict), BARE)
    assert (after.true, after.false, after.missed) == (2, 0, 0)
    assert saved(alone, after) == {"false removed": 1, "true lost": 0}


def test_a_rider_with_a_bare_head_is_truly_accused_once_however_many_heads_are() -> None:
    streets = [
        street("two heads", BARE, 0.9, 0.8, Box(105, 115, 128, 150)),
        street("let go", BARE, 0.9, 0.3),
        street("helmet", HELMET, 0.9, 0.8),
        street("helmet let go", HELMET, 0.9, 0.3),
    ]
    truth, found, looks = street("cannot be told", HELMET, 0.9, 0.8)
    ignored = Labelled(BARE, HEAD, ignored=True)
    streets.append((replace(truth, labels=(ignored,)), found, looks))
    looked = Seen([one[0] for one in streets], [one[1] for one in streets], [one[2] for one in streets])
    alone = suspected(looked, LOW)
    assert count(looked.truths, alone, BARE).false == 3
    strict = LOW.model_copy(update={"without_helmet": 0.5})
    assert riders(looked, alone, strict) == {
        "stage 1": {"true": 2, "false": 2},
        "after stage 2": {"true": 1, "false": 1},
    }


def test_bars_are_told_by_the_false_accusations_that_they_leave() -> None:
    """Each number of false ones once, with most true ones, at the highest bar that leaves as many."""
    looked = seen((BARE, 0.9, 0.9), (HELMET, 0.9, 0.405), (BARE, 0.9, 0.3), (HELMET, 0.9, 0.2))
    assert at_each_false(at_bars(looked, LOW)) == [
        {"false": 0, "true": 1, "bar": pytest.approx(0.9)},
        {"false": 1, "true": 2, "bar": pytest.approx(0.3)},
        {"false": 2, "true": 2, "bar": pytest.approx(0.2)},
    ]


def test_the_lowest_bar_with_the_wanted_precision_is_chosen() -> None:
    rows = ((BARE, 0.9, 0.9), (HELMET, 0.9, 0.405), (BARE, 0.9, 0.6), (BARE, 0.9, 0.3), (HELMET, 0.9, 0.2))
    looked = seen(*rows * 20)
    chosen = by_precision(looked, LOW, wanted=0.97)
    assert chosen.without_helmet == pytest.approx(0.41)
    assert chosen.rider == LOW.rider
    assert accusation_figures(looked.truths, accused(looked, chosen))["precision"] == 1
    assert by_precision(looked, LOW, wanted=0.6).without_helmet == pytest.approx(0.05)


@pytest.mark.parametrize("bare", [0, 10])
def test_no_bar_is_high_enough_is_said(bare: int) -> None:
    """Ten right accusations do not show that 97 of 100 are right."""
    looked = seen(*[(HELMET, 0.9, 0.7)] * 40, *[(BARE, 0.9, 0.99)] * bare)
    with pytest.raises(CalibrationError, match=r"precision of 0\.97 and leaves enough"):
        by_precision(looked, LOW, wanted=0.97)


def test_a_class_gets_the_confidence_with_the_best_f1() -> None:
    looked = seen((BARE, 0.9, 0.9), (BARE, 0.8, 0.9), (HELMET, 0.5, 0.9), (HELMET, 0.4, 0.9))
    chosen = by_f(looked)
    assert chosen.without_helmet == 0.8
    assert chosen.rider == 0.8
    assert chosen.plate == 0.6


def test_what_is_never_right_chooses_no_threshold() -> None:
    with pytest.raises(CalibrationError, match="no without helmet was found to choose a threshold by"):
        by_f(seen((HELMET, 0.9, 0.9), (HELMET, 0.5, 0.9)))


def test_a_threshold_lets_the_detection_pass_that_it_was_chosen_by() -> None:
    looked = seen((BARE, 0.9, 0.9), (BARE, 0.7996, 0.9), (HELMET, 0.5, 0.9))
    assert by_f(looked).without_helmet == 0.799
    assert by_f(seen((BARE, 0.57, 0.9))).without_helmet == 0.57


def test_a_threshold_is_judged_by_all_that_it_lets_pass() -> None:
    """At 0.5 one is right and three are wrong, whichever of them comes first."""
    looked = seen((BARE, 0.9, 0.9), (BARE, 0.5003, 0.9), *[(HELMET, 0.5, 0.9)] * 3)
    assert by_f(looked).without_helmet == 0.9


def test_suspects_are_called_at_a_lower_confidence_than_they_would_be_judged_at() -> None:
    looked = seen((BARE, 0.9, 0.9), (BARE, 0.8, 0.9), (HELMET, 0.5, 0.9), (HELMET, 0.4, 0.9), (BARE, 0.3, 0.9))
    assert by_f(looked).without_helmet == 0.8
    assert by_f(looked, bare=2.0).without_helmet == 0.3
    assert by_f(looked, bare=2.0).rider == by_f(looked).rider


def test_halves_share_no_picture_and_crops_go_with_theirs() -> None:
    names = [f"picture{i}" for i in range(40)]
    pictures = [Truth(Path(f"{name}.jpg"), "set", frozenset(Label), ()) for name in names]
    crops = [Truth(Path(f"{name}.crop3.jpg"), "set", frozenset(Label), ()) for name in names]
    whole = [[one.path.stem for one in half.truths] for half in halves(Seen(pictures, [()] * 40, [[]] * 40))]
    close = [[one.path.stem.split(".")[0] for one in half.truths] for half in halves(Seen(crops, [()] * 40, [[]] * 40))]
    assert whole == close
    assert sorted(whole[0] + whole[1]) == sorted(names)
    assert min(map(len, whole)) > 10


def test_crops_are_not_taken_for_whole_pictures_nor_the_other_way_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {}
    for kind, name in (("whole", "s0"), ("crops", "s0.crop0")):
        draw_street(tmp_path / kind / "images", name, 0)
        files[kind] = tmp_path / kind / "data.yaml"
        files[kind].write_text(yaml.safe_dump({"val": "images", "names": list(CLASS_NAMES)}))
    assert main(["--data", str(files["crops"]), "--crops", str(files["whole"]), "--dry-run"]) == 1
    assert "crops/data.yaml holds rider crops, such as s0.crop0.png" in capsys.readouterr().err
    assert main(["--data", str(files["whole"]), "--crops", str(files["whole"]), "--dry-run"]) == 1
    assert "make crops of them" in capsys.readouterr().err


@pytest.mark.parametrize("meanwhile", ["nothing", "shipped", "full"])
def test_thresholds_are_told_also_where_they_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], meanwhile: str
) -> None:
    draw_street(tmp_path / "whole" / "images", "s0", 0)
    draw_street(tmp_path / "crops" / "images", "s0.crop0", 0)
    for kind in ("whole", "crops"):
        (tmp_path / kind / "data.yaml").write_text(yaml.safe_dump({"val": "images", "names": list(CLASS_NAMES)}))
    old = read_manifest(ROOT / "weights")
    chosen = old.model_copy(update={"stage1": old.stage1.model_copy(update={"thresholds": LOW})})
    write_manifest(tmp_path, old)

    def choose(*_: object) -> tuple[Manifest, dict[str, str]]:
        if meanwhile == "shipped":
            write_manifest(tmp_path, old.model_copy(update={"stage1": old.stage2}))
        if meanwhile == "full":
            monkeypatch.setattr(Path, "write_bytes", Mock(side_effect=OSError("No space left on device")))
        return chosen, {"chosen": "so"}

    monkeypatch.setattr("pipeline.training.calibrate.calibrate", choose)
    monkeypatch.setattr("pipeline.training.calibrate.Eyes", lambda _: SimpleNamespace(manifest=old))
    files = ["--data", str(tmp_path / "whole" / "data.yaml"), "--crops", str(tmp_path / "crops" / "data.yaml")]
    done = main([*files, "--weights", str(tmp_path)])
    out, err = capsys.readouterr()
    assert '"chosen": "so"' in out
    assert done == (meanwhile != "nothing")
    assert {"nothing": "", "shipped": "by now: calibrate again", "full": "No space left"}[meanwhile] in err
    kept = {"nothing": chosen, "shipped": old.model_copy(update={"stage1": old.stage2}), "full": old}[meanwhile]
    assert read_manifest(tmp_path) == kept
