"""The page of statistics: what its figures say with nothing, little and a person's word; what they give away."""

import json
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest
from sqlalchemy.orm import Session, sessionmaker
from streamlit.testing.v1 import AppTest

from dashboard import figure
from db.models import Action, Reason
from db.reviews import Deed, Reviews
from pipeline.types import Outcome
from tests.dashboard.pages import Found, Open, said


def figures(app: AppTest) -> dict[str, dict]:
    """The figures of a page by their titles."""
    specs = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    return {spec["layout"]["title"]["text"]: spec for spec in specs}


def numbers(app: AppTest) -> dict[str, str]:
    return {title: spec["layout"]["title"]["subtitle"]["text"] for title, spec in figures(app).items()}


def test_every_figure_says_how_many_cases_it_counts(
    open_page: Open, found: Found, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.REJECTED)
    Reviews(sessions).decide({1: 0}, Deed("kim", Action.DISMISS, Reason.HELMET))
    Reviews(sessions).decide({2: 0}, Deed("kim", Action.ACCEPT))
    app = open_page("statistics")
    assert not app.exception
    shown = numbers(app)
    assert shown.pop("Violations over time").startswith("2 violations")
    assert shown.pop("Processing speed").startswith("1 job<br>")
    assert shown == {
        "Violations by source": "2 violations",
        "Riders": "3 riders, counted by track",
        "Heads": "3 heads, passengers too",
        "From suspicion to a person's word": "4 suspects",
        "What stage 2 removed": "4 suspects, 25% of them removed",
        "Review: do people agree with stage 2?": "2 reviewed suspects, 50% agree",
        "Why violations were dismissed": "1 dismissed violation",
        "Number plates": "2 violations",
    }
    funnel = figures(app)["From suspicion to a person's word"]["data"][0]
    assert funnel["x"] == [4, 3, 1]
    assert funnel["y"][2] == "Accepted by people: 1"
    removed = figures(app)["What stage 2 removed"]["data"]
    assert len({bar["marker"]["pattern"]["shape"] for bar in removed}) == 3  # told apart without colours too
    assert figures(app)["Number plates"]["data"][0]["labels"] == ["read: 0", "seen, not read: 0", "not seen: 2"]


def test_the_page_says_why_it_counts_fewer_violations_than_there_are_cases(
    open_page: Open, found: Found, sessions: sessionmaker[Session]
) -> None:
    found(Outcome.CONFIRMED, Outcome.CONFIRMED)
    Reviews(sessions).link({1: 0, 2: 0}, "kim")
    app = open_page("statistics")
    assert numbers(app)["Violations over time"].startswith("1 violation<br>")
    assert "linked as one motorcycle count once" in said(app)


def test_filters_narrow_all_figures(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED)
    app = open_page("statistics")
    assert "Riders" in figures(app)
    long_ago = date.today() - timedelta(days=365)
    app = app.date_input(key="statistics-days").set_value((long_ago, long_ago)).run()
    assert not app.exception
    assert figures(app) == {}
    assert said(app).count("None fits these filters.") == 1
    app = app.button(key="statistics-clear").click().run()
    assert "Riders" in figures(app)
    assert dict(app.query_params) == {}


def test_what_was_chosen_is_still_chosen_after_a_look_elsewhere(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED)
    span = (date.today() - timedelta(days=30), date.today() + timedelta(days=1))
    app = open_page("statistics")
    app.selectbox(key="statistics-source-en").set_value(1)
    app.date_input(key="statistics-days").set_value(span)
    app.segmented_control(key="step").set_value("week").run()
    for page in ("gallery", "statistics"):
        app.switch_page(f"dashboard/pages/{page}.py").run()
    assert not app.exception
    assert app.selectbox(key="statistics-source-en").value == 1
    assert app.date_input(key="statistics-days").value == span
    assert app.segmented_control(key="step").value == "week"


def chosen(app: AppTest) -> tuple[object, object, object]:
    assert not app.exception
    return (
        app.selectbox(key="statistics-source-en").value,
        app.date_input(key="statistics-days").value,
        app.segmented_control(key="step").value,
    )


def test_what_is_chosen_stands_in_the_address_and_outlasts_the_session(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED)
    last = date.today()
    first = last - timedelta(days=30)
    app = open_page("statistics")
    assert dict(app.query_params) == {}
    app.selectbox(key="statistics-source-en").set_value(1)
    app = app.date_input(key="statistics-days").set_value((first, last)).run()
    app = app.segmented_control(key="step").set_value("week").run()
    asked = {"source": "1", "days": f"{first}..{last}", "by": "week"}
    assert dict(app.query_params) == asked
    assert chosen(open_page("statistics", **asked)) == (1, (first, last), "week")
    assert chosen(open_page("statistics", days=str(last))) == ("all", (last,), "hour")


@pytest.mark.parametrize("days", ["1024-01-01", "9999-12-31", "2026-13-01", "2026-02-02..2026-01-01", "<b>..", ".."])
def test_an_address_that_means_nothing_chooses_nothing(open_page: Open, found: Found, days: str) -> None:
    found(Outcome.CONFIRMED)
    app = open_page("statistics", source="9" * 5000, days=days, by="<b>")
    assert chosen(app) == ("all", (), "hour")
    assert dict(app.query_params) == {}


def test_steps_of_time(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED, Outcome.CONFIRMED)
    app = open_page("statistics")
    for step, bars in (("hour", 24), ("day", 1), ("week", 1)):
        app = app.segmented_control(key="step").set_value(step).run()
        assert not app.exception
        (data,) = figures(app)["Violations over time"]["data"]
        assert len(data["x"]) == bars


@pytest.mark.parametrize("weeks", [1, 2, 3, 9, 60])
def test_the_dates_below_weeks_are_those_of_bars_and_have_room(weeks: int) -> None:
    monday, week = date(2026, 11, 16), timedelta(weeks=1)
    shown = figure.by_date({monday + one * week: 1 for one in range(weeks)}, 7)
    axis, (bars,) = shown.layout.xaxis, shown.data
    named = [pd.Timestamp(tick).date() for tick in axis.tickvals]
    assert named[0] == monday
    assert set(named) <= {bar.date() for bar in bars.x}
    assert len(named) <= 4
    assert len({after - before for before, after in pairwise(named)}) <= 1, "evenly spread"
    assert weeks < 9 or len(named) > 1
    assert axis.range[0] < bars.x[0]
    assert bars.x[-1] < axis.range[1]
    assert bars.offset is None, "a bar stands on its date"


def test_names_of_files_are_no_markup() -> None:
    assert figure.short("<b>a</b>.mp4") == "&lt;b&gt;a&lt;/b&gt;.mp4"
    assert figure.short("""the "main" gate's""") == """the "main" gate's"""
    assert len(figure.short("n" * 100)) == 28


def test_a_figure_is_told_in_words_as_well(open_page: Open, found: Found) -> None:
    found(Outcome.CONFIRMED, Outcome.REJECTED)
    told = [chart.proto.alt for chart in open_page("statistics").get("plotly_chart")]
    assert any(text.endswith("Step Accepted by people, Suspects 0") for text in told)


def test_what_is_missing_is_not_laid_to_filters_that_nobody_has_set(open_page: Open, found: Found) -> None:
    found(Outcome.REJECTED)
    app = open_page("statistics")
    assert "No violation." in said(app)
    assert "these days" not in said(app)
