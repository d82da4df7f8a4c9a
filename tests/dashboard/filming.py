"""A browser that films a clip: Chromium with a fake camera.

python -m tests.dashboard.filming CLIP [SECONDS]

measures how the page Live keeps up with a camera of 640 x 480 at 30 frames a second, with browser and server on this
machine: what the browser shows, and what the panel beside it says.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
from playwright.sync_api import FrameLocator, Page, sync_playwright

from tests.dashboard.serving import CHROMIUM, serving

_SHOWN = "v => v.getVideoPlaybackQuality().totalVideoFrames"


def film(clip: Path, target: Path, width: int, height: int, fps: int, again: int = 1) -> Path:
    """A clip as Chromium's fake camera plays it, again and again: raw pictures in YUV4MPEG2, each `again` times."""
    with av.open(str(clip)) as container, target.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip C420jpeg\n".encode())
        for frame in container.decode(container.streams.video[0]):
            image = frame.to_ndarray(format="bgr24", width=width, height=height)
            file.write((b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes()) * again)
    return target


@contextmanager
def filming(url: str, camera: Path) -> Iterator[Page]:
    """A page of the dashboard at `url` in a browser whose camera plays this file."""
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", *fake, f"--use-file-for-fake-video-capture={camera}"],
        ) as browser,
    ):
        context = browser.new_context(base_url=url, permissions=["camera"], viewport={"width": 1400, "height": 900})
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page


def start(page: Page) -> FrameLocator:
    """Start the camera on the page Live; the frame that its picture is in."""
    page.goto("/live")
    frame = page.frame_locator('iframe[title^="streamlit_webrtc"]')
    frame.get_by_role("button", name="Start the camera").click()
    page.get_by_text("Frames/s").wait_for(timeout=120_000)
    assert frame.locator("video").evaluate("async v => { await v.play(); return v.videoWidth }") > 0
    return frame


def measure(clip: Path, seconds: float) -> None:
    """Print every five seconds what is shown, and what the panel says."""
    with tempfile.TemporaryDirectory() as folder:
        camera = film(clip, Path(folder) / "camera.y4m", 640, 480, 30, again=2)
        with serving(Path(folder) / "data") as url, filming(url, camera) as page:
            video = start(page).locator("video")
            time.sleep(10)  # until the models are warm and the encoder has found its rate
            end, began, before = time.monotonic() + seconds, time.monotonic(), video.evaluate(_SHOWN)
            while time.monotonic() < end:
                time.sleep(5)
                now, shown = time.monotonic(), video.evaluate(_SHOWN)
                panel = " ".join(page.get_by_test_id("stMetric").all_inner_texts()).replace("\n", " ")
                print(f"shown {(shown - before) / (now - began):.1f}/s; {panel}")  # noqa: T201
                began, before = now, shown


if __name__ == "__main__":
    measure(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 30.0)
