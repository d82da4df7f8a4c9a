import shutil
from pathlib import Path

import pytest
import torch

from pipeline.errors import WeightsError
from pipeline.plate_weights import READER, read_plate_manifest
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
