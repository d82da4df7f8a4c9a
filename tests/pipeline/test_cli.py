"""The command line as a shell sees it: exit status, standard output, standard error."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.settings import ROOT, Settings
from tests.factory import write_clip


def pipeline(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "거리 🛵.mp4", [index / 30 for index in range(30)])


def test_good_clips_are_done_and_bad_ones_named(good: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").touch()
    bad = [tmp_path / "text.mp4", tmp_path / "empty.mp4", tmp_path / "missing.mp4"]
    done = pipeline("analyse", bad[0], good, *bad[1:], "--data", settings.data, "--json")
    assert done.returncode == 2
    (document,) = json.loads(done.stdout)
    assert document["clip"] == str(good)
    assert document["frames"] == 30
    assert document["duration_s"] == pytest.approx(29 / 30, abs=0.01)
    assert (document["violations"], document["rejected"]) == ([], [])
    assert set(document["stages"]) >= {"decode", "detect", "track", "associate", "evidence"}
    lines = done.stderr.replace("\r", "\n").splitlines()
    for path, what in zip(bad, ("no video", "empty", "no such file"), strict=True):
        assert [line for line in lines if line.startswith(f"{path}: ") and what in line]
    assert any("%|" in line for line in lines)


def test_a_name_that_is_no_utf_8_is_told_and_the_next_clip_is_done(good: Path, settings: Settings) -> None:
    odd = Path(os.fsdecode(bytes(good.parent) + b"/\xff.mp4"))
    good.rename(odd)
    shutil.copy(odd, good)
    done = pipeline("analyse", odd, good, "--data", settings.data, "--json")
    assert done.returncode == 2
    assert "its name is not UTF-8: rename it" in done.stderr
    assert [document["clip"] for document in json.loads(done.stdout)] == [str(good)]


def test_all_is_well(good: Path, settings: Settings) -> None:
    done = pipeline("analyse", good, "--data", settings.data)
    assert done.returncode == 0
    assert "0 violations" in done.stdout


def test_where_the_time_goes(good: Path, settings: Settings) -> None:
    done = pipeline("bench", good, "--data", settings.data)
    assert done.returncode == 0
    assert "stage 1 only" in done.stdout
    assert "seconds of clip per second" in done.stdout
    assert not list(settings.data.glob("*.sqlite3"))


def test_a_folder_that_cannot_be_written_is_told(good: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = pipeline("analyse", good, "--data", tmp_path / "file")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
