import shutil
from pathlib import Path

import pytest
import torch

from pipeline.errors import WeightsError
from pipeline.plate_weights import CORNERS, READER, read_plate_manifest
from pipeline.settings import ROOT
from pipeline.training.plate_tasks import TASKS
from pipeline.training.ship_plates import ship


def test_of_several_readers_the_mean_is_shipped_under_the_names_that_easyocr_wants(tmp_path: Path) -> None:
    folder = tmp_path / "plates"
    shutil.copytree(ROOT / "weights" / "plates", folder)
    before = read_plate_manifest(tmp_path)[1]
    runs = []
    for number in (1, 4):
        state = TASKS["reader"].network().state_dict()
        counted = {name: one for name, one in state.items() if name.endswith("num_batches_tracked")}
        state["what.bias"] = torch.full_like(state["what.bias"], float(number))
        torch.save(state | {name: torch.tensor(number) for name in counted}, tmp_path / f"{number}.pt")
        runs.append(tmp_path / f"{number}.pt")
    ship(folder, runs, None, None)
    shipped = torch.load(folder / f"{READER}.pth", weights_only=True)
    assert set(shipped["module.what.bias"].tolist()) == {2.5}
    assert shipped["module.look.0.1.num_batches_tracked"] == 4
    after = read_plate_manifest(tmp_path)[1]
    assert after.calibration == before.calibration
    assert after.files[f"{READER}.pth"] != before.files[f"{READER}.pth"]


def test_weights_of_another_network_are_not_shipped(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "weights" / "plates", tmp_path / "plates")
    torch.save(TASKS["corners"].network().state_dict(), tmp_path / "corners.pt")
    for wrong in (tmp_path / "corners.pt", tmp_path / "none.pt", ROOT / "weights" / "stage1.pt"):
        with pytest.raises(WeightsError):
            ship(tmp_path / "plates", [wrong], None, None)
    with pytest.raises(WeightsError):
        ship(tmp_path / "plates", [], None, tmp_path / "corners.pt")
    assert read_plate_manifest(tmp_path) == (tmp_path / "plates", read_plate_manifest(ROOT / "weights")[1])


def test_a_folder_without_the_rest_of_the_reader_is_told(tmp_path: Path) -> None:
    torch.save(TASKS["corners"].network().state_dict(), tmp_path / "corners.pt")
    with pytest.raises(WeightsError, match=r"plates/plate_reader\.py is missing: copy weights/plates"):
        ship(tmp_path / "plates", [], tmp_path / "corners.pt", None)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A weights folder."""
    shutil.copytree(ROOT / "weights" / "plates", tmp_path / "weights" / "plates")
    return tmp_path / "weights"


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    torch.save(TASKS["reader"].network().state_dict(), tmp_path / "reader.pt")
    return tmp_path / "reader.pt"


def test_where_one_of_several_is_wrong_none_is_shipped(shipped: Path, reader: Path) -> None:
    before = read_plate_manifest(shipped)
    with pytest.raises(WeightsError, match="another network"):
        ship(shipped / "plates", [reader], reader, None)
    assert read_plate_manifest(shipped) == before


def test_a_broken_manifest_leaves_the_weights(shipped: Path, reader: Path) -> None:
    path = shipped / "plates" / f"{READER}.pth"
    before = path.read_bytes()
    (shipped / "plates" / "manifest.json").write_text("{")
    with pytest.raises(WeightsError, match="is no weights manifest"):
        ship(shipped / "plates", [reader], None, None)
    assert path.read_bytes() == before


def test_a_damaged_file_is_not_vouched_for(shipped: Path, reader: Path) -> None:
    (shipped / "plates" / CORNERS).write_bytes(b"damaged")
    for readers in ([reader], []):
        with pytest.raises(WeightsError, match=r"corners\.pt does not match its SHA-256 sum"):
            ship(shipped / "plates", readers, None, None)
    torch.save(TASKS["corners"].network().state_dict(), shipped / "corners.pt")
    ship(shipped / "plates", [reader], shipped / "corners.pt", None)
    assert read_plate_manifest(shipped)


def test_a_full_disk_leaves_what_was_shipped(shipped: Path, reader: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, write = read_plate_manifest(shipped), Path.write_bytes

    def fill_up(path: Path, content: bytes) -> int:
        write(path, content[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        ship(shipped / "plates", [reader], None, None)
    assert read_plate_manifest(shipped) == before
    assert not list(shipped.rglob("*.part"))


@pytest.mark.parametrize("content", [[1], {1: 2}, torch.zeros(2), None])
def test_what_torch_keeps_and_is_no_network_is_not_shipped(shipped: Path, tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="another network"):
        ship(shipped / "plates", [], tmp_path / "other.pt", None)


def test_weights_of_a_training_that_failed_are_not_shipped(shipped: Path, tmp_path: Path) -> None:
    state = TASKS["corners"].network().state_dict()
    torch.save({name: one * float("nan") for name, one in state.items()}, tmp_path / "failed.pt")
    with pytest.raises(WeightsError, match=r"failed\.pt holds weights that are no numbers"):
        ship(shipped / "plates", [], tmp_path / "failed.pt", None)
