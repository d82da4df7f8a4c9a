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


def test_another_class_order_is_not_blended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, old = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), weights(tmp_path / "old.pt", "yolo11n.yaml", 0.0)
    other = YOLO(old)
    other.model.names = dict(enumerate(reversed(other.model.names.values())))
    other.save(old)
    assert main([str(new), str(old), "--share", "0.5", "--out", str(tmp_path / "mixed.pt")]) == 1
    assert "another order" in capsys.readouterr().err


def test_a_share_and_weights_have_to_be_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, out = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), str(tmp_path / "deeper" / "mixed.pt")
    with pytest.raises(SystemExit):
        main([str(new), str(new), "--share", "1.5", "--out", out])
    assert "1.5 is not between 0 and 1" in capsys.readouterr().err
    cut_off = tmp_path / "cut_off.pt"
    cut_off.write_bytes(new.read_bytes()[:-1000])
    assert main([str(new), str(cut_off), "--share", "0.5", "--out", out]) == 1
    assert "cut_off.pt is no weight file, or not all of it" in capsys.readouterr().err
    assert main([str(new), str(new), "--share", "0.5", "--out", out]) == 0


def test_other_architectures_and_missing_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, old = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), weights(tmp_path / "old.pt", "yolo11s.yaml", 0.0)
    out = tmp_path / "mixed.pt"
    assert main([str(new), str(old), "--share", "0.5", "--out", str(out)]) == 1
    assert "different architectures" in capsys.readouterr().err
    assert main([str(new), str(tmp_path / "none.pt"), "--share", "0.5", "--out", str(out)]) == 1
    assert "no such file" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("content", [{"a": torch.zeros(1)}, torch.nn.Linear(1, 1)])
def test_what_torch_keeps_and_is_no_detector_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: object
) -> None:
    new, other = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), tmp_path / "other.pt"
    torch.save(content, other)
    assert main([str(new), str(other), "--share", "0.5", "--out", str(tmp_path / "mixed.pt")]) == 1
    assert capsys.readouterr().err == f"{other} does not hold the weights of a detector\n"
    YOLO("yolo11n-seg.yaml").save(other)
    assert main([str(new), str(other), "--share", "0.5", "--out", str(tmp_path / "mixed.pt")]) == 1
    assert "does not hold the weights of a detector" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["last.part", "last", "it's.pt", "last.pt "])
def test_a_file_that_ultralytics_would_not_find_by_its_name_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    new, other = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), weights(tmp_path / "its.pt", "yolo11n.yaml", 0.0)
    odd = new.rename(tmp_path / name)
    assert main([str(odd), str(other), "--share", "0.5", "--out", str(tmp_path / "mixed.pt")]) == 1
    assert capsys.readouterr().err.startswith(f"{odd} needs a name that ends in .pt")


def test_weights_of_a_training_that_failed_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, failed = (weights(tmp_path / f"{value}.pt", "yolo11n.yaml", value) for value in (1.0, float("nan")))
    assert main([str(new), str(failed), "--share", "0.5", "--out", str(tmp_path / "mixed.pt")]) == 1
    assert "nan.pt holds weights that are no numbers" in capsys.readouterr().err


def test_a_disk_that_is_full_leaves_the_blend_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new, out, write = weights(tmp_path / "new.pt", "yolo11n.yaml", 1.0), tmp_path / "mixed.pt", Path.write_bytes
    out.write_bytes(b"as it was")

    def fill_up(path: Path, content: bytes) -> int:
        write(path, content[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    assert main([str(new), str(new), "--share", "0.5", "--out", str(out)]) == 1
    assert capsys.readouterr().err == "No space left on device\n"
    assert {path.name for path in tmp_path.iterdir()} == {"new.pt", "mixed.pt"}
    assert out.read_bytes() == b"as it was"
