"""The main job in a real browser: a clip goes in, a violation comes out, its evidence plays."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from dashboard.hand_in import DEMO
from db.jobs import Jobs
from db.models import Action, Case, JobState
from db.reviews import Deed, Reviews
from pipeline.settings import ROOT, Settings
from pipeline.store import FileStore
from pipeline.types import Outcome
from tests.dashboard.pages import Found
from tests.dashboard.serving import PATIENCE_MS, at_rest, eventually, free_port, serving, url_of
from tests.factory import queued


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
    expect(page.get_by_text("frames/s")).to_be_visible()
    expect(page.get_by_alt_text("The frame under analysis, with boxes")).to_be_visible()
    page.reload()  # a job survives the page
    expect(page.get_by_text("Clips so far")).to_be_visible(timeout=300_000)
    assert is_playing(page)
    page.get_by_role("link", name="To the gallery").click()
    page.get_by_role("button", name="Details").first.click()
    expect(page.get_by_text("What stage 2 looked at")).to_be_visible()
    assert is_playing(page)


def test_the_command_serves_and_ends_when_it_is_told_to(
    browser: Browser, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As people start it: the other tests' servers are forked."""
    monkeypatch.setenv("HELMET_WATCH_DATA", str(settings.data))
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port"]
    with (
        (tmp_path / "told.txt").open("w") as told,
        free_port() as port,
        subprocess.Popen([*command, str(port)], cwd=ROOT, stdout=told, stderr=told) as server,
    ):
        try:
            page = browser.new_page(base_url=url_of(port), locale="en-US")
            page.goto("/demo")
            expect(page.get_by_text("No clip has been analysed yet")).to_be_visible()
            server.terminate()
            assert server.wait(120) == 0
        finally:
            server.kill()
    assert "already registered" not in (tmp_path / "told.txt").read_text(), "no two components have one name"


def test_no_name_becomes_a_link(page: Page, sessions: sessionmaker[Session]) -> None:
    jobs, name = Jobs(sessions), "https://evil.example HTTP://evil.example www.evil.example a@evil.example"
    jobs.end(queued(jobs, name), JobState.CANCELLED)
    page.goto("/")
    expect(page.get_by_text("a@\u2060evil.example").first).to_be_visible()  # its button names it as well
    expect(page.locator("[href*=evil]")).to_have_count(0)


def test_a_clip_chosen_far_down_is_brought_into_view(page: Page, found: Found) -> None:
    for number in range(12):
        found(Outcome.CONFIRMED, content=f"{number:064x}")
    page.goto("/")
    page.get_by_role("button", name="Show street").last.click()
    expect(page.get_by_role("button", name="Shown above")).not_to_be_in_viewport()
    expect(page.locator("video")).to_be_in_viewport()


def test_what_a_clip_brought_is_in_sight_with_it(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED, Outcome.REJECTED)
    page.goto("/")
    expect(page.get_by_text("Clips so far")).not_to_be_in_viewport()
    expect(page.get_by_text("1 violation", exact=True)).to_be_in_viewport()
    for way in ("To the gallery", "1 suspect was turned down"):
        expect(page.get_by_role("link", name=way)).to_be_in_viewport()


def test_no_title_of_a_figure_is_cut_off_on_a_tablet(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED)
    page.set_viewport_size({"width": 820, "height": 1000})
    page.goto("/statistics")
    title = page.locator(".gtitle", has_text="From suspicion to a person's word")
    expect(title).to_be_visible()
    card = page.get_by_test_id("stPlotlyChart").filter(has=title)

    def is_whole() -> bool:
        seen, room = title.bounding_box(), card.bounding_box()
        return bool(seen and room) and seen["x"] + seen["width"] <= room["x"] + room["width"]

    eventually(page, is_whole)


def test_cards_beside_each_other_are_of_one_height(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED)
    page.goto("/statistics")
    blocks = page.get_by_test_id("stVerticalBlock")
    cards = [blocks.filter(has_text=title).last for title in ("do people agree", "Why violations were dismissed")]

    def bottoms() -> set[float]:
        return {card.evaluate("one => one.getBoundingClientRect().bottom") for card in cards}

    eventually(page, lambda: len(bottoms()) == 1)


def test_a_case_opens_at_its_top_and_the_way_back_leads_to_its_card(page: Page, found: Found) -> None:
    found(*[Outcome.CONFIRMED] * 6)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/gallery")
    menu = page.get_by_test_id("stSidebarNavLink").filter(has_text="Gallery")
    for go_back in (page.get_by_role("button", name="Back").click, page.go_back, lambda: menu.dispatch_event("click")):
        page.locator(".st-key-gallery-card-1").get_by_role("button", name="Details").click()
        expect(page.get_by_text("All sightings")).to_be_visible()
        expect(page.get_by_role("button", name="Back")).to_be_in_viewport()
        go_back()
        expect(page.locator(".st-key-gallery-card-1")).to_be_in_viewport()


def test_what_is_brought_into_view_is_not_moved_within_its_row(page: Page, found: Found) -> None:
    found(*[Outcome.CONFIRMED] * 3)
    page.goto("/gallery?case=2")
    page.get_by_role("button", name="Back").click()
    boxes = page.get_by_role("checkbox", name="Case")
    expect(boxes).to_have_count(3)
    top = "one => one.getBoundingClientRect().top"
    assert at_rest(page, lambda: len({box.evaluate(top) for box in boxes.all()})) == 1


def test_a_page_begins_at_its_top_however_far_down_the_last_one_was_left(page: Page, found: Found) -> None:
    found(*[Outcome.CONFIRMED] * 6)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/gallery")
    main = page.get_by_test_id("stMain")
    page.get_by_role("button", name="Details").last.click()
    expect(page.get_by_text("All sightings")).to_be_visible()
    for name in ("Statistics", "Gallery"):
        main.evaluate("main => main.scrollTo(0, main.scrollHeight)")
        page.get_by_test_id("stSidebarNavLink").filter(has_text=name).dispatch_event("click")
        expect(page.get_by_role("heading", name=name)).to_be_attached()
        page.wait_for_selector("[data-test-script-state=notRunning]")
        assert at_rest(page, lambda: main.evaluate("main => main.scrollTop")) == 0


def test_a_card_stays_in_view_where_pictures_above_it_come_late(
    page: Page, found: Found, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    found(*[Outcome.CONFIRMED] * 6)
    upright = FileStore(settings.files).put_picture(np.zeros((1000, 500, 3), np.uint8))
    with sessions.begin() as session:
        session.execute(update(Case).where(Case.id != 1).values(crop=upright))
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/gallery?case=1")
    page.route("**/media/*.jpg", lambda _: None)  # they wait
    page.get_by_role("button", name="Back").click()
    card = page.locator(".st-key-gallery-card-1")
    expect(card).to_be_in_viewport()
    page.unroute_all()  # they wait no longer
    page.wait_for_function("[...document.querySelectorAll('[class*=gallery-card] img')].every(one => one.height)")
    expect(card).to_be_in_viewport()


def test_a_phone_is_told_of_no_keys(page: Page, server: str, found: Found) -> None:
    found(Outcome.CONFIRMED)
    page.context.add_cookies([{"name": "helmet_watch_reviewer", "value": "Kim", "url": server}])
    page.goto("/gallery?case=1")
    keys = page.locator("[data-testid=stMain] kbd:visible")
    expect(keys.filter(has_text="P")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    expect(keys).to_have_count(0)


def test_on_a_phone_a_clips_name_has_the_width_of_its_row(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/")
    row = page.locator("[class*=st-key-ended-]")
    name, delete = row.locator("p").first, row.get_by_role("button", name="Delete")
    top, bottom = "one => one.getBoundingClientRect().top", "one => one.getBoundingClientRect().bottom"
    eventually(page, lambda: delete.evaluate(top) >= name.evaluate(bottom))


def test_on_a_phone_no_filter_is_cut_off(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED)
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/gallery")
    expect(page.get_by_role("combobox", name="Order")).to_be_visible()
    boxes = page.get_by_role("combobox")
    cut = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.value)"
    assert at_rest(page, lambda: boxes.evaluate_all(cut)) == []


def test_what_stage_2_looked_at_fills_a_tablet_and_is_told_to_those_who_hear_a_page(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED)
    page.set_viewport_size({"width": 768, "height": 1024})
    page.goto("/gallery?case=1")
    seen = page.get_by_alt_text("Stage 2: a bare head, 80%")
    tops = "all => all.slice(0, 2).map(one => one.getBoundingClientRect().top)"
    eventually(page, lambda: len(rows := seen.evaluate_all(tops)) == 2 and len(set(rows)) == 1)  # beside each other
    expect(page.locator("[data-testid=stMain] img:not([alt])")).to_have_count(0)


def test_a_clip_is_deleted_once_somebody_is_sure_but_not_what_was_reviewed(
    page: Page, found: Found, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED)
    found(Outcome.CONFIRMED, Outcome.CONFIRMED, content="b" * 64)
    Reviews(sessions).decide({1: 0}, Deed("Kim", Action.ACCEPT))
    page.goto("/gallery?source=2")
    expect(page.get_by_role("checkbox", name="Case 3")).to_be_visible()
    page.get_by_role("link", name="Analyse").click()
    delete = page.get_by_role("button", name="Delete", exact=True)
    delete.nth(1).click()
    expect(page.get_by_text("1 case of this clip was reviewed: that is kept for good")).to_be_visible()
    page.keyboard.press("Escape")
    delete.nth(0).click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Deleted: street *1*.mp4")).to_be_visible()
    expect(delete).to_have_count(1)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Gallery").click()  # whose filter named that clip
    expect(page.get_by_role("checkbox", name="Case 1")).to_be_visible()


def test_no_level_of_headings_is_left_out(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED)
    levels = "all => all.map(one => one.tagName)"
    for address, last in (("/", "Clips so far"), ("/gallery?case=1", "All sightings")):
        page.goto(address)
        expect(page.get_by_role("heading", name=last)).to_be_visible()
        eventually(page, lambda: {*page.get_by_role("heading").evaluate_all(levels)} == {"H1", "H2"})


def test_jumping_to_the_same_violation_again_goes_back_to_it(
    page: Page, found: Found, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED)
    with sessions.begin() as session:
        session.execute(update(Case).values(start_s=1.5))
    page.set_viewport_size({"width": 1400, "height": 640})
    page.goto("/")
    for _ in range(2):
        page.wait_for_function("document.querySelector('video')?.readyState >= 2")
        page.wait_for_selector("[data-test-script-state=notRunning]")
        page.evaluate("document.querySelector('video').currentTime = 0.5")
        page.get_by_role("button", name=" to ").click()
        page.wait_for_function("document.querySelector('video').currentTime >= 1.5")
        expect(page.locator("video")).to_be_in_viewport(ratio=0.9)
    video = page.locator("video").element_handle()
    page.get_by_test_id("stSidebar").get_by_text("한국어", exact=True).click()
    expect(page.get_by_role("heading", name="영상 분석")).to_be_visible()
    page.wait_for_selector("[data-test-script-state=notRunning]")
    assert video.evaluate("one => one.isConnected")  # it plays on whatever happens above it


def test_a_page_says_its_language_and_breaks_no_korean_word(page: Page) -> None:
    page.goto("/statistics")
    hint = page.get_by_test_id("stAlert").locator("p")
    expect(hint).to_have_text(re.compile("^Nothing to count yet"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_test_id("stSidebar").get_by_text("한국어", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(hint).to_have_css("word-break", "keep-all")
    expect(page.get_by_role("heading", name="통계")).to_have_css("word-break", "keep-all")
    page.get_by_role("link", name="영상 분석", exact=True).click()
    expect(page.get_by_role("button", name="파일 선택", exact=True)).to_be_visible()  # and in that language alone
    expect(page.get_by_test_id("stCaptionContainer").locator("p")).to_have_css("word-break", "keep-all")


def test_the_letters_of_main_buttons_are_dark_where_these_are_bright(
    server: str, browser: Browser, found: Found
) -> None:
    found(Outcome.CONFIRMED)
    page = browser.new_page(base_url=server, color_scheme="dark", locale="en-US")
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/demo")
    letters = page.locator("button[kind=primary] p")
    expect(letters).to_have_css("color", "rgb(23, 22, 20)")
    page.goto("/gallery?case=1")
    page.get_by_role("button", name="Evidence package").click()
    expect(letters.get_by_text("Prepare")).to_have_css("color", "rgb(23, 22, 20)")


def test_nothing_is_fetched_from_elsewhere(page: Page, server: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/gallery")
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    expect(page.locator("link[rel*=icon]")).to_have_attribute("href", re.compile(r"^data:image/svg"))
    assert [url for url in asked if not url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))] == []


def test_bad_input_in_the_browser(page: Page, tmp_path: Path) -> None:
    bad, typescript = tmp_path / "오토바이 🛵.mp4", tmp_path / "app.ts"
    typescript.write_text("export const bad = true;")
    bad.write_text("no video")
    page.goto("/")
    page.locator("input[type=file]").set_input_files([bad, typescript])
    expect(page.get_by_text("is no video")).to_have_count(2)
    for name in ("오토바이 🛵.mp4", "app.ts"):
        expect(page.get_by_text(name).first).to_be_visible()  # on its job, and by then perhaps in the uploads
    expect(page.get_by_role("button", name="Run again")).to_have_count(2)


def test_what_is_refused_is_named_with_the_reason_and_the_others_are_taken(
    browser: Browser, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a phone, in Korean: one drop with clips, files of other kinds, one that is too large and an empty one."""
    monkeypatch.setenv("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", "1")
    sizes = {
        "a ride by night, a long name.txt": 9,
        "소리 [1].mp3": 9,
        "large.mp4": 3 << 20,
        "empty.mp4": 0,
        "ok.mp4": 9,
    }
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(b"x" * size)
    with serving(settings.data) as url:
        page = browser.new_page(viewport={"width": 390, "height": 800}, base_url=url, locale="ko-KR")
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/")
        expect(page.locator(".st-key-refused").get_by_test_id("stBidiComponentIsolated")).to_be_attached()
        page.locator("input[type=file]").set_input_files([tmp_path / name for name in sizes])
        for said in (
            "a ride by night, a long name.txt, 소리 [1].mp3: 지원하는 형식(.mp4,",
            "large.mp4: 2 GB보다 큽니다",
            "empty.mp4: 빈 파일입니다",
        ):
            expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
        expect(page.get_by_text("ok.mp4").first).to_be_visible()
        expect(page.get_by_test_id("stFileChip")).to_have_count(0)
        page.wait_for_function("document.documentElement.scrollWidth <= 390")
        page.get_by_role("button", name="확인").click()
        expect(page.get_by_role("alert").filter(has_text="large.mp4")).to_have_count(0)
        (tmp_path / "notes.txt").touch()
        page.locator("input[type=file]").set_input_files(tmp_path / "notes.txt")
        expect(page.get_by_role("alert").filter(has_text="notes.txt")).to_be_visible()
        expect(page.get_by_test_id("stFileChip")).to_have_count(0)


def test_an_upload_that_does_not_arrive_is_told(page: Page, tmp_path: Path) -> None:
    (tmp_path / "ok.mp4").write_bytes(b"x")
    page.route("**/upload_file/**", lambda route: route.fulfill(status=500))
    page.goto("/")
    page.locator("input[type=file]").set_input_files(tmp_path / "ok.mp4")
    expect(page.get_by_text("ok.mp4: did not arrive, try again")).to_be_visible()


def test_who_leaves_while_a_clip_is_on_its_way_is_asked(page: Page, tmp_path: Path) -> None:
    (tmp_path / "ok.mp4").write_bytes(b"x")
    page.route("**/upload_file/**", lambda _: None)  # it never arrives
    page.goto("/")
    page.locator("input[type=file]").set_input_files(tmp_path / "ok.mp4")
    field = page.get_by_test_id("stFileUploaderDropzone")
    expect(field.get_by_test_id("stFileChipName")).to_be_visible()
    assert "Stay on this page" in field.evaluate("place => getComputedStyle(place, '::after').content")
    page.wait_for_function("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", stay)
    page.evaluate("document.addEventListener('click', () => { window.heard = true; }, true)")
    page.get_by_role("link", name="Gallery").click()
    assert asked == ["A clip has not arrived yet and would be lost. Leave this page all the same?"]
    assert page.evaluate("window.heard") is None  # nothing hears of the click


def test_who_wants_to_leaves_while_a_clip_is_on_its_way(page: Page, tmp_path: Path) -> None:
    (tmp_path / "ok.mp4").write_bytes(b"x")
    page.route("**/upload_file/**", lambda _: None)
    page.goto("/")
    page.locator("input[type=file]").set_input_files(tmp_path / "ok.mp4")
    expect(page.get_by_test_id("stFileChipName")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()


def test_a_picture_of_a_plate_that_is_refused_says_why(page: Page, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no picture")
    page.goto("/plates?lang=ko")
    page.get_by_test_id("stExpander").locator("summary").click()
    page.locator("input[type=file]").set_input_files(notes)
    expect(page.get_by_test_id("stFileChipName")).to_be_visible()
    why = page.get_by_test_id("stFileChipName").locator("+ div")
    assert "받지 않았습니다" in why.evaluate("place => getComputedStyle(place, '::after').content")


def test_the_language_switch(page: Page) -> None:
    """A click translates the page and its navigation, holds on other pages, and goes along in a link."""
    page.goto("/gallery")
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_text("한국어", exact=True).click()
    expect(page.get_by_role("heading", name="위반 갤러리")).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]lang=ko$"))
    link = page.url
    page.get_by_role("link", name="통계").click()
    expect(page.get_by_role("heading", name="통계")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/statistics\?lang=ko$"))
    page.get_by_test_id("stSidebar").get_by_text("English", exact=True).click()
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    expect(page.get_by_role("link", name="Turned down")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/statistics$"))  # what the browser asks for need not be said
    page.goto(link)
    expect(page.get_by_role("heading", name="위반 갤러리")).to_be_visible()


@pytest.mark.parametrize(("locale", "heading"), [("ko-KR", "영상 분석"), ("de-DE", "Analyse")])
def test_the_browsers_language_is_where_it_begins(server: str, browser: Browser, locale: str, heading: str) -> None:
    page = browser.new_page(base_url=server, locale=locale)
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/")
    expect(page.get_by_role("heading", name=heading)).to_be_visible()


def test_a_refused_address_stays_to_be_corrected(page: Page) -> None:
    page.goto("/live")
    page.get_by_role("tab", name="Streams").click()
    page.wait_for_selector("[data-test-script-state=notRunning]")
    address = page.get_by_role("textbox", name="Address")
    address.fill("nonsense")
    page.get_by_role("button", name="Watch").click()
    expect(page.get_by_text("only http")).to_be_visible()
    expect(address).to_have_value("nonsense")


def test_a_page_loaded_anew_shows_the_tab_that_was_in_front(page: Page) -> None:
    page.goto("/live")
    page.get_by_role("tab", name="Streams").click()
    page.wait_for_url("**/live?tab=streams")
    page.reload()
    expect(page.get_by_role("tab", name="Streams")).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Camera").click()
    page.wait_for_url("**/live")
