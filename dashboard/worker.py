"""The background thread that works off the queue, one job at a time. Calls nothing of Streamlit."""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401 what it does at exit is done after what is registered later
import logging
import threading
from threading import Event, Thread

import cv2
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.engine import explain, unforeseen
from db.jobs import Jobs
from pipeline.settings import Settings
from pipeline.store import sweep
from pipeline.types import Progress

_log = logging.getLogger(__name__)
_POLL_S = 2.0
_PATIENCE_S = 20.0  # for the frame under way when the server stops


class Worker:
    """Claims jobs, runs them, keeps the last preview of the one that runs."""

    def __init__(self, sessions: sessionmaker[Session], settings: Settings) -> None:
        self._sessions, self._settings = sessions, settings
        self._jobs = Jobs(sessions)
        self._stopped, self._wake = Event(), Event()
        self._preview: tuple[int, bytes] | None = None
        self.trouble: str | None = None  # why the queue stands still, for people
        self._thread = Thread(target=self._work, name="worker", daemon=True)
        self._thread.start()
        # `atexit` is too late: by then the threads of the analysis take no more work
        threading._register_atexit(self.stop)  # type: ignore[attr-defined]

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def preview(self, job_id: int) -> bytes | None:
        """The last annotated frame of a running job, JPEG."""
        held = self._preview
        return held[1] if held and held[0] == job_id else None

    def stop(self) -> None:
        """End the job under way as interrupted, and the thread."""
        self._stopped.set()
        self._wake.set()
        self._thread.join(_PATIENCE_S)

    def _work(self) -> None:
        for folder in (self._settings.uploads, self._settings.files):
            try:
                sweep(folder)
            except OSError as error:  # clips can be analysed all the same
                _log.warning("what was left unfinished stays behind: %s", error)
        while not self._stopped.is_set():
            try:
                while not self._stopped.is_set() and self._next():
                    pass
                self.trouble = None
            except DBAPIError as error:
                self._stand_still(explain(error))
            except Exception as error:  # noqa: BLE001 whatever it is, people are told, and it is tried again
                self._stand_still(unforeseen(error))
            self._wake.wait(_POLL_S)
            self._wake.clear()

    def _stand_still(self, why: str) -> None:
        """Until the next look at the queue. The log tells of a reason once, not every two seconds."""
        if why != self.trouble:
            _log.warning("the queue stands still: %s", why, exc_info=True)
        self.trouble = why

    def _next(self) -> bool:
        """Do the next job, if there is one."""
        from db.run import run  # noqa: PLC0415 loads the models' libraries: the first page need not wait for them

        self._jobs.mark_interrupted()
        job = self._jobs.claim()
        if job is None:
            return False

        def report(progress: Progress) -> None:
            if progress.preview is not None:
                done, data = cv2.imencode(".jpg", progress.preview)
                self._preview = (job.id, data.tobytes()) if done else None

        run(job, self._sessions, self._settings, report, self._stopped)
        self._preview = None
        return True
