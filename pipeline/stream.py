"""A stream from the network, read until somebody stops it: it survives cuts, stalls and changes of format."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from threading import Event

from av.video.frame import VideoFrame
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter
from tenacity.nap import sleep_using_event
from tenacity.stop import stop_when_event_set

from pipeline import youtube
from pipeline.connection import Connection
from pipeline.errors import MistakenError, RefusedError, StreamError
from pipeline.guard import check
from pipeline.relay import Relay
from pipeline.settings import Settings
from pipeline.types import Frame
from pipeline.video import is_damaged, is_mirrored, upright
from pipeline.web import Web

_JUMP_S = 10.0  # a clock of a stream that jumps further has been set anew
_LATE_S = 1.0  # behind its clock by more than this, a stream goes on from here


class StreamState(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """How a stream is. `why` it waits or ended; `reconnects` counts how often it had to be opened anew."""

    state: StreamState
    why: str | None = None
    reconnects: int = 0


class Stream:
    """One stream. `frames` belongs to one thread; `stop` may be called from any.

    Args:
        url: where it is.
        settings: what may be opened, and for how long it is waited for.
        changed: told how the stream is, each time that changes.
        now_s: the clock that its frames' times are of, seconds.
    """

    def __init__(
        self,
        url: str,
        settings: Settings,
        changed: Callable[[StreamStatus], None],
        now_s: Callable[[], float],
    ) -> None:
        self._url, self._settings, self._changed, self._now_s = url, settings, changed, now_s
        self._stopped = Event()
        self._wire: Web | Relay | None = None
        self._index = 0
        self._last_s = -1.0
        self._reconnects = -1
        self._watched_s = 0.0  # of a recording: how far it was seen

    def frames(self) -> Generator[Frame]:
        """The frames as they come, at the stream's own speed.

        Raises:
            RefusedError: the stream must not be opened or read.
        """
        reach = Retrying(
            retry=retry_if_exception_type(StreamError),
            wait=wait_exponential_jitter(1, self._settings.stream_retry_s),
            stop=stop_when_event_set(self._stopped),
            sleep=sleep_using_event(self._stopped),
            before_sleep=self._tell,
            reraise=True,
        )
        try:
            while not self._stopped.is_set():
                connection, picture = reach(self._connect)
                with closing(connection):
                    self._reconnects += 1
                    self._tell_state(StreamState.LIVE)
                    try:
                        yield from self._play(connection, picture)
                    except StreamError as error:
                        self._tell_state(StreamState.WAITING, str(error))
                    if connection.ended:
                        break
                self._stopped.wait(0.5)  # a server that hangs up after each picture is not run over
        except RefusedError as error:
            self._tell_state(StreamState.ENDED, str(error))
            raise
        except StreamError:
            if not self._stopped.is_set():
                raise
        self._tell_state(StreamState.ENDED)

    def stop(self) -> None:
        """End the stream; `frames` then ends soon."""
        self._stopped.set()
        if self._wire is not None:
            self._wire.cut()

    def _connect(self) -> tuple[Connection, VideoFrame]:
        """Open the stream and read its first picture, so that whatever is wrong with it shows here."""
        if self._reconnects < 0:
            self._tell_state(StreamState.CONNECTING)
        if self._stopped.is_set():
            raise StreamError("stopped")
        url = youtube.stream_of(self._url) if youtube.is_page(self._url) else self._url
        target = check(url, self._settings.private_networks)
        web = target.scheme in ("http", "https")
        self._wire = Web(self._settings) if web else Relay(target, self._settings.stream_timeout_s)
        if self._stopped.is_set():  # since it was asked above: `stop` has cut the wire before this one
            self._wire.cut()
        connection = Connection(self._wire, url, target.scheme, self._settings)
        try:
            connection.open(self._watched_s)
            return connection, connection.picture()
        except StreamError as error:
            connection.close()
            if self._reconnects < 0 and isinstance(error, MistakenError) and not self._stopped.is_set():
                raise RefusedError(str(error)) from error
            raise
        except BaseException:
            connection.close()
            raise

    def _play(self, connection: Connection, picture: VideoFrame | None) -> Iterator[Frame]:
        clock, damaged = _Clock(self._now_s, paced=connection.paced), False
        mirrored = picture is not None and is_mirrored(picture)
        while picture is not None and not self._stopped.is_set():
            time_s = clock.time_s(picture.time if connection.timed else None)
            while (early_s := time_s - self._now_s()) > 0 and connection.paced and not self._stopped.is_set():
                connection.keep_alive()
                self._stopped.wait(min(early_s, 1.0))
            if connection.recorded and picture.time is not None:
                self._watched_s = picture.time
            damaged = is_damaged(picture, damaged)
            if time_s > self._last_s:
                self._last_s = time_s
                yield Frame(self._index, time_s, upright(picture, connection.pixel, mirrored), damaged)
                self._index += 1
            picture = connection.next_picture()

    def _tell(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        self._tell_state(StreamState.WAITING, str(error))

    def _tell_state(self, state: StreamState, why: str | None = None) -> None:
        self._changed(StreamStatus(state, why, max(self._reconnects, 0)))


class _Clock:
    """When a picture was taken, by the stream's timestamps where it has any, else by when it came.

    The quickest picture so far tells how the stream's clock and ours differ. Of a paced stream, which may come faster
    than it plays, the first one does.
    """

    def __init__(self, now_s: Callable[[], float], paced: bool) -> None:
        self._now_s, self._paced = now_s, paced
        self._zero: float | None = None

    def time_s(self, media_s: float | None) -> float:
        now = self._now_s()
        if media_s is None:
            return now
        late = now - media_s - self._zero if self._zero is not None else 0.0
        if self._zero is None or late > _LATE_S or late < -_JUMP_S or (late < 0 and not self._paced):
            self._zero = now - media_s
        return self._zero + media_s
