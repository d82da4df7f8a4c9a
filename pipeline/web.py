"""HTTP under the guard: FFmpeg reads what is fetched here and opens no address itself."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx

from pipeline.errors import MistakenError, RefusedError, StreamError
from pipeline.guard import check
from pipeline.settings import Settings

_MOST_REDIRECTS = 5
_PLAYLIST = b"#EXTM3U"
_PLAYLIST_END = b"#EXT-X-ENDLIST"
_ENCRYPTED = "crypto+"  # before the address of a segment that FFmpeg wants to decrypt
_LARGEST_PLAYLIST = 4 << 20  # bytes; FFmpeg keeps all of it in memory
_BURST_S = 4.0  # a segment of HLS comes as fast as it can, and then nothing for its length
_AGENT = "HelmetWatch/0.1"


class Web:
    """The requests of one connection to a stream: its playlists and segments, or its one endless answer.

    `failed` is the last error of a request, `complete` whether what was asked for first came to its end as it should:
    a playlist that says that it ends, or an answer of a known length.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        timeout = httpx.Timeout(settings.stream_timeout_s)
        self._client = httpx.Client(timeout=timeout, trust_env=False, headers={"User-Agent": _AGENT})
        self._pace = _Pace(settings.stream_max_mbit * 1e6 / 8)
        self._files: set[Download] = set()
        self._begun: Download | None = None
        self._opened = False
        self._over: Exception | None = None  # why nothing more is opened
        self.failed: Exception | None = None
        self.complete = False

    def begin(self, url: str) -> Download:
        """What FFmpeg will open first: it has to be told where that stands in the end, and whether it is a playlist.

        Raises:
            RefusedError, StreamError: as `open`.
        """
        self._begun = self.open(url)
        return self._begun

    def open(self, url: str, _flags: int = 0, options: dict[str, str] | None = None) -> Download:
        """A file-like object of what a URL holds, redirects followed; PyAV's `io_open` calls this.

        Args:
            url: what to open.
            options: FFmpeg's; with an `end_offset`, only the bytes from `offset` to there are wanted.

        Raises:
            RefusedError: the URL, or where it leads, must not be opened.
            StreamError: it cannot be fetched.
        """
        if self._begun is not None:
            begun, self._begun = self._begun, None
            return begun
        part = _part(options or {})
        if url.startswith(_ENCRYPTED):
            self._over = RefusedError("the broadcast is encrypted, which is not supported")
        try:
            url, response = self._get(url, part)
        except Exception as error:
            self.failed = error
            raise
        file = Download(self, url, response, self._pace, part, first=not self._opened)
        self._opened, self.failed = True, None
        self._files.add(file)
        return file

    def cut(self) -> None:
        """End every request at once, from any thread: a reader that waits gets an error."""
        self._over = self._over or StreamError("the connection was closed")
        for file in list(self._files):
            file.cut()

    def close(self) -> None:
        self.cut()
        self._client.close()

    def done(self, file: Download) -> None:
        self._files.discard(file)

    def _get(self, url: str, part: range | None) -> tuple[str, httpx.Response]:
        """An answer and where it came from."""
        for _ in range(_MOST_REDIRECTS + 1):
            if self._over is not None:
                raise self._over
            response = self._send(url, part)
            if not response.has_redirect_location:
                break
            response.close()
            url = str(httpx.URL(url).join(response.headers["location"]))
        else:
            raise RefusedError(f"more than {_MOST_REDIRECTS} redirects")
        if not response.is_success:
            response.close()
            if response.status_code == httpx.codes.UNAUTHORIZED:
                raise MistakenError("the server refuses the log-in: check name and password")
            raise StreamError(f"the server answers {response.status_code} {response.reason_phrase}")
        return url, response

    def _send(self, url: str, part: range | None) -> httpx.Response:
        """One request, to the address that was checked, under the name that was asked for."""
        target = check(url, self._settings.private_networks)
        if target.scheme not in ("http", "https"):
            raise RefusedError(f"a web address leads to {target.scheme}")
        named = httpx.URL(url)
        headers = {"Host": named.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        if part:
            headers["Range"] = f"bytes={part.start}-{part.stop - 1}"
        request = self._client.build_request(
            "GET",
            named.copy_with(host=target.address, userinfo=b""),
            headers=headers,
            extensions={"sni_hostname": target.host},
        )
        login = (named.username, named.password)
        try:
            response = self._client.send(request, stream=True, auth=login if any(login) else None)
            if response.status_code == httpx.codes.UNAUTHORIZED and any(login):
                response.close()
                response = self._client.send(request, stream=True, auth=httpx.DigestAuth(*login))
        except httpx.HTTPError as error:
            raise StreamError(f"the server cannot be reached: {_why(error)}") from error
        return response


def _part(options: dict[str, str]) -> range | None:
    """The bytes of a file that FFmpeg wants; None for all of them."""
    return range(int(options.get("offset", 0)), int(options["end_offset"])) if "end_offset" in options else None


def _why(error: httpx.HTTPError) -> str:
    """What the system says of a connection; what other errors say may hold a log-in."""
    return (isinstance(error, httpx.ConnectError) and str(error)) or type(error).__name__


class Download:
    """One answer, to be read once from front to end; `url` is where it came from, after all redirects."""

    def __init__(
        self, web: Web, url: str, response: httpx.Response, pace: _Pace, part: range | None, first: bool
    ) -> None:
        self.url = url
        self._web, self._response, self._pace, self._first = web, response, pace, first
        self._chunks = self._arriving()
        if part and response.status_code != httpx.codes.PARTIAL_CONTENT:
            self._chunks = _cut_out(self._chunks, part)
        if first and response.headers.get("content-type", "").lower().startswith("multipart/"):
            self._chunks = _from_boundary(self._chunks)
        self._held = b""
        self._begins = b""
        self._count = 0

    def is_playlist(self) -> bool:
        """To be asked before anything is read. FFmpeg itself would go by the name, which need not tell.

        Raises:
            StreamError, RefusedError: as `read`.
        """
        self._receive()
        return self._held.startswith(_PLAYLIST)

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
        self._web.done(self)

    def cut(self) -> None:
        """Cut the connection under a reader that waits for it."""
        sock: Any = self._response.extensions["network_stream"].get_extra_info("socket")
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already

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
            known = self._response.headers.get("content-length")
            if self._begins:
                self._web.complete = _PLAYLIST_END in self._begins
            elif self._first and known is not None:
                self._web.complete = self._count == int(known)


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


class _Pace:
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
