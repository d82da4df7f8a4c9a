"""What people meet who use a keyboard alone, hear a page, or see it otherwise than most, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from pipeline.types import Outcome
from tests.dashboard.pages import Found
from tests.dashboard.serving import press, sign_in

HEARD = """() => {  // whether a key that is pressed where the focus is reaches what listens for shortcuts
    let heard = false;
    const hear = (event) => { heard ||= event.target === document.body; };
    document.addEventListener("keydown", hear);
    for (const type of ["keydown", "keyup"])
        document.activeElement.dispatchEvent(new KeyboardEvent(type, { key: "x", bubbles: true }));
    document.removeEventListener("keydown", hear);
    return heard;
}"""


PLAYS = "document.querySelector('video')?.currentTime > 0.3"


@pytest.fixture(autouse=True)
def violations(found: Found) -> None:
    found(*[Outcome.CONFIRMED] * 3)


def test_tab_leads_into_what_opens_and_the_way_back_out_of_it(page: Page) -> None:
    page.goto("/gallery?case=3")
    sign_in(page, "Kim")
    press(page, "d")
    why = page.get_by_role("dialog", name="Why dismiss it?")
    expect(why).to_be_focused()
    expect(why.get_by_role("button", name="Do not dismiss")).to_be_visible()  # the last: all it holds has come
    page.keyboard.press("Tab")
    expect(why.get_by_role("button").first).to_be_focused()
    press(page, "Enter")  # dismissed, and on to the next
    expect(page.get_by_text("1 of 2")).to_be_visible()
    expect(page.get_by_role("main")).to_be_focused()
    press(page, "b")
    ask = page.get_by_role("button", name="Export")
    ask.focus()
    press(page, "Enter")
    expect(page.get_by_role("dialog", name="Export")).to_be_focused()
    page.keyboard.press("Escape")
    expect(ask).to_be_focused()


def test_what_is_told_in_passing_is_heard(page: Page) -> None:
    page.goto("/gallery?case=3")
    sign_in(page, "Kim")
    for key, button, words in (("a", "Accept", "Accepted: 1"), ("u", "Undo", "Undone: 1")):
        expect(page.get_by_role("button", name=button)).to_be_visible()
        press(page, key)
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()


def test_buttons_that_look_alike_are_told_apart_by_those_who_hear_them(page: Page, found: Found) -> None:
    found(Outcome.CONFIRMED, content="b" * 64)
    page.goto("/gallery")
    for case in range(1, 5):
        expect(page.get_by_role("button", name=f"Details Case {case}", exact=True)).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("button", name="Show street *1*.mp4", exact=True)).to_be_visible()


def test_a_page_has_a_title_of_its_own(page: Page) -> None:
    page.goto("/gallery")
    expect(page).to_have_title("Gallery · Helmet Watch")
    page.get_by_role("link", name="Statistics").click()
    expect(page).to_have_title("Statistics · Helmet Watch")
    page.get_by_text("한국어", exact=True).click()
    expect(page).to_have_title("통계 · Helmet Watch")


def test_letters_do_nothing_once_they_are_switched_off(page: Page) -> None:
    page.goto("/gallery?case=3")
    sign_in(page, "Kim")
    switch, accept = page.get_by_role("switch", name="Letter keys"), page.get_by_role("button", name="Accept")
    expect(page.locator("kbd:visible")).to_have_text(["B", "K", "J", "A", "D", "P"])
    page.get_by_text("Letter keys").click()
    expect(page.locator("kbd:visible")).to_have_count(0)
    page.wait_for_function("document.cookie.includes('helmet_watch_keys=off')")
    page.reload()  # this browser remembers it
    expect(accept).to_be_visible()
    expect(switch).not_to_be_checked()
    page.wait_for_function(f"!({HEARD})()")
    press(page, "a")
    press(page, "p")
    page.get_by_text("Letter keys").click()
    expect(page.get_by_text("1 of 3")).to_be_visible()  # nothing came of it
    page.wait_for_function(HEARD)
    expect(page.locator("kbd:visible")).to_have_count(6)
    press(page, "a")
    expect(page.get_by_text("2 of 3")).to_be_visible()


def test_a_clip_plays_by_itself_unless_the_viewer_wants_less_motion(page: Page) -> None:
    def next_clip(before: str = "") -> str:
        page.wait_for_function(f"(document.querySelector('video')?.dataset.begun ?? '{before}') !== '{before}'")
        return page.evaluate("document.querySelector('video').dataset.begun")

    page.goto("/gallery?case=3")
    page.wait_for_function(PLAYS)
    before = next_clip()
    sign_in(page, "Kim")
    press(page, "j")
    next_clip(before)
    page.wait_for_function(PLAYS)
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    before = next_clip()
    assert page.evaluate("document.querySelector('video').paused")
    expect(page.get_by_role("button", name="Play or pause")).to_be_visible()
    page.evaluate("() => void document.querySelector('video').play()")  # as its own button does
    page.wait_for_function(PLAYS)
    press(page, "j")
    next_clip(before)
    assert page.evaluate("document.querySelector('video').paused")


def test_a_clip_with_sound_does_not_begin_when_the_viewer_mutes_it(page: Page) -> None:
    page.goto("/?job=1")
    page.wait_for_function("document.querySelector('video')?.dataset.begun")
    page.evaluate("document.querySelector('video').muted = true; document.body.append(document.createElement('p'))")
    assert page.evaluate("document.querySelector('video').paused")


def test_the_systems_contrast_colours_leave_in_sight_what_has_the_focus_and_what_is_chosen(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    page.goto("/gallery")
    link = page.get_by_role("link", name="Statistics")
    page.keyboard.press("Tab")
    link.focus()
    expect(link).to_have_css("outline-style", "solid")
    review = page.get_by_role("radiogroup", name="Review").get_by_role("radio")
    thumb = page.get_by_test_id("stSlider").locator("div:has(> div > input)")
    ground = "one => getComputedStyle(one).backgroundColor"
    assert review.first.evaluate(ground) != review.last.evaluate(ground)
    assert thumb.evaluate(ground) != page.locator("body").evaluate(ground)
