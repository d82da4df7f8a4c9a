import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from db.cases import TURNED_DOWN, VIOLATIONS, Cases, Filter, Sort
from db.jobs import Jobs
from db.live import LiveJob
from db.models import Action, Case, JobState, ReviewState, Sighting, SourceKind, Track
from db.reviews import Deed, Reviews
from db.save import _heads
from pipeline import types
from pipeline.types import Outcome
from tests import factory
from tests.db.plans import plans_of
from tests.factory import EVIDENCE, STORE, done

START = datetime(2026, 11, 1, tzinfo=UTC)


def ids(cases: Sequence[Case]) -> list[int]:
    return [case.id for case in cases]


def test_an_analysis_is_kept_whole(sessions: sessionmaker[Session]) -> None:
    job_id = done(sessions, "a", Outcome.CONFIRMED, Outcome.REJECTED)
    job = Jobs(sessions).get(job_id)
    assert job is not None
    assert (job.state, job.violations, job.frames, job.video) == (JobState.DONE, 1, 90, "a.mp4")
    cases = Cases(sessions)
    (violation,) = cases.of_job(job_id)
    (rejected,) = cases.of_job(job_id, TURNED_DOWN)
    assert rejected.outcome is Outcome.REJECTED
    whole = cases.get(violation.id)
    assert whole is not None
    assert len(whole.looks) == 4
    assert (whole.heads_without, whole.track.number) == (1, 0)
    sightings = cases.sightings(whole.track_id)
    assert [one.frame for one in sightings] == list(range(10))
    assert [part[0] for part in sightings[0].parts] == [1, 3]
    crop_box = whole.looks[0].stage1[0]
    assert crop_box == [0, 0.9, 15.0, 40.0, 115.0, 240.0], "the rider's place in the crop"


def test_who_else_was_there_is_told_of_the_same_clip_alone(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", Outcome.CONFIRMED, Outcome.REJECTED)
    cases = Cases(sessions)
    (violation,) = cases.of_job(done(sessions, "b", Outcome.CONFIRMED))
    others = cases.others_around(violation)
    assert [(one.frame, one.heads) for one in others] == [(frame, ()) for frame in range(10)]


def test_analysing_a_clip_again_replaces_what_was_found(sessions: sessionmaker[Session]) -> None:
    first = done(sessions, "a", Outcome.CONFIRMED, Outcome.CONFIRMED)
    other = done(sessions, "b", Outcome.CONFIRMED)
    second = done(sessions, "a", Outcome.CONFIRMED)
    assert Jobs(sessions).get(first) is None
    cases = Cases(sessions)
    assert cases.count(Filter()) == 2
    assert {case.job_id for case in cases.page(Filter(), Sort.NEWEST, 0, 10)} == {other, second}
    with sessions() as session:
        assert session.scalar(text("select count(*) from sightings")) == (1 + 1 + 2) * 10  # no orphan


def test_of_a_rider_who_waits_before_a_camera_the_last_word_is_shown(sessions: sessionmaker[Session]) -> None:
    job = LiveJob(sessions, STORE, SourceKind.STREAM, "crossing", "rtsp://crossing")
    job.begin(lambda: START)

    def judged(number: int, outcome: Outcome) -> None:
        job.keep_case(factory.case(number, outcome), EVIDENCE)

    def shown(outcomes: tuple[Outcome, ...]) -> list[int]:
        return ids(Cases(sessions).page(Filter(outcomes), Sort.OLDEST, 0, 10))

    for number, outcome in ((1, Outcome.REJECTED), (2, Outcome.UNSURE), (1, Outcome.REJECTED)):
        judged(number, outcome)
    assert shown(TURNED_DOWN) == [2, 3]
    assert shown((Outcome.REJECTED,)) == [3]
    judged(2, Outcome.CONFIRMED)
    job.keep_track(factory.track(1))  # who is no suspect any more says nothing of the one before
    assert (shown(TURNED_DOWN), shown(VIOLATIONS)) == ([3], [4])
    assert Cases(sessions).count(Filter(TURNED_DOWN)) == 1
    found = Jobs(sessions).get(job.id)
    assert found is not None
    assert found.violations == 1
    other = LiveJob(sessions, STORE, SourceKind.STREAM, "gate", "rtsp://gate")
    other.begin(lambda: START)
    other.keep_case(factory.case(1, Outcome.REJECTED), EVIDENCE)
    assert shown(TURNED_DOWN) == [3, 5], "elsewhere rider 1 is somebody else"


def test_heads_that_stage_2_did_not_count_are_counted_as_most_of_their_sightings_show_them() -> None:
    bare, helmet = types.Label.WITHOUT_HELMET, types.Label.WITH_HELMET
    seen = [factory.sighting(frame, (helmet if frame % 4 else bare, bare, bare)) for frame in range(10)]
    seen += [factory.sighting(frame, (helmet, bare, bare, bare)) for frame in (10, 11)]  # too seldom to be somebody
    assert _heads(types.Track(1, tuple(seen))) == (2, 1)


def test_filters(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.REJECTED)
    done(sessions, "b", Outcome.CONFIRMED, Outcome.UNSURE)
    cases = Cases(sessions)
    newest = cases.page(Filter(), Sort.NEWEST, 0, 10)
    assert cases.count(Filter(TURNED_DOWN)) == 2
    assert cases.count(Filter(clip_id=newest[0].clip_id)) == 1
    assert cases.count(Filter(with_plate=True)) == 1
    assert cases.count(Filter(with_plate=False)) == 2
    assert cases.count(Filter(least_confidence=0.81)) == 0
    happened = newest[-1].happened_at
    assert happened.tzinfo is UTC
    assert cases.count(Filter(since=happened, before=happened + timedelta(days=1))) == 3
    assert cases.count(Filter(before=happened)) == 0
    assert [clip.name for clip in cases.sources()] == ["b.mp4", "a.mp4"]
    assert ids(cases.of_job(1)) == [1, 2]
    assert ids(cases.of_job(2, TURNED_DOWN)) == [5]
    Reviews(sessions).decide({1: 0}, Deed("Lee", Action.DISMISS))
    Reviews(sessions).decide({2: 0, 3: 0}, Deed("Lee", Action.ACCEPT))
    assert cases.tally([1, 2, 3]) == {1: (2, 1), 2: (1, 0)}
    assert cases.tally([2]) == {2: (1, 0)}


def test_a_plate_is_found_by_what_people_said_of_it_before_the_machine(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", *[Outcome.CONFIRMED] * 5)
    with sessions.begin() as session:
        session.execute(update(Case).where(Case.id < 5).values(plate_text="3모71940"))
    Reviews(sessions).correct_plate({2: 0}, "Lee", unicodedata.normalize("NFD", "3모7 １942"))
    Reviews(sessions).correct_plate({3: 0}, "Lee", "")  # not readable
    cases = Cases(sessions)

    def whole(id_: int) -> Case:
        case = cases.get(id_)
        assert case is not None
        return case

    def found(part: str) -> list[int]:
        return ids(cases.page(Filter(plate=part), Sort.OLDEST, 0, 10))

    assert found("") == found(" ") == [1, 2, 3, 4, 5]
    assert (found("3모7 1942"), found("7194"), found("1940"), found("%")) == ([2], [1, 2, 4], [1, 4], [])
    assert [ids(cases.same_plate(whole(id_))) for id_ in range(1, 6)] == [[4], [], [], [1], []]
    Reviews(sessions).decide({4: 0}, Deed("Lee", Action.DISMISS))
    assert cases.same_plate(whole(1)) == []
    Reviews(sessions).decide({4: 1}, Deed("Lee", Action.REOPEN))
    Reviews(sessions).link({1: 0, 4: 2}, "Lee")  # who is shown as the same motorcycle
    assert cases.same_plate(whole(1)) == []


@pytest.fixture
def many(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    """100,000 violations of two sources."""
    job_id = done(sessions, "a", Outcome.CONFIRMED)
    done(sessions, "b", Outcome.CONFIRMED)
    with sessions.begin() as session:
        pattern = session.get_one(Case, 1)
        row = {name: getattr(pattern, name) for name in Case.__table__.columns.keys() if name != "id"}  # noqa: SIM118
        track = {"job_id": job_id, "start_s": 0.0, "end_s": 1.0}
        session.execute(insert(Track), [{**track, "id": 1000 + n, "number": n} for n in range(100_000)])
        session.execute(
            insert(Case),
            [
                {
                    **row,
                    "track_id": 1000 + n,
                    "clip_id": 1 + n % 2,
                    "stage2": n % 1000 / 1000,
                    "happened_at": START + timedelta(minutes=n),
                }
                for n in range(100_000)
            ],
        )
    return sessions


def test_every_order_pages_through_an_index(many: sessionmaker[Session]) -> None:
    """What makes 100,000 rows page at once: no sorting of them all, whatever the order."""
    cases = Cases(many)
    with plans_of(many) as plans:
        for sort in Sort:
            page = cases.page(Filter(), sort, 4000, 24)
            assert len(page) == 24
    assert len(plans) == len(Sort)
    assert all("USING INDEX" in plan and "TEMP B-TREE" not in plan for plan in plans), plans


def test_pages_do_not_overlap_and_miss_nothing(many: sessionmaker[Session]) -> None:
    cases = Cases(many)
    wanted = Filter(least_confidence=0.99)
    total = cases.count(wanted)
    seen = [id_ for number in range(-(-total // 48)) for id_ in ids(cases.page(wanted, Sort.SUREST, number, 48))]
    assert len(seen) == len(set(seen)) == total == 1000


def test_next_and_previous_walk_every_order_and_skip_nothing(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", *[Outcome.CONFIRMED] * 5, Outcome.REJECTED)
    with sessions.begin() as session:
        for id_, confidence in ((1, 0.5), (2, 0.9), (3, 0.5), (4, 0.7)):
            session.get_one(Case, id_).stage2 = confidence
        session.get_one(Case, 5).review = ReviewState.DISMISSED
    cases = Cases(sessions)
    for sort in Sort:
        order = cases.page(Filter(), sort, 0, 9)
        assert len(order) == 4
        pairs = zip(order, [*ids(order)[1:], None], strict=True)
        assert all(cases.neighbour(Filter(), sort, one, 1) == following for one, following in pairs)
        pairs = zip(order, [None, *ids(order)[:-1]], strict=True)
        assert all(cases.neighbour(Filter(), sort, one, -1) == before for one, before in pairs)
        assert [cases.place(Filter(), sort, one) for one in order] == [0, 1, 2, 3]
    dismissed = cases.get(5)
    assert dismissed is not None
    assert cases.neighbour(Filter(), Sort.NEWEST, dismissed, 1) == 4  # it has left the view, the way on has not
    assert cases.place(Filter(), Sort.NEWEST, dismissed) is None


def test_a_live_violation_happened_by_the_clock_as_it_was_set_by_then(sessions: sessionmaker[Session]) -> None:
    """As after a night of sleep, too, in which no time of the source passed."""
    clock = [START]
    job = LiveJob(sessions, STORE, SourceKind.CAMERA, "gate", "camera")
    job.begin(lambda: clock[0])
    for number in range(2):
        job.keep_case(factory.case(number), EVIDENCE)
        clock[0] += timedelta(hours=8)
    before, after = sorted(case.happened_at for case in Cases(sessions).page(Filter(), Sort.NEWEST, 0, 9))
    assert after - before == timedelta(hours=8)


def test_where_a_rider_is_later_is_kept_with_that_rider_of_that_source(sessions: sessionmaker[Session]) -> None:
    gate, yard = (LiveJob(sessions, STORE, SourceKind.CAMERA, name, name) for name in ("gate", "yard"))
    for job in (gate, yard):
        job.begin(lambda: START)
    for job, number in ((gate, 1), (gate, 2), (yard, 1)):
        job.keep_track(factory.track(number))
    gate.keep_later(types.Track(1, tuple(factory.sighting(frame) for frame in range(10, 20))))
    query = select(Track.job_id, Track.number, func.count()).join(Sighting, Sighting.track_id == Track.id)
    with sessions() as session:
        counts = {(job_id, number): count for job_id, number, count in session.execute(query.group_by(Track.id))}
    assert counts == {(gate.id, 1): 20, (gate.id, 2): 10, (yard.id, 1): 10}


@pytest.mark.parametrize("early", [True, False])
def test_a_rider_who_waits_in_a_live_source_is_around_whoever_passes(
    sessions: sessionmaker[Session], early: bool
) -> None:
    """`early`: while the case of the one who waits is still under way. What its own case shows stays the same."""
    job = LiveJob(sessions, STORE, SourceKind.CAMERA, "gate", "camera")
    job.begin(lambda: START)
    later = types.Track(1, tuple(factory.sighting(frame) for frame in range(10, 300)))
    keep = [lambda: job.keep_case(factory.case(1), EVIDENCE), lambda: job.keep_later(later)]
    for step in reversed(keep) if early else keep:
        step()
    passes = factory.case(2)
    track = types.Track(2, tuple(factory.sighting(frame, x=150) for frame in range(200, 210)))
    job.keep_case(replace(passes, track=track), EVIDENCE)
    cases = Cases(sessions)
    waits, goes_by = (cases.get(id_) for id_ in (1, 2))
    assert waits is not None
    assert goes_by is not None
    others = cases.others_around(goes_by)
    assert sorted(one.frame for one in others) == list(range(190, 220))
    assert {(len(one.bare_heads), len(one.heads), one.plate is not None) for one in others} == {(1, 1, True)}
    assert [one.frame for one in cases.sightings(waits.track_id)] == list(range(10))
