"""Reviewing in a real browser: by key alone, with the mouse on many, and two people at once."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker
from streamlit.testing.v1 import AppTest

from db.cases import Cases
from db.models import Action, Case, Reason, ReviewState
from db.reviews import Deed, Reviews
from pipeline.settings import Settings
from pipeline.types import Outcome
from tests.dashboard.pages import LOCKED, Found, Open, locked
from tests.dashboard.serving import PATIENCE_MS, at_rest, click, eventually, press, sign_in

State = Callable[[int], ReviewState]
LOOKS_NO_MORE = """  // no part of a page is shown anew by itself
    const every = setInterval;
    setInterval = (deed, ms, ...more) => ms < 1000 ? every(deed, ms, ...more) : 0;
"""


@pytest.fixture
def state(found: Found, sessions: sessionmaker[Session]) -> State:
    """Three violations; how the review of each stands."""
    found(*[Outcome.CONFIRMED] * 3)

    def of(id_: int) -> ReviewState:
        case = Cases(sessions).get(id_)
        assert case is not None
        return case.review

    return of


def test_review_by_keyboard_alone(page: Page, state: State, sessions: sessionmaker[Session]) -> None:
    page.goto("/gallery")
    expect(page.get_by_role("button", name="Review one by one")).to_be_visible()
    press(page, "j")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    sign_in(page, "Kim")
    press(page, "j")
    expect(page.get_by_text("2 of 3")).to_be_visible()
    press(page, "k")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    for shortcut in "AJKP":  # shown on their buttons
        expect(page.get_by_role("button").filter(has_text=shortcut).first).to_be_visible()

    video = "document.querySelector('video')"
    page.wait_for_selector("[data-test-script-state=notRunning]")  # the clip of the case before is gone
    page.wait_for_function(f"{video}?.readyState >= 2")
    page.evaluate(f"{video}.pause()")
    press(page, "p")
    page.wait_for_function(f"!{video}.paused")
    press(page, "p")
    page.wait_for_function(f"{video}.paused")

    press(page, "a")
    expect(page.get_by_text("2 of 3")).to_be_visible()  # on to the next
    assert state(3) is ReviewState.ACCEPTED
    clip = at_rest(page, page.locator("video").bounding_box)
    press(page, "d")
    expect(page.get_by_role("button", name="Wears a helmet")).to_be_visible()
    expect(page.get_by_role("dialog", name="Why dismiss it?", exact=True)).to_be_visible()
    assert at_rest(page, page.locator("video").bounding_box) == clip  # nothing moves beneath the mouse
    assert state(2) is ReviewState.OPEN  # not without a reason
    press(page, "1")
    expect(page.get_by_text("Why dismiss it?")).to_be_hidden()
    expect(page.get_by_text("2 of 2")).to_be_visible()
    assert state(2) is ReviewState.DISMISSED
    (row,) = Reviews(sessions).history(2)
    assert (row.reviewer, row.action, row.reason) == ("Kim", Action.DISMISS, Reason.HELMET)
    press(page, "u")
    expect(page.get_by_text("2 of 3")).to_be_visible()  # back to what was undone
    assert state(2) is ReviewState.OPEN
    press(page, "d")
    expect(page.get_by_role("button", name="Wears a helmet")).to_be_visible()
    page.get_by_text("What stage 2 looked at").click()  # elsewhere: it is not dismissed
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert state(2) is ReviewState.OPEN


@pytest.mark.usefixtures("state")
def test_a_link_leads_on_while_a_reason_is_asked_for(page: Page) -> None:
    page.goto("/gallery?case=3")
    sign_in(page, "Kim")
    press(page, "d")
    expect(page.get_by_role("button", name="Wears a helmet")).to_be_visible()
    page.get_by_role("link", name="Statistics", exact=True).click()
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    page.wait_for_selector("[data-test-script-state=notRunning]")
    assert at_rest(page, page.locator("h1").all_inner_texts) == ["Statistics"]  # and does not lead back


@pytest.mark.usefixtures("state")
def test_enter_is_for_what_has_the_focus(page: Page) -> None:
    page.goto("/gallery")
    page.get_by_role("button", name="Choose this page").focus()
    press(page, "Enter")
    expect(page.get_by_text("3 chosen")).to_be_visible()
    page.get_by_role("link", name="Statistics").focus()
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()


def test_a_korean_keyboard_reviews_as_well(page: Page, state: State) -> None:
    page.goto("/gallery?case=3")
    sign_in(page, "Lee")
    page.wait_for_selector("[data-test-script-state=notRunning]")
    key = {"bubbles": True, "key": "ㅁ", "code": "KeyA", "keyCode": 229}
    page.evaluate("(key) => document.body.dispatchEvent(new KeyboardEvent('keydown', key))", key)
    expect(page.get_by_text("2 of 3")).to_be_visible()
    assert state(3) is ReviewState.ACCEPTED


def box(page: Page, case: int) -> Locator:
    """The name of a card's tick box."""
    return page.get_by_role("paragraph").filter(has_text=re.compile(f"^Case {case}$"))


def test_many_at_once_with_the_mouse(page: Page, state: State) -> None:
    page.goto("/gallery?case=3")
    sign_in(page, "Kim")
    click(page, "Back")
    expect(page.get_by_text("3 in all", exact=True)).to_be_visible()
    click(page, "Choose this page")
    expect(page.get_by_text("3 chosen")).to_be_visible()
    click(page, "Dismiss")
    expect(page.get_by_text("Why dismiss these 3?")).to_be_visible()
    expect(page.get_by_role("button", name="Choose none")).to_be_hidden()  # the reasons have the whole line
    click(page, "No motorcycle rider")
    expect(page.get_by_text("None fits these filters")).to_be_visible()
    assert {state(id_) for id_ in (1, 2, 3)} == {ReviewState.DISMISSED}
    click(page, "Undo")
    expect(page.get_by_text("3 in all", exact=True)).to_be_visible()
    box(page, 1).click()
    box(page, 2).click()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    press(page, "l")  # while the focus is on the box that was ticked
    expect(page.get_by_text("Motorcycle 1")).to_have_count(2)
    cards = page.locator("[class*=st-key-gallery-card-]")

    def are_alike() -> bool:
        boxes = [box for card in cards.all() if (box := card.bounding_box())]
        return len(boxes) == 3 and len({(box["y"], box["height"]) for box in boxes}) == 1

    eventually(page, are_alike)  # though one says more than the others


@pytest.mark.usefixtures("state")
def test_choosing_moves_no_card_and_what_can_be_done_is_in_sight(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto("/gallery")
    top = "document.querySelector('[class*=st-key-gallery-card-]').getBoundingClientRect().top"
    top += " + document.querySelector('[data-testid=stMain]').scrollTop"
    expect(box(page, 1)).to_be_visible()
    before = at_rest(page, lambda: page.evaluate(top))
    box(page, 1).click()
    expect(page.get_by_text("1 chosen")).to_be_visible()
    click(page, "Begin reviewing")
    page.get_by_label("Your name").fill("Kim")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Accept")).to_be_in_viewport()
    box(page, 2).click()
    expect(page.get_by_role("button", name="Same motorcycle")).to_be_in_viewport()
    assert at_rest(page, lambda: page.evaluate(top)) == before


def test_the_second_of_two_people_is_told(
    page: Page, browser: Browser, server: str, state: State, sessions: sessionmaker[Session]
) -> None:
    page.add_init_script(LOOKS_NO_MORE)
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert Reviews(sessions).decide({2: 0}, Deed("Lee", Action.DISMISS, Reason.UNCLEAR)).changed == (2,)
    press(page, "a")  # before the page has noticed
    expect(page.get_by_text("Lee was quicker and dismissed it")).to_be_visible()
    assert state(2) is ReviewState.DISMISSED
    other = browser.new_page(base_url=server, locale="en-US")
    other.set_default_timeout(PATIENCE_MS)
    other.goto("/gallery?case=1")
    expect(other.get_by_text("pending To review")).to_be_visible()
    assert Reviews(sessions).decide({1: 0}, Deed("Lee", Action.ACCEPT)).changed == (1,)
    expect(other.get_by_text("check_circle Accepted")).to_be_visible()  # by itself


def test_what_was_done_under_ones_own_name_is_seen_as_that(
    page: Page, state: State, sessions: sessionmaker[Session]
) -> None:
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    Reviews(sessions).decide({2: 0}, Deed("Kim", Action.ACCEPT))
    expect(page.get_by_role("alert").filter(has_text="changed under your own name")).to_be_visible()
    assert state(2) is ReviewState.ACCEPTED


def test_who_is_asked_why_types_on_when_somebody_else_judges_the_case(
    page: Page, state: State, sessions: sessionmaker[Session]
) -> None:
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    press(page, "d")
    note, why = page.get_by_label("Note"), "glare on the visor, " * 40 + "no more"
    note.fill(why)
    assert Reviews(sessions).decide({2: 0}, Deed("Lee", Action.ACCEPT)).changed == (2,)
    expect(page.get_by_text("check_circle Accepted")).to_be_visible()
    expect(note).to_have_value(why)
    click(page, "Cannot be told")
    expect(page.get_by_text("Lee was quicker and accepted it")).to_be_visible()
    assert state(2) is ReviewState.ACCEPTED
    click(page, "Dismiss")
    expect(note).to_have_value(why)  # until it is dismissed
    click(page, "Cannot be told")
    expect(page.get_by_text("check_circle Accepted")).to_be_hidden()
    assert Reviews(sessions).history(2)[-1].note == why


def test_a_plate_that_was_typed_and_not_sent_is_asked_about_once(page: Page, state: State) -> None:
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    field = page.get_by_label("Number plate", exact=True)
    field.fill("3모71942")
    click(page, "Accept")
    expect(page.get_by_text("This number plate is not kept yet: press Correct")).to_be_visible()
    expect(field).to_be_focused()
    assert state(2) is ReviewState.OPEN
    field.blur()
    press(page, "a")  # once more, by its shortcut
    expect(page.get_by_role("alert").filter(has_text="Accepted")).to_be_visible()
    assert state(2) is ReviewState.ACCEPTED


def test_a_plate_that_was_sent_is_not_asked_about(page: Page, state: State) -> None:
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    page.get_by_label("Number plate", exact=True).fill("3모71942")
    click(page, "Correct")
    expect(page.get_by_text("The machine read")).to_be_visible()
    click(page, "Accept")
    expect(page.get_by_role("alert").filter(has_text="Accepted")).to_be_visible()
    assert state(2) is ReviewState.ACCEPTED


def test_a_half_written_note_stays_when_escape_closes_the_reasons(page: Page, state: State) -> None:
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    note = page.get_by_label("Note")
    press(page, "d")
    expect(page.get_by_role("dialog", name="Why dismiss it?")).to_be_focused()  # what has come later than the field
    note.fill("glare on the visor")
    press(page, "Escape")
    click(page, "Dismiss")
    expect(note).to_have_value("glare on the visor")
    assert state(2) is ReviewState.OPEN


def test_the_name_is_remembered(page: Page, state: State) -> None:
    page.goto("/gallery?case=2")
    plate = page.get_by_role("textbox", name="Number plate")
    expect(plate).to_be_disabled()  # nobody has said yet who is reviewing
    sign_in(page, "김철수")
    expect(plate).to_be_enabled()
    page.goto("/gallery?case=1")
    expect(page.get_by_text("Reviewing as 김철수")).to_be_visible()
    change = page.get_by_role("button", name="Change", exact=True)
    korean = page.get_by_test_id("stSidebar").get_by_text("한국어")

    def are_together() -> bool:
        language, name = korean.bounding_box(), change.bounding_box()
        return bool(language and name) and name["y"] < language["y"] + 60

    eventually(page, are_together)
    page.wait_for_selector("[data-test-script-state=notRunning]")  # before, a click leads to the first page of all
    change.click()
    expect(page.get_by_label("Your name")).to_be_visible()


def test_a_half_typed_plate_stays_when_somebody_else_changes_the_case(
    page: Page, state: State, sessions: sessionmaker[Session]
) -> None:
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    plate = page.get_by_role("textbox", name="Number plate")
    plate.fill("3모7 19")
    others = Reviews(sessions)
    others.correct_plate({2: 0}, "Lee", "3모71942")
    others.decide({2: 1}, Deed("Lee", Action.ACCEPT))
    expect(page.get_by_text("check_circle Accepted")).to_be_visible()
    expect(plate).to_have_value("3모7 19")
    page.reload()
    expect(plate).to_have_value("3모71942")
    others.correct_plate({2: 2}, "Lee", "3모71943")
    expect(plate).to_have_value("3모71943")  # nobody has typed


def test_a_doubt_about_a_plate_stands_at_its_field(page: Page, state: State, sessions: sessionmaker[Session]) -> None:
    Reviews(sessions).correct_plate({2: 0}, "Lee", "3모71942")
    page.goto("/gallery?case=2")
    sign_in(page, "Kim")
    page.get_by_role("textbox", name="Number plate").fill("hello")
    press(page, "Enter")
    doubt, before = page.get_by_text("does not look like a number plate"), page.get_by_text("The machine read")

    def is_above() -> bool:
        one, other = doubt.bounding_box(), before.bounding_box()
        return bool(one and other) and one["y"] < other["y"]

    eventually(page, is_above)


@pytest.fixture
def case(open_page: Open, state: State) -> AppTest:
    """The page of a case, with Kim before it."""
    app = open_page("gallery")
    app.session_state["reviewer"] = "Kim"
    app.query_params["case"] = "2"
    return app.run()


def correct(app: AppTest, text: str) -> AppTest:
    app.text_input(key="plate-text-2").set_value(text)
    return press_button(app, "Correct")


def press_button(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_what_no_plate_says_is_asked_about_once(case: AppTest, sessions: sessionmaker[Session]) -> None:
    asked = correct(case, "hello *x*")
    assert "does not look like a number plate" in asked.warning[0].value
    assert Reviews(sessions).history(2) == []
    kept = correct(asked, "hello *x*")
    assert not kept.warning
    assert [toast.value for toast in kept.toast] == ["Number plate corrected"]
    assert [row.after for row in Reviews(sessions).history(2)] == [{"plate_corrected": "hello *x*"}]


def test_a_case_leads_to_others_of_its_number_plate(case: AppTest, sessions: sessionmaker[Session]) -> None:
    assert not any("number plate** was read here too" in one.value for one in case.markdown)
    Reviews(sessions).correct_plate({1: 0, 2: 0}, "Lee", "3모7 1942")
    app = case.run()
    assert any("number plate** was read here too" in one.value for one in app.markdown)
    assert dict(press_button(app, "Case 1").query_params)["case"] == "1"


def test_a_person_has_the_last_word_on_a_plate(case: AppTest, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        read = {"plate_text": "3모71940", "plate_confidence": 0.99, "plate_crop": "0" * 64 + ".jpg"}
        session.execute(update(Case).values(read))

    def stands(app: AppTest) -> tuple[str, str, str]:
        line = next(one.value for one in app.markdown if one.value.startswith("Number plate: "))
        return line.removeprefix("Number plate: "), app.text_input(key="plate-text-2").value, app.toast[-1].value

    app = correct(case.run(), "")
    machine = "**3모7 1940** · 99%"
    assert stands(app) == (machine, "3모71940", "Nothing was typed: what stood for the number plate still stands.")
    app = correct(app, "3모71942")
    assert stands(app) == ("**3모7 1942** · corrected by a person", "3모71942", "Number plate corrected")
    app = press_button(app, "Not readable")
    assert stands(app) == ("not readable · said by a person", "", "Number plate: not readable")
    app = press_button(app, "Let the machine's reading stand")
    assert stands(app) == (machine, "3모71940", "The machine's reading stands again")
    app = press_button(press_button(app, "Not readable"), "Undo")
    assert stands(app) == (machine, "3모71940", "Undone: 1")


@pytest.mark.parametrize("button", ["Accept", "Not readable", "Part them", "Take back the last change of this case"])
def test_a_decision_that_a_locked_database_does_not_take_says_so(
    case: AppTest, settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch, button: str
) -> None:
    Reviews(sessions).link({1: 0, 2: 0}, "Lee")
    app = case.run()
    with locked(settings, monkeypatch):
        press_button(app, button)
    assert not app.exception
    assert [toast.value for toast in app.toast] == [LOCKED]
    assert len(Reviews(sessions).history(2)) == 1


def test_the_second_to_correct_a_plate_is_told(case: AppTest, sessions: sessionmaker[Session]) -> None:
    Reviews(sessions).correct_plate({2: 0}, "Lee", "3모71942")
    app = correct(case, "3모71943")
    assert "Lee changed it" in app.warning[0].value
    assert app.text_input(key="plate-text-2").value == "3모71942"


def test_who_was_quicker_under_ones_own_name_is_told_as_that(case: AppTest, sessions: sessionmaker[Session]) -> None:
    Reviews(sessions).decide({2: 0}, Deed("Kim", Action.ACCEPT))
    app = press_button(case, "Accept")
    assert "Case 2: it was changed under your own name" in app.warning[0].value


def test_who_went_elsewhere_without_a_reason_can_decide_when_back(case: AppTest) -> None:
    asked = press_button(case, "Dismiss")
    assert any(button.label == "Wears a helmet" for button in asked.button)
    back = press_button(press_button(asked, "Next"), "Previous")
    assert any(button.label == "Accept" for button in back.button)


def test_a_note_is_kept_with_its_dismissal_and_not_with_the_next(
    case: AppTest, sessions: sessionmaker[Session]
) -> None:
    app = case
    for note in (" a grey cap ", " "):
        asked = press_button(app, "Dismiss")
        field = asked.text_input(key="dismiss-note-2")
        assert field.value == ""
        field.set_value(note)
        press_button(asked, "Wears a helmet")
        app.query_params["case"] = "2"
        app = press_button(app.run(), "Reopen")
    dismissed = [row for row in Reviews(sessions).history(2) if row.action is Action.DISMISS]
    assert [row.note for row in dismissed] == ["a grey cap", None]


def test_the_number_of_a_case_stands_on_its_page(case: AppTest) -> None:
    assert any("Case 2" in badge.value for badge in case.markdown)
