"""The outbox: plate crops on their way to an OCR server. Nothing leaves it that the server has not confirmed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from db.engine import explain
from db.jobs import now
from db.models import Capture, Case
from db.plates import set_plate
from pipeline.errors import HelmetWatchError
from pipeline.ocr_client import CaptureLostError, CaptureRefusedError, OcrClient, ServerAwayError
from pipeline.ocr_protocol import PlateResult, from_result, key_of
from pipeline.store import FileStore

_log = logging.getLogger(__name__)
_AT_ONCE = 50  # captures to send per round, and as many to ask for, so that a round ends
_FIRST_WAIT_S, _LONGEST_WAIT_S = 10.0, 600.0
_MOST_DOUBLINGS = 10  # more would only overflow
_LONGEST_WISH_S = 3600.0  # a server that wants to be left alone for longer is asked all the same
_FAULT_WAIT_S = 300.0  # until somebody has made room on the disk, say
_POLL_S = 5.0
_LONGEST_REASON = 200  # characters, of a server that says why it cannot read
_REFUSED = and_(Capture.given_up.is_not(None), Capture.stored_at.is_(None))  # its crops are still here


class _CropsGoneError(HelmetWatchError):
    """The crops of a capture are gone before they were sent."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting` captures are still here, `reading` are at the server; `error` is the last that went wrong.

    `refused` are still here as well, but given up until somebody wants them tried again.
    """

    waiting: int
    reading: int
    refused: int
    oldest: datetime | None
    error: str | None


def to_send(case_id: int, crops: Sequence[tuple[str, float]]) -> Capture:
    """The row for a capture that is to be sent; its key is known when it is."""
    return Capture(case_id=case_id, key="", crops=list(crops), created_at=now(), next_at=now())


def crops_of(session: Session, clip_id: int) -> set[str]:
    """The crops of all captures of a clip, whether or not they are still here."""
    crops = session.scalars(select(Capture.crops).join(Case).where(Case.clip_id == clip_id))
    return {name for pairs in crops for name, _ in pairs}


def drop_crops(sessions: sessionmaker[Session], store: FileStore, names: Iterable[str]) -> None:
    """Delete crops, but none that a capture in the outbox still has to send: old captures may share.

    What cannot be deleted stays behind: that is no reason to fail a job that is done.
    """
    try:
        with sessions() as session:
            waiting = session.scalars(select(Capture.crops).where(Capture.stored_at.is_(None)))
            wanted = {name for crops in waiting for name, _ in crops}
        for name in {*names} - wanted:
            store.delete(name)
    except (DBAPIError, OSError) as error:
        _log.warning("crops that nobody needs stay behind: %s", error)


class Outbox:
    """Sends what is due, and fetches what came of it. Two may do so at once: the server knows each capture by its key.

    Args:
        sessions: of the database that holds the outbox.
        store: where the crops lie, and where the pictures of the reads go.
    """

    def __init__(self, sessions: sessionmaker[Session], store: FileStore) -> None:
        self._sessions, self._store = sessions, store

    def send_due(self, client: OcrClient, stopped: Event) -> None:
        """One round: send what is due, then ask for what was sent before; each until the server does not answer.

        Once `stopped` is set the round ends with the capture under way.
        """
        self._go_through(self._due(stored=False), self._send, client, stopped)
        self._go_through(self._due(stored=True), self._fetch, client, stopped)

    def _go_through(
        self,
        captures: Sequence[Capture],
        work: Callable[[Capture, OcrClient], None],
        client: OcrClient,
        stopped: Event,
    ) -> None:
        for capture in captures:
            if stopped.is_set():
                return
            try:
                work(capture, client)
            except ServerAwayError as error:
                self._later(capture, str(error), error.after_s)
                return
            except (CaptureRefusedError, CaptureLostError, _CropsGoneError) as error:  # another try would not help
                _log.warning("capture %s is given up: %s", capture.id, error)
                self._note(capture, done_at=now(), error=str(error))
            except (HelmetWatchError, OSError) as error:
                _log.warning("capture %s: %s", capture.id, error)
                self._later(capture, explain(error), _FAULT_WAIT_S)

    def backlog(self) -> Backlog:
        open_, here = Capture.done_at.is_(None), Capture.stored_at.is_(None)
        counts = select(
            func.count().filter(open_, here),
            func.count().filter(open_, ~here),
            func.count().filter(_REFUSED),
            func.min(Capture.created_at).filter(open_),
        )
        last = select(Capture.error).where(open_, Capture.error.is_not(None)).order_by(Capture.next_at.desc()).limit(1)
        with self._sessions() as session:
            waiting, reading, refused, oldest = session.execute(counts).one()
            return Backlog(waiting, reading, refused, oldest, session.scalar(last))

    def retry(self) -> None:
        """Make everything due at once, and what was refused as well."""
        again = update(Capture).where(or_(Capture.done_at.is_(None), _REFUSED))
        with self._sessions.begin() as session:
            session.execute(again.values(next_at=now(), attempts=0, done_at=None))

    def _due(self, stored: bool) -> Sequence[Capture]:
        """Those that have waited longest first, so that captures that fail again and again hold up no others."""
        never = now() + timedelta(seconds=_LONGEST_WISH_S)  # no wait ends later, unless the clock was set back
        due = select(Capture).where(Capture.done_at.is_(None), or_(Capture.next_at <= now(), Capture.next_at > never))
        due = due.where(Capture.stored_at.is_not(None) if stored else Capture.stored_at.is_(None))
        with self._sessions() as session:
            return session.scalars(due.order_by(Capture.next_at, Capture.id).limit(_AT_ONCE)).all()

    def _send(self, capture: Capture, client: OcrClient) -> None:
        try:
            contents = [self._store.path(name).read_bytes() for name, _ in capture.crops]
        except FileNotFoundError as error:
            raise _CropsGoneError("the crops are gone from the data folder") from error
        times = [time_s for _, time_s in capture.crops]
        capture.key = key_of(contents, times)
        client.send(capture.key, contents, times)
        self._note(capture, stored_at=now(), key=capture.key, error=None, attempts=0)
        drop_crops(self._sessions, self._store, (name for name, _ in capture.crops))

    def _fetch(self, capture: Capture, client: OcrClient) -> None:
        answer = client.result(capture.key)
        if not answer.done:
            self._note(capture, next_at=now() + timedelta(seconds=_POLL_S))
        elif answer.result is None:
            reason = answer.error or "the server does not say why"
            self._note(capture, done_at=now(), error=reason[:_LONGEST_REASON])
        else:
            self._keep(capture, answer.result)

    def _keep(self, capture: Capture, result: PlateResult) -> None:
        """The reading into its case, once."""
        found = from_result(result)
        pictures = [(self._store.put_picture(crop), self._store.put_picture(seen)) for crop, seen in found.pictures]
        with self._sessions.begin() as session:
            row = session.get(Capture, capture.id, with_for_update=True)
            if row is None or row.done_at is not None:
                return
            case = session.get_one(Case, row.case_id)
            set_plate(case, found.plate, pictures)
            if pictures:
                case.plate_crop = pictures[0][0]
            row.done_at, row.error = now(), None

    def _later(self, capture: Capture, error: str, after_s: float | None) -> None:
        usual_s = min(_FIRST_WAIT_S * 2 ** min(capture.attempts, _MOST_DOUBLINGS), _LONGEST_WAIT_S)
        wait_s = usual_s if after_s is None else min(after_s, _LONGEST_WISH_S)
        self._note(capture, error=error, attempts=capture.attempts + 1, next_at=now() + timedelta(seconds=wait_s))

    def _note(self, capture: Capture, **values: object) -> None:
        """Unless another process was quicker to send or to settle it."""
        same = update(Capture).where(Capture.id == capture.id, Capture.done_at.is_(None))
        if capture.stored_at is None:
            same = same.where(Capture.stored_at.is_(None))
        with self._sessions.begin() as session:
            session.execute(same.values(**values))
