"""Every page, through Streamlit's AppTest: empty, with data, after bad input."""

import hashlib
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker
from streamlit.testing.v1 import AppTest

from dashboard import hand_in
from dashboard.player import lanes, whole_seconds
from dashboard.text import clock, second
from dashboard.worker import Worker
from db.cases import Cases, Filter, Sort
from db.jobs import Jobs
from db.models import Action, Job, JobState, Reason
from db.reviews import Deed, Reviews
from pipeline.settings import ROOT, Settings
from pipeline.types import Outcome
from tests.dashboard.pages import LOCKED, Found, Open, locked, said
from tests.factory import queued, write_films


@pytest.mark.parametrize("named", ["Asia/Seoul", "Etc/Unknown", "../etc/passwd", None])
def test_a_zone_that_there_is_not_is_utc(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "context", SimpleNamespace(timezone=named))
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert second(noon) == ("2026-07-01 21:00:00 KST" if named == "Asia/Seoul" else "2026-07-01 12:00:00 UTC")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker does no job."""
    monkeypatch.setattr(Worker, "_work", lambda _: None)


def links(app: AppTest) -> list[tuple[str, str]]:
    """The links to other pages of the app, each with what its address asks for."""
    return [(one.proto.label, one.proto.query_string) for one in app.get("page_link")]


@pytest.mark.parametrize(
    ("page", "hint"),
    [
        ("analyse", "Hand in a clip"),
        ("gallery", "Hand in a clip"),
        ("turned_down", "no suspect yet"),
        ("statistics", "Hand in a clip"),
    ],
)
def test_empty_pages_say_what_to_do_next(open_page: Open, page: str, hint: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert hint in said(app)


def test_the_analyse_page_shows_what_a_clip_brought(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.REJECTED)
    app = open_page("analyse")
    assert not app.exception
    assert "2 violations" in said(app)
    assert r"street \*1\*\.mp4" in said(app)
    jump = next(button for button in app.button if button.key.startswith("jump-"))
    assert not jump.click().run().exception


def test_dismissed_violations_are_counted_alike_above_and_in_the_list(
    open_page: Open, found: Found, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.REJECTED)
    reviews = Reviews(sessions)
    reviews.decide({1: 0}, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    app = open_page("analyse")
    assert said(app).count("2 violations, 1 dismissed") == 2
    assert ("1 suspect was turned down", "source=1") in links(app)
    reviews.decide({2: 0}, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    app.run()
    assert said(app).count("2 violations, 2 dismissed") == 2
    assert ("To the gallery", "source=1&review=dismissed") in links(app)
    assert "No rider without a helmet" not in said(app)


def test_a_clip_leads_to_its_own_violations_in_the_gallery(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED)
    found(Outcome.CONFIRMED, content="b" * 64)
    assert ("To the gallery", "source=2") in links(open_page("analyse"))
    assert ("To the gallery", "source=1") in links(open_page("analyse", job="1"))


def test_a_clip_that_failed_is_told_above_the_one_on_show(
    open_page: Open, found: Found, sessions: sessionmaker[Session]
) -> None:
    jobs = Jobs(sessions)
    jobs.end(queued(jobs, "long ago.mp4"), JobState.FAILED, "holds no frames")
    found(Outcome.CONFIRMED)
    jobs.end(queued(jobs, "mine.mp4"), JobState.FAILED, "holds no frames")
    assert [one.value for one in open_page("analyse").error] == [r"**mine\.mp4**: holds no frames"]
    assert not open_page("analyse", job="2").error, "who asks for a clip is told of that one"


def test_what_is_handed_in_next_is_shown_whatever_was_shown_before(
    open_page: Open, sessions: sessionmaker[Session]
) -> None:
    jobs = Jobs(sessions)
    jobs.cancel(queued(jobs, "clip.mp4"))
    app = open_page("analyse")
    app.query_params["job"] = "1"
    app.file_uploader[0].set_value([("no video.mp4", b"no video", "video/mp4")]).run()
    assert "job" not in app.query_params
    app.query_params["job"] = "1"
    app.run().button(key="again-1").click().run()
    assert "job" not in app.query_params


def test_the_gallery_has_one_card_per_violation_and_opens_it(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.REJECTED)
    app = open_page("gallery")
    assert not app.exception
    cards = [button for button in app.button if button.key.startswith("gallery-open-")]
    assert len(cards) == 2
    app = cards[0].click().run()
    assert not app.exception
    assert "What stage 2 looked at" in said(app)
    assert {metric.label: metric.value for metric in app.metric} == {"Stage 1": "70%", "Stage 2": "80%"}
    app = app.button(key="back").click().run()
    assert len([button for button in app.button if button.key.startswith("gallery-open-")]) == 2


def test_an_upright_clip_leaves_room_for_the_page(
    open_page: Open, found: Found, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: set[int | str] = set()
    monkeypatch.setattr(st, "video", lambda *_, width="stretch", **__: widths.add(width))
    found(Outcome.CONFIRMED)
    for width, height, shown in ((960, 540, "stretch"), (540, 960, 360)):
        with sessions.begin() as session:
            session.execute(update(Job).values(width=width, height=height))
        widths.clear()
        open_page("gallery", case="1")  # by way of the page Analyse
        assert widths == {shown}


def test_filters_narrow_the_gallery(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED)
    app = open_page("gallery")
    app = app.slider(key="gallery-least").set_value(95).run()
    assert "None fits these filters" in said(app)
    app = app.slider(key="gallery-least").set_value(0).run()
    app = app.selectbox(key="gallery-plate-en").set_value("with").run()
    assert "None fits these filters" in said(app)
    app = app.button(key="gallery-clear").click().run()
    app = app.selectbox(key="gallery-order-en").set_value(Sort.SUREST).run()
    assert not app.exception
    assert "1 in all" in said(app)


@pytest.mark.parametrize("duration", [0.0, 0.4, 1.0, 3.6, 8.1, 59.0, 754.2, 7200.0, 90_000.0])
def test_no_two_marks_of_the_timeline_read_the_same(duration: float) -> None:
    marks = [clock(mark) for mark in whole_seconds(duration)]
    assert len(set(marks)) == len(marks) <= 9
    assert marks[0] == "0:00"


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        ([(2, 6), (5, 11), (11.5, 15), (15, 19), (15, 19)], [0, 1, 0, 1, 2]),
        ([(0, 9), (1, 2), (3, 4)], [0, 1, 1]),
        ([(5, 6), (0, 1)], [0, 0]),  # as it comes
        ([(0, 1), (1, 2)], [0, 1]),  # they would look like one
    ],
)
def test_no_two_bars_of_the_timeline_merge(spans: list[tuple[float, float]], rows: list[int]) -> None:
    assert lanes(spans, 0.1) == rows


def test_every_clip_so_far_can_be_reached(open_page: Open, sessions: sessionmaker[Session]) -> None:
    jobs = Jobs(sessions)
    for number in range(41):
        jobs.cancel(queued(jobs, f"clip {number:02}.mp4"))
    app = open_page("analyse")
    assert not app.exception
    assert "clip 40" in said(app)
    assert "clip 00" not in said(app)
    app.session_state["ended-page"] = 3
    assert "clip 00" in said(app.run())


def test_rejected_suspects_have_a_page_of_their_own(
    open_page: Open, found: Found, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED, Outcome.REJECTED, Outcome.UNSURE)
    app = open_page("turned_down")
    assert not app.exception
    assert "2 in all" in said(app)
    assert Cases(sessions).count(Filter()) == 1


def _lose(files: Path) -> None:
    shutil.rmtree(files)


def _break(files: Path) -> None:
    for file in files.rglob("*.*"):
        file.write_bytes(b"half writ") if file.suffix == ".jpg" else file.unlink()


@pytest.mark.parametrize("damage", [_lose, _break])
@pytest.mark.parametrize("page", ["analyse", "gallery", "turned_down"])
def test_files_lost_from_the_data_folder_are_told_where_they_should_be(
    open_page: Open, found: Found, settings: Settings, page: str, damage: Callable[[Path], None]
) -> None:
    found(Outcome.CONFIRMED, Outcome.REJECTED)
    damage(settings.files)
    app = open_page(page)
    if page != "analyse":
        app = next(button for button in app.button if "-open-" in str(button.key)).click().run()
    assert not app.exception
    assert "This picture is missing" in said(app)
    assert "This clip is missing" in said(app)


def test_an_address_of_a_case_that_is_gone_is_no_dead_end(open_page: Open) -> None:
    app = open_page("gallery")
    app.query_params["case"] = "12345"
    app.run()
    assert not app.exception
    assert "does not exist any more: its clip was analysed again, or deleted" in said(app)
    app.button(key="gallery-gone").click().run()
    assert "does not exist any more" not in said(app)
    assert "case" not in app.query_params


def test_an_address_of_a_job_that_is_gone_says_that_another_is_shown(open_page: Open, found: Found) -> None:
    job_id = found(Outcome.CONFIRMED)
    app = open_page("analyse")
    for wanted, gone in ((str(job_id), False), ("12345", True), ("<b>", True)):
        app.query_params["job"] = wanted
        assert ("not there any more" in said(app.run())) is gone
        assert r"street \*1\*\.mp4" in said(app)
    assert "not there any more" not in said(app.button(key="job-gone").click().run())


def test_bad_uploads_are_told_and_the_others_are_queued(open_page: Open, sessions: sessionmaker[Session]) -> None:
    app = open_page("analyse")
    uploads = [("leer.mp4", b"", "video/mp4"), ("../오토바이 🛵.mp4", b"no video", "video/mp4")]
    app.file_uploader[0].set_value(uploads).run()
    assert not app.exception
    assert "the file is empty" in said(app)
    assert wait_for(sessions, JobState.FAILED).message
    app.run()
    assert "is no video" in said(app)
    again = next(button for button in app.button if button.key.startswith("again-"))
    assert not again.click().run().exception


def test_a_click_on_a_locked_database_says_so_and_the_page_stays(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = Jobs(sessions)
    jobs.cancel(queued(jobs, "ended.mp4"))
    app = open_page("analyse")
    with locked(settings, monkeypatch):
        app.button(key="again-1").click().run()
    assert not app.exception
    assert [toast.value for toast in app.toast] == [LOCKED]
    assert "ended" in said(app)


@pytest.mark.usefixtures("idle")
def test_clicks_count_when_a_job_begins_or_an_upload_arrives_meanwhile(
    open_page: Open, sessions: sessionmaker[Session]
) -> None:
    jobs = Jobs(sessions)

    def under_way() -> set[str]:
        return {job.clip.name for job in jobs.open()}

    ended = queued(jobs, "ended.mp4")
    jobs.cancel(ended)
    app = open_page("analyse")
    other = queued(jobs, "other.mp4")
    app.button(key=f"again-{ended}").click().run()
    assert under_way() == {"ended.mp4", "other.mp4"}
    app.file_uploader[0].set_value([("upload.mp4", b"no video", "video/mp4")])
    app.button(key="sample-demo").click().run()
    assert under_way() == {"ended.mp4", "other.mp4", "upload.mp4", "demo.mp4"}
    app.file_uploader[0].set_value([("empty.mp4", b"", "video/mp4")])
    app.button(key=f"cancel-{other}").click().run()
    assert under_way() == {"ended.mp4", "upload.mp4", "demo.mp4"}
    assert not app.exception


@pytest.mark.usefixtures("idle")
def test_each_film_of_an_upload_is_queued(open_page: Open, sessions: sessionmaker[Session], tmp_path: Path) -> None:
    content = write_films(tmp_path / "both.mp4", (60, 180)).read_bytes()
    app = open_page("analyse")
    app.file_uploader[0].set_value([("both.mp4", content, "video/mp4")]).run()
    assert not app.exception
    assert [job.clip.name for job in Jobs(sessions).open()] == ["both.mp4", "both.mp4 (2)"]


@pytest.mark.usefixtures("idle")
def test_many_clips_that_wait_take_little_room_and_are_cancelled_at_once(
    open_page: Open, sessions: sessionmaker[Session]
) -> None:
    jobs = Jobs(sessions)
    for number in range(6):
        queued(jobs, f"clip {number}.mp4")
    jobs.claim()
    app = open_page("analyse")
    (waiting,) = [one for one in app.expander if one.label == "Waiting: 5 clips"]
    assert not waiting.proto.expanded
    app.button(key="cancel-waiting").click().run()
    assert not app.exception
    assert [job.clip.name for job in jobs.open()] == ["clip 0.mp4"]


@pytest.mark.usefixtures("idle")
def test_who_hands_in_what_was_analysed_before_may_look_at_it_or_have_it_analysed_again(
    open_page: Open, found: Found, sessions: sessionmaker[Session]
) -> None:
    content = hashlib.sha256(b"the same").hexdigest()
    found(Outcome.CONFIRMED, content=content)
    app = open_page("analyse")
    for key in ("show", "again"):
        app.file_uploader[0].set_value([("copy.mp4", b"the same", "video/mp4")]).run()
        assert "was analysed on" in said(app)
        app.button(key=f"{key}-{content}").click().run()
        assert not app.exception
        assert "was analysed on" not in said(app)
        assert app.query_params.get("job") == ("1" if key == "show" else None)
        assert len(Jobs(sessions).open()) == (key == "again")


def test_a_quote_in_the_name_of_an_upload_is_one(open_page: Open, sessions: sessionmaker[Session]) -> None:
    app = open_page("analyse")
    app.file_uploader[0].set_value([("the %22red%22 100%25.mp4", b"no video", "video/mp4")]).run()
    assert wait_for(sessions, JobState.FAILED).clip.name == 'the "red" 100%25.mp4'


def test_an_upload_is_taken_when_it_was_kept_not_before(
    open_page: Open, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click elsewhere cuts the script off while it deals with the second of three."""
    told, cut = hand_in.told, iter([False, True])

    def interrupted(message: str) -> str:
        if next(cut, False):
            st.rerun()
        return told(message)

    monkeypatch.setattr(hand_in, "told", interrupted)
    app = open_page("analyse")
    uploads = [(f"{number}.mp4", b"no video" if number == 3 else b"", "video/mp4") for number in (1, 2, 3)]
    app.file_uploader[0].set_value(uploads).run()
    assert [error.value for error in app.error] == [
        rf"{number}\.mp4: the file is empty\: copy it from the camera once more" for number in (1, 2)
    ]
    assert wait_for(sessions, JobState.FAILED).clip.name == "3.mp4"
    assert Jobs(sessions).count_ended() == 1


@pytest.mark.usefixtures("idle")
def test_a_clip_under_way_is_not_queued_once_more(open_page: Open, sessions: sessionmaker[Session]) -> None:
    app = open_page("analyse")
    for name in ("street *1*.mp4", "copy.mp4"):
        app.file_uploader[0].set_value([(name, b"the same", "video/mp4")]).run()
        assert not app.exception
    assert r"**street \*1\*\.mp4** is under way already" in "".join(toast.value for toast in app.toast)
    assert [job.clip.name for job in Jobs(sessions).open()] == ["street *1*.mp4"]


@pytest.mark.usefixtures("idle")
def test_what_came_of_a_clip_is_told_when_its_analysis_ends(open_page: Open, sessions: sessionmaker[Session]) -> None:
    jobs = Jobs(sessions)
    done, failed = (queued(jobs, f"{name}.mp4") for name in "ab")
    app = open_page("analyse")
    assert not app.toast
    jobs.end(failed, JobState.FAILED, "holds no frames")
    assert [toast.value for toast in app.run().toast] == [r"**b\.mp4** · Failed"]
    jobs.end(done, JobState.DONE)
    assert [toast.value for toast in app.run().toast] == [r"**a\.mp4** · 0 violations"]
    assert not app.run().toast, "once"


@pytest.mark.usefixtures("idle")
def test_a_job_is_not_run_again_while_its_clip_is_under_way(open_page: Open, sessions: sessionmaker[Session]) -> None:
    jobs = Jobs(sessions)
    ended = queued(jobs, "clip.mp4")
    jobs.cancel(ended)
    waiting = queued(jobs, "clip.mp4")
    app = open_page("analyse")
    app.button(key=f"again-{ended}").click().run()
    assert not app.exception
    assert r"**clip\.mp4** is under way already" in "".join(toast.value for toast in app.toast)
    assert [job.id for job in jobs.open()] == [waiting]


def wait_for(sessions: sessionmaker[Session], state: JobState, patience_s: float = 240) -> Job:
    """The last job that ended, once it has this state."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        ended = Jobs(sessions).ended(1)
        if ended and ended[0].state is state:
            return ended[0]
        time.sleep(0.1)
    raise AssertionError(f"no job is {state}")


def test_what_works_behind_the_pages_starts_with_any_of_them(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELMET_WATCH_OCR_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HELMET_WATCH_OCR_TOKEN", "word")
    open_page("statistics")
    names = {thread.name for thread in threading.enumerate()}
    assert "worker" in names
    assert "APScheduler" in names


@pytest.mark.parametrize("page", ["analyse", "live", "statistics"])
def test_a_database_that_cannot_be_used_is_told_in_place_of_the_page(
    open_page: Open, settings: Settings, page: str
) -> None:
    (settings.data / "helmet_watch.sqlite3").write_bytes(b"no database " * 1000)
    app = open_page(page)
    assert not app.exception
    assert [one.value for one in app.error] == [r"the database cannot be used\: file is not a database"]
    app.session_state["lang"] = "ko"
    assert "데이터베이스" in app.run().error[0].value


@pytest.mark.parametrize(
    ("name", "value", "says", "in_korean"),
    [
        ("DATABASE_URL", "garbage", "is no address of a database", "데이터베이스 주소"),
        ("MOST_STREAMS", "abc", "cannot be used", "설정을 사용할 수 없습니다"),
    ],
)
def test_a_setting_that_is_no_good_is_told_in_place_of_the_page(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str, in_korean: str
) -> None:
    monkeypatch.setenv(f"HELMET_WATCH_{name}", value)
    app = open_page("analyse")
    assert not app.exception
    assert says in app.error[0].value
    app.session_state["lang"] = "ko"
    assert in_korean in app.run().error[0].value


def test_a_part_that_refreshes_by_itself_tells_of_trouble_in_its_place() -> None:
    def script() -> None:
        import errno  # here: AppTest runs this text alone
        import os

        from dashboard.telling import refresh

        def part() -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        refresh(part, 60)

    app = AppTest.from_function(script, default_timeout=60).run()
    assert not app.exception
    assert "the disk is full" in app.error[0].value


def test_a_timeline_is_drawn_while_another_page_is_loading_pandas() -> None:
    script = """
import importlib.abc, sys, threading
import plotly.graph_objects as go
from dashboard import browser, playing, resources, stored  # what the timeline needs besides

go.Bar(base=[0.0])
half, drawn = threading.Event(), threading.Event()

class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "pandas.core":
            half.set()
            drawn.wait(2)

sys.meta_path.insert(0, Slow())
threading.Thread(target=lambda: __import__("pandas")).start()
assert half.wait(60)
from dashboard import player
player.go.Bar(base=[0.0], x=[1.0])
drawn.set()
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ROOT, timeout=120)
