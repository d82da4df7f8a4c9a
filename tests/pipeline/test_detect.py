import json
import shutil
from pathlib import Path

import pytest
import yaml

from pipeline.detect import Detector, above, distinct
from pipeline.errors import WeightsError
from pipeline.settings import Settings
from pipeline.types import Box, Detection, Frame, Label
from pipeline.weights import MANIFEST, Thresholds, checked, read_manifest, sha256
from tests.factory import FRAME, head_of, rider

BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET


def test_of_two_readings_of_one_head_doubt_speaks_for_the_rider() -> None:
    one = rider()
    helmet = head_of(one, HELMET, confidence=0.5)
    assert distinct((head_of(one, BARE, confidence=0.6), helmet)) == (helmet,)
    sure = head_of(one, BARE, confidence=0.8)
    assert distinct((sure, helmet)) == (sure,)


def test_a_rider_nested_in_itself_counts_once_but_one_far_behind_stays() -> None:
    one = rider(100, 100, 120, 200)
    part_of_it = rider(105, 105, 60, 190, 0.6)
    far_behind = rider(150, 110, 30, 60, 0.6)
    assert set(distinct((one, part_of_it, far_behind))) == {one, far_behind}


def test_thresholds_are_per_class() -> None:
    least = Thresholds(rider=0.5, without_helmet=0.6, with_helmet=0.3, plate=0.4)
    box = Box(0, 0, 10, 10)
    found = tuple(Detection(label, box, 0.45) for label in Label)
    assert [one.label for one in above(found, least)] == [HELMET, Label.PLATE]
    assert [one.label for one in above(found, least, rider=0.1)] == [Label.RIDER, HELMET, Label.PLATE]


def test_an_empty_street_shows_nobody(settings: Settings) -> None:
    assert Detector(settings).detect(Frame(0, 0.0, FRAME)) == ()


@pytest.fixture
def weights(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a copy of the weights that a test may spoil."""
    folder = tmp_path / "weights"
    shutil.copytree(settings.weights, folder)
    return settings.model_copy(update={"weights": folder})


def test_missing_and_altered_weights_are_refused(weights: Settings) -> None:
    model = weights.weights / "stage1_openvino_model"
    (model / "more.txt").write_text("")
    with pytest.raises(WeightsError, match="is not what"):
        Detector(weights)
    (model / "more.txt").unlink()
    with (model / "stage1.bin").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match="SHA-256"):
        Detector(weights)
    (model / "stage1.bin").unlink()
    with pytest.raises(WeightsError, match="missing"):
        Detector(weights)
    (weights.weights / MANIFEST).unlink()
    with pytest.raises(WeightsError, match="missing"):
        Detector(weights)


def test_a_manifest_with_another_class_order_is_refused(weights: Settings) -> None:
    manifest = weights.weights / MANIFEST
    content = json.loads(manifest.read_text())
    content["classes"].reverse()
    manifest.write_text(json.dumps(content))
    with pytest.raises(WeightsError, match="classes"):
        Detector(weights)


def test_a_manifest_that_is_not_utf_8_is_refused(weights: Settings) -> None:
    (weights.weights / MANIFEST).write_text('{"classes": ["탑승자"]}', "cp949")
    with pytest.raises(WeightsError, match="is no weights manifest"):
        Detector(weights)


def test_altered_torch_weights_are_refused_too(weights: Settings) -> None:
    stage = read_manifest(weights.weights).stage1
    assert checked(weights.weights, stage).name == "stage1.pt"
    with (weights.weights / "stage1.pt").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match="SHA-256"):
        checked(weights.weights, stage)


def test_weights_with_another_class_order_are_refused_whatever_the_manifest_says(weights: Settings) -> None:
    path = weights.weights / "stage1_openvino_model" / "metadata.yaml"
    about = yaml.safe_load(path.read_text())
    about["names"] = {0: "number plate", 1: "with helmet", 2: "without helmet", 3: "rider"}
    path.write_text(yaml.safe_dump(about))
    manifest = weights.weights / MANIFEST
    content = json.loads(manifest.read_text())
    content["stage1"]["openvino"]["metadata.yaml"] = sha256(path)
    manifest.write_text(json.dumps(content))
    with pytest.raises(WeightsError, match="in this order"):
        Detector(weights)


def test_a_manifest_cannot_point_out_of_its_folder(weights: Settings) -> None:
    manifest = weights.weights / MANIFEST
    content = json.loads(manifest.read_text())
    content["stage1"]["file"] = "../weights/stage1.pt"
    manifest.write_text(json.dumps(content))
    with pytest.raises(WeightsError):
        Detector(weights)
