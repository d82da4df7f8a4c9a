"""What all pages and all browser tabs share: one of each per server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st
from sqlalchemy.orm import Session, sessionmaker

from dashboard.worker import Worker
from db import engine
from db.cases import Cases
from db.clips import Clips
from db.jobs import Jobs
from db.outbox import Outbox
from db.plates import Plates
from db.postman import Postman
from db.reviews import Reviews
from db.statistics import Statistics
from pipeline.settings import PlateEngine, PlateUpscale, Settings, get_settings
from pipeline.store import FileStore
from pipeline.threads import StageThread
from pipeline.types import PlateCrop, PlateFound

if TYPE_CHECKING:
    from db.streams import Streams


def settings() -> Settings:
    return get_settings()


def _sessions() -> sessionmaker[Session]:
    return engine.sessions(settings().database)


def jobs() -> Jobs:
    return Jobs(_sessions())


def cases() -> Cases:
    return Cases(_sessions())


def clips() -> Clips:
    return Clips(_sessions(), settings())


def statistics() -> Statistics:
    return Statistics(_sessions())


def reviews() -> Reviews:
    return Reviews(_sessions())


def plates() -> Plates:
    return Plates(_sessions())


def store() -> FileStore:
    return FileStore(settings().files)


def outbox() -> Outbox:
    return Outbox(_sessions(), store())


@st.cache_resource(on_release=Worker.stop, show_spinner=False)
def worker() -> Worker:
    """The background thread that works off the queue; starts with the first page that anybody opens."""
    return Worker(_sessions(), settings())


@st.cache_resource(on_release=lambda streams: streams.stop_all(), show_spinner=False)
def streams() -> Streams:
    """The live sources under watch."""
    from db.streams import Streams  # noqa: PLC0415 loads the models' libraries: the first page need not wait for them

    return Streams(_sessions(), settings())


def start() -> None:
    """What works on while nobody looks, whichever page is opened first after a restart."""
    worker()
    if settings().ocr_url:
        postman()


@st.cache_resource(on_release=Postman.stop, show_spinner=False)
def postman() -> Postman:
    """What sends plates to the OCR server, where one is set."""
    return Postman(_sessions(), settings())


@st.cache_resource(max_entries=2, on_release=StageThread.close, show_spinner=False)
def plate_reader(
    upscale: PlateUpscale, plate_engine: PlateEngine, fusion: bool
) -> StageThread[Any, list[PlateCrop], PlateFound]:
    """A reader of plates in a thread of its own, for trying."""
    chosen = settings().model_copy(
        update={"plate_upscale": upscale, "plate_engine": plate_engine, "plate_fusion": fusion}
    )

    def make() -> Any:
        from pipeline.plates import PlateReader  # noqa: PLC0415 loads the models' libraries: pages need not wait

        return PlateReader(chosen)

    return StageThread("try-plates", make, lambda reader, crops: reader.read(crops, motorcycle=False), room=4)
