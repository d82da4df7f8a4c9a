"""An OCR server on this machine, and an outbox with a plate for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy.orm import Session, sessionmaker

from db.outbox import Outbox
from pipeline.ocr_server import make_app
from pipeline.settings import Settings
from pipeline.store import FileStore
from tests.outbox import add_case


@pytest.fixture
def server(settings: Settings, tmp_path: Path) -> Iterator[str]:
    """A real server on this machine; its address."""
    own = settings.model_copy(update={"data": tmp_path / "server", "ocr_token": SecretStr("word")})
    running = uvicorn.Server(uvicorn.Config(make_app(own), log_level="warning"))
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=running.run, args=([listener],))
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    thread.join()


@pytest.fixture
def there(settings: Settings, server: str) -> Settings:
    return settings.model_copy(update={"ocr_url": server, "ocr_token": SecretStr("word")})


@pytest.fixture
def store(settings: Settings) -> FileStore:
    return FileStore(settings.files)


@pytest.fixture
def outbox(sessions: sessionmaker[Session], store: FileStore) -> Outbox:
    return Outbox(sessions, store)


@pytest.fixture
def case_id(sessions: sessionmaker[Session], store: FileStore) -> int:
    """A violation whose plate waits to be sent."""
    return add_case(sessions, store)
