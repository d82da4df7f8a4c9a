"""What may be opened and what may not, however it is written, redirected or renamed."""

import socket
import time
from ipaddress import ip_network

import pytest

from pipeline.errors import RefusedError, StreamError
from pipeline.guard import check, masked
from pipeline.settings import Settings
from pipeline.web import Web
from tests.streaming import HERE, WebServer, playlist


@pytest.fixture
def here(settings: Settings) -> Settings:
    """Settings that allow this machine by its usual address, and no other one of it."""
    return settings.model_copy(update={"private_networks": (ip_network("127.0.0.1"),), "stream_timeout_s": 300.0})


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "/etc/passwd", "data:text/plain,x", "concat:a|b", "crypto+http://example.org/x"),
        *("ftp://example.org/x", "gopher://example.org", "udp://1.1.1.1:1", "subfile:///x", "pipe:0", "", "http://"),
        *("http://exa mple.org", "http://example.org/\nx", "http://example.org:99999/", "http://[::1", "x" * 5000),
    ],
)
def test_only_live_protocols_are_opened(url: str) -> None:
    with pytest.raises(RefusedError):
        check(url)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1",
            "localhost",
            "127.1",
            "0x7f.1",
            "2130706433",
            "0.0.0.0",  # noqa: S104
            "[::1]",
            "[::]",
            "10.1.2.3",
            "172.16.0.1",
        ),
        *(
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[fe80::1]",
            "[fd00::1]",
            "[fec0::1]",
        ),
        *("[::ffff:127.0.0.1]", "[::ffff:a00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]"),
        *("[64:ff9b::a9fe:a9fe]", "[2001:0:808:808::f7f7:f7f7]"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "rtsp", "rtmp"])
def test_no_address_that_is_not_public_is_reached(scheme: str, host: str) -> None:
    with pytest.raises(RefusedError, match="private network"):
        check(f"{scheme}://{host}/stream")


def test_public_addresses_and_allowed_networks_are_reached() -> None:
    assert check("https://8.8.8.8/x").port == 443
    assert check("rtsp://[2001:4860:4860::8888]:8554/x").port == 8554
    assert check("http://[64:ff9b::808:808]/x").addresses == ("64:ff9b::808:808",), "8.8.8.8 where there is no IPv4"
    assert check("http://192.168.7.9/x", [ip_network("192.168.7.0/24")]).addresses == ("192.168.7.9",)
    with pytest.raises(RefusedError):
        check("http://192.168.8.9/x", [ip_network("192.168.7.0/24")])


def answers(monkeypatch: pytest.MonkeyPatch, *rounds: list[str]) -> None:
    """Have every name resolve to these addresses, another round each time it is asked for."""
    left, real = list(rounds), socket.getaddrinfo

    def resolve(host: str, port: int, *args: int, **kwargs: int) -> list[object]:
        if host[0].isdigit() or ":" in host:
            return real(host, port, *args, **kwargs)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_one_private_address_among_public_ones_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(RefusedError):
        check("http://two-faced.example/")


def test_a_name_that_answers_otherwise_later_gains_nothing(monkeypatch: pytest.MonkeyPatch, here: Settings) -> None:
    with WebServer({"/": b"hello"}) as server:
        answers(monkeypatch, [HERE], ["127.0.0.2"])
        web = Web(here)
        file = web.open(server.url("/", host="rebinding.example"))
        assert file.read(100) == b"hello"
        assert server.asked == [("/", f"rebinding.example:{server.port}", "")]
        with pytest.raises(RefusedError):
            web.open(server.url("/", host="rebinding.example"))
        web.close()
        assert len(server.asked) == 1


def test_where_nobody_answers_at_one_address_of_a_name_the_next_is_tried(
    monkeypatch: pytest.MonkeyPatch, here: Settings
) -> None:
    """As where a name has an address of IPv6 as well, and the camera knows only IPv4."""
    here = here.model_copy(update={"private_networks": (ip_network("127.0.0.1"), ip_network("::1"))})
    answers(monkeypatch, ["::1", HERE])
    with WebServer({"/": b"hello"}) as server:
        web = Web(here)
        assert web.open(server.url("/", host="camera.example")).read(100) == b"hello"
        web.close()


def test_a_server_that_is_off_is_told_in_the_systems_words(here: Settings) -> None:
    web = Web(here)
    with socket.socket() as off, pytest.raises(StreamError, match=r"the server cannot be reached: .*refused") as told:
        off.bind((HERE, 0))  # a port at which nobody listens meanwhile
        web.open(f"http://{HERE}:{off.getsockname()[1]}/word/live.m3u8")
    web.close()
    assert "word" not in str(told.value)


def test_a_name_that_cannot_be_resolved_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(StreamError):
        check("http://nowhere.example/")


@pytest.mark.parametrize(
    "target",
    [
        *("http://127.0.0.2:{port}/secret", "http://10.0.0.1/", "file:///etc/passwd", "/loop"),
        "rtsp://127.0.0.1:{port}/secret",
    ],
)
def test_redirects_are_followed_only_where_they_may_lead(here: Settings, target: str) -> None:
    with WebServer({"/loop": "/loop", "/secret": b"secret"}) as server:
        server.answers["/"] = target.format(port=server.port)
        web = Web(here)
        with pytest.raises(RefusedError):
            web.open(server.url("/"))
        web.close()
        assert "/secret" not in [path for path, *_ in server.asked]


@pytest.mark.parametrize("status", ["302 Found", "304 Not Modified"])
def test_an_answer_that_leads_nowhere_may_be_tried_again(here: Settings, status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    with WebServer({"/": lambda peer: peer.sendall(answer)}) as server:
        web = Web(here)
        with pytest.raises(StreamError, match=f"the server answers {status}"):
            web.open(server.url("/"))
        web.close()


def test_a_login_goes_to_the_server_it_is_for(here: Settings) -> None:
    with WebServer({"/": b"x"}) as other, WebServer({"/": other.url("/")}) as server:
        web = Web(here)
        web.open(server.url("/").replace("//", "//me:secret@"))
        web.close()
        assert server.asked[0][2].startswith("Basic ")
        assert other.asked[0][2] == ""


def test_a_camera_that_wants_a_digest_of_the_password_gets_it(here: Settings) -> None:
    asks = b'WWW-Authenticate: Digest realm="x", nonce="1", qop="auth"'
    unknown = b"401 Unauthorized\r\n" + asks + b"\r\nContent-Length: 0\r\n\r\n"
    welcome = b"200 OK\r\nContent-Length: 5\r\n\r\nhello"

    def answer(peer: socket.socket) -> None:
        peer.sendall(b"HTTP/1.1 " + (welcome if server.asked[-1][2].startswith("Digest ") else unknown))

    with WebServer({"/": answer}) as server:
        web = Web(here)
        assert web.open(server.url("/").replace("//", "//me:secret@")).read(9) == b"hello"
        web.close()


def test_an_endless_playlist_is_not_kept(here: Settings) -> None:
    with WebServer({"/": playlist(["x" * 1000] * 5000, 1.0)}) as server:
        web = Web(here)
        file = web.open(server.url("/"))
        with pytest.raises(RefusedError, match="too large"):
            while file.read(1 << 16):
                pass
        web.close()


def test_no_faster_than_the_setting_allows(here: Settings) -> None:
    with WebServer({"/": bytes(1_500_000)}) as server:
        web = Web(here.model_copy(update={"stream_max_mbit": 2.0}))  # 1 MB in the burst's 4 s, 0.5 MB in 2 s
        file, began = web.open(server.url("/")), time.monotonic()
        while file.read(1 << 16):
            pass
        assert time.monotonic() - began > 1.5
        web.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://admin:pa55@camera.example:8554/live", "rtsp://…@camera.example:8554/…"),
        ("https://example.org/a.m3u8?token=abc#x", "https://example.org/…"),
        ("rtsp://camera.example/user=admin&password=pa55&channel=1.sdp", "rtsp://camera.example/…"),
        ("http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
        ("http://[", "…"),
    ],
)
def test_nothing_secret_of_a_url_is_shown(url: str, shown: str) -> None:
    assert masked(url) == shown
