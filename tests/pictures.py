"""The pictures of README and model card, taken anew from the demo clip: `python -m tests.pictures` (needs Chromium)."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from pipeline.settings import ROOT
from tests.dashboard.serving import chromium, serving
from tests.limits import limits
from tests.samples import analyse_sample

_DOCS = ROOT / "docs"
_SIZE = (1400, 1040)
_COLORS = 192  # of a picture, which keeps it small


def main() -> None:
    expect.set_options(timeout=300_000)
    _keep(Image.fromarray(limits()[:, :, ::-1]), "limits")
    with tempfile.TemporaryDirectory() as folder:
        analyse_sample(Path(folder))
        with serving(Path(folder)) as url, chromium() as browser:
            page = browser.new_page(
                viewport={"width": _SIZE[0], "height": _SIZE[1]}, base_url=url, locale="en-US", color_scheme="light"
            )
            page.set_default_timeout(300_000)
            _take(page, "/", "analyse", "Clips so far")
            _take(page, "/gallery", "gallery", "Review one by one")
            _take(page, "/gallery?case=1", "case", "All sightings")
            _take(page, "/statistics", "statistics", "Processing speed")
            _take(page, "/demo", "class", "1. What stage 1 sees")


def _take(page: Page, path: str, name: str, last: str) -> None:
    """A page as soon as `last` is on it and everything has come."""
    page.goto(path)
    expect(page.get_by_text(last).first).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_function("[...document.images].every(image => image.complete)")
    page.wait_for_function("[...document.querySelectorAll('video')].every(video => video.readyState >= 3)")
    _keep(Image.open(io.BytesIO(page.screenshot())).convert("RGB"), name)


def _keep(picture: Image.Image, name: str) -> None:
    _DOCS.mkdir(exist_ok=True)
    picture.quantize(_COLORS).save(_DOCS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
