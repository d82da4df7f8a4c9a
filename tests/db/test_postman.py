"""Whoever sends the outbox, in a thread of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker

from db.outbox import Outbox
from db.postman import Postman
from pipeline.settings import Settings
from pipeline.store import FileStore
from tests.outbox import add_case


def test_the_postman_sends_on_his_own_and_stops(
    there: Settings, sessions: sessionmaker[Session], outbox: Outbox, case_id: int
) -> None:
    before = set(threading.enumerate())
    postman = Postman(sessions, there)
    until = time.monotonic() + 240
    while outbox.backlog().waiting:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert postman.trouble is None
    postman.stop()
    assert {one.name for one in set(threading.enumerate()) - before} <= {"plates"} | {
        one.name for one in threading.enumerate() if "AnyIO" in one.name
    }


def test_the_postman_tells_of_whatever_goes_wrong(
    settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Outbox, "send_due", fail)
    there = settings.model_copy(update={"ocr_url": "http://there", "ocr_token": SecretStr("word")})
    postman = Postman(sessions, there)
    until = time.monotonic() + 240
    while postman.trouble is None:
        assert time.monotonic() < until
        time.sleep(0.05)
    postman.stop()
    assert "ZeroDivisionError" in postman.trouble


def test_a_server_that_is_slow_does_not_hold_up_the_end(
    settings: Settings, sessions: sessionmaker[Session], store: FileStore
) -> None:
    """Its interpreter ends by itself, in the middle of a round: only the capture under way is waited for."""
    for number in range(6):
        add_case(sessions, store, number)
    program = (
        "import sys, time; from threading import Event; from db import engine, postman\n"
        "from pipeline.ocr_client import OcrClient; from pipeline.settings import Settings\n"
        "sent, told_to_end = [], Event()\n"
        "postman.Event = lambda: told_to_end\n"
        "OcrClient.send = lambda *_: (sent.append(1), told_to_end.wait(), print('sent'))\n"
        "settings = Settings(data=sys.argv[1], ocr_url='http://there', ocr_token='word')\n"
        "postman.Postman(engine.sessions(settings.database), settings)\n"
        "while not sent: time.sleep(0.05)"
    )
    command = [sys.executable, "-c", program, str(settings.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert (done.stdout.split(), done.stderr) == (["sent"], "")
    assert Outbox(sessions, store).backlog().waiting == 5


def test_the_postman_goes_round_after_round(
    settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []
    monkeypatch.setattr("db.postman._EVERY_S", 0.05)
    monkeypatch.setattr(Outbox, "send_due", lambda *_: rounds.append(1))
    postman = Postman(sessions, settings.model_copy(update={"ocr_url": "http://there", "ocr_token": SecretStr("word")}))
    until = time.monotonic() + 240
    while len(rounds) < 3:
        assert time.monotonic() < until
        time.sleep(0.05)
    postman.stop()
    ended = len(rounds)
    time.sleep(0.2)
    assert len(rounds) == ended
