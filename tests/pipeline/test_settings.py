import os
import subprocess
import sys

import pytest

from pipeline.settings import ROOT

WRONG = {"MOST_STREAMS": "abc", "PRIVATE_NETWORKS": "192.168.0.5/24"}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["pipeline analyse a.mp4", "db upgrade", "pipeline.ocr_server"])
def test_a_setting_that_is_no_good_is_named_in_one_line(command: str, name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env={**os.environ, f"HELMET_WATCH_{name}": WRONG[name], "HELMET_WATCH_OCR_TOKEN": "secret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith(f"HELMET_WATCH_{name} cannot be used: Input ")
    assert "secret" not in done.stderr
