"""The relay between FFmpeg and a server, cut at its worst moment, and on its way to one."""

import socket
import threading

import pytest

from pipeline.guard import Target
from pipeline.relay import Relay
from tests.streaming import HERE


def test_a_relay_that_is_cut_at_work_reads_nothing_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sockets' numbers must not pass to others before it is done with them: it would wait for theirs for ever."""
    at_work, go_on, hand_on = threading.Event(), threading.Event(), Relay._hand_on

    def held(relay: Relay, *ends: socket.socket) -> bool:
        passed = hand_on(relay, *ends)
        at_work.set()
        go_on.wait(240)
        return passed

    monkeypatch.setattr(Relay, "_hand_on", held)
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        relay = Relay(Target("rtsp://x/", "rtsp", "x", port, (HERE,)), 300.0)
        with socket.create_connection((HERE, int(relay.url.rpartition(":")[2].strip("/")))) as near:
            near.sendall(b"OPTIONS")
            assert at_work.wait(240)
            relay.cut()
            quiet = [socket.socketpair() for _ in range(4)]
            go_on.set()
            closing = threading.Thread(target=relay.close, daemon=True)
            closing.start()
            closing.join(60)
            assert not closing.is_alive()
    for one in (one for pair in quiet for one in pair):
        one.close()


def test_where_nobody_answers_at_one_address_of_a_name_the_next_is_tried() -> None:
    with socket.create_server((HERE, 0)) as server:
        port = server.getsockname()[1]
        relay = Relay(Target("rtsp://x/", "rtsp", "x", port, ("::1", HERE)), 300.0)
        server.settimeout(60)
        with socket.create_connection((HERE, int(relay.url.rpartition(":")[2].strip("/")))) as near:
            near.sendall(b"OPTIONS")
            far, _ = server.accept()
            with far:
                assert far.recv(7) == b"OPTIONS"
        relay.close()
