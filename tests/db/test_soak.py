"""Watching for long: what went wrong is told, and before hours are spent."""

import os
import signal
import subprocess
import sys
from ipaddress import ip_network
from threading import Event

import pytest
from sqlalchemy import select

from db import soak
from db.engine import sessions
from db.models import Job, JobState
from pipeline.__main__ import main
from pipeline.errors import HelmetWatchError
from pipeline.settings import ROOT, Settings
from tests.streaming import WebServer


def test_a_page_that_is_no_stream_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "_EVERY_S", 0.2)
    here = settings.model_copy(update={"private_networks": (ip_network("127.0.0.0/8"),)})
    with WebServer({"/": b"<html></html>"}) as server, pytest.raises(HelmetWatchError, match="no video"):
        soak.soak(server.url("/"), here, 1.0, None, Event())


def test_who_presses_control_c_gets_what_was_measured(settings: Settings) -> None:
    command = [sys.executable, "-m", "pipeline", "soak", "http://127.0.0.1:9/", "--data", str(settings.data)]
    environment = {**os.environ, "HELMET_WATCH_PRIVATE_NETWORKS": "127.0.0.1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the first line of figures
        process.send_signal(signal.SIGINT)
        report, told = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in told) == (0, False)
    assert "riders kept: 0, cases kept: 0, violations seen: 0" in report
    with sessions(settings.database)() as session:
        assert session.scalar(select(Job.state)) is JobState.DONE


@pytest.mark.parametrize(
    "options", [("--minutes", "nan"), ("--minutes", "-1"), ("--curve", "a.docx"), ("--curve", "nowhere/a.png")]
)
def test_what_could_not_be_done_in_the_end_is_refused_at_once(
    options: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["soak", "http://127.0.0.1:9/", *options])
    assert options[1] in capsys.readouterr().err
