import shutil
from pathlib import Path

import torch

from pipeline.plate_weights import READER, read_plate_manifest
from pipeline.settings import ROOT
from pipeline.training.ship_plates import ship


def test_of_several_readers_the_mean_is_shipped_under_the_names_that_easyocr_wants(tmp_path: Path) -> None:
    folder = tmp_path / "plates"
    shutil.copytree(ROOT / "weights" / "plates", folder)
    before = read_plate_manifest(tmp_path)[1]
    runs = []
    for number in (1, 4):
        runs.append(tmp_path / f"{number}.pt")
        torch.save({"what.bias": torch.full((3,), float(number)), "seen": torch.tensor(number)}, runs[-1])
    ship(folder, runs, None, None)
    shipped = torch.load(folder / f"{READER}.pth", weights_only=True)
    assert shipped["module.what.bias"].tolist() == [2.5] * 3
    assert shipped["module.seen"] == 4
    after = read_plate_manifest(tmp_path)[1]
    assert after.calibration == before.calibration
    assert after.files[f"{READER}.pth"] != before.files[f"{READER}.pth"]
