"""A browser's camera, for real: Chromium films the demo clip, WebRTC carries it, a violation is in the database."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from dashboard.hand_in import DEMO
from db import engine
from db.models import Case, Job, JobState, SourceKind
from pipeline.settings import Settings
from pipeline.types import Outcome
from tests.dashboard.filming import film, filming, start
from tests.dashboard.serving import CHROMIUM

pytestmark = [
    pytest.mark.camera,  # of its own: where the cores are busy, the connection does not come up in time
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: apt install chromium"),
]
WIDTH, HEIGHT = 640, 360
FPS, AGAIN = 5, 2  # at a quarter of its speed: a busy machine still sees enough of it


@pytest.fixture
def page(server: str, tmp_path: Path) -> Iterator[Page]:
    with filming(server, film(DEMO, tmp_path / "camera.y4m", WIDTH, HEIGHT, FPS, AGAIN)) as page:
        yield page


def until(true: Callable[[], bool], patience_s: float = 240) -> None:
    due = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < due
        time.sleep(0.2)


def test_from_the_camera_to_a_violation(page: Page, settings: Settings) -> None:
    expect(start(page).get_by_role("button")).to_have_text(["Stop the camera", "Choose a camera"])
    expect(page.get_by_text(re.compile(r"Violations: [1-9]"))).to_be_visible(timeout=300_000)
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

    page.goto("about:blank")  # the page is closed: everything stops by itself
    until(ended)
