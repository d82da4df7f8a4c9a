"""A way for FFmpeg's own protocols (RTSP, RTMP) to a server whose address was checked, and to nowhere else.

FFmpeg would resolve the name once more, follow an RTSP redirect to any address, and take any TLS certificate. So it
is given a port of this machine, and what it says there goes to the checked address, over verified TLS for rtsps.
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from selectors import EVENT_READ, PollSelector
from threading import Thread
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from pipeline.errors import RefusedError, StreamError
from pipeline.guard import Target

_CHUNK = 1 << 16
# an answer as FFmpeg reads it (it takes any version, skips spaces and reads the number by atoi), with a status of 3xx
_REDIRECT = re.compile(rb"RTSP/(?:\S{17}|\S{0,16}(?:[ \t\v\f]{9}|[ \t\v\f]{1,8}\+?(?:0{9}|0{0,8}3\d\d)))")
_LONGEST = 64  # bytes that may match


class Relay:
    """One connection, from a port of this machine to a target.

    Raises:
        StreamError: the target cannot be reached.
    """

    def __init__(self, target: Target, timeout_s: float) -> None:
        self._target = target
        self.failed: Exception | None = None
        self._far = _connect(target, timeout_s)
        self._door = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._door.settimeout(timeout_s)
        self._near: socket.socket | None = None
        self._seen = b""  # the last of what came from the target
        self._thread = Thread(target=self._serve, name="relay", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What FFmpeg opens instead: the same path and log-in at this machine's port."""
        parts = urlsplit(self._target.url)
        login, at, _ = parts.netloc.rpartition("@")
        scheme = self._target.scheme.removesuffix("s")
        port = self._door.getsockname()[1]
        return urlunsplit((scheme, f"{login}{at}127.0.0.1:{port}", parts.path, parts.query, ""))

    def cut(self) -> None:
        """End the connection at once, from any thread."""
        for end in (self._door, self._far, self._near):
            if end is not None:
                _cut(end)

    def close(self) -> None:
        self.cut()
        self._thread.join()

    def _serve(self) -> None:
        try:
            self._near, _ = self._door.accept()
        except OSError:
            return  # closed before FFmpeg came
        finally:
            self._door.close()
        with suppress(OSError, ValueError):  # cut from another thread
            self._pass(self._near)
        self.cut()

    def _pass(self, near: socket.socket) -> None:
        """Pass on what comes from either end, in one thread: a TLS connection cannot be read and written at once."""
        ends = PollSelector()
        for end, other in ((near, self._far), (self._far, near)):
            end.settimeout(0)  # it may be readable without a byte for us: TLS has words of its own
            ends.register(end, EVENT_READ, other)
        while all(self._hand_on(cast(socket.socket, key.fileobj), key.data) for key, _ in ends.select()):
            pass

    def _hand_on(self, source: socket.socket, sink: socket.socket) -> bool:
        """All that has come; False at its end, or where the server sends elsewhere."""
        while data := _received(source):
            if source is self._far and self._leads_away(data):
                self.failed = RefusedError("the server sends elsewhere, which is not followed")
                return False
            _send(sink, data)
        return data is None

    def _leads_away(self, data: bytes) -> bool:
        if not self._target.scheme.startswith("rtsp"):
            return False
        self._seen = self._seen[-_LONGEST:] + data.replace(b"\r", b"")  # FFmpeg overlooks \r wherever it stands
        return bool(_REDIRECT.search(self._seen))


def _connect(target: Target, timeout_s: float) -> socket.socket:
    try:
        raw = socket.create_connection((target.address, target.port), timeout_s)
        if target.scheme == "rtsps":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
    except ssl.SSLCertVerificationError as error:
        raise StreamError(f"the server's certificate is not trusted: {error.verify_message}") from error
    except OSError as error:
        raise StreamError(f"the server cannot be reached: {error.strerror or error}") from error
    return raw


def _received(source: socket.socket) -> bytes | None:
    """What has come; empty at the end, None where there is nothing (more)."""
    try:
        return source.recv(_CHUNK)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None


def _send(sink: socket.socket, data: bytes) -> None:
    """Send all, however long the other side takes."""
    sink.settimeout(None)
    sink.sendall(data)
    sink.settimeout(0)


def _cut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
