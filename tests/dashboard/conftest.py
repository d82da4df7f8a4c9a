import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session, sessionmaker
from streamlit.testing.v1 import AppTest

from dashboard import camera, resources
from db.save import save
from pipeline.settings import ROOT, Settings, get_settings
from pipeline.store import FileStore
from pipeline.types import Case, Evidence, Outcome
from tests import factory
from tests.dashboard.pages import Found, Open
from tests.dashboard.serving import CHROMIUM, PATIENCE_MS, chromium, serving
from tests.factory import under_way

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves its app as the main module, and each process that a later test starts would run it once more."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def open_page(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens a page of the real app, by a link that may ask for something, on a data folder of its own; the worker is
    stopped afterwards."""
    monkeypatch.setenv("HELMET_WATCH_DATA", str(settings.data))
    get_settings.cache_clear()
    # it wants a browser's session, which AppTest has none of: test_webrtc.py has a real one
    monkeypatch.setattr(camera, "webrtc_streamer", lambda **_: SimpleNamespace(state=SimpleNamespace(playing=False)))

    def open_(page: str, /, **asked: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=240).run()
        app.query_params.update(asked)
        return app.switch_page(f"dashboard/pages/{page}.py").run()

    yield open_
    resources.worker.clear()
    resources.postman.clear()
    resources.streams.clear()
    get_settings.cache_clear()


@pytest.fixture
def found(settings: Settings, sessions: sessionmaker[Session], tmp_path: Path) -> Found:
    """Keeps a clip that was analysed, with a suspect for each outcome and real pictures and clips in the store; its
    job's id."""

    def keep(*outcomes: Outcome, content: str = "a" * 64) -> int:
        store = FileStore(settings.files)
        clip = factory.write_clip(tmp_path / f"{len(outcomes)}.mp4", [index / 10 for index in range(30)])
        video, picture = store.take(clip), store.put_picture(factory.FRAME)

        def excerpt(id_: int) -> str:
            return store.take(factory.write_clip(tmp_path / f"case-{id_}.mp4", [at / 10 for at in range(31 + id_)]))

        def case(id_: int, outcome: Outcome) -> Case:
            one = factory.case(id_, outcome)
            return replace(one, looks=(picture,) * len(one.looks))

        cases = [case(id_, outcome) for id_, outcome in enumerate(outcomes)]
        rows = [(case, Evidence(picture, picture, excerpt(case.track.id), 0.0, 0.0, 1.0)) for case in cases]
        job_id = under_way(sessions, "street *1*.mp4", content=content)
        save(sessions, job_id, factory.analysis(rows, video=video), store)
        return job_id

    return keep


@pytest.fixture
def server(settings: Settings) -> Iterator[str]:
    """The dashboard on a free port, with a data folder of its own."""
    with serving(settings.data) as url:
        yield url


@pytest.fixture(scope="package")
def one_browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt install chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture
def browser(one_browser: Browser) -> Iterator[Browser]:
    """The same for all tests; what a test opened in it, cookies with it, is gone with the test."""
    yield one_browser
    for context in one_browser.contexts:
        context.close()


@pytest.fixture
def page(server: str, browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=server, locale="en-US")
    page.set_default_timeout(PATIENCE_MS)
    return page
