from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import camera, resources
from pipeline.settings import ROOT, Settings, get_settings


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
