"""Plates on their way to a server that is away, slow, full, or answers twice: nothing is lost, nothing doubled."""

from __future__ import annotations

import base64
import json
import math
from datetime import timedelta
from threading import Event

import cv2
import httpx
import numpy as np
import pytest
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from db.cases import Cases, Filter, Sort
from db.jobs import now
from db.models import Capture, Case, PlateRead
from db.outbox import Backlog, Outbox
from db.plates import set_plate
from pipeline.ocr_client import OcrClient
from pipeline.ocr_protocol import key_of, to_result
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Plate, PlateFound
from tests.outbox import (
    TEXT,
    Answerer,
    add_case,
    answering,
    crops_of,
    make_due,
    send_until_done,
    stores_all,
    the_capture,
)
from tests.plates import saved_case, track, view


def test_a_plate_is_sent_read_and_kept(
    outbox: Outbox, there: Settings, sessions: sessionmaker[Session], store: FileStore, case_id: int
) -> None:
    crops = crops_of(store, sessions)
    assert len(crops) == 3
    assert all(crop.is_file() for crop in crops)
    with OcrClient(there) as client:
        send_until_done(outbox, client, sessions)
    assert outbox.backlog() == Backlog(0, 0, 0, None, None)
    assert not any(crop.is_file() for crop in crops)
    case = Cases(sessions).get(case_id)
    assert case is not None
    assert case.plate_guess == TEXT
    assert len(case.reads) == 4
    assert all(store.path(name).is_file() for read in case.reads for name in (read.crop, read.picture))


def test_crops_stay_until_the_server_has_confirmed(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore, case_id: int
) -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow", request=request)

    answers: list[Answerer] = [
        lost,
        lambda _: httpx.Response(503, json={"detail": "full for now"}),
        lambda _: httpx.Response(507, json={"detail": "the disk is full"}),
        lambda _: httpx.Response(500, text="oops"),
        lambda _: httpx.Response(401, json={"detail": "wrong token"}),
        lambda _: httpx.Response(400, text="plain HTTP to a port of HTTPS"),
        lambda _: httpx.Response(403, text="not through this proxy"),
        lambda _: httpx.Response(404, json={"detail": "Not Found"}),
        lambda _: httpx.Response(200, text="<html>log in here</html>"),
        lambda _: httpx.Response(200, json={"key": "f" * 64, "stored": True}),
        lambda _: httpx.Response(200, json={"key": the_key(store, sessions), "stored": False}),
        lambda _: httpx.Response(302, headers={"Location": "http://evil"}),
    ]
    for answer in answers:
        make_due(sessions)
        outbox.send_due(answering(settings, answer), Event())
        assert outbox.backlog().waiting == 1
        assert outbox.backlog().error
        assert all(crop.is_file() for crop in crops_of(store, sessions))


def the_key(store: FileStore, sessions: sessionmaker[Session]) -> str:
    crops = the_capture(sessions).crops
    return key_of([store.path(name).read_bytes() for name, _ in crops], [time_s for _, time_s in crops])


def test_an_answer_that_got_lost_doubles_nothing(
    outbox: Outbox, there: Settings, sessions: sessionmaker[Session], store: FileStore, case_id: int
) -> None:
    """The server stored the capture but its word did not arrive: it is sent once more, and known already."""
    real = httpx.HTTPTransport()

    def lose_the_first(request: httpx.Request) -> httpx.Response:
        response = real.handle_request(request)
        response.read()
        if request.method == "POST" and not seen:
            seen.append(response.status_code)
            raise httpx.RemoteProtocolError("cut off", request=request)
        seen.append(response.status_code)
        return httpx.Response(response.status_code, content=response.content)

    seen: list[int] = []
    client = OcrClient(there, httpx.MockTransport(lose_the_first))
    outbox.send_due(client, Event())
    assert outbox.backlog().waiting == 1
    assert all(crop.is_file() for crop in crops_of(store, sessions))
    send_until_done(outbox, client, sessions)
    assert seen[:2] == [201, 200]
    with sessions() as session:
        assert len(session.scalars(select(PlateRead)).all()) == 4


def test_a_result_that_comes_twice_is_kept_once(
    outbox: Outbox, there: Settings, sessions: sessionmaker[Session], case_id: int
) -> None:
    with OcrClient(there) as client:
        send_until_done(outbox, client, sessions)
        capture = the_capture(sessions)
        outbox._fetch(capture, client)
        capture.done_at = None
        outbox._fetch(capture, client)
    with sessions() as session:
        assert len(session.scalars(select(PlateRead)).all()) == 4


def test_when_the_server_is_away_the_others_wait_and_all_go_later(
    outbox: Outbox, settings: Settings, there: Settings, sessions: sessionmaker[Session], store: FileStore
) -> None:
    ids = [add_case(sessions, store, number) for number in range(3)]
    asked = []

    def away(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raise httpx.ConnectError("refused", request=request)

    outbox.send_due(answering(settings, away), Event())
    assert len(asked) == 1
    assert outbox.backlog().waiting == 3
    assert "refused" in (outbox.backlog().error or "")
    with OcrClient(there) as client:
        send_until_done(outbox, client, sessions)
    assert {case.plate_guess for case in map(Cases(sessions).get, ids) if case} == {TEXT}


def test_a_token_that_is_wrong_is_tried_on_one_capture_a_round(
    outbox: Outbox, there: Settings, sessions: sessionmaker[Session], store: FileStore
) -> None:
    for number in range(3):
        add_case(sessions, store, number)
    wrong = there.model_copy(update={"ocr_token": SecretStr("another word")})
    asked = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.HTTPTransport().handle_request(request)

    outbox.send_due(OcrClient(wrong, httpx.MockTransport(note)), Event())
    assert len(asked) == 1
    assert (outbox.backlog().waiting, outbox.backlog().refused) == (3, 0)
    assert outbox.backlog().error == "the server refused: 401 wrong token"
    with OcrClient(there) as client:
        send_until_done(outbox, client, sessions)


@pytest.mark.parametrize("status", [413, 422])
def test_a_capture_that_is_refused_for_good_waits_for_somebody_to_try_again(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore, status: int
) -> None:
    for number in range(2):
        saved_case(sessions, store, number, captured=((store.put_content(b"%d" % number, ".png"), 0.1),))
    asked = []

    def refuse_the_first(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(status, json={"detail": "no"}) if len(asked) == 1 else stores_all(request)

    client = answering(settings, refuse_the_first)
    outbox.send_due(client, Event())
    assert asked == ["POST", "POST", "GET"], "the other one is sent all the same"
    assert outbox.backlog().refused == 1
    assert (outbox.backlog().waiting, outbox.backlog().error) == (0, None)
    with sessions() as session:
        (refused,) = session.scalars(select(Capture).where(Capture.given_up.is_not(None)))
    assert refused.given_up == f"the server refused: {status} no"
    assert all(store.path(name).is_file() for name, _ in refused.crops)
    make_due(sessions)
    outbox.send_due(client, Event())
    assert asked.count("POST") == 2, "nobody has asked for another try"
    outbox.retry()
    assert (outbox.backlog().waiting, outbox.backlog().refused) == (1, 0)
    outbox.send_due(client, Event())
    assert (outbox.backlog().reading, outbox.backlog().refused) == (2, 0)


def test_a_refusal_to_tell_what_came_of_a_capture_gives_up_none(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int
) -> None:
    outbox.send_due(answering(settings, stores_all), Event())
    make_due(sessions)
    outbox.send_due(answering(settings, lambda _: httpx.Response(422, text="says some proxy")), Event())
    assert (outbox.backlog().reading, outbox.backlog().refused) == (1, 0)


def test_a_capture_whose_crops_are_gone_is_given_up(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore, case_id: int
) -> None:
    contents = {crop: crop.read_bytes() for crop in crops_of(store, sessions)}
    for crop in contents:
        crop.unlink()
    outbox.send_due(answering(settings, pytest.fail), Event())
    assert the_capture(sessions).given_up == "the crops are gone from the data folder"
    for crop, content in contents.items():
        crop.write_bytes(content)
    outbox.retry()
    outbox.send_due(answering(settings, stores_all), Event())
    assert outbox.backlog().reading == 1


def test_a_capture_that_another_process_has_just_sent_is_not_given_up(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int
) -> None:
    (capture,) = outbox._due(stored=False)
    outbox.send_due(answering(settings, stores_all), Event())
    outbox._go_through([capture], outbox._send, answering(settings, pytest.fail), Event())
    assert (outbox.backlog().reading, outbox.backlog().error) == (1, None)


def test_a_clip_analysed_again_while_its_plates_wait_loses_none(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore, case_id: int
) -> None:
    """The second analysis stores the same crops, and what it found, its captures too, comes into the tables later."""
    again = tuple((store.put_capture(one.image), one.time_s) for one in track(MOTORCYCLE_2026, TEXT, 3, view(24)))
    outbox.send_due(answering(settings, stores_all), Event())
    assert not any(crop.is_file() for crop in crops_of(store, sessions))
    saved_case(sessions, store, 1, captured=again)
    outbox.send_due(answering(settings, stores_all), Event())
    assert outbox.backlog().waiting == 0


def test_crops_that_two_captures_of_an_old_outbox_share_stay_until_both_are_sent(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore
) -> None:
    for number in range(2):
        saved_case(sessions, store, number, captured=((store.put_content(b"a crop", ".png"), 0.1),))
    outbox.send_due(answering(settings, stores_all), Event())
    assert outbox.backlog().waiting == 0
    assert not any(crop.is_file() for crop in crops_of(store, sessions))


def test_a_capture_that_failed_waits_longer_each_time_and_as_long_as_the_server_wishes(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int
) -> None:
    waits = []
    for _ in range(3):
        make_due(sessions)
        outbox.send_due(answering(settings, lambda _: httpx.Response(503)), Event())
        waits.append(the_capture(sessions).next_at - now())
    assert waits[0] < waits[1] < waits[2] < timedelta(minutes=11)
    make_due(sessions)
    outbox.send_due(answering(settings, lambda _: httpx.Response(503, headers={"Retry-After": "3600"})), Event())
    assert the_capture(sessions).next_at - now() > timedelta(minutes=59)
    outbox.send_due(answering(settings, pytest.fail), Event())
    outbox.retry()
    assert the_capture(sessions).next_at <= now()


def test_a_clock_that_is_set_back_holds_up_no_capture(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a machine's own clock keeps local time, and the network's sets it right after the start."""
    with monkeypatch.context() as ahead:
        ahead.setattr("db.outbox.now", lambda: now() + timedelta(hours=9))
        outbox.send_due(answering(settings, lambda _: httpx.Response(503)), Event())
    outbox.send_due(answering(settings, stores_all), Event())
    assert outbox.backlog().waiting == 0


def test_a_capture_that_fails_again_and_again_holds_up_no_other(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore
) -> None:
    """A server that is away ends the round with the first one: the next begins with another."""
    for number in range(2):
        saved_case(sessions, store, number, captured=((store.put_content(b"%d" % number, ".png"), 0.1),))
    for _ in range(2):
        outbox.send_due(answering(settings, lambda _: httpx.Response(503)), Event())
        with sessions.begin() as session:
            session.execute(update(Capture).where(Capture.next_at > now()).values(next_at=now()))
    with sessions() as session:
        assert session.scalars(select(Capture.attempts).order_by(Capture.id)).all() == [1, 1]


def test_new_captures_do_not_wait_for_those_that_the_server_is_still_reading(
    outbox: Outbox,
    settings: Settings,
    sessions: sessionmaker[Session],
    store: FileStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("db.outbox._AT_ONCE", 2)
    for number in range(5):
        saved_case(sessions, store, number, captured=((store.put_content(b"%d" % number, ".png"), 0.1),))
    asked = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return stores_all(request)

    for _ in range(3):
        make_due(sessions)
        outbox.send_due(answering(settings, note), Event())
    assert outbox.backlog().waiting == 0
    asked.clear()
    make_due(sessions)
    for _ in range(3):
        outbox.send_due(answering(settings, note), Event())
    assert len(set(asked)) == 5  # and all of them are asked for in turn


def test_a_full_server_is_still_asked_for_what_it_has_read(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], store: FileStore
) -> None:
    add_case(sessions, store, 0)
    outbox.send_due(answering(settings, stores_all), Event())
    add_case(sessions, store, 1)
    make_due(sessions)
    asked = []

    def full(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(503) if request.method == "POST" else stores_all(request)

    outbox.send_due(answering(settings, full), Event())
    assert asked == ["POST", "GET"]


@pytest.mark.parametrize("wish", ["", "9" * 20, "9" * 400])
def test_no_number_of_attempts_and_no_wish_of_the_server_is_too_large(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int, wish: str
) -> None:
    with sessions.begin() as session:
        session.execute(update(Capture).values(attempts=5_000))
    outbox.send_due(answering(settings, lambda _: httpx.Response(503, headers={"Retry-After": wish})), Event())
    assert timedelta() < the_capture(sessions).next_at - now() <= timedelta(hours=1)
    assert the_capture(sessions).error


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"error": "the crops are gone"}, "the crops are gone"),
        ({"error": "word " * 1000}, "word " * 40),
        ({}, "the server does not say why"),
    ],
)
def test_why_the_server_could_not_read_is_kept(
    outbox: Outbox,
    settings: Settings,
    sessions: sessionmaker[Session],
    store: FileStore,
    case_id: int,
    said: dict[str, str],
    kept: str,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        key = the_key(store, sessions) if request.method == "POST" else request.url.path.rsplit("/")[-1]
        if request.method == "POST":
            return httpx.Response(201, json={"key": key, "stored": True})
        return httpx.Response(200, json={"key": key, "done": True, **said})

    outbox.send_due(answering(settings, answer), Event())
    assert the_capture(sessions).given_up == kept


@pytest.mark.parametrize("number", [{"time_s": math.nan}, {"time_s": math.inf}, {"frames": 10**30}])
def test_numbers_that_no_table_takes_do_not_stop_the_outbox(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int, number: dict[str, float]
) -> None:
    picture = base64.b64encode(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes()).decode()
    shares = dict.fromkeys(("quality", "confidence", "weight"), 1)
    read = {"time_s": 0, "frames": 1, "engine": "own", "text": TEXT, "characters": [], **shares, **number}
    read |= {"crop": picture, "picture": picture}
    plate = {"text": TEXT, "probability": 1, "readable": True, "characters": [], "reads": [read]}
    outbox.send_due(answering(settings, stores_all), Event())
    make_due(sessions)
    said = {"key": the_capture(sessions).key, "done": True, "result": plate}
    outbox.send_due(answering(settings, lambda _: httpx.Response(200, text=json.dumps(said))), Event())
    assert outbox.backlog().reading == 1
    assert "does not answer as an OCR server" in (outbox.backlog().error or "")


@pytest.mark.parametrize("said", [rb'{"detail": "\ud800"}', b"[" * 100_000, b"<html>"])
def test_a_reason_that_makes_no_sense_does_not_stop_the_outbox(
    outbox: Outbox, settings: Settings, sessions: sessionmaker[Session], case_id: int, said: bytes
) -> None:
    outbox.send_due(answering(settings, lambda _: httpx.Response(503, content=said)), Event())
    assert outbox.backlog().error == "the server cannot now: 503 Service Unavailable"
    assert the_capture(sessions).next_at > now()


def test_a_capture_that_the_server_has_lost_is_settled(
    outbox: Outbox, settings: Settings, there: Settings, sessions: sessionmaker[Session], case_id: int
) -> None:
    outbox.send_due(answering(settings, stores_all), Event())
    make_due(sessions)
    outbox.send_due(answering(settings, lambda _: httpx.Response(404, json={"detail": "Not Found"})), Event())
    assert outbox.backlog().reading == 1  # a wrong address or a proxy says so: the server may have it still
    make_due(sessions)
    with OcrClient(there) as client:  # it has no capture at all
        outbox.send_due(client, Event())
    assert outbox.backlog().reading == 0
    assert "lost or forgotten" in (the_capture(sessions).error or "")
    assert the_capture(sessions).done_at is not None


def test_a_correction_by_a_person_outlives_a_late_answer(
    outbox: Outbox, there: Settings, sessions: sessionmaker[Session], case_id: int
) -> None:
    with sessions.begin() as session:
        session.get_one(Case, case_id).plate_corrected = "1가23456"
    with OcrClient(there) as client:
        send_until_done(outbox, client, sessions)
    case = Cases(sessions).get(case_id)
    assert case is not None
    assert (case.plate, case.plate_guess) == ("1가23456", TEXT)


def test_a_new_reading_takes_the_place_of_the_old(
    sessions: sessionmaker[Session], case_id: int, store: FileStore
) -> None:
    with sessions.begin() as session:
        case = session.get_one(Case, case_id)
        set_plate(case, Plate("1가23456", 0.4, readable=False, characters=(("1", 0.5),), reads=()), [])
    page = Cases(sessions).page(Filter(), Sort.NEWEST, 0, 5)
    assert [(one.plate, one.plate_guess, one.plate_confidence) for one in page] == [(None, "1가23456", 0.4)]


def test_of_a_capture_on_which_nothing_was_read_the_case_keeps_its_crop(
    outbox: Outbox, sessions: sessionmaker[Session], case_id: int
) -> None:
    nothing = PlateFound(Plate("", 0.0, readable=False, characters=(), reads=()), ())
    with sessions.begin() as session:
        session.get_one(Case, case_id).plate_crop = "own.jpg"
    outbox._keep(the_capture(sessions), to_result(nothing))
    case = Cases(sessions).get(case_id)
    assert case is not None
    assert (case.plate, case.plate_crop) == (None, "own.jpg")
    assert the_capture(sessions).done_at is not None
