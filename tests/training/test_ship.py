from pathlib import Path

import numpy as np
import pytest
from ultralytics import YOLO
from ultralytics.nn.tasks import DetectionModel

from pipeline.errors import WeightsError
from pipeline.plate_weights import read_plate_manifest
from pipeline.settings import ROOT, Settings
from pipeline.training.ship import ship
from pipeline.types import CLASS_NAMES
from pipeline.weights import Thresholds, read_manifest
from pipeline.yolo import Yolo


def trained(path: Path, names: tuple[str, ...] = CLASS_NAMES) -> Path:
    model = YOLO("yolo11n.yaml")
    model.model = DetectionModel("yolo11n.yaml", nc=4, verbose=False)
    model.model.names = dict(enumerate(names))
    model.model.args = {"data": "/home/somebody/secret/data.yaml", "task": "detect"}
    model.save(path)
    return path


def test_shipped_weights_load_and_tell_nothing_of_where_they_were_trained(tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    ship(trained(tmp_path / "last.pt"), 1, 96, folder)
    manifest = read_manifest(folder)
    assert manifest.stage1 == manifest.stage2, "one file serves both stages until the other is shipped"
    model = Yolo(manifest.stage1, Settings(weights=folder, device="cpu"))
    assert len(model.detect(np.zeros((120, 90, 3), np.uint8), 0.0001)) >= 0
    shipped = {path.name for path in folder.iterdir()}
    assert shipped == {"manifest.json", "stage1.pt", "stage1_openvino_model", "plates"}
    for path in folder.rglob("*"):
        assert path.is_dir() or b"somebody" not in path.read_bytes()
    assert read_plate_manifest(folder)[1] == read_plate_manifest(ROOT / "weights")[1], "the product runs on it"


def test_weights_that_are_not_there_are_not_asked_for_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        ship(tmp_path / "yolo11n.pt", 1, 64, tmp_path / "weights")


def test_a_size_that_no_model_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="multiple of 32 pixels a side, not 650"):
        ship(trained(tmp_path / "last.pt"), 1, 650, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_thresholds_stay_until_calibration(tmp_path: Path) -> None:
    folder, source = tmp_path / "weights", trained(tmp_path / "last.pt")
    manifest = ship(source, 1, 64, folder)
    chosen = Thresholds(rider=0.3, without_helmet=0.6, with_helmet=0.2, plate=0.1)
    stage2 = manifest.stage2.model_copy(update={"thresholds": chosen})
    (folder / "manifest.json").write_text(manifest.model_copy(update={"stage2": stage2}).model_dump_json())
    again = ship(source, 2, 64, folder)
    assert again.stage2.thresholds == chosen
    assert (again.stage1.file, again.stage2.file) == ("stage1.pt", "stage2.pt")


def test_a_folder_whose_manifest_is_broken_keeps_its_weights(tmp_path: Path) -> None:
    source = trained(tmp_path / "last.pt")
    (tmp_path / "manifest.json").write_text("{")
    (tmp_path / "stage1.pt").write_bytes(b"as it was")
    with pytest.raises(WeightsError, match="is no weights manifest"):
        ship(source, 1, 64, tmp_path)
    assert (tmp_path / "stage1.pt").read_bytes() == b"as it was"


def test_another_class_order_is_not_shipped(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="in this order"):
        ship(trained(tmp_path / "last.pt", CLASS_NAMES[::-1]), 1, 64, tmp_path / "weights")
    assert not any((tmp_path / "weights").iterdir()), "nothing half-shipped stays behind"
