import json
from pathlib import Path

import pytest

from pipeline.settings import Settings
from pipeline.training.dataset import SETS, merge
from pipeline.training.evaluate import evaluate, main
from pipeline.training.still import Eyes
from pipeline.training.truth import read_truth

SHARED = Path(__file__).parents[3] / "shared" / "dataset"


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Eyes:
    return Eyes(Settings(data=tmp_path_factory.mktemp("data")))


def test_every_figure_is_there_where_nothing_real_is_to_be_seen(street_set: Path, tmp_path: Path, eyes: Eyes) -> None:
    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    figures = evaluate(eyes, read_truth(data, "val"), "both", tmp_path / "curve.png")
    figures = json.loads(json.dumps(figures))
    assert figures["pictures"] == 4
    assert figures["classes"]["rider"]["objects"] == 8
    assert 0 <= figures["classes"]["mean ap50"] < 0.5, "coloured boxes are no riders"
    alone, after = (figures["accusations"][name] for name in ("stage 1", "after stage 2"))
    assert alone["missed"] + alone["true"] == after["missed"] + after["true"] == 4
    assert after["false"] <= alone["false"]
    assert (tmp_path / "curve.png").stat().st_size > 5000


@pytest.mark.skipif(not SHARED.is_dir(), reason="the labelled pictures are not part of the project")
def test_shipped_weights_on_real_riders(tmp_path: Path, eyes: Eyes) -> None:
    data = merge([SETS / "aneesarom.yaml"], SHARED, tmp_path / "data", None)
    figures = evaluate(eyes, read_truth(data, "val"), "both", None)
    assert figures["classes"]["rider"]["ap50"] > 0.8
    assert figures["classes"]["without helmet"]["ap50"] > 0.5
    assert figures["accusations"]["stage 1"]["true"] >= 3
    assert figures["accusations"]["after stage 2"]["true"] >= 3
    close = evaluate(eyes, read_truth(data, "val"), "2", None)
    assert "accusations" not in close


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path / "none.yaml"), "--json"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "none.yaml is no data set description" in error
    assert main(["--clips", str(tmp_path), "--json"]) == 1
    assert "truth.json" in capsys.readouterr().err
