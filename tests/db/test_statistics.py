"""Counts from the database against counts by other means: nothing there, one of each, 100,000 rows against pandas."""

import json
from collections import Counter
from dataclasses import astuple, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine, insert, update
from sqlalchemy.orm import Session, sessionmaker

from db import engine
from db.live import LiveJob
from db.models import Action, Case, Clip, Job, JobState, Reason, ReviewState, SourceKind, Track
from db.reviews import Deed, Reviews
from db.save import save
from db.statistics import Heads, Plates, Riders, Scope, Source, Statistics
from pipeline import types
from pipeline.types import Label, Outcome
from tests import factory
from tests.db.plans import plans_of
from tests.factory import EVIDENCE, STORE, under_way

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
ROWS = 100_000
CLIPS = 20
START = datetime(2025, 9, 1, tzinfo=UTC)
ALL = Scope()


def analysed(sessions: sessionmaker[Session], content: str, *outcomes: Outcome) -> int:
    """A clip with these suspects, one rider with a helmet, and one whose head nobody saw."""
    job_id = under_way(sessions, f"{content}.mp4", content=content * 64)
    cases = [(moved(factory.case(row, one), 200 * row), EVIDENCE) for row, one in enumerate(outcomes)]
    others = (at(factory.track(98, labels=(Label.WITH_HELMET,)), 2000), at(factory.track(99, labels=()), 2200))
    save(sessions, job_id, factory.analysis(cases, others), STORE)
    return job_id


def moved(case: types.Case, x: float) -> types.Case:
    best = replace(case.best, box=case.best.box.shift(x, 0))
    return replace(case, track=at(case.track, x), best=best)


def at(track: types.Track, x: float) -> types.Track:
    return replace(track, sightings=tuple(replace(one, box=one.box.shift(x, 0)) for one in track.sightings))


def test_a_camera_that_was_watched_before_counts_on_the_day_it_was_watched(sessions: sessionmaker[Session]) -> None:
    job = LiveJob(sessions, STORE, SourceKind.STREAM, "gate", "rtsp://gate")
    job.begin(lambda: datetime(2026, 7, 20, 8, tzinfo=UTC))
    with sessions.begin() as session:
        session.execute(update(Clip).values(added_at=datetime(2026, 7, 1, 8, tzinfo=UTC)))
    job.keep_case(factory.case(), EVIDENCE)
    job.keep_track(factory.track(2, labels=(Label.WITH_HELMET,)))
    counts = Statistics(sessions)
    days = [Scope(None, datetime(2026, 7, day, tzinfo=UTC), datetime(2026, 7, day + 1, tzinfo=UTC)) for day in (1, 20)]
    assert [counts.violations(day) for day in days] == [0, 1]
    assert [sum(astuple(counts.riders(day))) for day in days] == [0, 2]


def test_a_violation_past_midnight_is_a_rider_of_the_same_day(sessions: sessionmaker[Session]) -> None:
    midnight = datetime(2026, 7, 21, tzinfo=UTC)
    job = LiveJob(sessions, STORE, SourceKind.STREAM, "gate", "rtsp://gate")
    job.begin(lambda: midnight - timedelta(seconds=0.5))
    case = factory.case()
    job.keep_case(replace(case, best=case.track.sightings[-1]), EVIDENCE)
    counts = Statistics(sessions)
    for scope, number in ((Scope(before=midnight), 0), (Scope(since=midnight), 1)):
        assert counts.violations(scope) == counts.riders(scope).without_helmet == number


def test_a_rider_who_waits_in_view_of_a_camera_counts_once(sessions: sessionmaker[Session]) -> None:
    """Stage 2, which was not convinced, has looked three times; the last word stands."""
    job = LiveJob(sessions, STORE, SourceKind.STREAM, "crossing", "rtsp://crossing")
    job.begin(lambda: datetime(2026, 7, 20, 8, tzinfo=UTC))
    job.keep_track(factory.track(2, labels=(Label.WITH_HELMET,)))
    assert list(Statistics(sessions).sources().values()) == ["crossing"], "also where nobody is a suspect"
    for outcome in (Outcome.REJECTED, Outcome.REJECTED, Outcome.UNSURE):
        job.keep_case(factory.case(1, outcome), EVIDENCE)
    counts = Statistics(sessions)
    assert counts.riders(ALL).total == 2
    assert counts.verdicts(ALL) == {(Outcome.UNSURE, ReviewState.OPEN): 1}
    assert sum(counts.sureness(ALL).values()) == 1


def test_a_motorcycle_whose_other_case_is_elsewhere_counts_there_and_here(sessions: sessionmaker[Session]) -> None:
    analysed(sessions, "a", Outcome.CONFIRMED)
    analysed(sessions, "b", Outcome.CONFIRMED)
    Reviews(sessions).link({1: 0, 2: 0}, "kim")
    counts = Statistics(sessions)
    assert [counts.violations(scope) for scope in (ALL, Scope(clip_id=1), Scope(clip_id=2))] == [1, 1, 1]
    assert counts.riders(Scope(clip_id=2)).without_helmet == 1


def test_nothing_there_counts_as_nothing(sessions: sessionmaker[Session]) -> None:
    counts = Statistics(sessions)
    assert counts.sources() == {}
    assert counts.violations(ALL) == 0
    assert counts.by_hour(ALL, SEOUL) == counts.by_day(ALL, SEOUL) == counts.by_week(ALL, SEOUL) == {}
    assert counts.by_source(ALL, 10) == []
    assert counts.riders(ALL) == Riders(0, 0, 0)
    assert counts.heads(ALL) == Heads(0, 0)
    assert counts.verdicts(ALL) == counts.sureness(ALL) == counts.reasons(ALL) == {}
    assert counts.plates(ALL) == Plates(0, 0, 0)
    speeds = counts.speeds(ALL, 10)
    assert (speeds.jobs, speeds.wall_s, speeds.newest) == (0, 0.0, ())


def test_one_of_each(sessions: sessionmaker[Session]) -> None:
    job_id = analysed(sessions, "a", Outcome.CONFIRMED, Outcome.REJECTED, Outcome.UNSURE)
    counts = Statistics(sessions)
    assert list(counts.sources().values()) == ["a.mp4"]
    assert counts.violations(ALL) == 1
    assert counts.by_source(ALL, 10) == [Source(1, "a.mp4", 1)]
    assert counts.riders(ALL) == Riders(without_helmet=1, with_helmet=1, unknown=3)
    assert counts.heads(ALL) == Heads(without_helmet=3, with_helmet=1)
    assert set(counts.verdicts(ALL)) == {(outcome, ReviewState.OPEN) for outcome in Outcome}
    assert counts.sureness(ALL) == {(7, outcome): 1 for outcome in Outcome}
    assert counts.plates(ALL) == Plates(unseen=1)
    (speed,) = counts.speeds(ALL, 10).newest
    assert (speed.job_id, speed.frames, speed.duration_s, speed.wall_s) == (job_id, 90, 9.0, 4.5)
    with sessions() as session:
        happened = session.get_one(Case, 1).happened_at
    assert counts.by_day(ALL, SEOUL) == {happened.astimezone(SEOUL).date(): 1}
    assert counts.violations(Scope(clip_id=2)) == 0
    assert counts.riders(Scope(before=happened - timedelta(hours=1))).total == 0
    assert counts.speeds(Scope(since=datetime.now(UTC) + timedelta(hours=1)), 10).jobs == 0


def test_what_people_say_moves_the_counts(sessions: sessionmaker[Session]) -> None:
    analysed(sessions, "a", *[Outcome.CONFIRMED] * 4)
    reviews, counts = Reviews(sessions), Statistics(sessions)
    reviews.link({1: 0, 2: 0}, "kim")
    assert counts.violations(ALL) == 3
    assert counts.riders(ALL) == Riders(without_helmet=3, with_helmet=1, unknown=1)
    reviews.decide({1: 1}, Deed("kim", Action.DISMISS, Reason.UNCLEAR))
    assert counts.violations(ALL) == 3  # the linked one still stands for the motorcycle
    reviews.decide({2: 1, 3: 0}, Deed("kim", Action.DISMISS, Reason.HELMET))
    reviews.undo_case(3, 1, "lee")
    reviews.decide({3: 2}, Deed("lee", Action.DISMISS, Reason.OTHER))
    assert counts.violations(ALL) == 1
    assert counts.reasons(ALL) == {Reason.UNCLEAR: 1, Reason.HELMET: 1, Reason.OTHER: 1}
    reviews.decide({4: 0}, Deed("lee", Action.ACCEPT))
    assert counts.verdicts(ALL)[Outcome.CONFIRMED, ReviewState.ACCEPTED] == 1
    assert counts.heads(ALL) == Heads(without_helmet=1, with_helmet=1)


def test_a_rider_found_again_by_a_second_analysis_counts_once(sessions: sessionmaker[Session]) -> None:
    analysed(sessions, "a", Outcome.CONFIRMED, Outcome.REJECTED)
    Reviews(sessions).decide({1: 0, 2: 0}, Deed("kim", Action.ACCEPT))
    before = Statistics(sessions).riders(ALL)
    analysed(sessions, "a", Outcome.CONFIRMED)
    assert Statistics(sessions).riders(ALL) == before
    analysed(sessions, "a", Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.CONFIRMED)  # one more than the first time
    assert Statistics(sessions).riders(ALL).total == before.total + 1


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """100,000 suspects over fourteen months, with two changes of the clocks."""
    chance = np.random.default_rng(7)
    seconds = np.sort(chance.integers(0, 430 * 86_400 * 1000, ROWS)) / 1000
    frame = pd.DataFrame(
        {
            "id": np.arange(1, ROWS + 1),
            "outcome": chance.choice([one.value for one in Outcome], ROWS, p=[0.6, 0.3, 0.1]),
            "review": chance.choice([one.value for one in ReviewState], ROWS, p=[0.5, 0.3, 0.2]),
            "clip_id": chance.integers(1, CLIPS + 1, ROWS),
            "happened_at": pd.Timestamp(START) + pd.to_timedelta(seconds, unit="s").round("ms"),
            "stage1": np.round(chance.random(ROWS), 3),
            "plate_text": chance.choice(["3다76519", None], ROWS),
            "plate_corrected": chance.choice(["서울12가3456", "", None], ROWS, p=[0.1, 0.1, 0.8]),
            "plate_crop": chance.choice(["n.jpg", None], ROWS, p=[0.8, 0.2]),
            "heads_without": chance.integers(0, 3, ROWS),
            "heads_with": chance.integers(0, 2, ROWS),
        }
    )
    linked = chance.choice(ROWS, 3000, replace=False).reshape(-1, 3) + 1  # three at a time are one motorcycle
    motorcycle = {int(id_): int(group.min()) for group in linked for id_ in group}
    frame["motorcycle"] = frame["id"].map(motorcycle)
    return frame


@pytest.fixture(scope="module")
def many(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Statistics:
    sessions = engine.sessions(f"sqlite:///{tmp_path_factory.mktemp('many') / 'many.sqlite3'}")
    fill(sessions.kw["bind"], table)
    return Statistics(sessions)


def fill(database: Engine, table: pd.DataFrame) -> None:
    """The cases of the table, each with its track, and one more track for every one without a case."""
    case = dict.fromkeys(("picture", "crop", "video"), "x")
    case |= dict.fromkeys(("start_s", "end_s", "best_s", "x1", "y1", "x2", "y2", "stage2"), 0.5)
    rows = json.loads(table.drop(columns="happened_at").to_json(orient="records"))
    moments = table["happened_at"].dt.to_pydatetime()
    done = {"state": JobState.DONE, "created_at": START, "finished_at": START, "frames": 300, "duration_s": 10.0}
    with database.begin() as connection:
        clips = [{"id": n, "sha256": f"{n:064}", "name": f"{n}.mp4", "path": "x", "added_at": START} for n in CLIP_IDS]
        connection.execute(insert(Clip), clips)
        connection.execute(insert(Job), [{"id": n, "clip_id": n, "wall_s": float(n), **done} for n in CLIP_IDS])
        connection.execute(insert(Track), [track_of(row, moment) for row, moment in zip(rows, moments, strict=True)])
        helmets = {"job_id": 1, "number": 0, "start_s": 1e6, "end_s": 1e6, "heads_without": 0, "heads_with": 1}
        connection.execute(insert(Track), [{**helmets, "id": 2 * ROWS + n} for n in range(ROWS)])
        full = [
            {**case, **row, "happened_at": moment, "job_id": row["clip_id"], "track_id": row["id"]}
            for row, moment in zip(rows, moments, strict=True)
        ]
        connection.execute(
            insert(Case),
            [{**one, "outcome": Outcome(one["outcome"]), "review": ReviewState(one["review"])} for one in full],
        )


CLIP_IDS = range(1, CLIPS + 1)


def track_of(row: dict[str, int], moment: datetime) -> dict[str, float]:
    start_s = (moment - START).total_seconds()
    heads = {name: row[name] for name in ("heads_without", "heads_with")}
    return {"id": row["id"], "job_id": row["clip_id"], "number": 1, "start_s": start_s, "end_s": start_s + 1, **heads}


SCOPES = [ALL, Scope(clip_id=3), Scope(since=START + timedelta(days=61.3), before=START + timedelta(days=300))]


def within(table: pd.DataFrame, scope: Scope) -> pd.DataFrame:
    if scope.clip_id is not None:
        table = table[table["clip_id"] == scope.clip_id]
    if scope.since is not None and scope.before is not None:
        table = table[(table["happened_at"] >= scope.since) & (table["happened_at"] < scope.before)]
    return table


def once(table: pd.DataFrame) -> pd.DataFrame:
    """The violations, the first of each motorcycle."""
    violations = table[(table["outcome"] == "confirmed") & (table["review"] != "dismissed")]
    return violations.assign(one=violations["motorcycle"].fillna(-violations["id"])).drop_duplicates("one")


@pytest.mark.parametrize("scope", SCOPES)
def test_100_000_rows_count_as_pandas_counts_them(many: Statistics, table: pd.DataFrame, scope: Scope) -> None:
    violations = once(within(table, scope))
    assert many.violations(scope) == len(violations) > 1000
    for zone in (SEOUL, NEW_YORK):
        local = violations["happened_at"].dt.tz_convert(zone)
        assert many.by_hour(scope, zone) == Counter(int(hour) for hour in local.dt.hour)
        assert many.by_day(scope, zone) == Counter(local.dt.date)
        mondays = Counter(date.fromisocalendar(*one.isocalendar()[:2], 1) for one in local.dt.date)
        assert many.by_week(scope, zone) == mondays
    top = Counter(violations["clip_id"]).most_common()
    found = many.by_source(scope, 5)
    assert [one.violations for one in found] == [count for _, count in top[:5]]
    assert all(dict(top)[one.clip_id] == one.violations for one in found)
    text = violations["plate_corrected"].fillna(violations["plate_text"]).replace("", None).notna()
    seen = ~text & violations["plate_crop"].notna()
    assert many.plates(scope) == Plates(int(text.sum()), int(seen.sum()), int((~text & ~seen).sum()))


@pytest.mark.parametrize("scope", SCOPES)
def test_100_000_suspects_and_their_riders(many: Statistics, table: pd.DataFrame, scope: Scope) -> None:
    suspects = within(table, scope)
    verdicts = many.verdicts(scope)
    assert sum(verdicts.values()) == len(suspects)
    expected = suspects.groupby(["outcome", "review"]).size()
    assert all(verdicts[outcome, review] == expected[outcome.value, review.value] for outcome, review in verdicts)
    tenths = Counter(zip(np.minimum(suspects["stage1"] * 10, 9).astype(int), suspects["outcome"], strict=True))
    assert sum(many.sureness(scope).values()) == len(suspects)
    assert many.sureness(scope) == {(tenth, Outcome(outcome)): n for (tenth, outcome), n in tenths.items()}
    violation = (table["outcome"] == "confirmed") & (table["review"] != "dismissed")
    first = within(table[violation], scope).groupby("motorcycle")["id"].min()
    repeated = table["motorcycle"].notna() & (table["id"] > table["motorcycle"].map(first))
    riders = within(table[~repeated & (table["review"] != "dismissed")], scope)
    mine = violation.loc[riders.index]
    helmets = (riders["heads_with"] > 0) & (riders["heads_without"] == 0) & ~mine
    more = within(pd.DataFrame({"clip_id": [1], "happened_at": [START + timedelta(seconds=1e6)]}), scope)
    extra = ROWS * len(more)
    assert many.riders(scope) == Riders(int(mine.sum()), int(helmets.sum()) + extra, int((~mine & ~helmets).sum()))
    assert many.heads(scope) == Heads(int(riders["heads_without"].sum()), int(riders["heads_with"].sum()) + extra)


def test_no_span_of_time_is_read_anew_for_each_case(sessions: sessionmaker[Session]) -> None:
    """What keeps 100,000 rows fast: SQLite takes the span for the best index."""
    counts = Statistics(sessions)
    with plans_of(sessions) as plans:
        counts.violations(SCOPES[2])
        counts.riders(SCOPES[2])
    assert len(plans) == 2
    assert not any("CORRELATED" in plan for plan in plans), plans


def test_the_speed_of_many_jobs(many: Statistics) -> None:
    speeds = many.speeds(ALL, 5)
    assert (speeds.jobs, speeds.frames, speeds.wall_s) == (CLIPS, 300 * CLIPS, sum(CLIP_IDS))
    assert len(speeds.newest) == 5
