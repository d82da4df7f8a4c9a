"""A clip that somebody takes out again: all that was found in it, and the files that nothing else needs."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from db.engine import write_alone
from db.jobs import ENDED
from db.models import Case, Clip, Job, Look, PlateRead
from db.outbox import crops_of, drop_crops
from db.tidy import needs_since
from pipeline.errors import RefusedError
from pipeline.settings import Settings
from pipeline.store import FileStore

# whatever names a file of the store, and of which clip; the outbox's crops are left to `drop_crops`
_FILES: tuple[tuple[InstrumentedAttribute[int], Select[*tuple[Any, ...]]], ...] = (
    (Job.clip_id, select(Job.video, Job.trace)),
    (Case.clip_id, select(Case.picture, Case.crop, Case.plate_crop, Case.video)),
    (Case.clip_id, select(Look.picture).join(Case)),
    (Case.clip_id, select(PlateRead.crop, PlateRead.picture).join(Case)),
)


class Clips:
    """The clips as people tidy them up."""

    def __init__(self, sessions: sessionmaker[Session], settings: Settings) -> None:
        self._sessions, self._settings = sessions, settings

    def reviewed(self, clip_id: int) -> int:
        """How many cases of a clip people have judged."""
        with self._sessions() as session:
            return _reviewed(session, clip_id)

    def remove(self, clip_id: int) -> None:
        """Take a clip out for good, and its upload; a file that was read from elsewhere stays there.

        Raises:
            RefusedError: it waits or is being analysed, or people judged a case of it: that is kept for good.
            OSError: a file cannot be deleted. `python -m db tidy` does it later.
        """
        store = FileStore(self._settings.files)
        gone = write_alone(self._sessions, partial(_delete, clip_id=clip_id))
        if gone is None:
            return  # somebody else was quicker
        content, files, crops = gone
        drop_crops(self._sessions, store, crops)
        with self._sessions() as session:
            needed = _named(session)  # by another copy of the film, say, that shows the same
            again = session.scalar(select(Clip.id).where(Clip.sha256 == content))
            before_s = needs_since(session).timestamp()
        for path in map(store.path, files - needed):
            if path.exists() and path.stat().st_mtime < before_s:
                path.unlink(missing_ok=True)
        if again is None:  # nobody has handed it in anew
            for upload in self._settings.uploads.glob(f"{content}.*"):
                upload.unlink(missing_ok=True)


def _delete(session: Session, clip_id: int) -> tuple[str, set[str], set[str]] | None:
    """Delete the rows of a clip, if it is there; its content's sum, and what they named: files, and crops of the
    outbox."""
    clip = session.get(Clip, clip_id)
    if clip is None:
        return None
    if session.scalar(select(func.count()).where(Job.clip_id == clip_id, Job.state.not_in(ENDED))):
        raise RefusedError("the clip waits or is being analysed: cancel that first")
    if _reviewed(session, clip_id):
        raise RefusedError("cases of this clip were reviewed: that is kept for good")
    files, crops = _named(session, clip_id), crops_of(session, clip_id)
    session.execute(delete(Job).where(Job.clip_id == clip_id))
    session.execute(delete(Clip).where(Clip.id == clip_id))
    return clip.sha256, files, crops


def _reviewed(session: Session, clip_id: int) -> int:
    return session.scalar(select(func.count()).where(Case.clip_id == clip_id, Case.version > 0)) or 0


def _named(session: Session, clip_id: int | None = None) -> set[str]:
    """The files that the rows of a clip name, or all rows."""
    wanted = (query if clip_id is None else query.where(clip == clip_id) for clip, query in _FILES)
    rows = (row for query in wanted for row in session.execute(query).yield_per(10_000))
    return {name for row in rows for name in row if name}
