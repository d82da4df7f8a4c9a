"""Files that nothing needs any more: what analyses that were cancelled, failed, killed or replaced have left behind.

Every text of every table is searched for names of files, so that no column can be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import JSON, ColumnElement, String, Text, cast, func, select
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import now
from db.models import Base, Clip, Job, JobState
from pipeline.errors import HelmetWatchError
from pipeline.settings import Settings
from pipeline.store import forgotten

_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]+")  # of a stored file or an upload
_YOUNG = timedelta(days=1)


class StrangeDatabaseError(HelmetWatchError):
    """The database is not that of the data folder."""


def unneeded(sessions: sessionmaker[Session], settings: Settings) -> Iterator[tuple[Path, int]]:
    """Files of the data folder that no row names, and folders that nobody finished, with their sizes.

    Each is looked at only when its turn comes: a job that runs meanwhile may just have stored it anew.

    What is younger than a day, or than a job that still runs, may get its row yet and is left alone.

    Raises:
        StrangeDatabaseError: the database names none of the files.
    """
    files = [*_files(settings.files, "*/*"), *_files(settings.uploads, "*")]
    with sessions() as session:
        before = min(now() - _YOUNG, needs_since(session))
        known = _names(session)
    if files and not any(path.name in known for path in files):
        raise StrangeDatabaseError(
            f"it names none of the {len(files)} files below {settings.data}: is it another folder's?"
        )
    for path in files:
        with suppress(FileNotFoundError):  # it went by itself, as crops do that were sent
            if known.isdisjoint((path.name, path.stem)) and (found := path.stat()).st_mtime < before.timestamp():
                yield path, found.st_size
    for folder in (settings.files, settings.uploads):
        yield from forgotten(folder)


def _files(folder: Path, pattern: str) -> Iterator[Path]:
    return (path for path in folder.glob(pattern) if path.is_file() and _NAME.fullmatch(path.name))


def needs_since(session: Session) -> datetime:
    """What was stored later may get its row yet: the start of the oldest job that runs, or now."""
    return session.scalar(select(func.min(Job.started_at)).where(Job.state == JobState.RUNNING)) or now()


def _names(session: Session) -> set[str]:
    known = set(session.scalars(select(Clip.sha256)))  # an upload is kept also where its clip was last read elsewhere
    for table in Base.metadata.sorted_tables:
        texts: list[ColumnElement[str]] = [
            cast(column, Text) for column in table.columns if isinstance(column.type, String | JSON)
        ]
        if texts:
            for row in session.execute(select(*texts)).yield_per(10_000):
                known.update(*(_NAME.findall(text) for text in row if text))
    return known
