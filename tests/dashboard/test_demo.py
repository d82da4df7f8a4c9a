"""The class demo: every step of a clip that the real models analysed, the sliders in a real browser."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup

from dashboard import i18n, replays, stills
from dashboard.hand_in import DEMO, RAIN
from dashboard.worker import Worker
from db.cases import Cases
from db.jobs import Jobs
from db.models import Action, Case, Clip, Look, Reason
from db.reviews import Deed, Reviews
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Label, Outcome, Sighting, Track
from pipeline.weights import sha256
from tests.dashboard.pages import Bracketed, Found, Open, said, shown, untranslated
from tests.dashboard.serving import eventually, press
from tests.factory import write_films
from tests.samples import Analysed, analyse_sample

STEPS = 8


@pytest.fixture
def with_clip(demo: Analysed, settings: Settings) -> None:
    """The test's data folder with the demo clip analysed in it."""
    shutil.copytree(demo.settings.data, settings.data, dirs_exist_ok=True)


@pytest.mark.usefixtures("with_clip")
def test_every_step_shows_the_clip_and_leads_to_the_next(open_page: Open) -> None:
    app = open_page("demo")
    titles = []
    for step in range(STEPS):
        assert not app.exception, step
        assert not app.error or "wrong rider" in app.error[0].value or "Confirmed" in app.error[0].value
        titles.append(app.title[0].value)
        following = app.button(key="demo-next-top")
        assert following.disabled == (step == STEPS - 1)
        if not following.disabled:
            app = following.click().run()
    assert len(set(titles)) == STEPS
    assert app.button(key="demo-back-bottom").click().run().title[0].value == titles[-2]


def empty_cards(app: AppTest) -> int:
    """Containers with an edge and nothing in them."""
    boxes = [one for one in app.main if one.type == "flex_container" and not one.children]
    return sum(one.proto.flex_container.border for one in boxes)


@pytest.mark.usefixtures("with_clip")
def test_another_file_under_the_clips_name_is_not_shown_as_the_clip(
    open_page: Open, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    recorded = tmp_path / "recorder.mp4"
    shutil.copy(DEMO, recorded)
    with sessions.begin() as session:
        session.execute(update(Clip).values(path=str(recorded)))
    app = open_page("demo")
    assert not app.error
    shutil.copy(RAIN, recorded)
    os.utime(recorded, (1, 1))
    assert "another file than the one handed in" in app.run().error[0].value
    assert not empty_cards(app)
    app = app.segmented_control(key="demo-step").set_value(STEPS - 1).run()
    assert app.error
    assert not empty_cards(app)


@pytest.mark.usefixtures("with_clip")
def test_no_text_of_any_step_is_left_untranslated(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "catalogue", lambda _: Bracketed())
    app = open_page("demo")
    for step in range(STEPS):
        app = app.segmented_control(key="demo-step").set_value(step).run()
        assert not app.exception, step
        assert [text for text in shown(app) if untranslated(text)] == [], step


@pytest.mark.usefixtures("with_clip")
def test_the_assignment_is_shown_to_matter_or_not_to(open_page: Open) -> None:
    app = open_page("demo").segmented_control(key="demo-step").set_value(4).run()
    assert re.search(r"wrong rider|Here both agree|No two riders overlap", said(app))


@pytest.mark.usefixtures("with_clip")
def test_thresholds_change_who_is_accused(open_page: Open) -> None:
    app = open_page("demo").segmented_control(key="demo-step").set_value(STEPS - 1).run()
    assert counts(app)["Accused"] == "5"
    torn = slider(app, "stage2").set_value(79).run()
    assert re.search(r"6 of 7 looks say bare, 5 are needed, but all together are only \d\d% sure", said(torn))
    strict = slider(app, "stage2").set_value(95).run()
    assert counts(strict)["Accused"] == "0"
    assert "before: Accused" in said(strict)
    blind = slider(strict, "stage1").set_value(95).run()
    assert counts(blind)["Accused"] == counts(blind)["Rejected: not accused"] == "0"


@pytest.mark.usefixtures("with_clip")
def test_it_says_in_words_what_makes_a_suspect_and_what_a_verdict_takes(open_page: Open) -> None:
    step = open_page("demo").segmented_control(key="demo-step")
    assert "bare in at least 3 sightings" in said(step.set_value(1).run())
    assert "7 of 7 looks say bare head, 5 are needed to accuse" in said(step.set_value(2).run())
    what_if = said(step.set_value(STEPS - 1).run())
    for lacking in (
        r"bare in 0 of \d+ sightings, 3 are needed",
        r"bare in \d+ of \d+ sightings, but only \d+% of all confidence says so, 33% is needed",
        r"no head was seen",
    ):
        assert re.search(lacking, what_if), lacking


@pytest.mark.usefixtures("with_clip")
def test_it_says_of_whom_a_helmet_was_seen_for_a_while(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def helmeted(one: Sighting) -> Sighting:
        return replace(one, heads=tuple(replace(head, label=Label.WITH_HELMET) for head in one.heads))

    def put_on(track: Track) -> Track:
        """In a helmet at the end: the second violation is bare-headed from 5.1 s to 11.1 s."""
        return replace(track, sightings=tuple(helmeted(one) if one.time_s > 7.5 else one for one in track.sightings))

    seen = replays.tracks
    monkeypatch.setattr(replays, "tracks", lambda *of: tuple(map(put_on, seen(*of))))
    app = open_page("demo").segmented_control(key="demo-step").set_value(STEPS - 1).run()
    assert "but as near in a helmet for a second and a half" in said(app)


@pytest.mark.usefixtures("with_clip")
def test_step_and_clip_stand_in_the_address_and_are_kept_on_other_pages(open_page: Open, settings: Settings) -> None:
    analyse_sample(settings.data, RAIN)
    app = open_page("demo").segmented_control(key="demo-step").set_value(2).run()
    app = app.selectbox(key="demo-clip").set_value(2).run()
    asked = {"step": "3", "clip": "2"}
    assert dict(app.query_params) == asked
    app = app.switch_page("dashboard/pages/gallery.py").run().switch_page("dashboard/pages/demo.py").run()
    assert app.title[0].value.startswith("3. ")
    assert app.selectbox(key="demo-clip").value == 2
    for address, step, clip in ((asked, "3. ", 2), ({"step": "9", "clip": "7"}, "1. ", 1), ({"step": "x"}, "1. ", 1)):
        anew = open_page("demo", **address)
        assert not anew.exception
        assert (anew.title[0].value[:3], anew.selectbox(key="demo-clip").value) == (step, clip)


@pytest.mark.usefixtures("with_clip")
@pytest.mark.parametrize(("name", "step"), [("suspect", "3"), ("alarm", "4")])
def test_the_suspect_who_was_chosen_stands_in_the_address(
    name: str, step: str, open_page: Open, sessions: sessionmaker[Session]
) -> None:
    if name == "alarm":
        with sessions.begin() as session:
            session.execute(update(Case).values(outcome=Outcome.REJECTED))

    def suspects(app: AppTest) -> ButtonGroup[int]:
        return app.segmented_control(key=f"demo-case-{name}-1")

    app = suspects(open_page("demo", step=step)).set_value(3).run()
    assert dict(app.query_params) == {"step": step, name: "3"}
    assert suspects(open_page("demo", **{"step": step, name: "3"})).value == 3
    app = app.segmented_control(key="demo-step").set_value(0).run()
    assert suspects(app.segmented_control(key="demo-step").set_value(int(step) - 1).run()).value == 3
    for nonsense in ("99", "x"):
        anew = open_page("demo", **{"step": step, name: nonsense})
        assert not anew.exception
        assert suspects(anew).value == 1


@pytest.mark.usefixtures("with_clip")
def test_what_people_dismissed_is_still_what_the_stages_said(open_page: Open, sessions: sessionmaker[Session]) -> None:
    seen = {case.id: case.version for case in Cases(sessions).of_job(1)}
    Reviews(sessions).decide(seen, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    app = open_page("demo").segmented_control(key="demo-step").set_value(1).run()
    assert "suspected nobody" not in said(app)
    assert app.get("plotly_chart")


def counts(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def slider(app: AppTest, stage: str):
    return next(one for one in app.slider if one.key.startswith(f"demo-{stage}-"))


def test_without_a_clip_it_offers_the_demo_and_shows_the_progress(
    open_page: Open, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Worker, "_work", lambda _: None)
    app = open_page("demo")
    assert "No clip has been analysed yet" in said(app)
    app = app.button(key="demo-analyse").click().run()
    assert not app.exception
    jobs = Jobs(sessions).open()
    assert [job.clip.name for job in jobs] == ["demo.mp4", "rain.mp4"]
    assert "The steps begin when the analysis is done" in said(app)


@pytest.mark.usefixtures("with_clip")
def test_a_false_alarm_comes_from_another_clip_where_this_one_has_none(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session], found: Found
) -> None:
    app = open_page("demo").segmented_control(key="demo-step").set_value(3).run()
    assert app.success, "the pedestrian before a parked motorcycle is let go"
    with sessions.begin() as session:
        session.execute(update(Case).where(Case.outcome == Outcome.REJECTED).values(outcome=Outcome.UNSURE))
    app = open_page("demo").segmented_control(key="demo-step").set_value(3).run()
    assert app.button(key="demo-rain")
    assert not app.get("plotly_chart")
    analyse_sample(settings.data, RAIN)
    found(Outcome.UNSURE)  # who may be bare-headed after all
    app = open_page("demo").segmented_control(key="demo-step").set_value(3).run()
    assert "but **rain" in said(app)
    assert not app.error
    assert app.success, "the helmeted rider is let go"


def test_a_clip_of_before_traces_were_kept_is_no_dead_end(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED)
    app = open_page("demo")
    assert not app.exception
    assert app.button(key="demo-analyse")


@pytest.mark.usefixtures("with_clip")
@pytest.mark.parametrize("lost", ["*.npz", "*.jpg", "*.mp4"])
def test_files_lost_from_the_data_folder_end_no_step_in_an_error_of_the_program(
    open_page: Open, settings: Settings, lost: str
) -> None:
    for file in settings.files.rglob(lost):
        file.unlink()
    replays.trace.clear()
    app = open_page("demo")
    told = ""
    for _ in range(STEPS):
        assert not app.exception
        told += said(app)
        if not app.button(key="demo-next-top").disabled:
            app = app.button(key="demo-next-top").click().run()
    assert ("analyse it again" if lost == "*.npz" else "missing from the data folder") in told


@pytest.mark.usefixtures("with_clip")
def test_a_lost_picture_of_a_look_leaves_a_gap_and_the_vote_stays(
    open_page: Open, settings: Settings, sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        one_of_each = {look.case_id: look.picture for look in session.scalars(select(Look))}
    for name in one_of_each.values():
        FileStore(settings.files).path(name).unlink()
    app = open_page("demo").segmented_control(key="demo-step").set_value(2).run()
    assert said(app).count("missing from the data folder") == 1
    assert app.get("plotly_chart")


@pytest.mark.usefixtures("with_clip")
def test_threshold_sliders_in_the_browser(page: Page) -> None:
    """By mouse and arrow keys: nobody is accused at 95 %, and the rider is accused again when it goes back."""
    page.goto("/demo")
    expect(page.get_by_role("heading", name="1. What stage 1 sees")).to_be_visible()
    page.get_by_test_id("stSegmentedControl").or_(page.get_by_role("radiogroup")).get_by_text("8", exact=True).click()
    expect(page.get_by_role("heading", name="8. What if?")).to_be_visible()
    for key, heading in (("ArrowLeft", "7. The row in the database"), ("ArrowRight", "8. What if?")):
        page.wait_for_selector("[data-test-script-state=notRunning]")
        page.keyboard.press(key)  # while the focus is on the step that was clicked
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    accused = page.get_by_test_id("stMetric").filter(has_text="Accused").first
    expect(accused.get_by_test_id("stMetricValue")).to_have_text("5")
    thumb = page.get_by_role("slider").nth(1)
    thumb.focus()
    thumb.press("End")
    expect(accused.get_by_test_id("stMetricValue")).to_have_text("0")
    expect(page.get_by_text("before: Accused")).to_have_count(5)
    page.get_by_role("button", name="Back").first.click()
    expect(page.get_by_role("heading", name="7. The row in the database")).to_be_visible()
    page.get_by_role("button", name="Next").first.click()
    expect(accused.get_by_test_id("stMetricValue")).to_have_text("0")  # what was tried is kept
    thumb.press("Home")
    expect(accused.get_by_test_id("stMetricValue")).to_have_text("5")
    expect(page.get_by_text("before: Accused")).to_have_count(0)


@pytest.mark.usefixtures("with_clip")
def test_the_steps_stand_beside_the_clip_on_a_projector_and_whole_below_it_where_it_is_narrow(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto("/demo?step=7")
    steps, clip = page.locator(".st-key-demo-step"), page.locator(".st-key-demo-clip")
    expect(steps).to_be_visible()

    def are_beside(one: Locator, other: Locator) -> bool:
        one_box, other_box = one.bounding_box(), other.bounding_box()
        return bool(one_box and other_box) and one_box["y"] < other_box["y"] + other_box["height"]

    eventually(page, lambda: are_beside(steps, clip))
    eventually(page, lambda: are_beside(page.get_by_test_id("stTable"), page.get_by_alt_text("The rider")))
    suspects = page.get_by_role("radio").filter(has_text="Confirmed")
    expect(suspects).to_have_count(5)
    eventually(page, lambda: are_beside(suspects.last, suspects.first))  # a second row would push the picture away
    page.goto("/demo?step=8")
    fates = page.locator(".st-key-demo-fates").get_by_test_id("stMetric")
    expect(fates).to_have_count(5)
    eventually(page, lambda: are_beside(fates.last, fates.first))
    for width in (768, 320):  # a tablet, a small phone
        page.set_viewport_size({"width": width, "height": 1024})
        expect(steps.get_by_role("radio").last).to_be_in_viewport(ratio=1)


@pytest.mark.usefixtures("with_clip")
def test_what_explains_a_class_is_no_larger_than_its_name_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/demo")
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    name, words = page.get_by_text("rider", exact=True), page.get_by_text("A motorcycle with everybody on it")
    expect(words).to_be_visible()
    assert words.evaluate(size) < name.evaluate(size)


@pytest.mark.usefixtures("with_clip")
def test_the_shipped_threshold_can_be_set_again(page: Page) -> None:
    page.goto("/demo?step=8")
    thumb, value = page.get_by_role("slider").nth(1), page.get_by_test_id("stSliderThumbValue").nth(1)
    shipped = value.inner_text()
    thumb.press("ArrowRight")
    expect(value).not_to_have_text(shipped)
    thumb.press("ArrowLeft")
    expect(value).to_have_text(shipped)


@pytest.mark.usefixtures("with_clip")
def test_arrow_keys_lead_on_where_a_suspect_was_clicked(page: Page) -> None:
    page.goto("/demo?step=3")
    expect(page.get_by_role("heading", name="3. What stage 2 says")).to_be_visible()
    page.get_by_text("Confirmed at").nth(1).click()
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="4. A false alarm")).to_be_visible()


@pytest.mark.usefixtures("with_clip")
def test_a_suspect_is_chosen_by_keys_alone(page: Page) -> None:
    page.goto("/demo?step=2")
    suspects = page.get_by_role("radiogroup", name="Suspect").get_by_role("radio")
    expect(suspects).to_have_count(6)
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.get_by_role("button", name="Next").first.focus()
    for key in ("Tab", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(suspects.nth(1)).to_be_checked()
    expect(page.get_by_role("heading", name="2. A suspect")).to_be_visible()


@pytest.mark.usefixtures("with_clip")
def test_who_goes_on_by_the_button_below_keeps_the_focus_on_it(page: Page) -> None:
    page.goto("/demo")
    onward = page.get_by_role("button", name="Next").last
    expect(onward).to_be_visible()
    page.wait_for_selector("[data-test-script-state=notRunning]")
    onward.focus()
    for title in ("2. A suspect", "3. What stage 2 says"):
        press(page, "Enter")
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        page.wait_for_selector("[data-test-script-state=notRunning]")
        expect(onward).to_be_focused()


@pytest.mark.usefixtures("open_page")
def test_a_picture_is_of_the_film_that_was_analysed(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    path = write_films(tmp_path / "both.mp4", (60, 180))
    for film, shade in enumerate((60, 180)):
        job, _ = Jobs(sessions).add("both.mp4", path, sha256(path), film)
        assert stills.still(job, 0.5).mean() == pytest.approx(shade, abs=5)
