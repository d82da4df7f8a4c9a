import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scenes.__main__ import main


def test_sequences_are_not_drawn_over_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn, labels = ["plates", "--count", "1", "--out", str(tmp_path / "out")], tmp_path / "out" / "labels.csv"
    assert main(drawn) == 0
    assert capsys.readouterr().out == f"{labels}\n"
    before = labels.read_bytes()
    assert main([*drawn, "--seed", "1"]) == 1
    assert "is there already: name a new folder" in capsys.readouterr().err
    assert labels.read_bytes() == before


@pytest.mark.parametrize(
    ("option", "value"),
    [("--count", "-1"), ("--seed", "-3"), ("--cars", "7"), ("--size", "0"), ("--size", "nan"), ("--size", "5000")],
)
def test_what_cannot_be_drawn_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit):
        main(["plates", "--count", "1", "--out", str(tmp_path / "out"), option, value])
    assert f"{value} is not " in capsys.readouterr().err


def test_a_weather_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames", "--count", "1", "--out", str(tmp_path / "out"), "--weather", "fog"]) == 1
    assert "fog is no weather: there are day, rain, dusk, night" in capsys.readouterr().err


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").touch()
    assert main(["plates", "--count", "1", "--out", str(tmp_path / "out")]) == 1
    assert "File exists" in capsys.readouterr().err


def test_who_stops_a_command_gets_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scenes.sequences.write", stop)
    assert main(["plates", "--count", "1", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_blender_ends_with_the_command_that_started_it(tmp_path: Path) -> None:
    blender = tmp_path / "blender"
    blender.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid.part; mv {tmp_path}/pid.part {tmp_path}/pid; exec sleep 600\n"
    )
    blender.chmod(0o700)
    path = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    drawn = [sys.executable, "-m", "scenes", "frames", "--count", "1", "--out", str(tmp_path / "out")]
    with subprocess.Popen(drawn, env=path) as command:
        give_up = time.monotonic() + 120
        while not (tmp_path / "pid").exists():
            assert command.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.1)
        command.send_signal(signal.SIGTERM)
    assert command.returncode == 143
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
