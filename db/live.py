"""Live sources as jobs: begun at once, noted while they run, their findings kept as they happen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from db.engine import patient, write_alone
from db.jobs import is_alive, now, this_worker
from db.models import Clip, Job, JobState, SourceKind
from db.outbox import drop_crops
from db.save import save_case, save_later, save_track
from pipeline.errors import RefusedError
from pipeline.figures import Figures
from pipeline.store import FileStore
from pipeline.stream import StreamStatus
from pipeline.types import Case, Evidence, Track


class LiveJob:
    """One run of a live source, from `begin` to `end`: a `pipeline.source.Keeper`."""

    id: int

    def __init__(
        self, sessions: sessionmaker[Session], store: FileStore, kind: SourceKind, name: str, path: str
    ) -> None:
        self._sessions, self._store = sessions, store
        self._kind, self._name, self._path = kind, name, path
        self._later: list[Track] = []

    def begin(self, began: Callable[[], datetime]) -> None:
        """Note in the tables that the source runs. `began` tells at any time when its times count from.

        Raises:
            RefusedError: it is a stream that another process watches.
        """
        self._began = began
        self.id = write_alone(self._sessions, self._begin)  # two may start it at once

    def _begin(self, session: Session) -> int:
        content = hashlib.sha256(f"{self._kind} {self._path}".encode()).hexdigest()
        clip = session.scalars(select(Clip).where(Clip.sha256 == content)).one_or_none()
        if clip is None:
            clip = Clip(sha256=content, added_at=now(), kind=self._kind)
        elif self._kind is SourceKind.STREAM and _watched_elsewhere(session, clip):
            raise RefusedError("this stream is being watched already")  # each violation would be two
        clip.name, clip.path = self._name, self._path
        job = Job(clip=clip, state=JobState.RUNNING, created_at=now(), started_at=self._began(), worker=this_worker())
        session.add(job)
        session.flush()
        return job.id

    @patient
    def keep_track(self, track: Track) -> None:
        save_track(self._sessions, self.id, track)

    @patient
    def keep_later(self, track: Track) -> None:
        """Of a rider whose case is still under way, it waits until that is kept."""
        if not save_later(self._sessions, self.id, track):
            self._later.append(track)

    def keep_case(self, case: Case, evidence: Evidence) -> None:
        try:
            patient(save_case)(self._sessions, self.id, case, evidence, self._began())
        finally:
            drop_crops(self._sessions, self._store, case.captures)
        self._keep_waiting()

    @patient
    def _keep_waiting(self) -> None:
        self._later = [track for track in self._later if not save_later(self._sessions, self.id, track)]

    def note(self, status: StreamStatus, figures: Figures) -> None:
        """How the source is doing; the last word of a run that is cut off."""
        self._update(
            stage=status.state.value,
            message=status.why,
            reconnects=status.reconnects,
            fps=figures.fps,
        )

    @patient
    def end(self, state: JobState, message: str | None = None) -> None:
        self._update(state=state, message=message, finished_at=now(), worker=None, fps=None)

    def _update(self, **values: object) -> None:
        with self._sessions.begin() as session:
            session.execute(update(Job).where(Job.id == self.id).values(**values))


def _watched_elsewhere(session: Session, clip: Clip) -> bool:
    """By another process that lives; what this one watches it knows itself."""
    running = select(Job.worker).where(Job.clip_id == clip.id, Job.state == JobState.RUNNING)
    return any(is_alive(worker) for worker in session.scalars(running) if worker != this_worker())


def last_runs(sessions: sessionmaker[Session]) -> Sequence[Job]:
    """The last run of every stream, newest first."""
    newest = select(func.max(Job.id)).join(Clip).where(Clip.kind == SourceKind.STREAM).group_by(Job.clip_id)
    with sessions() as session:
        return session.scalars(select(Job).where(Job.id.in_(newest)).order_by(Job.id.desc())).all()
