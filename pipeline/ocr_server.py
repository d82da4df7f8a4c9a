"""Reads plates for dashcams elsewhere: stores what they hand in, says so, reads it when its turn comes.

HELMET_WATCH_OCR_TOKEN=... python -m pipeline.ocr_server [--host 127.0.0.1] [--port 8600] [--data DIR]

/docs describes the interface. Everything else but the health needs the token.
"""

from __future__ import annotations

import argparse
import errno
import secrets
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import FiniteFloat
from sqlalchemy.exc import DBAPIError
from starlette.middleware.base import RequestResponseEndpoint

from db.engine import FORESEEN, explain, sessions
from db.inbox import Inbox
from pipeline.errors import HelmetWatchError
from pipeline.ocr_protocol import (
    KEY,
    MAX_CROP_BYTES,
    MAX_CROPS,
    NO_CAPTURE,
    Answer,
    Health,
    Stored,
    check_token,
    key_of,
    to_image,
)
from pipeline.ocr_thread import ReadingThread
from pipeline.plate_weights import read_plate_manifest
from pipeline.settings import Settings, get_settings
from pipeline.store import FileStore, sweep

_OPEN = {"/health", "/docs", "/redoc", "/openapi.json"}  # what needs no token
_FULL_RETRY_S = "60"
_LEAST_FREE = 1 << 28  # bytes on the disk below which nothing more is taken
# what is answered beside the usual, for /docs: each says why in `detail`
_ASKED: dict[int | str, dict[str, Any]] = {
    401: {"description": "The token is wrong"},
    404: {"description": "There is no such capture: hand it in again"},
}
_HANDED_IN: dict[int | str, dict[str, Any]] = {
    200: {"description": "They were stored before", "model": Stored},
    401: {"description": "The token is wrong"},
    411: {"description": "Content-Length is missing"},
    413: {"description": "It is too large"},
    503: {"description": "Full, or out of order: try again after as many seconds as Retry-After says"},
    507: {"description": "The disk is full: likewise"},
}


def make_app(settings: Settings) -> FastAPI:
    """The server as an ASGI application.

    Raises:
        HelmetWatchError: no token is set, or none that can be sent, or the weights cannot be used.
        DBAPIError: the database cannot be used.
    """
    token = _token(settings)
    read_plate_manifest(settings.weights)
    inbox, store = Inbox(sessions(settings.database)), FileStore(settings.files)
    thread = ReadingThread(inbox, store, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sweep(settings.files)
        thread.start()
        yield
        thread.stop()

    app = FastAPI(title="Helmet Watch OCR server", version="1", lifespan=lifespan)
    described = Depends(HTTPBearer(auto_error=False))  # for /docs; the token is looked at before the request is read

    @app.middleware("http")
    async def turn_away(request: Request, go_on: RequestResponseEndpoint) -> Response:
        return _refusal(request, token) or await go_on(request)

    @app.get("/health")
    def health() -> Health:
        """Whether captures are taken and read, and how many wait; needs no token."""
        waiting, free = inbox.waiting(), _free(settings)
        full = waiting >= settings.ocr_max_waiting or free < _LEAST_FREE
        status = "full" if full else "standing still" if thread.trouble else "ok"
        return Health(status=status, waiting=waiting, free_bytes=free)

    @app.post("/captures", status_code=201, dependencies=[described], responses=_HANDED_IN)
    def store_capture(
        key: Annotated[str, Form(pattern=KEY, description="SHA-256 over the crops' sums and times")],
        times_s: Annotated[list[FiniteFloat], Form(description="When each crop was seen, seconds")],
        crops: Annotated[list[UploadFile], File(description="The crops of one track, PNG or JPEG")],
        response: Response,
    ) -> Stored:
        """Store the plate crops of one track. 201 when they are stored, 200 when they were before.

        What could not be read then is read again.
        """
        if _has(inbox, store, key):
            response.status_code = 200
            return Stored(key=key)
        if not 0 < len(crops) <= MAX_CROPS or len(times_s) != len(crops):
            raise HTTPException(422, f"1 to {MAX_CROPS} crops with a time each")
        if inbox.waiting() >= settings.ocr_max_waiting or _free(settings) < _LEAST_FREE:
            raise HTTPException(503, "full for now", {"Retry-After": _FULL_RETRY_S})
        contents = _read(crops)
        if key_of(contents, times_s) != key:
            raise HTTPException(422, "the key is not that of these crops: they were altered on the way")
        new = _keep(inbox, store, key, contents, times_s)
        response.status_code = 201 if new else 200
        thread.wake()
        return Stored(key=key)

    @app.get("/captures/{key}", dependencies=[described], responses=_ASKED)
    def get_capture(key: str) -> Answer:
        """What came of a capture."""
        row = inbox.get(key)
        if row is None:
            raise HTTPException(404, NO_CAPTURE)
        return Answer.model_validate(
            {"key": key, "done": row.done_at is not None, "result": row.result, "error": row.error}
        )

    return app


def _token(settings: Settings) -> str:
    token = settings.ocr_token.get_secret_value()
    if not token:
        raise HelmetWatchError("set HELMET_WATCH_OCR_TOKEN to a long random word, here and on the dashcam's side")
    check_token(token)
    return token


def _refusal(request: Request, token: str) -> Response | None:
    """What strangers are told, and whoever sends too much, before any of it is read."""
    if "transfer-encoding" in request.headers:  # then what is read ends where the stranger likes
        return JSONResponse({"detail": "Content-Length has to say how much comes, not Transfer-Encoding"}, 411)
    scheme, word = get_authorization_scheme_param(request.headers.get("authorization"))
    known = scheme.lower() == "bearer" and secrets.compare_digest(word.encode(), token.encode())
    if not known and request.scope["path"] not in _OPEN:
        return JSONResponse({"detail": "wrong token"}, 401, {"WWW-Authenticate": "Bearer"})
    if request.method == "POST":
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MAX_CROPS * MAX_CROP_BYTES:
            return JSONResponse({"detail": f"at most {MAX_CROPS} crops of {MAX_CROP_BYTES >> 20} MB"}, 413)
    return None


def _read(crops: list[UploadFile]) -> list[bytes]:
    """What was handed in, if all of it is pictures."""
    contents = [crop.file.read(MAX_CROP_BYTES + 1) for crop in crops]
    try:
        for content in contents:
            to_image(content)
    except HelmetWatchError as error:
        raise HTTPException(422, str(error)) from error
    return contents


def _has(inbox: Inbox, store: FileStore, key: str) -> bool:
    """Whether a capture was read, or is still to be read and whole."""
    row = inbox.get(key)
    if row is None or row.error is not None:
        return False
    return row.done_at is not None or all(store.path(name).is_file() for name, _ in row.crops)


def _keep(inbox: Inbox, store: FileStore, key: str, contents: list[bytes], times_s: list[float]) -> bool:
    """On the disk first, then in the table: what is confirmed is there."""
    try:
        names = [store.put_content(content, ".png", key) for content in contents]
        new = inbox.add(key, list(zip(names, times_s, strict=True)))
        if not new:
            inbox.read_again(key)
        return new
    except (OSError, DBAPIError) as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        raise HTTPException(507 if full else 503, explain(error), {"Retry-After": _FULL_RETRY_S}) from error


def _free(settings: Settings) -> int:
    settings.data.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(settings.data).free


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text} is none: 1 to 65535")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline.ocr_server")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to be reached from other machines")
    parser.add_argument("--port", type=_port, default=8600)
    parser.add_argument("--data", type=Path, help="folder of the server's own database and crops")
    options = parser.parse_args(arguments)
    try:
        app = make_app(get_settings(options.data))
    except FORESEEN as error:
        print(explain(error), file=sys.stderr)  # noqa: T201
        return 2
    uvicorn.run(app, host=options.host, port=options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
