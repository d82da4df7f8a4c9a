"""The page of OCR attempts: every attempt in its row, the outbox above, a place to try."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import cv2
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from dashboard import resources
from dashboard.plate_text import characters, made_of_it, spelled
from dashboard.text import plain
from db.cases import Filter
from db.jobs import now
from db.models import Action, Capture, Case, Clip, Reason, SourceKind
from db.reviews import Deed, Reviews
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.settings import Settings, get_settings
from pipeline.store import FileStore
from pipeline.types import Plate, PlateRead
from tests import plates
from tests.dashboard.pages import Open, said

TEXT = "서울강남가1234"
READ = PlateRead(1.2, 1, 0.5, "plate_reader", TEXT, 0.7, tuple((one, 0.9) for one in TEXT), 0.9)


def add(settings: Settings, sessions: sessionmaker[Session], *, readable: bool = True, number: int = 0) -> int:
    """A violation with three reads: one agrees, one errs, one is of no plate."""
    store = FileStore(settings.files)
    reads = (
        READ,
        replace(READ, text="서울강남가1284", characters=tuple((one, 0.6) for one in "서울강남가1284"), frames=3),
        replace(READ, text="", characters=(), weight=0.0),
    )
    plate = Plate(TEXT, 0.97 if readable else 0.4, readable, READ.characters, reads)
    picture = store.put_picture(plates.crop(MOTORCYCLE_2026, "3모71942"))
    return plates.saved_case(sessions, store, number, reading=plate, read_pictures=((picture, picture),) * 3)


def test_without_plates_the_page_says_what_to_do(open_page: Open) -> None:
    app = open_page("plates")
    assert not app.exception
    assert "Hand in a clip" in said(app)


def test_every_attempt_stands_in_a_row(open_page: Open, settings: Settings, sessions: sessionmaker[Session]) -> None:
    add(settings, sessions)
    app = open_page("plates")
    assert not app.exception
    text = said(app)
    assert "서울 강남 가 1234" in text
    assert "97%" in text
    assert "agrees, counts 90%" in text
    assert "outvoted in part, counts 90%" in text
    assert "nothing read" in text
    assert "3 crops made into one" in text
    assert ":red-badge[≠ 8 60%]" in text


def test_what_is_not_readable_is_a_guess(open_page: Open, settings: Settings, sessions: sessionmaker[Session]) -> None:
    add(settings, sessions, readable=False)
    for page in ("plates", "gallery"):
        app = open_page(page)
        assert not app.exception
    assert "서울 강남 가 1234" not in said(app), "a card shows no guess"
    assert "at a guess 서울 강남 가 1234, 40%" in said(open_page("plates"))


@pytest.mark.parametrize(("probability", "shown"), [(0.0, "<1%"), (0.4, "40%"), (0.994, "99%"), (0.9996, ">99%")])
def test_no_rounding_makes_a_plate_certain(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session], probability: float, shown: str
) -> None:
    add(settings, sessions)
    with sessions.begin() as session:
        session.execute(update(Case).values(plate_confidence=probability))
    for page in ("plates", "gallery"):
        assert f"**서울 강남 가 1234** · {shown}" in said(open_page(page))


def test_a_correction_wins(open_page: Open, settings: Settings, sessions: sessionmaker[Session]) -> None:
    case_id = add(settings, sessions)
    with sessions.begin() as session:
        session.get_one(Case, case_id).plate_corrected = "3모71942"
    assert "**3모7 1942** · corrected by a person" in said(open_page("plates"))
    assert "3모7 1942" in said(open_page("gallery"))


def give_up(settings: Settings, sessions: sessionmaker[Session], *reasons: str) -> None:
    """Violations whose plates the OCR server could not read, one for each reason; one more still waits."""
    store = FileStore(settings.files)
    crop = plates.crop(MOTORCYCLE_2026, "3모71942")
    for number in range(len(reasons) + 1):
        captured = ((store.put_capture(crop), 0.1),)
        plates.saved_case(sessions, store, number, plate=store.put_picture(crop), captured=captured)
    with sessions.begin() as session:
        for case_id, reason in enumerate(reasons, 1):
            capture = session.scalars(select(Capture).where(Capture.case_id == case_id)).one()
            capture.stored_at = capture.done_at = now()
            capture.error = reason


LOST = "the server has lost or forgotten this capture, and its crops with it: the plate stays unread"


def test_what_the_ocr_server_gave_up_is_told_with_the_reason(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    give_up(settings, sessions, LOST, "[here](http://evil) <b>")
    add(settings, sessions, number=9)
    app = open_page("plates")
    assert not app.exception
    assert said(app).count("The OCR server could not read this plate") == 2
    assert LOST.replace(":", r"\:") in said(app)
    assert plain("[here](http://evil) <b>") in said(app)
    assert "서울 강남 가 1234" in said(app)
    assert resources.plates().count(Filter()) == 3


@pytest.mark.parametrize(
    "reason",
    [LOST, "the crops are gone from the server's disk", "internal error: ValueError", "a crop cannot be decoded"],
)
def test_why_the_ocr_server_gave_up_is_told_in_korean(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session], reason: str
) -> None:
    give_up(settings, sessions, reason)
    app = open_page("plates")
    app.segmented_control(key="lang").set_value("ko").run()
    assert not app.exception
    assert "OCR 서버가 이 번호판을 판독하지 못했습니다" in said(app)
    assert reason.partition(":")[0] not in said(app)


def test_what_was_opened_stays_open_in_another_language(
    page: Page, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    case_id = add(settings, sessions)
    for address, inside in (("/plates", "확대"), (f"/gallery?case={case_id}", "신뢰도")):
        page.goto(address)
        page.get_by_test_id("stExpander").first.locator("summary").click()
        page.get_by_test_id("stSidebar").get_by_text("한국어", exact=True).click()
        expect(page.get_by_test_id("stExpander").get_by_text(inside, exact=True)).to_be_visible()
        page.get_by_test_id("stSidebar").get_by_text("English", exact=True).click()
        expect(page.get_by_role("link", name="Turned down")).to_be_visible()


def test_many_violations_go_to_pages(open_page: Open, settings: Settings, sessions: sessionmaker[Session]) -> None:
    for number in range(4):
        add(settings, sessions, number=number)
    app = open_page("plates")
    assert not app.exception
    assert said(app).count("97%") == 3


def test_the_page_is_the_same_when_somebody_comes_back(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    for number in range(4):
        add(settings, sessions, number=number)
    app = open_page("plates").pagination[0].set_value(2).run()
    for page in ("statistics", "plates"):
        app = app.switch_page(f"dashboard/pages/{page}.py").run()
    assert said(app).count("97%") == 1
    assert dict(app.query_params) == {"page": "2"}
    assert said(open_page("plates", page="2")).count("97%") == 1  # a new session
    app = open_page("plates", page="99")
    assert not app.exception
    assert dict(app.query_params) == {"page": "2"}


@pytest.mark.parametrize(("kind", "frame"), [(SourceKind.FILE, "0:01.20"), (SourceKind.STREAM, "09:00:01.50")])
def test_an_attempt_says_of_which_frame_it_is(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session], kind: SourceKind, frame: str
) -> None:
    add(settings, sessions)
    with sessions.begin() as session:
        session.execute(update(Clip).values(kind=kind))
        session.execute(update(Case).values(happened_at=datetime(2026, 7, 1, 9, tzinfo=UTC), best_s=READ.time_s - 1.5))
    assert said(open_page("plates")).splitlines().count(frame) == 3


def test_attempts_of_one_plate_or_source_are_found(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    for number in range(5):
        add(settings, sessions, number=number, readable=number < 4)
    app = open_page("plates").pagination[0].set_value(2).run()
    app = app.text_input(key="plates-number").set_value("강남 가1").run()
    assert said(app).count("97%") == 3  # from the first page on; what is no more than a guess is no text of a plate
    assert dict(app.query_params) == {"number": "강남 가1"}
    app = app.selectbox(key="plates-source-en").set_value(2).run()
    assert [field.label for field in app.button if field.key.startswith("plates-open")] == ["Details *Case 2*"]
    app = app.text_input(key="plates-number").set_value("none of it").run()
    assert "None fits these filters." in said(app)
    app = app.button(key="plates-clear").click().run()
    assert len(app.pagination) == 1
    assert not app.query_params


def test_a_plate_of_a_dismissed_violation_stays_on_the_page(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    add(settings, sessions)
    Reviews(sessions).decide({1: 0}, Deed("Kim", Action.DISMISS, Reason.HELMET))
    assert said(open_page("plates")).count("97%") == 1


def test_a_case_shows_how_its_plate_was_read(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    case_id = add(settings, sessions)
    app = open_page("gallery", case=str(case_id))
    assert not app.exception
    assert [one.label for one in app.expander] == ["How the plate was read", "10 sightings"]
    assert "agrees, counts 90%" in said(app)


@pytest.fixture
def with_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HELMET_WATCH_OCR_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("HELMET_WATCH_OCR_TOKEN", "word")
    get_settings.cache_clear()
    yield
    resources.postman.clear()


@pytest.mark.usefixtures("with_server")
def test_the_backlog_and_the_last_error_are_seen(
    settings: Settings, sessions: sessionmaker[Session], open_page: Open
) -> None:
    store = FileStore(settings.files)
    plates.saved_case(sessions, store, captured=((store.put_capture(plates.crop(MOTORCYCLE_2026, "3모71942")), 0.1),))
    app = open_page("plates")
    assert not app.exception
    assert [metric.value for metric in app.metric[:2]] == ["1", "0"]
    until = time.monotonic() + 240
    while not app.error:
        assert time.monotonic() < until
        time.sleep(0.1)
        app.run()
    assert "Connection refused" in said(app)
    assert not app.button(key="outbox-again").click().run().exception


@pytest.mark.usefixtures("with_server")
def test_the_log_in_of_the_servers_address_is_not_shown(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELMET_WATCH_OCR_URL", "http://user:pass@127.0.0.1:9/secret")
    get_settings.cache_clear()
    app = open_page("plates")
    assert plain("http://…@127.0.0.1:9/…") in said(app)
    assert "pass" not in said(app)


@pytest.mark.usefixtures("with_server")
def test_what_the_server_refused_is_told_and_can_be_tried_again(
    settings: Settings, sessions: sessionmaker[Session], open_page: Open
) -> None:
    give_up(settings, sessions, "the server refused: 413 Payload Too Large", LOST)
    with sessions.begin() as session:
        session.execute(update(Capture).where(Capture.case_id == 1).values(stored_at=None))
        session.execute(update(Capture).where(Capture.case_id == 3).values(next_at=now() + timedelta(days=1)))
    app = open_page("plates")
    assert "1 plate is given up until somebody tries again" in said(app)
    assert "413 Payload Too Large" in said(app)
    app.button(key="outbox-again").click().run()
    assert not app.exception
    assert "is given up until" not in said(app)
    assert app.metric[0].value == "2"


def test_a_crop_can_be_tried(open_page: Open) -> None:
    app = open_page("plates")
    crop = cv2.imencode(".png", plates.crop(MOTORCYCLE_2026, "3모71942"))[1].tobytes()
    app.file_uploader(key="try-crops").set_value([("good.png", crop, "image/png"), ("bad.png", b"no", "image/png")])
    app.run(timeout=240)
    assert not app.exception
    assert "3모71942" in said(app)
    assert "bad" in said(app)
    assert "is no picture" in said(app)
    resources.plate_reader.clear()


def test_both_engines_can_be_reached_on_a_phone(open_page: Open) -> None:
    engines = next(group for group in open_page("plates").button_group if group.key == "try-engine")
    assert engines.proto.wrap


def test_characters_are_marked_by_what_became_of_them() -> None:
    assert characters([("1", 0.5), ("가", 0.9)], "1나") == ":green-badge[1 50%] :red-badge[≠ 가 90%]"
    assert made_of_it("1가", 0.0, "1가") == "no plate's text: not counted"
    assert spelled("서울강남가1234") == "서울 강남 가 1234"
    assert spelled("nothing") == "nothing"
