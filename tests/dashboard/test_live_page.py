"""The page Live: streams that run, and streams that ran."""

from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from dashboard import resources
from db.jobs import now
from db.live import LiveJob
from db.models import Action, Case, JobState, Reason, SourceKind
from db.reviews import Deed, Reviews
from pipeline.figures import Figures
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.stream import StreamState, StreamStatus
from pipeline.types import Evidence
from tests import factory
from tests.dashboard.pages import Open, said


def stream(settings: Settings, sessions: sessionmaker[Session], name: str, violations: int) -> LiveJob:
    store = FileStore(settings.files)
    picture = store.put_picture(factory.FRAME)
    job = LiveJob(sessions, store, SourceKind.STREAM, name, f"rtsp://there/{name}")
    job.begin(now)
    for id_ in range(violations):
        job.keep_case(factory.case(id_), Evidence(picture, picture, picture, 0.0, 0.0, 1.0))
    return job


@pytest.fixture
def gate(settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stream that runs, with five violations."""
    job = stream(settings, sessions, "gate", 5)
    running = SimpleNamespace(
        source=SimpleNamespace(preview=lambda _: None),
        status=StreamStatus(StreamState.LIVE),
        figures=Figures(25.0, 15.0, 0.03, 7, 0, 5),
        trouble=None,
    )
    streams = SimpleNamespace(sessions=sessions, get={job.id: running}.get)
    shared = MagicMock(return_value=streams)  # with a `clear`, as what Streamlit shares has
    monkeypatch.setattr(resources, "streams", shared)
    return running


def test_of_many_violations_only_those_that_are_shown_are_loaded(gate: SimpleNamespace, open_page: Open) -> None:
    loaded = []

    def note(case: Case, _: object) -> None:
        loaded.append(case.id)

    event.listen(Case, "load", note)
    app = open_page("live")
    event.remove(Case, "load", note)
    assert not app.exception
    assert "**Violations: 5**" in said(app)
    assert set(loaded) == {5, 4, 3}


def test_what_is_not_kept_is_told_while_the_stream_runs(gate: SimpleNamespace, open_page: Open) -> None:
    """And when: it stands there also after somebody has made room."""
    gate.trouble = "not everything was kept; the disk is full: free some space, then run it again"
    gate.source.trouble_at = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    app = open_page("live")
    assert "2026-11-01" in app.error[0].value
    assert "the disk is full" in app.error[0].value
    app.session_state["lang"] = "ko"
    assert "디스크" in app.run().error[0].value


def test_the_violations_of_all_streams_that_ran_are_counted_at_once(
    settings: Settings, sessions: sessionmaker[Session], open_page: Open
) -> None:
    for number in range(4):
        stream(settings, sessions, f"street {number}", number).end(JobState.DONE)
    asked = []

    def note(*words: object) -> None:
        asked.append(words[2])

    event.listen(sessions.kw["bind"], "before_cursor_execute", note)
    app = open_page("live")
    event.remove(sessions.kw["bind"], "before_cursor_execute", note)
    assert not app.exception
    assert all(f"{number} violation" in said(app) for number in range(4))
    runs = sum("max(jobs.id)" in query for query in asked)
    assert sum("FROM cases" in query for query in asked) == runs


def test_a_stream_that_brought_violations_leads_to_them(
    settings: Settings, sessions: sessionmaker[Session], open_page: Open
) -> None:
    stream(settings, sessions, "quiet", 0).end(JobState.DONE)
    stream(settings, sessions, "gate", 2).end(JobState.DONE)

    def ways() -> list[str]:
        return [way.proto.query_string for way in open_page("live").get("page_link")]

    assert ways() == ["source=2"]
    Reviews(sessions).decide({1: 0, 2: 0}, Deed("kim", Action.DISMISS, Reason.HELMET))
    assert not ways(), "nobody is accused any more"


@pytest.mark.parametrize(
    ("asked", "word", "in_korean"),
    [("streams", "Streams", "스트림"), ("nonsense", "Camera of this device", "이 기기의 카메라")],
)
def test_the_tab_in_front_is_that_of_the_address(open_page: Open, asked: str, word: str, in_korean: str) -> None:
    app = open_page("live", tab=asked)
    assert not app.exception
    assert app.session_state["live-tabs"] == word
    app.session_state["lang"] = "ko"
    app.run()
    assert app.session_state["live-tabs"] == in_korean
    assert ("tab" in app.query_params) == (asked == "streams")


def test_an_address_that_is_empty_is_told(open_page: Open) -> None:
    app = open_page("live", tab="streams")
    (watch,) = [button for button in app.button if button.label == "Watch"]
    watch.click().run()
    assert not app.exception
    assert "Enter an address first." in said(app)
