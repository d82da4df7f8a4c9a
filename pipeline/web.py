"""HTTP under the guard: FFmpeg reads what is fetched here and opens no address itself."""

from __future__ import annotations

import io
import logging
import socket
from threading import Lock
from typing import Any

import httpx

from pipeline.download import Download, Pace
from pipeline.errors import MistakenError, RefusedError, StreamError
from pipeline.guard import check
from pipeline.playlist import best_quality
from pipeline.relay import shut
from pipeline.settings import Settings

_log = logging.getLogger(__name__)
_MOST_REDIRECTS = 5
_GONE = (httpx.codes.NOT_FOUND, httpx.codes.GONE)
_ENCRYPTED = "crypto+"  # before the address of a segment that FFmpeg wants to decrypt
_AGENT = "HelmetWatch/0.1"


class _GoneError(StreamError):
    """The server does not have it, or no longer."""


class Web:
    """The requests of one connection to a stream: its playlists and segments, or its one endless answer.

    `failed` is the last error of a request, `complete` whether what was asked for first came to its end as it should:
    a playlist that says that it ends, or an answer of a known length.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        timeout = httpx.Timeout(settings.stream_timeout_s)
        limits = httpx.Limits(max_keepalive_connections=0)  # `cut` knows only connections whose begin it saw
        self._client = httpx.Client(timeout=timeout, limits=limits, trust_env=False, headers={"User-Agent": _AGENT})
        self._pace = Pace(settings.stream_max_mbit * 1e6 / 8)
        self._lock = Lock()
        self._wires: set[socket.socket] = set()  # all connections, as copies: also one that is just being made
        self._wire: socket.socket | None = None  # that of the request under way
        self._begun: Download | None = None
        self._playlist: str | None = None  # where the broadcast's is, all else that is opened being its parts
        self._opened = False
        self._over: Exception | None = None  # why nothing more is opened
        self.failed: Exception | None = None
        self.complete = False

    def begin(self, url: str) -> Download:
        """What FFmpeg will open first: it has to be told where that stands in the end, and whether it is a playlist.

        Of a broadcast in several qualities that is the playlist of one of them.

        Raises:
            RefusedError, StreamError: as `open`.
        """
        first = self.open(url)
        if (quality := best_quality(first.playlist())) is not None:
            first.close()
            first = self.open(str(_joined(first.url, quality)))
            first.playlist()
        self._begun = first
        self._playlist = first.url if first.is_playlist else None
        return first

    def part(self, url: str, _flags: int = 0, options: dict[str, str] | None = None) -> Download | io.BytesIO:
        """As `open`; PyAV's `io_open` calls this. A part that a broadcast has lost is empty: the next one follows."""
        try:
            return self.open(url, options)
        except _GoneError:
            if self._playlist in (None, url):
                raise
            _log.warning("a part of a broadcast is missing, it goes on with the next one")
            self.failed = None
            return io.BytesIO()

    def open(self, url: str, options: dict[str, str] | None = None) -> Download:
        """A file-like object of what a URL holds, redirects followed.

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
        wire, self._wire = self._wire, None
        file = Download(self, url, response, wire, self._pace, part, first=not self._opened)
        self._opened, self.failed = True, None
        return file

    def cut(self) -> None:
        """End every request at once, from any thread: a reader that waits gets an error."""
        self._over = self._over or StreamError("the connection was closed")
        with self._lock:
            for wire in self._wires:
                shut(wire)

    def close(self) -> None:
        self.cut()
        self._client.close()
        with self._lock:
            for wire in self._wires:
                wire.close()
            self._wires.clear()

    def drop(self, wire: socket.socket | None) -> None:
        """This connection has been closed."""
        if wire is not None:
            with self._lock:
                self._wires.discard(wire)
                wire.close()

    def _note(self, event: str, about: dict[str, Any]) -> None:
        """What httpcore does for a request: a connection is there, which its next words may draw out for ever."""
        if event == "connection.connect_tcp.complete":
            self.drop(self._wire)
            self._wire = about["return_value"].get_extra_info("socket").dup()
            with self._lock:
                self._wires.add(self._wire)
                if self._over is not None:
                    shut(self._wire)

    def _get(self, url: str, part: range | None) -> tuple[str, httpx.Response]:
        """An answer and where it came from."""
        for _ in range(_MOST_REDIRECTS + 1):
            if self._over is not None:
                raise self._over
            response = self._send(url, part)
            if not response.has_redirect_location:
                break
            response.close()
            url = str(_joined(url, response.headers["location"]))
        else:
            raise RefusedError(f"more than {_MOST_REDIRECTS} redirects")
        if not response.is_success:
            response.close()
            if response.status_code == httpx.codes.UNAUTHORIZED:
                raise MistakenError("the server refuses the log-in: check name and password")
            error = _GoneError if response.status_code in _GONE else StreamError
            raise error(f"the server answers {response.status_code} {response.reason_phrase}")
        return url, response

    def _send(self, url: str, part: range | None) -> httpx.Response:
        """One request, to the first of the addresses that were checked that can be reached."""
        target = check(url, self._settings.private_networks)
        if target.scheme not in ("http", "https"):
            raise RefusedError(f"a web address leads to {target.scheme}")
        try:
            return target.reach(lambda address: self._ask(url, part, target.host, address), httpx.ConnectError)
        except httpx.HTTPError as error:
            raise StreamError(f"the server cannot be reached: {_why(error)}") from error

    def _ask(self, url: str, part: range | None, host: str, address: str) -> httpx.Response:
        """A request to one address, under the name that was asked for."""
        named = _joined(url)
        headers = {"Host": named.netloc.decode("ascii"), "Accept-Encoding": "identity"}
        if part:
            headers["Range"] = f"bytes={part.start}-{part.stop - 1}"
        request = self._client.build_request(
            "GET",
            named.copy_with(host=address, userinfo=b""),
            headers=headers,
            extensions={"sni_hostname": host, "trace": self._note},
        )
        login = (named.username, named.password)
        response = self._client.send(request, stream=True, auth=login if any(login) else None)
        if response.status_code == httpx.codes.UNAUTHORIZED and any(login):
            response.close()
            response = self._client.send(request, stream=True, auth=httpx.DigestAuth(*login))
        return response


def _joined(url: str, further: str = "") -> httpx.URL:
    try:
        return httpx.URL(url).join(further)
    except httpx.InvalidURL as error:
        raise RefusedError("this is no address") from error


def _part(options: dict[str, str]) -> range | None:
    """The bytes of a file that FFmpeg wants; None for all of them."""
    return range(int(options.get("offset", 0)), int(options["end_offset"])) if "end_offset" in options else None


def _why(error: httpx.HTTPError) -> str:
    """What the system says of a connection; what other errors say may hold a log-in."""
    return (isinstance(error, httpx.ConnectError) and str(error)) or type(error).__name__
