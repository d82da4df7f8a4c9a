from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from ultralytics import YOLO
from ultralytics.nn.tasks import DetectionModel

from pipeline.errors import WeightsError
from pipeline.plate_weights import read_plate_manifest
from pipeline.settings import ROOT, Settings
from pipeline.training.ship import ship, write_manifest
from pipeline.types import CLASS_NAMES
from pipeline.weights import Thresholds, checked, checked_openvino, read_manifest
from pipeline.yolo import Yolo

_NAMES = dict(enumerate(CLASS_NAMES))


def trained(path: Path, names: Sequence[str] | Mapping[int, str] = _NAMES, classes: int = 4) -> Path:
    model = YOLO("yolo11n.yaml")
    model.model = DetectionModel("yolo11n.yaml", nc=classes, verbose=False)
    model.model.names = names
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


@pytest.mark.parametrize("first", [1, 2])
def test_one_file_serves_both_stages_also_when_it_is_shipped_again(tmp_path: Path, first: int) -> None:
    folder, source = tmp_path / "weights", trained(tmp_path / "last.pt")
    ship(source, first, 64, folder)
    manifest = ship(trained(tmp_path / "later.pt"), first, 96, folder)
    for stage in (manifest.stage1, manifest.stage2):
        assert checked(folder, stage) == folder / f"stage{first}.pt"
        assert checked_openvino(folder, stage)
    ship(source, 3 - first, 64, folder)
    manifest = read_manifest(folder)
    assert (manifest.stage1.file, manifest.stage2.file) == ("stage1.pt", "stage2.pt")
    assert all(checked(folder, stage) for stage in (manifest.stage1, manifest.stage2))


def test_what_goes_wrong_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, source, write = tmp_path / "weights", trained(tmp_path / "last.pt"), Path.write_bytes
    ship(source, 1, 64, folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def fill_up(path: Path, content: bytes) -> int:
        write(path, content[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        ship(source, 1, 96, folder)
    monkeypatch.undo()
    monkeypatch.setattr(YOLO, "export", Mock(side_effect=RuntimeError("basic_ios::clear: iostream error")))
    with pytest.raises(WeightsError, match="is the disk full"):
        ship(source, 1, 96, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


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


def test_what_else_was_shipped_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, source, export = tmp_path / "weights", trained(tmp_path / "last.pt"), YOLO.export
    manifest = ship(source, 1, 64, folder)
    other = manifest.stage2.model_copy(update={"file": "stage2.pt", "sha256": "another"})

    def slowly(model: YOLO, **options: object) -> str:
        write_manifest(folder, manifest.model_copy(update={"stage2": other}))
        return export(model, **options)

    monkeypatch.setattr(YOLO, "export", slowly)
    ship(source, 1, 96, folder)
    after = read_manifest(folder)
    assert (after.stage1.image_size, after.stage2) == (96, other)


def test_a_folder_whose_manifest_is_broken_keeps_its_weights(tmp_path: Path) -> None:
    source = trained(tmp_path / "last.pt")
    (tmp_path / "manifest.json").write_text("{")
    (tmp_path / "stage1.pt").write_bytes(b"as it was")
    with pytest.raises(WeightsError, match="is no weights manifest"):
        ship(source, 1, 64, tmp_path)
    assert (tmp_path / "stage1.pt").read_bytes() == b"as it was"


@pytest.mark.parametrize("numbers", [(3, 2, 1, 0), (1, 0, 2, 3)])
def test_another_class_order_is_not_shipped(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    names = dict(zip(numbers, CLASS_NAMES, strict=True))
    with pytest.raises(WeightsError, match="in this order"):
        ship(trained(tmp_path / "last.pt", names), 1, 64, tmp_path / "weights")
    assert not any((tmp_path / "weights").iterdir()), "nothing half-shipped stays behind"


def test_names_may_be_a_list_and_have_to_be_of_all_classes(tmp_path: Path) -> None:
    source = trained(tmp_path / "last.pt", list(CLASS_NAMES))
    assert ship(source, 1, 64, tmp_path / "weights").classes == CLASS_NAMES
    with pytest.raises(WeightsError, match="does not hold the weights of a detector"):
        ship(trained(tmp_path / "five.pt", classes=5), 1, 64, tmp_path / "weights")
