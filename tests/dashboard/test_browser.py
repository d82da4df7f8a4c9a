"""The main job in a real browser: a clip goes in, a violation comes out, its evidence plays."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from pipeline.settings import ROOT, Settings

CHROMIUM = shutil.which("chromium")
expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong
DEMO = ROOT / "samples" / "demo.mp4"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt install chromium")


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
def page(server: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=server)
        page.set_default_timeout(30_000)
        yield page
        browser.close()


def is_playing(page: Page) -> bool:
    """Whether the first video on the page moves on."""
    page.wait_for_function("document.querySelector('video')?.readyState >= 2")
    page.evaluate("document.querySelector('video').muted = true; document.querySelector('video').play()")
    page.wait_for_function("document.querySelector('video').currentTime > 0.3")
    return page.evaluate("document.querySelector('video').videoWidth") > 0


@pytest.mark.skipif(not DEMO.is_file(), reason="no demo clip")
def test_from_the_upload_to_the_evidence(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_text("Hand in a clip above")).to_be_visible()
    page.locator("input[type=file]").set_input_files(DEMO)
    expect(page.get_by_text("Violations so far")).to_be_visible()
    expect(page.get_by_text("frames/s")).to_be_visible(timeout=120_000)
    expect(page.get_by_alt_text("The frame under analysis, with boxes")).to_be_visible()
    page.reload()  # a job survives the page
    expect(page.get_by_text("Clips so far")).to_be_visible(timeout=300_000)
    assert is_playing(page)
    page.get_by_role("link", name="Gallery").click()
    page.get_by_role("button", name="Details").first.click()
    expect(page.get_by_text("What stage 2 looked at")).to_be_visible()
    assert is_playing(page)


def test_bad_input_in_the_browser(page: Page, tmp_path: Path) -> None:
    bad = tmp_path / "오토바이 🛵.mp4"
    bad.write_text("no video")
    page.goto("/")
    page.locator("input[type=file]").set_input_files(bad)
    expect(page.get_by_text("is no video")).to_be_visible()
    expect(page.get_by_text("오토바이 🛵.mp4").first).to_be_visible()  # on its job, and by then perhaps in the uploads
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
