"""Real streams on this machine, served without any program but Python: MJPEG, HLS, RTSP and RTMP.

python -m tests.streaming CLIP    serves a clip as MJPEG, looped, for `python -m pipeline soak`
"""

from __future__ import annotations

import io
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Self

import av
import cv2
import numpy as np

from pipeline.types import Image

Pictures = Callable[[], Iterator[Image]]
HERE = "127.0.0.1"


def gray_ramp(width: int = 320, height: int = 180) -> Iterator[Image]:
    """Endless pictures that grow brighter, so that they can be told apart."""
    index = 0
    while True:
        yield np.full((height, width, 3), (index * 5) % 250, np.uint8)
        index += 1


BARE_RIDER = (40, 76)  # the frames of the demo clip in which its first bare-headed rider is near


def looped(clip: Path, width: int | None = None) -> Iterator[Image]:
    """The pictures of a clip, again and again."""
    while True:
        with av.open(str(clip)) as container:
            for frame in container.decode(video=0):
                height = width and frame.height * width // frame.width // 2 * 2
                yield frame.to_ndarray(format="bgr24", width=width, height=height)


class Server:
    """Base: answers every connection in a thread, until closed; then nothing of it is left."""

    def __init__(self, port: int = 0) -> None:
        self.stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("0.0.0.0", port), reuse_port=False)  # noqa: S104 also at 127.0.0.2
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def talk(self, peer: socket.socket) -> None:
        raise NotImplementedError

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(peer)
            thread = threading.Thread(target=self._talk, args=(peer,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, peer: socket.socket) -> None:
        with suppress(OSError), peer:
            self.talk(peer)

    def close(self) -> None:
        """As if the server had been killed."""
        self.stopped.set()
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class WebServer(Server):
    """Answers GET by path: with bytes, with a redirect (a text), or with what a function writes."""

    Answer = bytes | str | Callable[[Any], None]

    def __init__(self, answers: dict[str, Answer] | None = None, port: int = 0, ranges: bool = True) -> None:
        self.answers, self._ranges = answers or {}, ranges
        self.asked: list[tuple[str, str, str]] = []  # path, Host, Authorization
        super().__init__(port)

    def url(self, path: str, host: str = HERE) -> str:
        return f"http://{host}:{self.port}{path}"

    def talk(self, peer: socket.socket) -> None:
        reader = peer.makefile("rb")
        while request := reader.readline().decode():
            path = request.split()[1]
            headers = {}
            while line := reader.readline().decode().strip():
                name, _, value = line.partition(": ")
                headers[name.lower()] = value
            self.asked.append((path, headers.get("host", ""), headers.get("authorization", "")))
            answer = self.answers.get(path.partition("?")[0])
            if answer is None:
                peer.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            elif isinstance(answer, str):
                peer.sendall(f"HTTP/1.1 302 Found\r\nLocation: {answer}\r\nContent-Length: 0\r\n\r\n".encode())
            elif isinstance(answer, bytes):
                status = b"200 OK"
                if self._ranges and "range" in headers:
                    first, last = map(int, headers["range"].removeprefix("bytes=").split("-"))
                    status, answer = b"206 Partial Content", answer[first : last + 1]
                peer.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(answer)) + answer)
            else:
                answer(peer)
                return


def jpeg(image: Image) -> bytes:
    return cv2.imencode(".jpg", image)[1].tobytes()


def mjpeg(
    pictures: Iterator[Image | bytes], fps: float, stopped: threading.Event | None = None, before: bytes = b""
) -> WebServer.Answer:
    """An endless answer of JPEG pictures, as IP cameras give it; when `stopped` is set it falls silent."""

    def write(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n" + before)
        due = time.monotonic()
        for image in pictures:
            data = image if isinstance(image, bytes) else jpeg(image)
            if stopped is not None and stopped.is_set():
                peer.recv(1)  # until the other side hangs up
                return
            peer.sendall(b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data))
            peer.sendall(data + b"\r\n")
            due += 1 / fps
            time.sleep(max(due - time.monotonic(), 0))

    return write


def mpegts(pictures: Iterator[Image], frames: int, fps: int = 10, first: int = 0) -> bytes:
    """Some pictures as H.264 in an MPEG transport stream."""
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as container:
        stream = None
        for index, image in zip(range(first, first + frames), pictures, strict=False):
            if stream is None:
                stream = container.add_stream(
                    "libx264", rate=fps, options={"preset": "ultrafast", "tune": "zerolatency"}
                )
                stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], "yuv420p"
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


def playlist(segments: Sequence[str], seconds: float, first: int = 0, ends: bool = True) -> bytes:
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", f"#EXT-X-TARGETDURATION:{max(round(seconds), 1)}"]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
    for name in segments:
        lines += [f"#EXTINF:{seconds:.3f},", name]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ends else []), ""]).encode()


class RtspServer(Server):
    """MPEG-TS over RTP over the RTSP connection itself; `redirect` answers DESCRIBE with another place."""

    def __init__(
        self,
        pictures: Pictures,
        fps: int = 10,
        port: int = 0,
        redirect: bytes | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._pictures, self._fps, self._redirect, self._tls = pictures, fps, redirect, tls
        super().__init__(port)

    def url(self, login: str = "") -> str:
        return f"{'rtsps' if self._tls else 'rtsp'}://{login}{HERE}:{self.port}/camera"

    def talk(self, peer: socket.socket) -> None:
        if self._tls is None:
            self._converse(peer)
        else:
            with self._tls.wrap_socket(peer, server_side=True) as private:
                self._converse(private)

    def _converse(self, peer: socket.socket) -> None:
        reader = peer.makefile("rb")
        while request := reader.readline().decode():
            sequence = b""
            while line := reader.readline().strip():
                if line.lower().startswith(b"cseq:"):
                    sequence = line
            method = request.split()[0]
            if method == "DESCRIBE" and self._redirect:
                peer.sendall(self._redirect.replace(b"CSEQ", sequence))
                continue
            more, body = b"", b""
            if method == "DESCRIBE":
                body = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\n"
                body += b"m=video 0 RTP/AVP 33\r\na=control:track\r\n"
                more = b"Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(body)
            elif method == "SETUP":
                more = b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            peer.sendall(b"RTSP/1.0 200 OK\r\n" + sequence + b"\r\n" + more + b"\r\n" + body)
            if method == "PLAY":
                self._play(peer)
                return

    def _play(self, peer: socket.socket) -> None:
        packets, pictures, began = 0, self._pictures(), time.monotonic()
        for second in range(10_000):
            data = mpegts(pictures, self._fps, self._fps, second * self._fps)
            pieces = [data[at : at + 7 * 188] for at in range(0, len(data), 7 * 188)]
            for row, piece in enumerate(pieces):
                when = second + row / len(pieces)
                time.sleep(max(began + when - time.monotonic(), 0))
                header = struct.pack(">BBHII", 0x80, 33, packets & 0xFFFF, int(when * 90_000), 1)
                peer.sendall(b"$\0" + struct.pack(">H", len(header) + len(piece)) + header + piece)
                packets += 1


class RtmpServer:
    """FFmpeg's own RTMP server, which plays a clip to one visitor and goes."""

    def __init__(self, clip: Path, port: int = 0) -> None:
        with socket.create_server((HERE, port)) as free:
            self.port = free.getsockname()[1]
        self.url = f"rtmp://{HERE}:{self.port}/live/camera"
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-re",
            "-stream_loop",
            "-1",
            "-i",
            clip,
            "-c:v",
            "libx264",
            "-g",
            "5",
            "-an",
        ]
        self._process = subprocess.Popen(
            [*command, "-preset", "ultrafast", "-tune", "zerolatency", "-f", "flv", "-listen", "1", self.url],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(10)


if __name__ == "__main__":
    with av.open(sys.argv[1]) as clip:
        frames = sum(1 for _ in clip.decode(video=0))
    ready = [jpeg(image) for image in islice(looped(Path(sys.argv[1]), 640), frames)]
    rate = float(sys.argv[2]) if len(sys.argv) > 2 else 25.0
    with WebServer({"/": mjpeg(cycle(ready), rate)}, port=8800) as server:
        print(server.url("/"))  # noqa: T201
        while True:
            time.sleep(60)
