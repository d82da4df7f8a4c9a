import json
import os
import subprocess
import sys
from pathlib import Path

import av
import pytest
import yaml

from pipeline.settings import ROOT, Settings
from pipeline.training.dataset import SETS, merge
from pipeline.training.evaluate import evaluate, main
from pipeline.training.still import Eyes
from pipeline.training.truth import read_truth
from pipeline.types import CLASS_NAMES
from pipeline.video import Clip
from tests.training.conftest import draw_street

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


def test_crops_are_not_judged_as_whole_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    draw_street(tmp_path / "images", "s0.crop0", 0)
    (tmp_path / "data.yaml").write_text(yaml.safe_dump({"val": "images", "names": list(CLASS_NAMES)}))
    for stage in ("1", "both", "clip"):
        assert main(["--data", str(tmp_path / "data.yaml"), "--stage", stage]) == 1
        assert "name a data set of whole pictures" in capsys.readouterr().err
    assert main(["--data", str(tmp_path / "data.yaml"), "--stage", "2"]) == 0


def test_what_stage_2_saw_of_a_suspect_is_kept_without_the_picture(eyes: Eyes) -> None:
    """The demo clip's first violation where it is seen best."""
    frame = next(Clip(ROOT / "samples" / "demo.mp4", 1920).frames(4.73)).image
    seen = eyes.seconds(frame, eyes.first(frame), eyes.manifest.stage1.thresholds)
    assert all(one.found for one in seen)
    assert {one.crop.image.size for one in seen} == {0}, "those of 5,000 pictures of full HD would take 20 GB"


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


@pytest.mark.parametrize("truth", ["{", "[]", '{"a.mp4": 1}', '{"a.mp4": {}}', '{"a.mp4": {"violations": -1}}'])
def test_a_truth_of_clips_that_says_something_else_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], truth: str
) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "truth.json").write_text(truth)
    assert main(["--clips", str(tmp_path), "--json"]) == 1
    assert "truth.json has to say" in capsys.readouterr().err


def test_a_clip_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "truth.json").write_text('{"a.mp4": {"violations": null}}')
    assert main(["--clips", str(tmp_path)]) == 1
    assert "names a.mp4, which is not in" in capsys.readouterr().err
    (tmp_path / "a.mp4").write_text("no video")
    assert main(["--clips", str(tmp_path)]) == 1
    assert "a.mp4 is no video" in capsys.readouterr().err


def test_a_clip_that_cannot_be_read_is_left_out_and_the_others_are_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    (tmp_path / "rain.mp4").symlink_to(ROOT / "samples/rain.mp4")
    truth = {"a.mp4": {"violations": 1}, "rain.mp4": {"violations": 0}}
    (tmp_path / "truth.json").write_text(json.dumps(truth), encoding="utf-8-sig")  # as Notepad saves it
    assert main(["--clips", str(tmp_path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures.pop("left out, cannot be read") == [str(tmp_path / "a.mp4")]
    assert list(figures) == ["rain.mp4"]
    assert (figures["rain.mp4"]["confirmed"], figures["rain.mp4"]["false"]) == (0, 0)


def test_a_clip_of_two_films_is_judged_by_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As of a front and a rear camera; the rain's one suspect is in each."""
    with av.open(str(tmp_path / "both.mkv"), "w") as both:
        sources = [av.open(str(ROOT / "samples/rain.mp4")) for _ in range(2)]
        films = [both.add_stream_from_template(source.streams.video[0]) for source in sources]
        for source, film in zip(sources, films, strict=True):
            for packet in source.demux(video=0):
                if packet.dts is not None:
                    packet.stream = film
                    both.mux(packet)
    (tmp_path / "truth.json").write_text('{"both.mkv": {"violations": 0}}')
    assert main(["--clips", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["both.mkv"]["suspects"] == 2


@pytest.mark.parametrize(
    ("stage", "name", "says"), [("2", "curve.png", "--stage 1 or both"), ("1", "curve.foo", "cannot be drawn")]
)
def test_a_curve_that_would_not_be_drawn_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str, name: str, says: str
) -> None:
    with pytest.raises(SystemExit):
        main(["--data", str(tmp_path), "--stage", stage, "--curve", str(tmp_path / name)])
    assert says in capsys.readouterr().err


def test_json_tells_which_pictures_the_figures_are_of(street_set: Path, tmp_path: Path) -> None:
    """As somebody else has it: a test part alone, our classes in another order, and files that are no pictures."""
    images = tmp_path / "root/street/val/images"
    (images / "text.png").write_text("no picture")
    (images / "s99.png").write_bytes((images / "s8.png").read_bytes())
    data = tmp_path / "root/street/data.yaml"
    data.with_name("gone.txt").write_text("gone/images/s1.png")
    data.write_text("test: [../val/images, gone.txt]\nnames: [number plate, without helmet, with helmet, rider]\n")
    command = [sys.executable, "-m", "pipeline.training.evaluate", "--data", str(data), "--stage", "1", "--json"]
    loud = os.environ | {"YOLO_VERBOSE": "1", "YOLO_CONFIG_DIR": str(tmp_path / "new home")}
    done = subprocess.run(command, cwd=ROOT, env=loud, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["split"], figures["pictures"], figures["without a label file"]) == ("test", 5, 1)
    left_out = [Path(name).name for name in figures["left out, cannot be read"]]
    assert left_out == ["text.png", "s1.png"], "also of a folder of which nothing is left"
    assert figures["classes"]["number plate"]["objects"] == 8
    assert figures["classes"]["rider"]["objects"] == 4
    done = subprocess.run([*command, "--only", "street"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "has no pictures of street" in done.stderr
