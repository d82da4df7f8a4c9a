import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from ultralytics import YOLO

from pipeline.errors import DatasetError
from pipeline.training.compare import Variant, main, prepare
from pipeline.training.dataset import merge
from pipeline.training.description import pictures_of
from tests.training.conftest import draw_street


@pytest.fixture
def two_sets(street_set: Path, tmp_path: Path) -> Path:
    """The data.yaml of the set `street` and of another, `yard`."""
    spec = yaml.safe_load(street_set.read_text())
    yard = tmp_path / "yard.yaml"
    yard.write_text(yaml.safe_dump({**spec, "name": "yard"}))
    for split, seeds in (("train", range(20, 24)), ("val", range(24, 26))):
        for seed in seeds:
            draw_street(tmp_path / "root" / "yard" / split / "images", f"y{seed}", seed)
    return merge([street_set, yard], tmp_path / "root", tmp_path / "data", None)


def trained_on(file: Path) -> list[Path]:
    description = yaml.safe_load(file.read_text())
    return [picture for folder in description["train"] for picture in pictures_of(Path(folder))]


def test_what_is_held_is_not_trained_on(two_sets: Path, tmp_path: Path) -> None:
    run = prepare(Variant(), two_sets, two_sets, ["yard"], tmp_path / "run", None)
    assert {picture.stem[0] for picture in trained_on(run)} == {"s"}


@pytest.mark.parametrize("kind", ["absolute", "one", "whole"])
def test_what_is_held_is_not_trained_on_however_it_is_named(two_sets: Path, tmp_path: Path, kind: str) -> None:
    root, description = two_sets.parent, yaml.safe_load(two_sets.read_text())
    folders = [str(root / folder) for folder in description["train"]]
    named = {"absolute": folders, "one": folders[0], "whole": "."}[kind]
    two_sets.write_text(yaml.safe_dump(description | {"path": None, "train": named}))
    run = prepare(Variant(), two_sets, two_sets, ["yard"], tmp_path / "run", None)
    assert {picture.stem[0] for picture in trained_on(run)} == ({"s"} if kind != "whole" else set())


def test_rendered_frames_are_trained_on_where_there_are_any(two_sets: Path, tmp_path: Path) -> None:
    draw_street(tmp_path / "frames" / "images", "r0", 30)
    run = prepare(Variant(rendered=True), two_sets, two_sets, ["yard"], tmp_path / "run", tmp_path / "frames")
    assert {picture.stem[0] for picture in trained_on(run)} == {"s", "r"}
    for nowhere in (None, tmp_path / "nowhere"):
        with pytest.raises(DatasetError, match="--rendered"):
            prepare(Variant(rendered=True), two_sets, two_sets, ["yard"], tmp_path / "run", nowhere)


def test_the_naive_run_knows_no_ignored_regions(two_sets: Path, tmp_path: Path) -> None:
    label = two_sets.parent / "street" / "train" / "labels" / "s0.txt"
    label.write_text("2 0.5 0.5 0.1 0.1\n4 0.5 0.5 1 1\n")
    naive = Variant(plain=True, naive=True)
    for variant, lines in ((replace(naive, naive=False), 2), (naive, 1)):
        run = prepare(variant, two_sets, two_sets, ["yard"], tmp_path / f"run{lines}", None)
        (folder,) = yaml.safe_load(run.read_text())["train"]
        (text,) = Path(folder).with_name("labels").glob("s0*.txt")
        assert len(text.read_text().splitlines()) == lines


def test_what_is_wrong_is_told_before_the_first_run(
    two_sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    YOLO("yolo11n.yaml").save(tmp_path / "n.pt")
    YOLO("yolo11s.yaml").save(tmp_path / "s.pt")
    paths = ["--data", str(two_sets), "--plain", str(two_sets), "--out", str(tmp_path / "out"), "--start"]
    assert main([*paths, str(tmp_path / "n.pt"), "--hold", "yards"]) == 1
    assert "has no pictures of yards to hold" in capsys.readouterr().err
    assert main([*paths, str(tmp_path / "s.pt"), "--hold", "yard"]) == 1
    assert "s.pt is no YOLO11n" in capsys.readouterr().err
    assert main([*paths, str(tmp_path / "n.pt"), "--hold", "yard"]) == 1
    assert "--rendered" in capsys.readouterr().err, "before the first run, not before the last"


def test_a_run_is_trained_judged_and_kept(two_sets: Path, tmp_path: Path) -> None:
    start, out = tmp_path / "start.pt", tmp_path / "out"
    YOLO("yolo11n.yaml").save(start)
    files = ["--data", two_sets, "--plain", two_sets, "--start", start, "--out", out]
    few = ["--hold", "yard", "--passes", "1", "--size", "64", "--only", "no mosaic"]
    command = [sys.executable, "-m", "pipeline.training.compare", *map(str, files), *few]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    assert done.stdout.splitlines()[-1].startswith("| no mosaic | ")
    figures = json.loads((out / "no-mosaic" / "figures.json").read_text())
    assert set(figures) == {"held", "known"}
