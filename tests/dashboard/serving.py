"""The dashboard as people meet it: a server of its own, a real browser."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.web import cli

from pipeline.settings import ROOT

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


def press(page: Page, key: str) -> None:
    """Press a key once the page is whole: earlier ones are for the page before and count for nothing."""
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.keyboard.press(key)


def click(page: Page, name: str) -> None:
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.get_by_role("button", name=name).click()


def sign_in(page: Page, name: str) -> None:
    page.keyboard.press("Tab")
    page.get_by_label("Your name").fill(name)
    press(page, "Enter")
    expect(page.get_by_text(f"Reviewing as {name}")).to_be_visible()
    # buttons hear keys only when they are there
    expect(page.get_by_role("button", name="Change", exact=True)).to_be_visible()
    page.wait_for_function("document.cookie.includes('helmet_watch_reviewer')")  # of what comes last on a page
    page.wait_for_selector("[data-test-script-state=notRunning]")  # what is typed earlier may be lost


# Servers are forked from a process that has loaded the libraries, which takes longer than most tests, and nothing of
# the dashboard.
_servers = multiprocessing.get_context("forkserver")
_servers.set_forkserver_preload([__name__, "pandas", "plotly.graph_objects", "fpdf", "db.run", "db.streams"])


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The address of a dashboard on a free port, with this data folder."""
    with free_port() as port:
        server = _servers.Process(target=_serve, args=(port, {**os.environ, "HELMET_WATCH_DATA": str(data)}))
        with pytest.MonkeyPatch.context() as patch:  # else it would run once more what AppTest has left there: a page
            patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
            server.start()
        try:
            yield url_of(port)
        finally:
            server.terminate()
            server.join(120)
            server.kill()  # where it has not ended by itself
    assert server.exitcode == 0, "it ends when it is told to"


def _serve(port: int, environment: Mapping[str, str]) -> None:
    """What `streamlit run` does, in this process."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    cli.main()


@contextmanager
def free_port() -> Iterator[int]:
    """A port for a server, that nobody else is given meanwhile."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # with which a server may listen at it
        held.bind(("localhost", 0))
        yield int(held.getsockname()[1])


def url_of(port: int, patience_s: float = 300) -> str:
    """Where the dashboard is on this port, once it answers."""
    url, until = f"http://localhost:{port}", time.monotonic() + patience_s
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=20)
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.05)
        else:
            return url
    raise AssertionError("the dashboard does not start")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()
