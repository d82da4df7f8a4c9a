"""The way to an OCR server: hand in a capture, ask what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from pipeline.errors import HelmetWatchError
from pipeline.guard import masked
from pipeline.ocr_protocol import NO_CAPTURE, Answer, Stored, check_token
from pipeline.settings import Settings

_TIMEOUT_S = 20.0
_CONNECT_S = 5.0  # a server that is away holds up the end of the dashboard for as long
_ANSWER_S, _MAX_ANSWER_BYTES = 120.0, 64 << 20  # thirty large crops, as they were read, are 5 MB
# what a capture itself is refused for, for good; any other refusal (a wrong token, a proxy's) is of all captures alike
_NOT_THIS_ONE = {413, 422}
_BUSY = {408, 425, 429}
Reply = TypeVar("Reply", bound=BaseModel)


class ServerAwayError(HelmetWatchError):
    """The server does not answer, or not now, or not us: the same may work later.

    `after_s` is when it asks to be asked again.
    """

    def __init__(self, message: str, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class CaptureRefusedError(HelmetWatchError):
    """The server does not want this capture, however often it is sent."""


class CaptureLostError(HelmetWatchError):
    """The server does not have this capture."""


class OcrClient:
    """A connection to the server that the settings name.

    Raises:
        HelmetWatchError: no server or no token is set, or none that can be used.
    """

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        token = settings.ocr_token.get_secret_value()
        if not settings.ocr_url or not token:
            raise HelmetWatchError(
                "set HELMET_WATCH_OCR_URL and HELMET_WATCH_OCR_TOKEN to send plates to an OCR server"
            )
        check_token(token)
        address = _address(settings.ocr_url)
        self._shown = masked(str(address))
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S),
            transport=transport,
        )

    def send(self, key: str, crops: Sequence[bytes], times_s: Sequence[float]) -> None:
        """Hand in a capture; return when the server has said that it is stored, whether now or before.

        Raises:
            ServerAwayError: it has not said so.
            CaptureRefusedError: it will not.
        """
        reply = self._ask(
            Stored,
            "POST",
            "/captures",
            data={"key": key, "times_s": [f"{time_s:.6f}" for time_s in times_s]},
            files=[("crops", (f"{row}.png", crop, "image/png")) for row, crop in enumerate(crops)],
        )
        if reply.key != key or not reply.stored:
            raise ServerAwayError("the server confirmed something else")

    def result(self, key: str) -> Answer:
        """What came of a capture.

        Raises:
            ServerAwayError: it does not say.
            CaptureLostError: it does not have the capture.
        """
        return self._ask(Answer, "GET", f"/captures/{key}")

    def _ask(self, kind: type[Reply], method: str, path: str, **content: object) -> Reply:
        try:
            with self._http.stream(method, path, **content) as response:  # type: ignore[arg-type]
                said = self._body(response)
        except httpx.HTTPError as error:
            raise ServerAwayError(f"no answer from {self._shown}: {str(error) or type(error).__name__}") from error
        if response.status_code == httpx.codes.NOT_FOUND and _reason(response, said) == NO_CAPTURE:
            raise CaptureLostError(
                "the server has lost or forgotten this capture, and its crops with it: the plate stays unread"
            )
        why = f"{response.status_code} {_reason(response, said)}"
        if method == "POST" and response.status_code in _NOT_THIS_ONE:
            raise CaptureRefusedError(f"the server refused: {why}")
        if response.is_client_error and response.status_code not in _BUSY:
            raise ServerAwayError(f"the server refused: {why}")
        if not response.is_success:
            raise ServerAwayError(f"the server cannot now: {why}", _after(response))
        try:
            return kind.model_validate_json(said)
        except ValidationError as error:
            raise self._no_server() from error

    def _body(self, response: httpx.Response) -> bytes:
        """What a response says: as much of it, and for as long, as an OCR server would."""
        said, until = bytearray(), time.monotonic() + _ANSWER_S
        for piece in response.iter_bytes():
            said += piece
            if len(said) > _MAX_ANSWER_BYTES or time.monotonic() > until:
                raise self._no_server()
        return bytes(said)

    def _no_server(self) -> ServerAwayError:
        return ServerAwayError(f"{self._shown} does not answer as an OCR server")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


def _address(text: str) -> httpx.URL:
    """What a setting names, checked here: httpx finds much of what is wrong only when it asks."""
    try:
        url = httpx.URL(text)
        url.host.encode("idna")  # as the look-up of the name does
    except (httpx.InvalidURL, UnicodeError):
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host or not 0 < (url.port or 80) < 1 << 16:
        raise HelmetWatchError("HELMET_WATCH_OCR_URL is no address of a server: one looks like http://there:8600")
    return url


def _reason(response: httpx.Response, said: bytes) -> str:
    try:
        return str(from_json(said)["detail"])[:200]  # it refuses what no table takes, unlike `json`
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase


def _after(response: httpx.Response) -> float | None:
    wish = response.headers.get("Retry-After", "")
    return float(wish) if wish.isdecimal() else None
