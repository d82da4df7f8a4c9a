"""What all pages and all browser tabs share: one of each per server."""

from __future__ import annotations

import streamlit as st

from dashboard.worker import Worker
from db import engine
from db.cases import Cases
from db.jobs import Jobs
from db.reviews import Reviews
from pipeline.settings import Settings, get_settings
from pipeline.store import FileStore


def settings() -> Settings:
    return get_settings()


def jobs() -> Jobs:
    return Jobs(engine.sessions(settings().database))


def cases() -> Cases:
    return Cases(engine.sessions(settings().database))


def reviews() -> Reviews:
    return Reviews(engine.sessions(settings().database))


def store() -> FileStore:
    return FileStore(settings().files)


@st.cache_resource(on_release=Worker.stop, show_spinner=False)
def worker() -> Worker:
    """The background thread that works off the queue; starts with the first page that anybody opens."""
    return Worker(engine.sessions(settings().database), settings())
