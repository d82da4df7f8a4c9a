"""What all pages and all browser tabs share: one of each per server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.worker import Worker
from db import engine
from db.cases import Cases
from db.jobs import Jobs
from pipeline.settings import Settings, get_settings
from pipeline.store import FileStore

if TYPE_CHECKING:
    from db.streams import Streams


def settings() -> Settings:
    return get_settings()


def jobs() -> Jobs:
    return Jobs(engine.sessions(settings().database))


def cases() -> Cases:
    return Cases(engine.sessions(settings().database))


def store() -> FileStore:
    return FileStore(settings().files)


@st.cache_resource(on_release=Worker.stop, show_spinner=False)
def worker() -> Worker:
    """The background thread that works off the queue; starts with the first page that anybody opens."""
    return Worker(engine.sessions(settings().database), settings())


@st.cache_resource(on_release=lambda streams: streams.stop_all(), show_spinner=False)
def streams() -> Streams:
    """The live sources under watch."""
    from db.streams import Streams  # noqa: PLC0415 loads the models' libraries: the first page need not wait for them

    return Streams(engine.sessions(settings().database), settings())
