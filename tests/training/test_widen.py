from pathlib import Path

import pytest
import torch
from ultralytics import YOLO

from pipeline.settings import Settings
from pipeline.training.widen import main
from pipeline.weights import checked, read_manifest


def test_the_wider_network_says_the_same(settings: Settings, tmp_path: Path) -> None:
    """Also of weights whose class branch is 80 wide, as COCO's are, not 64."""
    source, out = checked(settings.weights, read_manifest(settings.weights).stage1), tmp_path / "deeper" / "s.pt"
    assert main([str(source), "--out", str(out)]) == 0
    narrow, wide = YOLO(source), YOLO(out)
    assert (wide.model.yaml["scale"], wide.names) == ("s", narrow.names)
    picture = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        one, other = (model.model.float().eval()(picture)[0] for model in (narrow, wide))
    assert one.shape == (1, 8, 252)
    torch.testing.assert_close(other, one, rtol=1e-2, atol=0.05)  # boxes in pixels; the file has 16 bits
    torch.testing.assert_close(other[:, 4:], one[:, 4:], rtol=1e-2, atol=1e-4)


def test_two_channels_of_one_are_weighed_differently(settings: Settings, tmp_path: Path) -> None:
    """Else training could never tell them apart."""
    source, out = checked(settings.weights, read_manifest(settings.weights).stage1), tmp_path / "s.pt"
    main([str(source), "--out", str(out)])
    readers = YOLO(out).model.state_dict()["model.1.conv.weight"].float()
    assert (readers[:, ::2] - readers[:, 1::2]).abs().mean() > 0.1 * readers.abs().mean()


def test_only_the_small_network_is_widened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    YOLO("yolo11s.yaml").save(tmp_path / "s.pt")
    assert main([str(tmp_path / "s.pt"), "--out", str(tmp_path / "out.pt")]) == 1
    assert "is no YOLO11n" in capsys.readouterr().err
    assert main([str(tmp_path / "none.pt"), "--out", str(tmp_path / "out.pt")]) == 1
    assert "no such file" in capsys.readouterr().err
    assert not (tmp_path / "out.pt").exists()
