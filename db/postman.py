"""Sends the outbox every ten seconds, in a thread of its own."""

from __future__ import annotations

import atexit
import logging
from threading import Event

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.orm import Session, sessionmaker

from db.engine import FORESEEN, explain, unforeseen
from db.jobs import now
from db.outbox import Outbox
from pipeline.ocr_client import OcrClient
from pipeline.settings import Settings
from pipeline.store import FileStore

_log = logging.getLogger(__name__)
_EVERY_S = 10


class Postman:
    """`trouble` says why nothing is sent at all, for people."""

    def __init__(self, sessions: sessionmaker[Session], settings: Settings) -> None:
        self._settings = settings
        self._outbox = Outbox(sessions, FileStore(settings.files))
        self._stopped = Event()
        self.trouble: str | None = None
        # in the scheduler's own thread: a pool's are waited for before `atexit`, until their round is over
        self._scheduler = BackgroundScheduler(executors={"default": DebugExecutor()}, daemon=True)
        # rounds that a slow one made late are not made up for
        self._scheduler.add_job(
            self._round, "interval", seconds=_EVERY_S, coalesce=True, misfire_grace_time=None, next_run_time=now()
        )
        self._scheduler.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """End the round with the capture under way, and the thread."""
        atexit.unregister(self.stop)
        self._stopped.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _round(self) -> None:
        try:
            with OcrClient(self._settings) as client:
                self._outbox.send_due(client, self._stopped)
            self.trouble = None
        except FORESEEN as error:
            _log.warning("nothing is sent: %s", error)
            self.trouble = explain(error)
        except Exception as error:  # noqa: BLE001 whatever it is, people are told
            _log.exception("nothing is sent")
            self.trouble = unforeseen(error)
