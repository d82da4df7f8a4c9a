"""Pages through Streamlit's AppTest: what they say, and whether all of it is translated."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from gettext import NullTranslations

import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy.exc import OperationalError
from streamlit.testing.v1 import AppTest

from dashboard.text import plain
from db import engine
from db.engine import explain
from pipeline.settings import Settings

Open = Callable[..., AppTest]  # see the fixture `open_page`
Found = Callable[..., int]  # see the fixture `found`
LOCKED = plain(explain(OperationalError("", None, Exception("locked"))))
MARKUP = re.compile(r"(?s:<style>.*</style>)|:(material/\w+:|[a-z-]+\[)|&nbsp;|<[^>]*>|%\{[^}]*\}")
WORD = re.compile(r"[^\W\d_]{2}")


def said(app: AppTest) -> str:
    """All that the page says."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "info", "success", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in getattr(app, kind))


@contextmanager
def locked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another program writes to the database, and pages do not wait for it."""
    monkeypatch.setattr(engine, "_PATIENCE_S", 0.1)
    engine.sessions.cache_clear()
    engine.sessions(settings.database)
    with closing(sqlite3.connect(settings.data / "helmet_watch.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class Bracketed(NullTranslations):
    """A language that shows what is translated: every text in brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


SHOWN = {"body", "label", "help", "caption", "placeholder", "options", "text", "alt", "title", "page_name"}
DATA = re.compile(
    r"Language · 언어|street|(demo|rain)\.mp4|mp4|PNG|CSV|ZIP|PDF|JSON|English|한국어|YYYY|MM|DD|Kim"
    r"|\bx[12]\b|\by[12]\b|%d"
)


def shown(app: AppTest) -> Iterator[str]:
    """Every text on a page, as it is sent to the browser."""
    for block in (app.main, app.sidebar):
        for element in block:
            if element.proto is not None:
                yield from _texts(MessageToDict(element.proto, preserving_proto_field_name=True))


def _texts(value: object, field: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "spec":
                yield from _chart(json.loads(one))
            else:
                yield from _texts(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, field)
    elif isinstance(value, str) and field in SHOWN:
        yield value


def _chart(value: object, field: str = "") -> Iterator[str]:
    """The texts of a plotly figure."""
    if isinstance(value, dict):
        for name, one in value.items():
            if name not in {"template", "customdata"}:
                yield from _chart(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _chart(one, field)
    elif isinstance(value, str) and field in {"name", "text", "hovertext", "ticktext", "hovertemplate", "labels"}:
        yield value


def untranslated(text: str) -> str:
    """What of a text is outside the brackets and no data."""
    while "⟦" in text:
        text = re.sub(r"⟦[^⟦⟧]*⟧", "", text)
    return " ".join(WORD.findall(DATA.sub("", MARKUP.sub("", text))))
