import threading
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

import db
from db.cases import TURNED_DOWN, Cases, Filter, Sort
from db.jobs import Jobs
from db.models import Action, Case, Reason, ReviewState
from db.reviews import Deed, Reviews
from db.save import same_motorcycles, save
from pipeline.types import Analysis, Outcome, Track
from tests.factory import STORE, analysis_of, done, track, under_way

ACCEPT = Deed("Kim", Action.ACCEPT)
DISMISS = Deed("Lee", Action.DISMISS, Reason.HELMET, "a grey half helmet")


@pytest.fixture
def reviews(sessions: sessionmaker[Session]) -> Reviews:
    done(sessions, "a", *[Outcome.CONFIRMED] * 4, Outcome.REJECTED)
    return Reviews(sessions)


def case(sessions: sessionmaker[Session], id_: int) -> Case:
    found = Cases(sessions).get(id_)
    assert found is not None
    return found


def test_a_decision_is_kept_with_who_when_why_and_what_was_before(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    assert reviews.decide({1: 0, 2: 0}, ACCEPT).changed == (1, 2)
    assert reviews.decide({1: 1}, DISMISS).changed == (1,)
    assert (case(sessions, 1).review, case(sessions, 1).version) == (ReviewState.DISMISSED, 2)
    first, second = reviews.history(1)
    assert (first.reviewer, first.action, first.before, first.after) == (
        "Kim",
        Action.ACCEPT,
        {"review": "open"},
        {"review": "accepted"},
    )
    assert (second.reviewer, second.reason, second.note) == ("Lee", Reason.HELMET, "a grey half helmet")
    assert (second.before, second.after) == ({"review": "accepted"}, {"review": "dismissed"})
    assert first.at <= second.at
    assert first.at.tzinfo is not None


def test_dismissed_cases_leave_the_default_view(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    cases = Cases(sessions)
    reviews.decide({1: 0}, DISMISS)
    reviews.decide({2: 0}, ACCEPT)
    assert cases.count(Filter()) == 3
    assert [one.id for one in cases.page(Filter(reviews=(ReviewState.DISMISSED,)), Sort.OLDEST, 0, 9)] == [1]
    assert cases.count(Filter(reviews=tuple(ReviewState))) == 4


def test_the_second_of_two_people_is_told_and_changes_nothing(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    reviews.decide({1: 0}, ACCEPT)
    done_ = reviews.decide({1: 0, 2: 0}, DISMISS)
    assert done_.changed == (2,)
    (conflict,) = done_.conflicts
    assert conflict.case_id == 1
    assert conflict.by is not None
    assert (conflict.by.reviewer, conflict.by.action) == ("Kim", Action.ACCEPT)
    assert case(sessions, 1).review is ReviewState.ACCEPTED
    assert len(reviews.history(1)) == 1


def test_two_at_the_same_moment_never_both_win(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    barrier = threading.Barrier(6)
    changed: list[int] = []

    def decide(name: str) -> None:
        barrier.wait()
        changed.extend(reviews.decide({1: 0}, Deed(name, Action.DISMISS, Reason.UNCLEAR)).changed)

    threads = [threading.Thread(target=decide, args=(f"person {n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert changed == [1]
    assert len(reviews.history(1)) == 1
    assert case(sessions, 1).version == 1


def test_reviews_cannot_be_changed_or_deleted(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    reviews.decide({1: 0}, ACCEPT)
    for statement in ("update reviews set reviewer = 'Park'", "delete from reviews"):
        with pytest.raises(DBAPIError, match="kept for good"), sessions.begin() as session:
            session.execute(text(statement))


def test_what_is_dismissed_for_a_reason_is_so_by_the_last_word_that_stands(reviews: Reviews) -> None:
    def dismiss(seen: dict[int, int], reason: Reason) -> None:
        reviews.decide(seen, Deed("Lee", Action.DISMISS, reason))

    dismiss({1: 0, 2: 0, 3: 0}, Reason.HELMET)
    dismiss({4: 0}, Reason.UNCLEAR)
    reviews.decide({2: 1, 3: 1}, Deed("Lee", Action.REOPEN))
    dismiss({3: 2}, Reason.UNCLEAR)
    assert reviews.dismissed_for([Reason.HELMET]) == {1: Reason.HELMET}
    assert reviews.dismissed_for([Reason.HELMET, Reason.UNCLEAR]) == {
        1: Reason.HELMET,
        3: Reason.UNCLEAR,
        4: Reason.UNCLEAR,
    }
    reviews.undo("Lee")
    reviews.undo("Lee")
    assert reviews.dismissed_for([Reason.HELMET]) == dict.fromkeys((1, 2, 3), Reason.HELMET)


def test_undo_takes_back_one_deed_after_the_other_and_adds_rows(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    reviews.decide({1: 0}, ACCEPT)
    reviews.decide({1: 1, 2: 0}, replace(DISMISS, reviewer="Kim"))
    assert reviews.undo("Kim").changed == (1, 2)
    assert [case(sessions, id_).review for id_ in (1, 2)] == [ReviewState.ACCEPTED, ReviewState.OPEN]
    assert reviews.undo("Kim").changed == (1,)
    assert case(sessions, 1).review is ReviewState.OPEN
    assert reviews.undo("Kim").changed == ()
    assert not reviews.can_undo("Kim")
    assert [row.action for row in reviews.history(1)] == [Action.ACCEPT, Action.DISMISS, Action.UNDO, Action.UNDO]


def test_the_last_deed_is_taken_back_first(reviews: Reviews) -> None:
    for id_ in (2, 1, 3):
        reviews.decide({id_: 0}, ACCEPT)
    assert [reviews.undo("Kim").changed for _ in range(3)] == [(3,), (1,), (2,)]


def test_whoever_takes_back_on_a_case_what_is_no_longer_the_last_is_told_who_was_quicker(reviews: Reviews) -> None:
    reviews.decide({1: 0}, ACCEPT)
    reviews.decide({1: 1}, DISMISS)
    done_ = reviews.undo_case(1, 1, "Park")
    assert done_.changed == ()
    assert [(one.case_id, one.by and one.by.reviewer) for one in done_.conflicts] == [(1, "Lee")]
    assert len(reviews.history(1)) == 2


def test_what_is_taken_back_on_a_case_is_the_last_deed_on_that_one(reviews: Reviews) -> None:
    reviews.decide({1: 0}, ACCEPT)
    reviews.decide({2: 0}, DISMISS)
    assert reviews.undo_case(1, 1, "Park").changed == (1,)


def test_undo_stops_where_somebody_built_on_it(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    reviews.decide({1: 0, 2: 0}, ACCEPT)
    reviews.decide({1: 1}, DISMISS)
    done_ = reviews.undo("Kim")
    assert done_.changed == (2,)
    assert [conflict.case_id for conflict in done_.conflicts] == [1]
    assert case(sessions, 1).review is ReviewState.DISMISSED
    assert reviews.undo_case(1, 2, "Park").changed == (1,)
    assert case(sessions, 1).review is ReviewState.ACCEPTED


def test_undo_leaves_alone_what_was_taken_back_of_a_deed_already(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    reviews.decide({1: 0, 2: 0}, ACCEPT)
    reviews.undo_case(1, 1, "Lee")
    done_ = reviews.undo("Kim")
    assert (done_.changed, done_.conflicts) == ((2,), ())
    assert len(reviews.history(1)) == 2


def test_undo_goes_on_before_a_deed_that_somebody_built_on(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    reviews.decide({1: 0}, ACCEPT)
    reviews.decide({2: 0}, ACCEPT)
    reviews.decide({2: 1}, DISMISS)
    assert reviews.undo("Kim").changed == (1,)
    assert not reviews.can_undo("Kim")
    assert case(sessions, 2).review is ReviewState.DISMISSED


def test_deciding_what_is_decided_already_adds_nothing(reviews: Reviews) -> None:
    reviews.decide({1: 0}, ACCEPT)
    assert reviews.decide({1: 1}, ACCEPT).changed == ()
    assert len(reviews.history(1)) == 1


def test_a_corrected_plate_stands_above_the_machines(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.get_one(Case, 1).plate_text = "서울강남가1284"
    reviews.correct_plate({1: 0}, "Kim", " 서울강남가1234 ")
    assert case(sessions, 1).plate == "서울강남가1234"
    assert reviews.history(1)[0].before == {"plate_corrected": None}
    reviews.correct_plate({1: 1}, "Kim", "")
    assert case(sessions, 1).plate is None  # not readable, whatever the machine says
    reviews.correct_plate({1: 2}, "Kim", None)
    assert case(sessions, 1).plate == "서울강남가1284"


@pytest.mark.parametrize(
    "typed", ["서울강남가１２３４", unicodedata.normalize("NFD", "서울강남가1234")], ids=["wide", "apart"]
)
def test_a_corrected_plate_is_the_same_in_whatever_form_it_was_typed(
    reviews: Reviews, sessions: sessionmaker[Session], typed: str
) -> None:
    reviews.correct_plate({1: 0}, "Kim", typed)
    assert case(sessions, 1).plate == "서울강남가1234"


def test_cases_of_one_motorcycle_are_linked_and_parted(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    def mates(id_: int) -> list[int]:
        return [one.id for one in Cases(sessions).same_motorcycle(case(sessions, id_))]

    reviews.link({2: 0, 3: 0}, "Kim")
    reviews.link({1: 0, 3: 1}, "Kim")  # and with it 2
    assert (mates(1), mates(2)) == ([2, 3], [1, 3])
    reviews.undo("Kim")
    assert (mates(1), mates(2)) == ([], [3])
    reviews.unlink(2, case(sessions, 2).version, "Kim")
    assert mates(3) == []
    assert case(sessions, 3).motorcycle is None
    assert reviews.link({1: 99, 4: 0}, "Kim").changed == ()
    assert case(sessions, 4).version == 0


def test_a_link_is_of_all_or_nothing_and_of_two_at_least(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    done_ = reviews.link({1: 99, 2: 0, 3: 0}, "Kim")
    assert (done_.changed, [one.case_id for one in done_.conflicts]) == ((), [1])
    assert reviews.link({4: 0}, "Kim").changed == ()
    assert [one.case_id for one in reviews.unlink(1, 99, "Kim").conflicts] == [1], "whoever was slower is told"
    assert [case(sessions, id_).motorcycle for id_ in (1, 2, 3, 4)] == [None] * 4


def test_motorcycles_that_people_parted_do_not_meet_again(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    def version(id_: int) -> int:
        return case(sessions, id_).version

    reviews.link({1: 0, 2: 0, 3: 0}, "Kim")
    reviews.unlink(1, version(1), "Kim")
    reviews.link({1: version(1), 4: version(4)}, "Kim")
    motorcycles = [case(sessions, id_).motorcycle for id_ in (1, 2, 3, 4)]
    assert motorcycles[0] == motorcycles[3] != motorcycles[1] == motorcycles[2]


def test_a_motorcycle_never_has_the_number_of_another(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    """Also not of one that is no more."""
    reviews.link({1: 0, 2: 0}, "Kim")
    reviews.unlink(1, 1, "Kim")
    reviews.link({3: 0, 4: 0}, "Kim")
    reviews.link({1: 2, 2: 2}, "Kim")
    motorcycles = [case(sessions, id_).motorcycle for id_ in (1, 2, 3, 4)]
    assert motorcycles[0] == motorcycles[1] != motorcycles[2] == motorcycles[3]


def test_cases_that_are_linked_again_by_undo_meet_nobody_who_was_linked_since(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    reviews.link({1: 0, 2: 0}, "Kim")
    reviews.unlink(1, 1, "Kim")
    reviews.link({3: 0, 4: 0}, "Lee")
    assert sorted(reviews.undo("Kim").changed) == [1, 2]
    motorcycles = [case(sessions, id_).motorcycle for id_ in (1, 2, 3, 4)]
    assert motorcycles[0] == motorcycles[1] != motorcycles[2] == motorcycles[3]


def test_a_case_that_was_parted_by_mistake_goes_back_to_all_others(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    reviews.link({1: 0, 2: 0, 3: 0}, "Kim")
    linked = case(sessions, 1).motorcycle
    reviews.unlink(1, 1, "Kim")
    assert reviews.undo("Kim").changed == (1,)
    assert [case(sessions, id_).motorcycle for id_ in (1, 2, 3)] == [linked] * 3


def test_two_who_link_at_once_get_two_motorcycles(
    reviews: Reviews, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = threading.Thread(target=reviews.link, args=({3: 0, 4: 0}, "Lee"))
    new = db.reviews._new_motorcycle

    def new_and_late(session: Session) -> int:
        number = new(session)
        if threading.current_thread() is not other and not other.ident:
            other.start()
            other.join(0.5)
        return number

    monkeypatch.setattr("db.reviews._new_motorcycle", new_and_late)
    reviews.link({1: 0, 2: 0}, "Kim")
    other.join()
    motorcycles = [case(sessions, id_).motorcycle for id_ in (1, 2, 3, 4)]
    assert motorcycles[0] == motorcycles[1] != motorcycles[2] == motorcycles[3]


def test_two_who_part_cases_at_once_leave_none_linked_to_itself(
    reviews: Reviews, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews.link({1: 0, 2: 0, 3: 0}, "Kim")
    other = threading.Thread(target=reviews.unlink, args=(2, 1, "Lee"))
    linked = db.reviews._linked_to

    def linked_and_late(*arguments: Any) -> Any:
        found = linked(*arguments)
        if threading.current_thread() is not other and not other.ident:
            other.start()
            other.join(0.5)
        return found

    monkeypatch.setattr("db.reviews._linked_to", linked_and_late)
    reviews.unlink(1, 1, "Kim")
    other.join()
    assert [case(sessions, id_).motorcycle for id_ in (1, 2, 3)] == [None] * 3


def test_a_decision_while_its_clip_is_saved_again_does_not_fail_the_job(
    reviews: Reviews, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    other = threading.Thread(target=lambda: said.append(reviews.decide({1: 0}, ACCEPT)))
    reviewed = db.save._keep_reviewed

    def reviewed_and_late(*arguments: Any) -> list[Case]:
        kept = reviewed(*arguments)
        if not other.ident:
            other.start()
            other.join(0.5)
        return kept

    monkeypatch.setattr("db.save._keep_reviewed", reviewed_and_late)
    job_id = done(sessions, "a", Outcome.CONFIRMED)
    other.join()
    assert len(Cases(sessions).of_job(job_id)) == 1
    assert [conflict.case_id for conflict in said[0].conflicts] == [1]


def test_undoing_a_link_leaves_one_that_somebody_built_on_it(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    reviews.link({1: 0, 2: 0}, "Kim")
    reviews.link({2: 1, 3: 0}, "Lee")
    assert [conflict.case_id for conflict in reviews.undo("Kim").conflicts] == []
    assert len({case(sessions, id_).motorcycle for id_ in (1, 2, 3)}) == 1


def test_a_link_is_taken_back_of_all_its_cases_whatever_else_was_made_of_one(
    reviews: Reviews, sessions: sessionmaker[Session]
) -> None:
    reviews.link({1: 0, 2: 0}, "Lee")
    reviews.link({1: 1, 3: 0}, "Kim")
    reviews.decide({1: 2}, replace(ACCEPT, reviewer="Lee"))
    assert sorted(reviews.undo("Kim").changed) == [1, 2, 3]
    motorcycles = [case(sessions, id_).motorcycle for id_ in (1, 2, 3)]
    assert motorcycles[0] == motorcycles[1] is not None
    assert motorcycles[2] is None
    assert case(sessions, 1).review is ReviewState.ACCEPTED


def test_a_link_taken_back_on_one_case_is_taken_back_of_all(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    """Else 2 would stay with 3, whom nobody linked it to, and not with 1."""

    def motorcycles() -> list[int | None]:
        return [case(sessions, id_).motorcycle for id_ in (1, 2, 3)]

    reviews.link({1: 0, 2: 0}, "Kim")
    linked = motorcycles()
    reviews.link({1: 1, 3: 0}, "Lee")
    assert sorted(reviews.undo_case(1, 2, "Park").changed) == [1, 2, 3]
    assert motorcycles() == linked
    reviews.unlink(1, 3, "Lee")  # which leaves 2 alone
    assert motorcycles() == [None] * 3
    assert sorted(reviews.undo_case(1, 4, "Park").changed) == [1, 2]
    assert motorcycles() == linked


def test_undo_links_no_case_to_itself(reviews: Reviews, sessions: sessionmaker[Session]) -> None:
    """Others have parted those that it was linked to, one by one."""
    reviews.link({1: 0, 2: 0, 3: 0}, "Kim")
    reviews.unlink(1, 1, "Kim")
    reviews.unlink(2, 1, "Lee")
    assert reviews.undo("Kim").changed == (1,)
    assert [case(sessions, id_).motorcycle for id_ in (1, 2, 3)] == [None] * 3


def again(sessions: sessionmaker[Session], analysis: Analysis) -> list[int]:
    """Analyse the clip of the fixture once more; the ids of its cases."""
    return save(sessions, under_way(sessions, "a.mp4", content="a" * 64), analysis, STORE)


def test_a_reviewed_case_outlives_a_new_analysis(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", Outcome.CONFIRMED)
    reviews = Reviews(sessions)
    reviews.decide({1: 0}, DISMISS)
    assert again(sessions, analysis_of(Outcome.CONFIRMED)) == [1]  # the same motorcycle is not accused again
    kept = case(sessions, 1)
    assert (kept.review, kept.kept, kept.job_id) == (ReviewState.DISMISSED, True, 2)
    with sessions() as session:
        assert session.scalar(text("select count(*) from tracks")) == 2, "nobody is a rider twice"
    assert len(Cases(sessions).sightings(kept.track_id)) == 10
    assert len(reviews.history(1)) == 1
    assert again(sessions, analysis_of()) == []
    assert case(sessions, 1).job_id == 3
    assert Cases(sessions).count(Filter(reviews=tuple(ReviewState))) == 1


def test_a_reviewed_case_stays_its_riders_where_only_a_neighbour_is_accused_again(
    sessions: sessionmaker[Session],
) -> None:
    """Half beside it, in boxes that overlap."""
    done(sessions, "a", Outcome.CONFIRMED)
    Reviews(sessions).decide({1: 0}, DISMISS)
    analysis = analysis_of(Outcome.CONFIRMED)
    (accused, evidence), cleared = analysis.cases[0], analysis.tracks[0]
    aside = [replace(one, box=one.box.shift(40, 0)) for one in accused.track.sightings]
    neighbour = replace(accused, track=Track(7, tuple(aside)), best=aside[0])
    analysis = replace(analysis, tracks=(cleared, neighbour.track), cases=((neighbour, evidence),))
    assert again(sessions, analysis) == [2]
    assert [one.id for one in Cases(sessions).page(Filter(), Sort.NEWEST, 0, 9)] == [2]
    assert len(Cases(sessions).sightings(case(sessions, 1).track_id)) == 10


def test_another_rider_of_the_number_of_a_kept_case_hides_it_not(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", Outcome.UNSURE)
    Reviews(sessions).decide({1: 0}, ACCEPT)
    with sessions.begin() as session:
        session.get_one(Case, 1).best_s += 5
    assert again(sessions, analysis_of(Outcome.UNSURE)) == [2]
    assert Cases(sessions).count(Filter(TURNED_DOWN, reviews=tuple(ReviewState))) == 2


def test_a_track_is_one_case_again_the_nearest_also_where_its_rider_is_somebody_else_later(
    sessions: sessionmaker[Session],
) -> None:
    done(sessions, "a", Outcome.CONFIRMED, Outcome.CONFIRMED)
    near, aside = case(sessions, 1), case(sessions, 2)
    aside.x1, aside.x2 = aside.x1 + 20, aside.x2 + 20
    assert same_motorcycles([near, aside], [track(7)], set()) == {7: near}
    assert same_motorcycles([near], [track(-7)], set()) == {7: near}, "who took over an id"


def test_a_deed_never_reaches_a_case_that_came_after_the_one_on_the_screen(sessions: sessionmaker[Session]) -> None:
    done(sessions, "a", Outcome.CONFIRMED, Outcome.CONFIRMED)
    assert again(sessions, analysis_of(Outcome.CONFIRMED)) == [3]
    done_ = Reviews(sessions).decide({2: 0}, ACCEPT)
    assert (done_.changed, [conflict.case_id for conflict in done_.conflicts]) == ((), [2])
    assert again(sessions, analysis_of()) == []
    assert Jobs(sessions).get(3)
    assert not Jobs(sessions).get(1)


@pytest.mark.parametrize(("aside", "later_s"), [(400, 0), (0, 5)])
def test_a_new_analysis_adds_what_stands_elsewhere_or_at_another_time(
    sessions: sessionmaker[Session], aside: float, later_s: float
) -> None:
    done(sessions, "a", Outcome.CONFIRMED)
    Reviews(sessions).decide({1: 0}, ACCEPT)
    with sessions.begin() as session:
        old = session.get_one(Case, 1)
        old.x1, old.x2, old.best_s = old.x1 + aside, old.x2 + aside, old.best_s + later_s
    assert again(sessions, analysis_of(Outcome.CONFIRMED)) == [2]
    assert Cases(sessions).count(Filter()) == 2
    job = Jobs(sessions).get(2)
    assert job is not None
    assert job.violations == 2
