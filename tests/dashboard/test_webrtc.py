"""A browser's camera, for real: Chromium films the demo clip, WebRTC carries it, a violation is in the database."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from db import engine
from db.models import Case, Job, JobState, SourceKind
from pipeline.settings import Settings
from pipeline.types import Outcome
from tests.dashboard.serving import CHROMIUM
from tests.dashboard.test_browser import DEMO

pytestmark = [
    pytest.mark.camera,  # of its own: where the cores are busy, the connection does not come up in time
    pytest.mark.skipif(not DEMO.is_file(), reason="no demo clip"),
]
WIDTH, HEIGHT = 640, 360
FPS, AGAIN = 5, 2  # at a quarter of its speed: a busy machine still sees enough of it


def film(clip: Path, target: Path) -> Path:
    """A clip as Chromium's fake camera plays it, again and again: raw pictures in YUV4MPEG2."""
    with av.open(str(clip)) as container, target.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip C420jpeg\n".encode())
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            image = frame.to_ndarray(format="bgr24", width=WIDTH, height=HEIGHT)
            file.write((b"FRAME\n" + cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).tobytes()) * AGAIN)
    return target


@pytest.fixture
def filming(server: str, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    camera = film(DEMO, tmp_path / "camera.y4m")
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with browser.browser_type.launch(
        executable_path=CHROMIUM,
        args=["--no-sandbox", "--disable-gpu", *fake, f"--use-file-for-fake-video-capture={camera}"],
    ) as filming:
        context = filming.new_context(base_url=server, permissions=["camera"], viewport={"width": 1400, "height": 900})
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page


def until(true: Callable[[], bool], patience_s: float = 120) -> None:
    due = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < due
        time.sleep(0.2)


def test_from_the_camera_to_a_violation(filming: Page, settings: Settings) -> None:
    filming.goto("/live")
    frame = filming.frame_locator('iframe[title^="streamlit_webrtc"]')
    frame.get_by_role("button", name="Start the camera").click()
    expect(filming.get_by_text("Frames/s")).to_be_visible(timeout=120_000)
    assert frame.locator("video").evaluate("async v => { await v.play(); return v.videoWidth }") > 0
    expect(filming.get_by_text(re.compile(r"Violations: [1-9]"))).to_be_visible(timeout=300_000)
    sessions = engine.sessions(settings.database)
    with sessions() as session:
        case = session.scalars(select(Case).where(Case.outcome == Outcome.CONFIRMED)).first()
        job = session.get_one(Job, case.job_id)
    assert job.clip.kind is SourceKind.CAMERA
    assert job.state is JobState.RUNNING
    assert job.started_at <= case.happened_at
    name = case.video
    with av.open(str(settings.files / name[:2] / name)) as evidence:
        assert sum(1 for _ in evidence.decode(video=0)) > 10

    def ended() -> bool:
        with sessions() as session:
            return session.get_one(Job, job.id).state is JobState.DONE

    filming.goto("about:blank")  # the page is closed: everything stops by itself
    until(ended)
