"""The gallery: its filters, what is chosen in it, and its address."""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
import streamlit as st
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker
from streamlit.elements.lib import policies
from streamlit.testing.v1 import AppTest

from dashboard import record
from dashboard.text import told_apart
from db.cases import Sort
from db.clips import Clips
from db.models import Action, Case, Clip, Reason, SourceKind
from db.reviews import Deed, Reviews
from pipeline.settings import Settings
from pipeline.types import Outcome
from tests.dashboard.pages import Found, Open, said
from tests.dashboard.serving import click, sign_in


@pytest.fixture
def reviews(found: Found, sessions: sessionmaker[Session]) -> Reviews:
    """Thirteen violations: two pages. The first three are accepted."""
    found(*[Outcome.CONFIRMED] * 13)
    reviews = Reviews(sessions)
    reviews.decide({1: 0, 2: 0, 3: 0}, Deed("Lee", Action.ACCEPT))
    return reviews


def boxes(app: AppTest) -> list[str]:
    """The cases on the page."""
    return [box.label for box in app.checkbox]


def labelled(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


@pytest.mark.usefixtures("reviews")
def test_names_of_clips_are_no_markdown_in_a_field(open_page: Open) -> None:
    assert open_page("gallery").selectbox(key="gallery-source-en").options == ["All sources", "street *1*.mp4"]


@pytest.mark.usefixtures("reviews")
@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_two_filters_bear_one_name(open_page: Open, language: str) -> None:
    app = open_page("gallery")
    app.segmented_control(key="lang").set_value(language).run()
    names = [field.label for field in (*app.text_input, *app.selectbox, *app.date_input, *app.slider)]
    assert len(set(names)) == len(names) == 6


def test_a_name_that_another_clip_bears_with_a_number_is_told_apart_too() -> None:
    assert told_apart({1: "a", 2: "a", 3: "a (2)", 4: "a"}) == {1: "a", 2: "a (2)", 3: "a (2) (2)", 4: "a (3)"}


def test_two_clips_of_one_name_are_told_apart(open_page: Open, found: Found) -> None:
    """The browser tells which one was chosen by the words in the field."""
    for content in "ab":
        found(*[Outcome.CONFIRMED] * (1 + (content == "b")), content=content * 64)
    app = open_page("gallery")
    box = app.selectbox(key="gallery-source-en")
    assert box.options == ["All sources", "street *1*.mp4 (2)", "street *1*.mp4"]
    assert boxes(box.set_value(2).run()) == ["Case 3", "Case 2"]
    assert boxes(app.selectbox(key="gallery-source-en").set_value(1).run()) == ["Case 1"]


@pytest.mark.usefixtures("reviews")
def test_the_filters_go_along_into_another_language(page: Page) -> None:
    page.goto("/gallery")
    expect(page.get_by_text("13 in all")).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_text("한국어", exact=True).click()
    expect(page.get_by_role("heading", name="위반 갤러리")).to_be_visible()
    expect(page.get_by_role("combobox", name="정렬")).to_have_value("최신순")
    page.get_by_role("radiogroup", name="검토").get_by_text("인정됨", exact=True).click()
    expect(page.get_by_text("총 3건")).to_be_visible()


@pytest.mark.usefixtures("reviews")
def test_long_names_in_a_field_keep_their_end(open_page: Open, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.execute(update(Clip).values(name="REC_2026_04_18_14_03_14_NORMAL_rear.mp4"))
    assert open_page("gallery").selectbox(key="gallery-source-en").options[1] == "REC_2026_04_…AL_rear.mp4"


@pytest.mark.usefixtures("reviews")
def test_clearing_the_filters_is_nothing_to_warn_of(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(policies, "_shown_default_value_warning", False)
    monkeypatch.setattr(policies._LOGGER, "warning", lambda text, *_args, **_: warnings.append(text))
    app = open_page("gallery")
    app = app.slider(key="gallery-least").set_value(95).run()
    app = app.button(key="gallery-clear").click().run()
    assert "13 in all" in said(app)
    assert warnings == []


@pytest.mark.usefixtures("reviews")
def test_one_button_leads_on_whether_cases_are_chosen_or_not(open_page: Open) -> None:
    def main(app: AppTest) -> list[str]:
        return [button.label for button in app.button if button.proto.type == "primary"]

    app = open_page("gallery")
    assert main(app) == ["Review one by one"]
    app.session_state["reviewer"] = "Kim"
    assert main(app.checkbox[0].check().run()) == ["Accept"]


@pytest.mark.usefixtures("reviews")
def test_what_is_chosen_out_of_sight_is_told_and_forgotten_with_the_filter(open_page: Open) -> None:
    app = open_page("gallery")
    app = app.segmented_control(key="gallery-size").set_value(24).run()
    app = app.button(key="gallery-all").click().run()
    assert "**13 chosen**" in said(app)
    assert "not on this page" not in said(app)
    app = app.segmented_control(key="gallery-size").set_value(12).run()
    assert "**13 chosen** · 1 not on this page" in said(app)
    assert "chosen" not in said(app.button(key="gallery-none").click().run())
    app = app.checkbox[0].check().run()
    assert "**1 chosen**" in said(app)
    app = app.segmented_control(key="gallery-review").set_value("accepted").run()
    assert "3 in all" in said(app)
    assert "chosen" not in said(app)


@pytest.mark.usefixtures("reviews")
def test_filters_and_order_stand_in_the_address(open_page: Open) -> None:
    app = open_page("gallery")
    app = app.segmented_control(key="gallery-review").set_value("accepted").run()
    app = app.selectbox(key="gallery-order-en").set_value(Sort.OLDEST).run()
    assert dict(app.query_params) == {"review": "accepted", "order": "oldest"}
    app = app.segmented_control(key="gallery-review").set_value("open or accepted").run()
    assert dict(app.query_params) == {"order": "oldest"}
    first, last = date.today() - timedelta(days=3), date.today()
    app.date_input(key="gallery-days").set_value((first, last))
    app.slider(key="gallery-least").set_value(45)
    app.text_input(key="gallery-number").set_value("3모7 19")
    app = app.selectbox(key="gallery-plate-en").set_value("without").run()
    asked = {"order": "oldest", "days": f"{first}..{last}", "least": "45", "plate": "without", "number": "3모7 19"}
    assert dict(app.query_params) == asked
    again = open_page("gallery", **asked)
    kept = [again.session_state[f"gallery-{name}"] for name in ("order", "days", "least", "plate", "number")]
    assert kept == [Sort.OLDEST, (first, last), 45, "without", "3모7 19"]


@pytest.mark.usefixtures("reviews")
def test_the_page_stands_in_the_address_until_the_view_changes(open_page: Open) -> None:
    app = open_page("gallery").pagination[0].set_value(2).run()
    assert dict(app.query_params) == {"page": "2"}
    assert boxes(app) == ["Case 1"]
    app = app.selectbox(key="gallery-order-en").set_value(Sort.OLDEST).run()
    assert dict(app.query_params) == {"order": "oldest"}
    app = app.pagination[0].set_value(2).run()
    assert boxes(app) == ["Case 13"]
    app = app.segmented_control(key="gallery-size").set_value(24).run()
    assert dict(app.query_params) == {"order": "oldest", "size": "24"}
    assert boxes(open_page("gallery", page="2")) == ["Case 1"]
    beyond = open_page("gallery", page="9")
    assert (boxes(beyond), dict(beyond.query_params)) == (["Case 1"], {"page": "2"})
    assert boxes(open_page("gallery", page="0"))[0] == "Case 13"
    assert len(boxes(open_page("gallery", size="24", page="2"))) == 13


@pytest.mark.usefixtures("reviews")
def test_the_way_back_leads_to_the_page_of_the_case_that_was_shown_last(open_page: Open) -> None:
    app = labelled(open_page("gallery", case="2"), "Next").click().run()
    app = app.button(key="back").click().run()
    assert dict(app.query_params) == {"page": "2"}
    assert boxes(app) == ["Case 1"]
    app = open_page("gallery", review="accepted", case="13")  # which is not in that view
    app = app.button(key="back").click().run()
    assert boxes(app) == ["Case 3", "Case 2", "Case 1"]


@pytest.mark.usefixtures("reviews")
def test_the_way_back_leads_to_the_card_of_a_case_left_early(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "watch", lambda _: st.stop())  # as a click ends a run: it draws no more
    app = open_page("gallery", case="1").button(key="back").click().run()
    assert boxes(app) == ["Case 1"]
    assert "scroll-1" in [component.key for component in app.get("bidi_component")]


@pytest.mark.usefixtures("reviews")
def test_an_address_that_is_behind_takes_no_filter_back(open_page: Open) -> None:
    app = open_page("gallery")
    app = app.segmented_control(key="gallery-review").set_value("accepted").run()
    app.query_params.clear()  # the browser has not heard yet of what was written
    app = labelled(app, "Review one by one").click().run()
    assert "1 of 3" in said(app)
    assert dict(app.query_params) == {"review": "accepted", "case": "3"}


@pytest.mark.parametrize(
    ("address", "cases"),
    [
        ({"review": "accepted", "order": "oldest"}, ["Case 1", "Case 2", "Case 3"]),
        ({"review": "accepted", "source": "1"}, ["Case 3", "Case 2", "Case 1"]),
        ({"review": "<b>", "source": "2", "order": "9"}, [f"Case {id_}" for id_ in range(13, 1, -1)]),
        ({"least": "7", "plate": "<b>", "days": "yesterday"}, [f"Case {id_}" for id_ in range(13, 1, -1)]),
        ({"least": "80"}, [f"Case {id_}" for id_ in range(13, 1, -1)]),
        ({"least": "85"}, []),
        ({"least": "100"}, []),
        ({"number": "", "plate": "with"}, []),
        ({"number": "9" * 5000}, []),
        ({"case": "9" * 5000}, [f"Case {id_}" for id_ in range(13, 1, -1)]),
    ],
)
@pytest.mark.usefixtures("reviews")
def test_an_address_is_followed_as_far_as_it_means_something(
    open_page: Open, address: dict[str, str], cases: list[str]
) -> None:
    app = open_page("gallery", **address)
    assert not app.exception
    assert boxes(app) == cases


@pytest.mark.usefixtures("reviews")
def test_the_last_of_the_days_that_are_asked_for_is_whole(open_page: Open, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.execute(update(Case).values(happened_at=datetime(2026, 7, 2, 23, 59, tzinfo=UTC)))
    assert len(boxes(open_page("gallery", days="2026-07-01..2026-07-02"))) == 12
    assert boxes(open_page("gallery", days="2026-07-01..2026-07-01")) == []


def test_what_is_turned_down_is_reviewed_by_nobody_and_has_no_plate(open_page: Open, found: Found) -> None:
    found(Outcome.REJECTED, Outcome.UNSURE)
    assert "2 in all" in said(open_page("turned_down", review="accepted", number="none"))


@pytest.mark.usefixtures("reviews")
def test_a_source_that_is_deleted_meanwhile_is_asked_for_no_more(
    open_page: Open, found: Found, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED, content="b" * 64)
    app = open_page("gallery", source="2")
    assert boxes(app) == ["Case 14"]
    Clips(sessions, settings).remove(2)
    app = app.run()
    assert not app.exception
    assert app.selectbox(key="gallery-source-en").value == "all"
    assert len(boxes(app)) == 12


def test_clearing_the_filters_shows_every_case_again(open_page: Open, reviews: Reviews) -> None:
    reviews.decide({4: 0}, Deed("Lee", Action.DISMISS, Reason.HELMET))
    app = open_page("gallery", least="100", number="none", plate="without", review="open", size="24")
    assert boxes(app) == []
    app = app.button(key="gallery-clear").click().run()
    assert len(boxes(app)) == 13


def test_at_the_end_of_a_review_the_gallery_says_so(open_page: Open, reviews: Reviews) -> None:
    reviews.decide(dict.fromkeys(range(5, 14), 0), Deed("Lee", Action.DISMISS, Reason.UNCLEAR))
    app = open_page("gallery", review="open", case="4")
    app.session_state["reviewer"] = "Kim"
    app.run()
    assert "1 of 1" in said(app)
    app = labelled(app, "Accept").click().run()
    assert not app.exception
    assert "case" not in app.query_params
    assert "Nothing is left to review in this view." in said(app)
    app.query_params["case"] = "4"
    assert "0 of 0" not in said(app.run())
    app = open_page("gallery", review="accepted", case="5")
    assert not app.exception
    assert " of " not in said(app)  # it has no place in a view that it is not in


def test_a_chosen_case_is_decided_as_it_was_seen_last(open_page: Open, reviews: Reviews) -> None:
    """Who chose it, and corrected it since, is in nobody's way; who has not seen what others did is."""
    app = open_page("gallery")
    app.session_state["reviewer"] = "Kim"
    app = app.run()
    for box in (0, 1):
        app = app.checkbox[box].check().run()
    reviews.decide({13: 0, 12: 0}, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    app.query_params["case"] = "13"
    app = app.run()
    del app.query_params["case"]
    labelled(app.run(), "Accept").click().run()
    assert [len(reviews.history(id_)) for id_ in (13, 12)] == [2, 1]


def test_a_review_begins_and_goes_on_with_what_is_left(open_page: Open, reviews: Reviews) -> None:
    reviews.decide({13: 0, 10: 0}, Deed("Lee", Action.ACCEPT))
    app = open_page("gallery")
    app.session_state["reviewer"] = "Kim"
    assert boxes(app)[0] == "Case 13"
    app = labelled(app.run(), "Review one by one").click().run()
    assert app.query_params["case"] == "12"
    for expected in ("11", "9"):
        app = labelled(app, "Accept").click().run()
        assert app.query_params["case"] == expected
    assert labelled(open_page("gallery", case="11"), "Next").click().run().query_params["case"] == "10"


@pytest.mark.usefixtures("reviews")
def test_whoever_skipped_cases_is_told_at_the_last_one(open_page: Open) -> None:
    app = open_page("gallery", review="open", case="4")
    app.session_state["reviewer"] = "Kim"
    app = labelled(app.run(), "Accept").click().run()
    assert app.query_params["case"] == "4"
    assert "That was the last case of this view." in [toast.value for toast in app.toast]


def test_a_review_begins_on_the_page_that_is_shown(open_page: Open, reviews: Reviews) -> None:
    reviews.decide({1: 1}, Deed("Lee", Action.REOPEN))
    app = labelled(open_page("gallery", page="2"), "Review one by one").click().run()
    assert app.query_params["case"] == "1"


def test_a_review_begins_elsewhere_where_nothing_on_the_page_is_left(open_page: Open, reviews: Reviews) -> None:
    app = open_page("gallery", page="2")
    assert boxes(app) == ["Case 1"]
    assert labelled(app, "Review one by one").click().run().query_params["case"] == "13"
    reviews.decide(dict.fromkeys(range(4, 14), 0), Deed("Lee", Action.ACCEPT))
    app = open_page("gallery", page="2")
    assert labelled(app, "Review one by one").click().run().query_params["case"] == "1"


@pytest.mark.usefixtures("reviews")
def test_a_review_goes_on_where_it_was_after_the_page_was_loaded_anew(page: Page) -> None:
    page.goto("/gallery")
    expect(page.get_by_label("Page 2")).to_be_visible()  # there is room for the numbers
    page.get_by_text("Accepted", exact=True).first.click()
    expect(page.get_by_text("3 in all", exact=True)).to_be_visible()
    click(page, "Review one by one")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    sign_in(page, "Kim")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    page.reload()
    expect(page.get_by_text("1 of 3")).to_be_visible()
    click(page, "Back Shortcut B")  # a key may come before the page that was loaded anew hears it
    expect(page.get_by_text("3 in all", exact=True)).to_be_visible()
    for name, value in (("Source", "All sources"), ("Plate", "With or without")):
        expect(page.get_by_role("combobox", name=name)).to_have_value(value)
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.go_back()  # to the case
    expect(page.get_by_text("1 of 3")).to_be_visible()
    expect(page).to_have_url(re.compile(r"review=accepted&case=3$"))


@pytest.mark.parametrize(
    ("kind", "second", "shown"),
    [(SourceKind.FILE, 0.1, "0:00.10"), (SourceKind.STREAM, "2026-07-01T09:00:00.100000", "09:00:00.10")],
)
def test_the_sightings_of_a_live_source_are_at_a_time_of_day(
    open_page: Open, found: Found, sessions: sessionmaker[Session], kind: SourceKind, second: float | str, shown: str
) -> None:
    found(Outcome.CONFIRMED)
    with sessions.begin() as session:
        session.execute(update(Clip).values(kind=kind))
        session.execute(update(Case).values(happened_at=datetime(2026, 7, 1, 9, tzinfo=UTC)))
    app = open_page("gallery", case="1")
    assert json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]["x"][1] == second
    assert app.dataframe[0].value["time"][1] == shown
