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
    torch.save(TASKS["corners"].network().state_dict(), tmp_path / "corners.pt")
    for wrong in (tmp_path / "corners.pt", tmp_path / "none.pt", ROOT / "weights" / "stage1.pt"):
        with pytest.raises(WeightsError):
            ship(tmp_path, [wrong], None, None)
    with pytest.raises(WeightsError):
        ship(tmp_path, [], None, tmp_path / "corners.pt")
    assert [one.name for one in tmp_path.iterdir()] == ["corners.pt"]
