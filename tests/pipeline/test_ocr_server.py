"""The server as a dashcam's side meets it, over HTTP, with the real networks."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
import torch
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import func, select

from db import engine
from db.models import Received
from pipeline import ocr_thread, plates
from pipeline.errors import HelmetWatchError, WeightsError
from pipeline.ocr_protocol import MAX_CROPS, key_of
from pipeline.ocr_server import main, make_app
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.settings import ROOT, Settings
from pipeline.store import UNFINISHED, FileStore
from tests.plates import track, view

TOKEN = "a long random word"  # noqa: S105
ALLOWED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"ocr_token": SecretStr(TOKEN)})


@pytest.fixture
def server(settings: Settings) -> Iterator[TestClient]:
    with TestClient(make_app(settings)) as client:
        yield client


def capture(count: int = 3) -> tuple[list[bytes], list[float]]:
    crops = track(MOTORCYCLE_2026, "3모71942", count, view(24))
    return [cv2.imencode(".png", one.image)[1].tobytes() for one in crops], [one.time_s for one in crops]


def hand_in(
    server: TestClient, crops: list[bytes], times_s: list[float], key: str | None = None, **options: Any
) -> Any:
    return server.post(
        "/captures",
        data={"key": key or key_of(crops, times_s), "times_s": [f"{one:.6f}" for one in times_s]},
        files=[("crops", ("crop.png", crop, "image/png")) for crop in crops],
        headers=options.get("headers", ALLOWED),
    )


def answer(server: TestClient, key: str, patience_s: float = 240) -> dict[str, Any]:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        said: dict[str, Any] = server.get(f"/captures/{key}", headers=ALLOWED).json()
        if said["done"]:
            return said
        time.sleep(0.05)
    raise AssertionError("no answer")


def rows(settings: Settings) -> int:
    with engine.sessions(settings.database)() as session:
        return session.scalar(select(func.count()).select_from(Received)) or 0


def stored_crops(settings: Settings) -> list[Path]:
    return list(settings.files.glob("*/*.png"))


def test_a_capture_is_stored_read_and_its_crops_forgotten(server: TestClient, settings: Settings) -> None:
    crops, times = capture()
    said = hand_in(server, crops, times)
    assert said.status_code == 201
    assert said.json() == {"key": key_of(crops, times), "stored": True}
    result = answer(server, key_of(crops, times))["result"]
    assert result["text"] == "3모71942"
    assert 0 < result["probability"] <= 1
    assert len(result["reads"]) == 4
    until = time.monotonic() + 240  # they go after the result is noted, so that neither is lost
    while stored_crops(settings):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_same_capture_twice_is_kept_once(server: TestClient, settings: Settings) -> None:
    crops, times = capture()
    assert [hand_in(server, crops, times).status_code for _ in range(3)] == [201, 200, 200]
    answer(server, key_of(crops, times))
    assert hand_in(server, crops, times).status_code == 200
    assert rows(settings) == 1


def test_captures_that_share_a_crop_have_a_file_of_it_each(settings: Settings) -> None:
    """One that is read deletes its crops, while the other may be stored and not yet in the table."""
    server = TestClient(make_app(settings))  # not started: nothing is read
    crops, times = capture(1)
    for time_s in (*times, 5.0, 5.0):
        assert hand_in(server, crops, [time_s]).status_code in {200, 201}
    assert len(stored_crops(settings)) == 2


def test_strangers_are_turned_away(server: TestClient, settings: Settings) -> None:
    crops, times = capture(1)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        assert hand_in(server, crops, times, headers=headers).status_code == 401
        assert server.get(f"/captures/{'0' * 64}", headers=headers).status_code in {401, 403}
    assert rows(settings) == 0
    assert server.get("/health").json()["status"] == "ok"


def test_the_scheme_of_a_token_may_be_in_small_letters(server: TestClient) -> None:
    crops, times = capture(1)
    small = {"Authorization": f"bearer {TOKEN}"}
    assert hand_in(server, crops, times, headers=small).status_code == 201
    assert server.get(f"/captures/{key_of(crops, times)}", headers=small).status_code == 200


def test_no_address_but_the_open_ones_is_there_for_strangers(server: TestClient) -> None:
    for path in ("/health", "/docs", "/openapi.json"):
        assert server.get(path).status_code == 200
    assert server.get("/nowhere").status_code == 401


@pytest.mark.parametrize("time_s", [float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(server: TestClient, settings: Settings, time_s: float) -> None:
    crops, _ = capture(1)
    said = hand_in(server, crops, [time_s])
    assert said.status_code == 422
    assert "finite number" in said.json()["detail"][0]["msg"]
    assert rows(settings) == 0


@pytest.mark.parametrize("port", ["99999", "0", "x"])
def test_a_port_that_is_none_is_refused(
    port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.ocr_server.make_app", None)  # it shall not come to this
    with pytest.raises(SystemExit):
        main(["--port", port])
    assert f"--port: {port} is none: 1 to 65535" in capsys.readouterr().err


def test_bad_captures_are_refused_with_a_reason(server: TestClient, settings: Settings) -> None:
    crops, times = capture(2)
    refused = [
        hand_in(server, [b"no picture"], [0.0]),
        hand_in(server, [b""], [0.0]),
        hand_in(server, crops, times[:1], key="0" * 64),
        hand_in(server, crops, times, key="0" * 64),
        hand_in(server, crops, times, key="../../etc/passwd"),
        hand_in(server, crops[:1] * (MAX_CROPS + 1), [0.0] * (MAX_CROPS + 1)),
    ]
    assert [one.status_code for one in refused] == [422] * len(refused)
    assert "altered on the way" in refused[3].json()["detail"]
    assert rows(settings) == 0
    assert stored_crops(settings) == []


def test_what_is_too_large_is_turned_away_unread(server: TestClient) -> None:
    said = server.post("/captures", headers={**ALLOWED, "Content-Length": str(1 << 40)}, content=b"x")
    assert said.status_code == 413


@pytest.mark.parametrize("length", [{}, {"Content-Length": "10"}], ids=["without a length", "beside a length"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_does_not_say_its_length_is_turned_away(server: TestClient, method: str, length: dict[str, str]) -> None:
    chunked = {**ALLOWED, **length, "Transfer-Encoding": "chunked"}
    said = server.request(method, "/captures", headers=chunked, content=b"x")
    assert said.status_code == 411
    assert "Content-Length" in said.json()["detail"]


def test_a_full_server_says_so_and_takes_nothing(settings: Settings) -> None:
    full = settings.model_copy(update={"ocr_max_waiting": 1})
    server = TestClient(make_app(full))  # not started: nothing is read
    crops, times = capture(2)
    assert hand_in(server, crops[:1], times[:1]).status_code == 201
    said = hand_in(server, crops[1:], times[1:])
    assert said.status_code == 503
    assert int(said.headers["Retry-After"]) > 0
    assert server.get("/health").json()["status"] == "full"
    assert rows(full) == 1


def test_nothing_is_confirmed_that_could_not_be_written(
    server: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(FileStore, "put_content", full)
    crops, times = capture(1)
    assert hand_in(server, crops, times).status_code == 507
    assert rows(settings) == 0


def test_what_was_stored_before_a_restart_is_read_after_it(settings: Settings) -> None:
    crops, times = capture(1)
    assert hand_in(TestClient(make_app(settings)), crops, times).status_code == 201
    with TestClient(make_app(settings)) as restarted:
        assert answer(restarted, key_of(crops, times))["result"]["text"] == "3모71942"


def test_unknown_captures_are_not_found(server: TestClient) -> None:
    assert server.get(f"/captures/{'0' * 64}", headers=ALLOWED).status_code == 404


def test_the_interface_is_described(server: TestClient) -> None:
    described = server.get("/openapi.json").json()
    assert set(described["paths"]) == {"/health", "/captures", "/captures/{key}"}
    assert described["components"]["securitySchemes"]
    answers = (
        described["paths"]["/captures"]["post"]["responses"],
        described["paths"]["/captures/{key}"]["get"]["responses"],
    )
    assert set(answers[0]) == {"200", "201", "401", "411", "413", "422", "503", "507"}
    assert set(answers[1]) == {"200", "401", "404", "422"}


def test_what_a_killed_server_left_half_written_goes(settings: Settings) -> None:
    left = settings.files / f"{UNFINISHED}a"
    left.mkdir(parents=True)
    (left / "content").write_bytes(b"half")
    for path in (left / "content", left):
        os.utime(path, (0, 0))
    with TestClient(make_app(settings)):
        assert not left.exists()


def test_there_is_no_default_token(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HelmetWatchError, match="HELMET_WATCH_OCR_TOKEN"):
        make_app(settings.model_copy(update={"ocr_token": SecretStr("")}))
    monkeypatch.delenv("HELMET_WATCH_OCR_TOKEN", raising=False)
    command = [sys.executable, "-m", "pipeline.ocr_server", "--data", str(settings.data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 2
    assert "HELMET_WATCH_OCR_TOKEN" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_capture_that_breaks_a_library_does_not_stop_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops, times = capture(2)

    def break_once(image: object) -> object:
        monkeypatch.undo()
        raise ZeroDivisionError

    app = make_app(settings)
    server = TestClient(app)
    keys = []
    for crop, time_s in zip(crops, times, strict=True):
        assert hand_in(server, [crop], [time_s]).status_code == 201
        keys.append(key_of([crop], [time_s]))
    monkeypatch.setattr(ocr_thread, "to_image", break_once)
    with server:
        first, second = (answer(server, key) for key in keys)
    assert "ZeroDivisionError" in json.dumps(first["error"])
    assert second["result"]["text"] == "3모71942"
    assert [crop.read_bytes() for crop in stored_crops(settings)] == crops[:1]
    with TestClient(make_app(settings.model_copy(update={"ocr_keep_days": 1e-9}))):
        until = time.monotonic() + 240
        while stored_crops(settings):
            assert time.monotonic() < until
            time.sleep(0.05)
    assert rows(settings) == 0


def test_crops_that_are_gone_are_stored_before_it_is_said_that_they_are(settings: Settings) -> None:
    server = TestClient(make_app(settings))  # not started: nothing is read
    crops, times = capture(1)
    assert hand_in(server, crops, times).status_code == 201
    for crop in stored_crops(settings):
        crop.unlink()
    assert hand_in(server, crops, times).status_code == 200
    assert [crop.read_bytes() for crop in stored_crops(settings)] == crops


def test_what_could_not_be_read_is_read_again_when_it_is_sent_again(settings: Settings) -> None:
    crops, times = capture(1)
    server = TestClient(make_app(settings))
    assert hand_in(server, crops, times).status_code == 201
    for crop in stored_crops(settings):
        crop.unlink()
    with server:
        assert "gone from the server's disk" in answer(server, key_of(crops, times))["error"]
        assert hand_in(server, crops, times).status_code == 200
        said = answer(server, key_of(crops, times))
    assert (said["error"], said["result"]["text"]) == (None, "3모71942")
    assert rows(settings) == 1


@pytest.mark.parametrize(
    "fault",
    [
        OSError(errno.EMFILE, "Too many open files"),
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=repr,
)
def test_a_fault_of_the_machine_is_told_and_waited_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(_: bytes) -> None:
        raise fault

    server = TestClient(make_app(settings))
    crops, times = capture(1)
    assert hand_in(server, crops, times).status_code == 201
    monkeypatch.setattr(ocr_thread, "_AGAIN_S", 0.1)
    monkeypatch.setattr(ocr_thread, "to_image", fail)
    with server:
        until = time.monotonic() + 240
        while server.get("/health").json()["status"] != "standing still":
            assert time.monotonic() < until
            time.sleep(0.02)
        assert len(stored_crops(settings)) == 1
        monkeypatch.undo()
        assert answer(server, key_of(crops, times))["result"]["text"] == "3모71942"


def test_a_server_that_cannot_read_says_so_and_loses_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Settings) -> None:
        raise WeightsError("a file is gone")

    monkeypatch.setattr(plates, "PlateReader", broken)
    crops, times = capture(1)
    with TestClient(make_app(settings)) as server:
        until = time.monotonic() + 240
        while server.get("/health").json()["status"] == "ok" and time.monotonic() < until:
            time.sleep(0.05)
        assert server.get("/health").json()["status"] == "standing still"
        assert hand_in(server, crops, times).status_code == 201
    monkeypatch.undo()
    with TestClient(make_app(settings)) as mended:
        assert answer(mended, key_of(crops, times))["result"] is not None
