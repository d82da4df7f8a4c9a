"""One connection to a stream of the network, decoded by FFmpeg until it is cut, silent or at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from threading import Event, Thread

import av
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError, HTTPUnauthorizedError, InvalidDataError
from av.video.frame import VideoFrame

from pipeline.errors import MistakenError, RefusedError, StreamError
from pipeline.relay import Relay
from pipeline.settings import Settings
from pipeline.web import Web

_FORMATS = "hls,mpegts,mpjpeg,mjpeg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,flv,rtsp,rtp,sdp"
_NOT_TIMED = ("mpjpeg", "mjpeg")  # FFmpeg makes up the timestamps of these
_HTTP = {"protocol_whitelist": "none", "http_persistent": "0", "http_multiple": "0"}  # FFmpeg itself opens nothing
_OWN = {
    "rtsp": {
        "protocol_whitelist": "rtsp,tcp",
        "rtsp_transport": "tcp",
        "fflags": "nobuffer",
        "allowed_media_types": "video",
    },
    "rtmp": {"protocol_whitelist": "rtmp,tcp", "rtmp_live": "live"},
}
_QUICK = {"format_whitelist": _FORMATS, "analyzeduration": "1000000"}


class Connection:
    """A stream while it holds."""

    def __init__(self, wire: Web | Relay, url: str, scheme: str, settings: Settings) -> None:
        self._wire, self._scheme, self._settings = wire, scheme, settings
        self._url = wire.url if isinstance(wire, Relay) else url
        self._container: InputContainer | None = None
        self._watchdog = _Watchdog(settings.stream_timeout_s, wire.cut)
        self._skip_s = 0.0
        self.ended = False

    def open(self, from_s: float) -> None:
        """`from_s`: where to go on in a recording, seconds.

        Raises:
            StreamError, RefusedError: as `Web`, or it is no video.
        """
        timeout, ends = self._settings.stream_timeout_s, False
        try:
            if isinstance(self._wire, Web):
                first = self._wire.begin(self._url)
                ends = first.is_playlist or first.length is not None
                kind = "hls" if first.is_playlist else None
                options = _QUICK | _HTTP
                self._container = av.open(
                    first.url, format=kind, io_open=self._wire.part, options=options, timeout=timeout
                )
            else:
                options = _QUICK | _OWN[self._scheme.removesuffix("s")]
                self._container = av.open(self._url, options=options, timeout=timeout)
        except (FFmpegError, ValueError, StreamError) as error:
            raise self._why(error) from error
        if not self._container.streams.video:
            raise RefusedError("has no video in it, only sound or nothing")
        self._container.streams.video[0].thread_type = "SLICE"  # by frames would hold back as many as there are cores
        self.pixel = self._container.streams.video[0].sample_aspect_ratio
        names = self._container.format.name.split(",")
        self.timed = not any(name in _NOT_TIMED for name in names)
        self.paced = isinstance(self._wire, Web) and self.timed and "mpegts" not in names
        # FFmpeg names a duration of fragmented MP4 and FLV without an end, too: that of the first pictures
        self.recorded = ends and self.paced and self._container.duration is not None
        self._skip_s = from_s if self.recorded else 0.0
        self._pictures = self._decoded(self._container)

    def picture(self) -> VideoFrame:
        """The first picture.

        Raises:
            StreamError: there is none.
        """
        first = self.next_picture()
        if first is None:
            raise StreamError("the stream holds no picture")
        return first

    def next_picture(self) -> VideoFrame | None:
        """The next picture; None at the end.

        Raises:
            StreamError: the stream was cut off or stands still.
        """
        self._watchdog.pat()
        try:
            picture = next(self._pictures, None)
        except (FFmpegError, StreamError) as error:
            raise self._why(error) from error
        if picture is None:
            self.ended = isinstance(self._wire, Web) and self._wire.complete
            if not self.ended:
                raise StreamError("the server ended the stream")
        return picture

    def keep_alive(self) -> None:
        """Tell the watchdog that the stream is only waited for."""
        self._watchdog.pat()

    def close(self) -> None:
        self._watchdog.stop()
        if self._container is not None:
            self._container.close()
        self._wire.close()

    def _decoded(self, container: InputContainer) -> Iterator[VideoFrame]:
        for packet in container.demux(container.streams.video[0]):
            try:
                pictures = packet.decode()
            except InvalidDataError:
                continue  # a damaged packet; the next key frame mends it
            for picture in pictures:
                if max(picture.width, picture.height) > self._settings.max_side:
                    raise RefusedError(
                        f"frames are {picture.width} x {picture.height} pixels,"
                        f" at most {self._settings.max_side} a side can be read"
                    )
                if picture.time is None or picture.time >= self._skip_s:
                    yield picture
                else:
                    self._watchdog.pat()  # to pass over what was watched already may take long

    def _why(self, error: Exception) -> Exception:
        """What to tell of an error; FFmpeg's own words may hold the URL and its log-in."""
        if self._watchdog.barked:
            return StreamError(f"no picture came for {self._settings.stream_timeout_s:g} s")
        if self._wire.failed is not None:
            return self._wire.failed
        if isinstance(error, StreamError):
            return error
        if isinstance(error, InvalidDataError | ArgumentError):  # the latter of a kind that is not in `_FORMATS`
            return MistakenError("what the server sends is no video: check the address")
        if isinstance(error, HTTPUnauthorizedError):
            return MistakenError("the server refuses the log-in: check name and password")
        return StreamError(f"the stream was cut off: {getattr(error, 'strerror', None) or type(error).__name__}")


class _Watchdog:
    """Calls `bark` in a thread of its own when nobody patted it for so long."""

    def __init__(self, patience_s: float, bark: Callable[[], None]) -> None:
        self._patience_s, self._bark = patience_s, bark
        self._stopped = Event()
        self._due = 0.0
        self.barked = False
        self.pat()
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def pat(self) -> None:
        self._due = time.monotonic() + self._patience_s

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(max(self._due - time.monotonic(), 0.05)):
            if time.monotonic() >= self._due:
                self.barked = True
                self._bark()
                return
