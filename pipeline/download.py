"""What an HTTP server answers, on its way to FFmpeg: no faster, no longer and no other than it may be."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx

from pipeline.errors import RefusedError, StreamError

if TYPE_CHECKING:
    from pipeline.web import Web

_PLAYLIST = b"#EXTM3U"
_PLAYLIST_END = b"#EXT-X-ENDLIST"
_LARGEST_PLAYLIST = 4 << 20  # bytes; FFmpeg keeps all of it in memory
_BURST_S = 4.0  # a segment of HLS comes as fast as it can, and then nothing for its length


class Download:
    """One answer, to be read once from front to end; `url` is where it came from, after all redirects.

    `length`: its bytes; None where it does not say so, as that of a camera.
    """

    def __init__(
        self,
        web: Web,
        url: str,
        response: httpx.Response,
        wire: socket.socket | None,
        pace: Pace,
        part: range | None,
        first: bool,
    ) -> None:
        self.url, self.is_playlist = url, False
        known = response.headers.get("content-length")
        self.length = None if known is None else int(known)
        self._web, self._response, self._wire, self._pace, self._first = web, response, wire, pace, first
        self._chunks = self._arriving()
        if part and response.status_code != httpx.codes.PARTIAL_CONTENT:
            self._chunks = _cut_out(self._chunks, part)
        if first and response.headers.get("content-type", "").lower().startswith("multipart/"):
            self._chunks = _from_boundary(self._chunks)
        self._held = b""
        self._begins = b""
        self._count = 0

    def playlist(self) -> str:
        """All of it, if it is a playlist, else nothing. To be asked before anything is read; it can be read after.

        FFmpeg itself would go by the name, which need not tell.

        Raises:
            StreamError, RefusedError: as `read`; or there is nothing in it.
        """
        self._receive()
        if not self._held:
            raise StreamError("the server ended the stream")  # without a word: it may be busy
        held = [self._held]
        while self._held and self._begins:
            self._receive()
            held.append(self._held)
        self._held = b"".join(held)
        self.is_playlist = self._held.startswith(_PLAYLIST)
        return self._held.decode(errors="replace") if self.is_playlist else ""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, as they come; none at the end.

        Raises:
            StreamError: the server is silent, or cut the answer off.
            RefusedError: a playlist is too large.
        """
        if not self._held:
            self._receive()
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._response.close()
        self._web.drop(self._wire)

    def _receive(self) -> None:
        try:
            self._held = next(self._chunks, b"")
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            self._web.failed = StreamError(f"the stream was cut off: {type(error).__name__}")
            raise self._web.failed from error
        self._look()

    def _arriving(self) -> Iterator[bytes]:
        """The whole answer, no faster than it may come."""
        for chunk in self._response.iter_raw():
            self._count += len(chunk)
            self._pace.wait(len(chunk))
            yield chunk

    def _look(self) -> None:
        """Keep an eye on what passes: how long a playlist is, and whether it or the answer ends."""
        if self._count == len(self._held) or self._begins:
            self._begins = (self._begins + self._held)[: _LARGEST_PLAYLIST + 1]
        if len(self._begins) >= len(_PLAYLIST) and not self._begins.startswith(_PLAYLIST):
            self._begins = b""
        if len(self._begins) > _LARGEST_PLAYLIST:
            self._web.failed = RefusedError("the playlist is too large")
            raise self._web.failed
        if not self._held:
            if self._begins:
                self._web.complete = _PLAYLIST_END in self._begins
            elif self._first and self.length is not None:
                self._web.complete = self._count == self.length


def _cut_out(chunks: Iterator[bytes], part: range) -> Iterator[bytes]:
    """The part that was asked for, of a server that sends all."""
    at = 0
    for chunk in chunks:
        if piece := chunk[max(part.start - at, 0) : part.stop - at]:
            yield piece
        at += len(chunk)
        if at >= part.stop:
            break


def _from_boundary(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Without what stands before the first part, if only an empty line: FFmpeg would not know it for a camera's."""
    last = b""
    for chunk in chunks:
        _, dashes, rest = (last + chunk).partition(b"--")
        if dashes:
            yield dashes + rest
            break
        last = chunk[-1:]
    yield from chunks


class Pace:
    """Lets no more bytes pass than so many a second, over a few seconds."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._since = time.monotonic()
        self._count = 0.0

    def wait(self, count: int) -> None:
        now = time.monotonic()
        self._count = max(0.0, self._count - (now - self._since) * self._per_s) + count
        self._since = now
        over_s = self._count / self._per_s - _BURST_S
        if over_s > 0:
            time.sleep(min(over_s, 1.0))
