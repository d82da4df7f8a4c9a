from pathlib import Path

import pytest
import torch
from ultralytics import YOLO

from pipeline.training.blend import main


def weights(path: Path, model: str, value: float) -> Path:
    made = YOLO(model)
    for parameter in made.model.parameters():
        parameter.data.fill_(value)
    made.save(path)
    return path


def test_a_blend_lies_between_both(tmp_path: Path) -> None:
    new, old = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), weights(tmp_path / "old.pt", "yolo11n.yaml", 0.0)
    assert main([str(new), str(old), "--share", "0.75", "--out", str(tmp_path / "mixed.pt")]) == 0
    values = torch.cat([one.flatten() for one in YOLO(tmp_path / "mixed.pt").model.parameters()])
    assert values.unique().tolist() == [0.75]


def test_other_architectures_and_missing_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, old = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), weights(tmp_path / "old.pt", "yolo11s.yaml", 0.0)
    out = tmp_path / "mixed.pt"
    assert main([str(new), str(old), "--share", "0.5", "--out", str(out)]) == 1
    assert "different architectures" in capsys.readouterr().err
    assert main([str(new), str(tmp_path / "none.pt"), "--share", "0.5", "--out", str(out)]) == 1
    assert "no such file" in capsys.readouterr().err
    assert not out.exists()
