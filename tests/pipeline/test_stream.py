"""Real streams, cut, stalled and changed in the middle."""

import io
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from itertools import islice, pairwise
from pathlib import Path
from statistics import median

import av
import pytest
import trustme

from pipeline import youtube
from pipeline.connection import Connection, _Watchdog
from pipeline.errors import RefusedError
from pipeline.settings import Settings
from pipeline.stream import Stream, StreamState, StreamStatus
from pipeline.types import Frame, Image
from pipeline.web import Web
from tests.factory import FRAME, write_clip
from tests.streaming import HERE, RtmpServer, RtspServer, Server, WebServer, gray_ramp, jpeg, mjpeg, mpegts, playlist


class Watched:
    """A stream read in a thread, as the product does it."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.told: list[StreamStatus] = []
        self.frames: list[Frame] = []
        self.error: Exception | None = None
        began = time.monotonic()
        self.stream = Stream(url, settings, self.told.append, lambda: time.monotonic() - began)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()
        self.until(lambda: bool(self.told))

    def _read(self) -> None:
        try:
            for frame in self.stream.frames():
                self.frames.append(frame)
        except RefusedError as error:
            self.error = error

    @property
    def status(self) -> StreamStatus:
        return self.told[-1]

    def until(self, true: Callable[[], bool], patience_s: float = 240) -> None:
        due = time.monotonic() + patience_s
        while not (self.told and true()):
            assert time.monotonic() < due, (self.told, len(self.frames))
            time.sleep(0.02)

    def more(self, count: int) -> None:
        """Wait for so many more frames."""
        wanted = len(self.frames) + count
        self.until(lambda: len(self.frames) >= wanted)


@pytest.fixture
def watch(settings: Settings) -> Iterator[Callable[..., Watched]]:
    """Watches a stream, and sees to it that stopping leaves no thread behind. A machine that stands still for seconds
    is no silent stream: a test of those has less patience."""
    watched: list[Watched] = []
    before = set(threading.enumerate())

    def start(url: str, patience_s: float = 300.0) -> Watched:
        allowed = {"private_networks": (ip_network("127.0.0.1"),), "stream_retry_s": 1.0}
        watched.append(Watched(url, settings.model_copy(update={**allowed, "stream_timeout_s": patience_s})))
        return watched[-1]

    yield start
    for one in watched:
        one.stream.stop()
        one.thread.join(60)
        assert not one.thread.is_alive()
        assert [frame.time_s for frame in one.frames] == sorted({frame.time_s for frame in one.frames})
        assert [frame.index for frame in one.frames] == list(range(len(one.frames)))
    left = {thread.name for thread in set(threading.enumerate()) - before if thread.name in ("watchdog", "relay")}
    assert not left


def test_an_mjpeg_camera_that_is_restarted(watch: Callable[..., Watched]) -> None:
    server = WebServer({"/": mjpeg(gray_ramp(), 20)})
    seen = watch(server.url("/"))
    seen.more(10)
    assert seen.status == StreamStatus(StreamState.LIVE)
    server.close()
    seen.until(lambda: seen.status.state is StreamState.WAITING)
    assert seen.status.why
    with WebServer({"/": mjpeg(gray_ramp(), 20)}, port=server.port):
        seen.more(10)
        assert seen.status == StreamStatus(StreamState.LIVE, reconnects=1)


@pytest.mark.parametrize("before", [b"\r\n", b"two pictures a second\r\n"])
def test_a_slow_mjpeg_camera_that_does_not_begin_with_a_picture(watch: Callable[..., Watched], before: bytes) -> None:
    shown = threading.Event()

    def pictures() -> Iterator[Image]:
        yield from islice(gray_ramp(), 3)
        shown.wait(300)  # no further one is needed to show the first
        yield from gray_ramp()

    with WebServer({"/": mjpeg(pictures(), 2, before=before)}) as server:
        seen = watch(server.url("/"))
        seen.more(1)
        shown.set()
        seen.more(4)
        assert seen.status == StreamStatus(StreamState.LIVE)


def test_an_rtsp_camera_that_is_restarted(watch: Callable[..., Watched]) -> None:
    server = RtspServer(gray_ramp)
    seen = watch(server.url("me:secret@"))
    seen.more(5)
    server.close()
    seen.until(lambda: seen.status.state is StreamState.WAITING)
    with RtspServer(gray_ramp, port=server.port):
        seen.more(5)
        assert seen.status == StreamStatus(StreamState.LIVE, reconnects=1)
    assert "secret" not in str(seen.told)


def test_a_private_rtsp_camera_is_watched_where_its_certificate_is_trusted(
    watch: Callable[..., Watched], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "trusted.pem"))
    with RtspServer(gray_ramp, tls=tls) as server:
        stranger = watch(server.url())
        stranger.until(lambda: stranger.status.state is StreamState.WAITING)
        assert "certificate is not trusted" in str(stranger.status.why)
        stranger.stream.stop()
        assert not stranger.frames
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "trusted.pem"))
        for _ in range(8):  # the relay's two ways over one TLS connection must not meet
            friend = watch(server.url())
            friend.more(5)
            friend.stream.stop()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg to serve RTMP on this machine")
def test_an_rtmp_server_that_is_restarted(watch: Callable[..., Watched], tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", [index / 10 for index in range(30)])
    with RtmpServer(clip) as server:
        seen = watch(server.url)
        seen.more(5)
    seen.until(lambda: seen.status.state is StreamState.WAITING)
    with RtmpServer(clip, port=server.port):
        seen.more(5)
        assert seen.status.state is StreamState.LIVE


def live_playlist(server: WebServer, began: float, segments: dict[int, bytes]) -> Callable[..., None]:
    """A playlist that moves on by a segment a second, its last three in it."""

    def write(peer: object) -> None:
        now = int(time.monotonic() - began) + 3
        for number in range(now - 3, now):
            segments.setdefault(number, mpegts(gray_ramp(), 10, first=number * 10))
            server.answers[f"/{number}.ts"] = segments[number]
        data = playlist([f"{number}.ts" for number in range(now - 3, now)], 1.0, first=now - 3, ends=False)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data)  # type: ignore[attr-defined]

    return write


def test_a_live_playlist_whose_server_is_restarted(watch: Callable[..., Watched]) -> None:
    began, segments = time.monotonic(), {}
    server = WebServer()
    server.answers["/live.m3u8"] = live_playlist(server, began, segments)
    seen = watch(server.url("/live.m3u8"))
    seen.more(25)
    server.close()
    seen.until(lambda: seen.status.state is StreamState.WAITING)
    with WebServer(port=server.port) as again:
        again.answers["/live.m3u8"] = live_playlist(again, began, segments)
        seen.more(25)
        assert seen.status == StreamStatus(StreamState.LIVE, reconnects=1)
    steps = [after.time_s - before.time_s for before, after in pairwise(seen.frames)]
    assert median(steps) == pytest.approx(0.1, abs=0.02), "a second of ten pictures plays for a second"


def test_a_playlist_that_ends(watch: Callable[..., Watched]) -> None:
    pictures = gray_ramp()
    parts = {f"/{n}.ts": mpegts(pictures, 10, first=10 * n) for n in range(2)}
    with WebServer({"/all.m3u8": playlist(["0.ts", "1.ts"], 1.0), **parts}) as server:
        seen = watch(server.url("/all.m3u8"))
        seen.until(lambda: seen.status.state is StreamState.ENDED)
        assert len(seen.frames) == 20
        assert seen.status.reconnects == 0


@pytest.mark.parametrize("place", ["/far/away/all.m3u8", "/far/away/all"])
def test_a_playlist_behind_a_redirect(watch: Callable[..., Watched], place: str) -> None:
    with WebServer({"/live": place, place: playlist(["0.ts"], 1.0)}) as server:
        server.answers["/far/away/0.ts"] = mpegts(gray_ramp(), 10)
        seen = watch(server.url("/live"))
        seen.until(lambda: seen.status.state is StreamState.ENDED)
        assert len(seen.frames) == 10
        assert [path for path, *_ in server.asked] == ["/live", place, "/far/away/0.ts"]


def test_a_redirect_leads_nowhere_else(watch: Callable[..., Watched]) -> None:
    with WebServer({"/all.m3u8": playlist(["0.ts"], 1.0), "/0.ts": mpegts(gray_ramp(), 10)}) as server:
        server.answers["/live"] = server.url("/all.m3u8", "127.0.0.2")
        seen = watch(server.url("/live"))
        seen.until(lambda: seen.error is not None)
        assert "private network" in str(seen.status.why)
        assert [path for path, *_ in server.asked] == ["/live"]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_playlist_of_the_parts_of_one_file(watch: Callable[..., Watched], ranges: bool) -> None:
    pictures, file, parts = gray_ramp(), b"", []
    for n in range(3):
        data = mpegts(pictures, 10, first=10 * n)
        parts.append(f"#EXT-X-BYTERANGE:{len(data)}@{len(file)}\nall.ts")
        file += data
    with WebServer({"/all.m3u8": playlist(parts, 1.0), "/all.ts": file}, ranges=ranges) as server:
        seen = watch(server.url("/all.m3u8"))
        seen.until(lambda: seen.status.state is StreamState.ENDED)
        shades = [frame.image.mean() for frame in seen.frames]
        assert len(shades) == 30
        assert shades == sorted(set(shades)), "each part is another one"


@pytest.mark.parametrize("missing", ["0.ts", "1.ts", "2.ts"])
def test_a_playlist_that_lacks_a_part_is_shown_without(watch: Callable[..., Watched], missing: str) -> None:
    names = [f"{n}.ts" for n in range(3)]
    parts = {f"/{n}.ts": mpegts(gray_ramp(), 10, first=10 * n) for n in range(3)}
    del parts[f"/{missing}"]
    with WebServer({"/all.m3u8": playlist(names, 1.0), **parts}) as server:
        seen = watch(server.url("/all.m3u8"))
        seen.until(lambda: seen.status == StreamStatus(StreamState.ENDED))
        assert len(seen.frames) == 20


def test_of_several_qualities_the_best_is_watched_also_behind_a_redirect(watch: Callable[..., Watched]) -> None:
    low, high = ("#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=160x90", "#EXT-X-STREAM-INF:BANDWIDTH=2,RESOLUTION=320x180")
    qualities = f"#EXTM3U\n{low}\nlow.m3u8\n{high}\nhigh.m3u8\n".encode()
    with WebServer({"/all.m3u8": qualities, "/high.m3u8": "/far/high", "/far/high": playlist(["0.ts"], 1.0)}) as server:
        server.answers["/far/0.ts"] = mpegts(gray_ramp(), 10)
        seen = watch(server.url("/all.m3u8"))
        seen.until(lambda: seen.status == StreamStatus(StreamState.ENDED))
        assert len(seen.frames) == 10
        assert [path for path, *_ in server.asked] == ["/all.m3u8", "/high.m3u8", "/far/high", "/far/0.ts"]


@pytest.mark.parametrize("ends", [True, False])
def test_an_encrypted_broadcast_is_refused_as_such(watch: Callable[..., Watched], ends: bool) -> None:
    segments = ['#EXT-X-KEY:METHOD=AES-128,URI="key"\n0.ts', "1.ts"]
    with WebServer({"/all.m3u8": playlist(segments, 1.0, ends=ends), "/key": bytes(16)}) as server:
        seen = watch(server.url("/all.m3u8"))
        seen.until(lambda: seen.error is not None)
        assert seen.status.why == "the broadcast is encrypted, which is not supported"


@pytest.mark.parametrize(
    "segment",
    [
        *(
            "file:///etc/passwd",
            "/../../../../../../etc/passwd",
            "http://127.0.0.2:{port}/1.ts",
            "http://10.0.0.1/1.ts",
        ),
        *(
            "data:video/mp2t;base64,R0BBEA==",
            "concat:0.ts|1.ts",
            "crypto+http://127.0.0.2:{port}/1.ts",
            "rtsp://127.0.0.2/",
        ),
    ],
)
def test_a_playlist_leads_nowhere_else(watch: Callable[..., Watched], segment: str) -> None:
    parts = {"/0.ts": mpegts(gray_ramp(), 10), "/1.ts": mpegts(gray_ramp(), 10)}
    with WebServer(parts) as server:
        server.answers["/all.m3u8"] = playlist([segment.format(port=server.port)], 1.0)
        seen = watch(server.url("/all.m3u8"))
        seen.until(lambda: seen.status.state in (StreamState.ENDED, StreamState.WAITING))
        assert not seen.frames
        assert not {"/1.ts", "/etc/passwd"} & {path for path, host, _ in server.asked if host.startswith("127.0.0.2")}


@pytest.mark.parametrize(
    "answer", [b"RTSP/1.0 302 Moved\r\nCSEQ\r\n", b"R\rTSP/9  +0301 x\r\nCSEQ\r\n", b"RTSP/1.0\t303\nCSEQ\r\n"]
)
def test_an_rtsp_redirect_is_not_followed(watch: Callable[..., Watched], answer: bytes) -> None:
    with RtspServer(gray_ramp) as other:
        to = other.url().encode()
        with RtspServer(gray_ramp, redirect=answer + b"Location: " + to + b"\r\n\r\n") as server:
            seen = watch(server.url())
            seen.until(lambda: seen.error is not None)
            assert not seen.frames
            assert not other._open


def test_a_silent_camera_is_given_up_and_tried_anew(watch: Callable[..., Watched]) -> None:
    silent = threading.Event()
    with WebServer({"/": mjpeg(gray_ramp(), 20, silent)}) as server:
        seen = watch(server.url("/"), patience_s=2.0)
        seen.more(5)
        silent.set()
        seen.until(lambda: seen.status.state is StreamState.WAITING)
        silent.clear()
        seen.more(5)
        assert seen.status.reconnects >= 1


@pytest.mark.parametrize(("kind", "options"), [("mp4", {"movflags": "frag_every_frame+empty_moov"}), ("flv", {})])
def test_a_camera_whose_clock_begins_anew_is_seen_again_at_once(
    watch: Callable[..., Watched], kind: str, options: dict[str, str]
) -> None:
    """It was taken for a recording that is gone on with: for as long as it had been watched before, it was not seen."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind, options=options) as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for image in islice(gray_ramp(), 10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    answer = b"HTTP/1.0 200 OK\r\nContent-Type: video/mp4\r\n\r\n" + file.getvalue()
    with WebServer({"/": lambda peer: peer.sendall(answer)}) as server:
        seen = watch(server.url("/"))
        seen.until(lambda: seen.status.reconnects == 2)
        assert len(seen.frames) >= 20


def test_to_pass_over_what_was_watched_of_a_recording_may_take_long(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one that its server had cut off late was given up as silent, again and again, and never gone on with."""
    waited_anew, pat = [], _Watchdog.pat
    monkeypatch.setattr(_Watchdog, "pat", lambda dog: (waited_anew.append(dog), pat(dog)))
    here = settings.model_copy(update={"private_networks": (ip_network("127.0.0.1"),), "stream_timeout_s": 300.0})
    recording = write_clip(tmp_path / "a.mp4", [index / 10 for index in range(60)]).read_bytes()
    with WebServer({"/a.mp4": recording}) as server:
        connection = Connection(Web(here), server.url("/a.mp4"), "http", here)
        connection.open(from_s=5.0)
        assert connection.picture().time == 5.0
        connection.close()
    assert len(waited_anew) > 50, "once for each picture that came"


def test_pictures_may_change_their_size(watch: Callable[..., Watched]) -> None:
    def pictures() -> Iterator:
        yield from islice(gray_ramp(320, 180), 10)
        yield from gray_ramp(160, 120)

    with WebServer({"/": mjpeg(pictures(), 20)}) as server:
        seen = watch(server.url("/"))
        seen.more(20)
        assert {frame.image.shape for frame in seen.frames} == {(180, 320, 3), (120, 160, 3)}


@pytest.mark.parametrize("answer", [b"<html>a page</html>" * 100, jpeg(FRAME)], ids=["page", "snapshot"])
def test_what_is_no_video_is_refused(watch: Callable[..., Watched], answer: bytes) -> None:
    with WebServer({"/": answer}) as server:
        seen = watch(server.url("/"))
        seen.until(lambda: seen.error is not None)
        assert seen.status.state is StreamState.ENDED


class Says(Server):
    """Answers whatever is asked for with the same words."""

    def __init__(self, words: bytes) -> None:
        self._words = words
        super().__init__()

    def talk(self, peer: socket.socket) -> None:
        while self._words and (asked := peer.recv(1 << 16)):
            sequence = re.search(rb"CSeq: \d+", asked)
            peer.sendall(self._words.replace(b"CSEQ", sequence[0] if sequence else b""))


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("http", b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
        ("rtsp", b'RTSP/1.0 401 Unauthorized\r\nCSEQ\r\nWWW-Authenticate: Digest realm="x", nonce="1"\r\n\r\n'),
    ],
)
def test_a_wrong_password_is_not_tried_again(watch: Callable[..., Watched], scheme: str, words: bytes) -> None:
    """Cameras shut out whoever is wrong a few times."""
    with Says(words) as server:
        seen = watch(f"{scheme}://me:secret@{HERE}:{server.port}/")
        seen.until(lambda: seen.error is not None)
    assert seen.status.why == "the server refuses the log-in: check name and password"


def test_a_web_camera_that_hangs_up_without_a_word_is_tried_again(watch: Callable[..., Watched]) -> None:
    """As one does that serves so many viewers and no more."""
    busy, camera = [True, True], mjpeg(gray_ramp(), 20)

    def answer(peer: socket.socket) -> None:
        if busy:
            busy.pop()
            peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=picture\r\n\r\n")
        else:
            camera(peer)

    with WebServer({"/camera": answer}) as server:
        seen = watch(server.url("/camera"))
        seen.more(3)
    assert [one.why for one in seen.told if one.why][:2] == ["the server ended the stream"] * 2


def test_an_rtsp_server_that_hangs_up_without_a_word_is_tried_again(watch: Callable[..., Watched]) -> None:
    with Says(b"") as server:
        seen = watch(f"rtsp://{HERE}:{server.port}/")
        seen.until(lambda: seen.status == StreamStatus(StreamState.WAITING, "the server ended the stream"))


class Silent(Server):
    """Hears what it is asked, and says nothing."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        super().__init__()

    def talk(self, peer: socket.socket) -> None:
        peer.recv(1 << 16)
        self.asked.set()
        self.stopped.wait()


class Drips(Silent):
    """Begins to answer, and goes on a letter at a time."""

    def talk(self, peer: socket.socket) -> None:
        asked = peer.recv(1 << 16)
        peer.sendall(b"RTSP/1.0 200 OK\r\nX: " if b"RTSP" in asked else b"HTTP/1.1 200 OK\r\nX: ")
        while not self.stopped.wait(0.2):
            peer.sendall(b"x")
            self.asked.set()


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_server_that_draws_its_answer_out_is_given_up(watch: Callable[..., Watched], scheme: str) -> None:
    with Drips() as server:
        seen = watch(f"{scheme}://{HERE}:{server.port}/", patience_s=2.0)
        seen.until(lambda: StreamStatus(StreamState.WAITING, "no picture came for 2 s") in seen.told)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
@pytest.mark.parametrize("kind", [Drips, Silent])
def test_stopping_does_not_wait_for_a_server_that_does_not_answer(
    watch: Callable[..., Watched], kind: type[Silent], scheme: str
) -> None:
    with kind() as server:
        seen = watch(f"{scheme}://{HERE}:{server.port}/")
        assert server.asked.wait(240)
        seen.stream.stop()
        seen.thread.join(60)
        assert not seen.thread.is_alive()


def test_yt_dlp_finds_the_stream_on_a_page() -> None:
    with WebServer({"/clip.mp4": b"x"}) as server:
        server.answers["/page"] = f"<html><video src='{server.url('/clip.mp4')}'></video></html>".encode()
        assert youtube.stream_of(server.url("/page"), ("generic", "html5")) == server.url("/clip.mp4")
        with pytest.raises(RefusedError):
            youtube.stream_of(server.url("/page"))


def test_the_pages_of_a_channel_are_not_read() -> None:
    with WebServer() as server:
        entries = "".join(f"<item><title>x</title><link>{server.url(f'/page{n}')}</link></item>" for n in range(5))
        server.answers["/"] = f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>'.encode()
        with pytest.raises(RefusedError, match="no stream on this page"):
            youtube.stream_of(server.url("/"), ("generic", "html5"))
        assert {path for path, *_ in server.asked} == {"/"}


@pytest.mark.parametrize(
    ("url", "is_page"),
    [
        ("https://www.youtube.com/watch?v=x", True),
        ("https://youtu.be/x", True),
        ("https://notyoutube.com/watch", False),
        ("https://youtube.com.example.org/", False),
    ],
)
def test_which_addresses_are_youtube(url: str, is_page: bool) -> None:
    assert youtube.is_page(url) is is_page
