import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

from dashboard import camera, resources
from pipeline.settings import ROOT, Settings, get_settings

CHROMIUM = shutil.which("chromium")
expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong


@pytest.fixture
def open_page(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], AppTest]]:
    """Opens a page of the real app on a data folder of its own; the worker is stopped afterwards."""
    monkeypatch.setenv("HELMET_WATCH_DATA", str(settings.data))
    get_settings.cache_clear()
    # it wants a browser's session, which AppTest has none of: test_webrtc.py has a real one
    monkeypatch.setattr(camera, "webrtc_streamer", lambda **_: SimpleNamespace(state=SimpleNamespace(playing=False)))

    def open_(page: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
        return app.switch_page(f"dashboard/pages/{page}.py").run()

    yield open_
    resources.worker.clear()
    resources.streams.clear()
    get_settings.cache_clear()


@pytest.fixture
def server(settings: Settings) -> Iterator[str]:
    """The dashboard on a free port, with a data folder of its own."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)]
    environment = {**os.environ, "HELMET_WATCH_DATA": str(settings.data)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    try:
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=1)  # noqa: S310
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the dashboard does not start")


@pytest.fixture
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(server: str, browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=server, locale="en-US")
    page.set_default_timeout(60_000)
    return page
