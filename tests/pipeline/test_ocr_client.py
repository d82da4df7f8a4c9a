"""What the dashcam's side must be told before it sends anything."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from pipeline import ocr_client
from pipeline.errors import HelmetWatchError
from pipeline.ocr_client import OcrClient, ServerAwayError
from pipeline.ocr_server import make_app
from pipeline.settings import Settings


def test_without_a_server_or_a_token_nothing_is_sent(settings: Settings) -> None:
    for changes in ({}, {"ocr_url": "http://elsewhere"}, {"ocr_token": SecretStr("word")}):
        with pytest.raises(HelmetWatchError, match="HELMET_WATCH_OCR"):
            OcrClient(settings.model_copy(update=changes))
    assert ocr_client._TIMEOUT_S < 60


@pytest.mark.parametrize(
    "url",
    ["http://there:port", "http://there:99999", "there:8600", "ftp://there", "http://", "http://a..b", "http://\n"],
)
def test_an_address_that_is_none_is_told(settings: Settings, url: str) -> None:
    with pytest.raises(HelmetWatchError, match="HELMET_WATCH_OCR_URL is no address"):
        OcrClient(settings.model_copy(update={"ocr_url": url, "ocr_token": SecretStr("word")}))


@pytest.mark.parametrize(
    "url", ["http://there", "https://user:word@there:8600/ocr", "http://[::1]:80", "http://서버.한국"]
)
def test_an_address_of_any_kind_is_taken(settings: Settings, url: str) -> None:
    OcrClient(settings.model_copy(update={"ocr_url": url, "ocr_token": SecretStr("a word")}))


def test_no_log_in_of_the_address_is_told(settings: Settings) -> None:
    there = {"ocr_url": "https://user:word@there:8600/secret", "ocr_token": SecretStr("token")}

    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    for answer in (away, lambda _: httpx.Response(200, text="<html>")):
        client = OcrClient(settings.model_copy(update=there), httpx.MockTransport(answer))
        with pytest.raises(ServerAwayError, match="https://…@there:8600/…") as told:
            client.result("0" * 64)
        assert "word" not in str(told.value)


def test_an_error_without_words_is_told_by_its_kind(settings: Settings) -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    there = {"ocr_url": "http://there", "ocr_token": SecretStr("token")}
    client = OcrClient(settings.model_copy(update=there), httpx.MockTransport(away))
    with pytest.raises(ServerAwayError, match=r"no answer from http://there: ReadTimeout$"):
        client.result("0" * 64)


def test_a_server_that_is_away_is_waited_for_less_than_one_at_work(settings: Settings) -> None:
    asked: list[dict[str, float]] = []

    def note(request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(200, json={"key": "0" * 64, "done": False})

    there = {"ocr_url": "http://there", "ocr_token": SecretStr("token")}
    OcrClient(settings.model_copy(update=there), httpx.MockTransport(note)).result("0" * 64)
    assert asked[0]["connect"] <= 5 < asked[0]["read"]


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize(("most_s", "least_pieces"), [(600.0, 2), (0.0, 1)])
def test_an_answer_without_end_is_not_listened_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, status: int, most_s: float, least_pieces: int
) -> None:
    """A camera's address, say, where the OCR server's should stand."""
    monkeypatch.setattr(ocr_client, "_ANSWER_S", most_s)
    given = []

    def pieces() -> Iterator[bytes]:
        while len(given) < 1000:
            given.append(b" " * (1 << 20))
            yield given[0]

    there = settings.model_copy(update={"ocr_url": "http://there", "ocr_token": SecretStr("token")})
    client = OcrClient(there, httpx.MockTransport(lambda _: httpx.Response(status, content=pieces())))
    with pytest.raises(ServerAwayError, match="http://there does not answer as an OCR server"):
        client.result("0" * 64)
    assert least_pieces <= len(given) < 100


@pytest.mark.parametrize("token", ["한글", "two\nlines", " word"])
def test_a_token_that_cannot_be_sent_is_told_on_both_sides(settings: Settings, token: str) -> None:
    bad = settings.model_copy(update={"ocr_url": "http://there", "ocr_token": SecretStr(token)})
    for make in (OcrClient, make_app):
        with pytest.raises(HelmetWatchError, match="HELMET_WATCH_OCR_TOKEN cannot be sent"):
            make(bad)
