"""The dashboard as people meet it: a server of its own, a real browser, the demo clip analysed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.hand_in import DEMO
from db import engine
from db.jobs import Jobs
from db.models import JobState
from db.run import run
from pipeline.settings import ROOT, Settings
from pipeline.weights import sha256
from tests.factory import queued

CHROMIUM = shutil.which("chromium")
PATIENCE_MS = 240_000  # a busy machine is slow, not wrong


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Waits until this holds: things find their places one after the other as a page arrives."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while not holds():
        assert time.monotonic() < until, "it never held"
        page.wait_for_timeout(50)


def at_rest(page: Page, measure: Callable[[], object]) -> object:
    """What is measured once it has been the same for half a second."""
    seen = [measure()]
    while len(seen) < 10 or any(one != seen[-1] for one in seen[-10:]):
        page.wait_for_timeout(50)
        seen.append(measure())
    return seen[-1]


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The address of a dashboard on a free port, with this data folder."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    environment = {**os.environ, "HELMET_WATCH_DATA": str(data)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(120)


def wait_for(url: str, patience_s: float = 300) -> None:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=20)  # noqa: S310
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the dashboard does not start")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def analyse_sample(data: Path, clip: Path = DEMO) -> None:
    """Analyse a sample into a data folder, as the dashboard does."""
    settings = Settings(data=data, device="cpu")
    sessions = engine.sessions(settings.database)
    jobs = Jobs(sessions)
    queued(jobs, clip.name, clip, sha256(clip))
    job = jobs.claim()
    assert job is not None
    assert run(job, sessions, settings).state is JobState.DONE
