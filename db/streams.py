"""The live sources under watch, the same for every front end: streams in threads of their own, and cameras."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from threading import Event, RLock, Thread

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.engine import FORESEEN, explain, unforeseen
from db.live import LiveJob
from db.models import JobState, SourceKind
from pipeline.errors import HelmetWatchError, RefusedError
from pipeline.figures import Figures
from pipeline.guard import check, masked
from pipeline.live import Watch
from pipeline.settings import Settings
from pipeline.source import Source
from pipeline.store import FileStore
from pipeline.stream import Stream, StreamState, StreamStatus
from pipeline.types import Frame, Image

_log = logging.getLogger(__name__)
_NOTE_EVERY_S = 2.0
_ABANDONED_S = 10.0  # a camera that sends nothing for so long has been closed with its page
CAMERA = "Camera"


class Streams:
    """Starts, stops and shows live sources; they share one watch, which lives while there are any."""

    def __init__(self, sessions: sessionmaker[Session], settings: Settings) -> None:
        self.sessions, self._settings = sessions, settings
        self._lock = RLock()
        self._watch: Watch | None = None
        self._running: dict[int, Running] = {}
        # `atexit` is too late: by then the threads that judge and write take no more work
        threading._register_atexit(self.stop_all)  # type: ignore[attr-defined]

    def start(self, url: str, name: str = "") -> int:
        """Watch a stream until somebody stops it; return its job's id.

        Raises:
            RefusedError: the address may not be opened or is watched already, or there are as many as may be.
            StreamError: its name cannot be found.
            WeightsError: the weights cannot be used.
        """
        check(url, self._settings.private_networks)
        return self._start(SourceKind.STREAM, name or masked(url), url).id

    def camera(self) -> Running:
        """Watch what a browser's camera will send.

        Raises:
            RefusedError, WeightsError: as `start`.
        """
        return self._start(SourceKind.CAMERA, CAMERA, "camera")

    def get(self, job_id: int) -> Running | None:
        return self._running.get(job_id)

    def knows_all_until(self, job_id: int, time_s: float) -> bool:
        """Whether everybody in view of a source before this time of it is in the tables, or will never be."""
        running = self._running.get(job_id)
        return running is None or running.source.kept_until_s() >= time_s

    def stop(self, job_id: int) -> None:
        """End a source; what is under way is judged and kept first."""
        if (running := self._running.get(job_id)) is not None:
            running.stop()

    def stop_all(self) -> None:
        """End all sources as cut off, so that they are offered again."""
        running = list(self._running.values())
        for one in running:
            one.end(JobState.INTERRUPTED)  # all at once: each may take a while
        for one in running:
            one.stop()
        with self._lock:  # one that is just ending by itself may still be closing the watch
            return

    def _start(self, kind: SourceKind, name: str, path: str) -> Running:
        with self._lock:
            if kind is SourceKind.STREAM and any(one.path == path for one in self._running.values()):
                raise RefusedError("this stream is being watched already")
            if len(self._running) >= self._settings.most_streams:
                raise RefusedError(f"{self._settings.most_streams} live sources are watched already: stop one first")
            if self._watch is None:
                self._watch = Watch(self._settings)
            job = LiveJob(self.sessions, FileStore(self._settings.files), kind, name, path)
            source = self._watch.open(job)
            try:
                job.begin(source.began)
            except BaseException:
                source.close()
                self._close_unused()
                raise
            running = Running(job, source, self._settings, path, kind, self._gone)
            self._running[job.id] = running
            running.begin()
            return running

    def _gone(self, running: Running) -> None:
        """A source has ended; the last one takes the watch with it."""
        with self._lock:
            self._running.pop(running.id, None)
            self._close_unused()

    def _close_unused(self) -> None:
        if not self._running and self._watch is not None:
            self._watch.close()
            self._watch = None


class Running:
    """One live source under watch. A camera's frames are put in, a stream's are fetched."""

    def __init__(
        self,
        job: LiveJob,
        source: Source,
        settings: Settings,
        path: str,
        kind: SourceKind,
        gone: Callable[[Running], None],
    ) -> None:
        self.id, self.path, self.source = job.id, path, source
        self.status: StreamStatus = StreamStatus(StreamState.CONNECTING)
        self._job, self._gone = job, gone
        self._stream: Stream | None = None
        if kind is SourceKind.STREAM:
            self._stream = Stream(path, settings, self._changed, source.now_s)
        self._stopped = Event()
        self._state, self._why = JobState.DONE, ""
        self._index, self._last = 0, time.monotonic()
        self._threads = [Thread(target=self._watch_over, name="live", daemon=True)]
        if self._stream is not None:
            self._threads.append(Thread(target=self._read, args=(self._stream,), name="stream", daemon=True))

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def put(self, image: Image) -> float:
        """Take a camera's frame (BGR); return its time, for `source.marks`."""
        time_s = self.source.now_s()
        self.source.put(Frame(self._index, time_s, image))
        self._index, self._last = self._index + 1, time.monotonic()
        return time_s

    @property
    def figures(self) -> Figures:
        return self.source.figures()

    @property
    def trouble(self) -> str | None:
        """What went wrong with its findings, for people; the source goes on."""
        error = self.source.trouble
        if error is None:
            return None
        return f"not everything was kept; {explain(error) if isinstance(error, FORESEEN) else unforeseen(error)}"

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End it, and wait until what is under way is kept."""
        self.end(JobState.DONE)
        for thread in self._threads:
            thread.join()

    def end(self, state: JobState) -> None:
        """Take no more pictures, and begin to keep what is under way."""
        if not self._stopped.is_set():
            self._state = state
        self._stopped.set()
        if self._stream is not None:
            self._stream.stop()

    def _changed(self, status: StreamStatus) -> None:
        self.status = status

    def _read(self, stream: Stream) -> None:
        try:
            for frame in stream.frames():
                self.source.put(frame)
        except HelmetWatchError as error:
            self._state, self._why = JobState.FAILED, str(error)
        except Exception as error:  # noqa: BLE001 the other sources go on, whatever a stream does to a library
            _log.exception("stream of job %s", self.id)
            self._state = JobState.FAILED
            self._why = unforeseen(error)
        self._stopped.set()

    def _watch_over(self) -> None:
        """Note how it goes, until it is over; then see everything kept."""
        while not self._stopped.wait(_NOTE_EVERY_S):
            if self._stream is None and time.monotonic() - self._last > _ABANDONED_S:
                self._stopped.set()
            self._note(lambda: self._job.note(self.status, self.figures))
        self.source.close()
        if not self._note_end():
            Thread(target=self._note_end_later, name="late", daemon=True).start()  # whoever stopped it waits no longer
        self._gone(self)

    def _note_end_later(self) -> None:
        """Until it is noted, the source counts as watched by another process."""
        while not self._note_end():
            time.sleep(_NOTE_EVERY_S)

    def _note_end(self) -> bool:
        return self._note(lambda: self._job.end(self._state, self._why or self.trouble))

    def _note(self, note: Callable[[], None]) -> bool:
        try:
            note()
        except DBAPIError as error:
            _log.warning("job %s: not noted: %s", self.id, explain(error))
            return False
        return True
