"""Plates on their way to an OCR server, and servers that are made up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import httpx
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import now
from db.models import Capture
from db.outbox import Outbox
from pipeline.ocr_client import OcrClient
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.settings import Settings
from pipeline.store import FileStore
from tests.plates import saved_case, track, view

TEXT = "3모71942"


def add_case(sessions: sessionmaker[Session], store: FileStore, number: int = 0) -> int:
    crops = track(MOTORCYCLE_2026, TEXT, 3, view(24))
    captured = tuple((store.put_capture(one.image), one.time_s) for one in crops)
    return saved_case(sessions, store, number, captured=captured)


def crops_of(store: FileStore, sessions: sessionmaker[Session]) -> list[Path]:
    with sessions() as session:
        names = {name for row in session.scalars(select(Capture)) for name, _ in row.crops}
    return [store.path(name) for name in sorted(names)]


def stores_all(request: httpx.Request) -> httpx.Response:
    """A server that stores all it is given and never gets to read it."""
    if request.method == "GET":
        return httpx.Response(200, json={"key": request.url.path.rsplit("/")[-1], "done": False})
    sent = re.search(rb'name="key"\r\n\r\n([0-9a-f]{64})', request.read())
    assert sent is not None
    return httpx.Response(201, json={"key": sent[1].decode(), "stored": True})


def the_capture(sessions: sessionmaker[Session]) -> Capture:
    with sessions() as session:
        return session.scalars(select(Capture)).one()


def make_due(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.execute(update(Capture).values(next_at=now()))


def send_until_done(outbox: Outbox, client: OcrClient, sessions: sessionmaker[Session], patience_s: int = 240) -> None:
    until = time.monotonic() + patience_s
    while outbox.backlog().waiting or outbox.backlog().reading:
        assert time.monotonic() < until
        make_due(sessions)
        outbox.send_due(client, Event())


Answerer = Callable[[httpx.Request], httpx.Response]


def answering(settings: Settings, answer: Answerer) -> OcrClient:
    set_ = settings.model_copy(update={"ocr_url": "http://elsewhere", "ocr_token": SecretStr("word")})
    return OcrClient(set_, httpx.MockTransport(answer))
