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
from threading import Lock, Thread
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from pipeline.errors import RefusedError, StreamError
from pipeline.guard import Target

_CHUNK = 1 << 16
# an answer as FFmpeg reads it (it takes any version, skips spaces and reads the number by atoi), with a status of 3xx
_REDIRECT = re.compile(rb"RTSP/(?:\S{17}|\S{0,16}(?:[ \t\v\f]{9}|[ \t\v\f]{1,8}\+?(?:0{9}|0{0,8}3\d\d)))")
_LONGEST = 64  # bytes that may match


class Relay:
    """One connection, from a port of this machine to a target. `failed` is why it ended, where that is not plain."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        self._target, self._timeout_s = target, timeout_s
        self.failed: Exception | None = None
        self._door = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._door.settimeout(timeout_s)
        self._port = self._door.getsockname()[1]
        self._ends, self._lock, self._over = [self._door], Lock(), False
        self._seen = b""  # the last of what came from the target
        self._thread = Thread(target=self._serve, name="relay", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """What FFmpeg opens instead: the same path and log-in at this machine's port."""
        parts = urlsplit(self._target.url)
        login, at, _ = parts.netloc.rpartition("@")
        scheme = self._target.scheme.removesuffix("s")
        return urlunsplit((scheme, f"{login}{at}127.0.0.1:{self._port}", parts.path, parts.query, ""))

    def cut(self) -> None:
        """End the connection at once, from any thread. Only the relay's own closes what it waits for and reads."""
        with self._lock:
            self._over = True
            for end in self._ends:
                shut(end)

    def close(self) -> None:
        self.cut()
        self._thread.join()

    def _serve(self) -> None:
        try:
            near, _ = self._door.accept()
            self._add(near)
            self._pass(near, self._reach())
        except StreamError as error:
            self.failed = error
        except OSError:
            pass  # cut from another thread, or by either end
        finally:
            if not self._seen and self.failed is None:
                self.failed = StreamError("the server ended the stream")  # without a word: it may be busy
            with self._lock:
                for end in self._ends:
                    end.close()

    def _reach(self) -> socket.socket:
        target = self._target
        try:
            far = target.reach(lambda at: socket.create_connection((at, target.port), self._timeout_s), OSError)
            if target.scheme == "rtsps":
                private = ssl.create_default_context()
                far = private.wrap_socket(far, server_hostname=target.host, do_handshake_on_connect=False)
            self._add(far)  # before the handshake, which a server may draw out for ever
            if isinstance(far, ssl.SSLSocket):
                far.do_handshake()
        except ssl.SSLCertVerificationError as error:
            raise StreamError(f"the server's certificate is not trusted: {error.verify_message}") from error
        except OSError as error:
            raise StreamError(f"the server cannot be reached: {error.strerror or error}") from error
        return far

    def _add(self, end: socket.socket) -> None:
        with self._lock:
            self._ends.append(end)
            if self._over:
                shut(end)

    def _pass(self, near: socket.socket, far: socket.socket) -> None:
        """Pass on what comes from either end, in one thread: a TLS connection cannot be read and written at once."""
        ends = PollSelector()
        for end, other in ((near, far), (far, near)):
            end.settimeout(0)  # it may be readable without a byte for us: TLS has words of its own
            ends.register(end, EVENT_READ, other)
        while all(self._hand_on(cast(socket.socket, key.fileobj), key.data, far) for key, _ in ends.select()):
            pass

    def _hand_on(self, source: socket.socket, sink: socket.socket, far: socket.socket) -> bool:
        """All that has come; False at its end, or where the server sends elsewhere."""
        while data := _received(source):
            if source is far and self._leads_away(data):
                self.failed = RefusedError("the server sends elsewhere, which is not followed")
                return False
            _send(sink, data)
        return data is None

    def _leads_away(self, data: bytes) -> bool:
        self._seen = self._seen[-_LONGEST:] + data.replace(b"\r", b"")  # FFmpeg overlooks \r wherever it stands
        return self._target.scheme.startswith("rtsp") and bool(_REDIRECT.search(self._seen))


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


def shut(end: socket.socket) -> None:
    """Cut a connection under whoever waits for it; also a TLS one, whose own `shutdown` is not for other threads."""
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(end, socket.SHUT_RDWR)
