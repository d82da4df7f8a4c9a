"""The tables. Times are UTC; pictures and clips are names in the file store; boxes are pixels of the clip's frames."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    case,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from pipeline.types import Outcome, Says

# the number of a row that is gone is not given to another: screens, links and captures under way may hold it still
_NEVER_AGAIN = {"sqlite_autoincrement": True}

Parts = list[list[float]]  # each label, confidence, x1, y1, x2, y2
Pairs = list[tuple[str, float]]  # characters with their confidences, or names of crops with their times


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in, an aware UTC datetime out; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class SourceKind(StrEnum):
    FILE = "file"
    STREAM = "stream"
    CAMERA = "camera"


class ReviewState(StrEnum):
    """What people have made of a case so far."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"


class Action(StrEnum):
    """What a person did to a case."""

    ACCEPT = "accept"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    PLATE = "plate"
    LINK = "link"
    UNLINK = "unlink"
    UNDO = "undo"


class Reason(StrEnum):
    """Why a case was dismissed. The first two teach the models: see `dashboard.export.negatives`."""

    HELMET = "helmet"
    NO_RIDER = "no rider"
    OTHER_RIDER = "other rider"
    UNCLEAR = "unclear"
    TWICE = "twice"
    OTHER = "other"


def _words(kind: type[StrEnum]) -> Enum:
    """A column of words that come back as members of an enumeration."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda members: [one.value for one in members])


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        Parts: JSON,
        Pairs: JSON,
        JobState: _words(JobState),
        SourceKind: _words(SourceKind),
        Outcome: _words(Outcome),
        Says: _words(Says),
        ReviewState: _words(ReviewState),
        Action: _words(Action),
        Reason: _words(Reason),
    }


class Clip(Base):
    """A source: an upload, a sample, a file named on the command line, a stream, or the cameras of browsers.

    `path` of a stream is its URL, with whatever log-in it holds: `name` is for people. `sha256` is that of a file's
    content, else of kind and path. Each film of a file, counted from 0, is a source of its own.
    """

    __tablename__ = "clips"
    __table_args__ = (UniqueConstraint("sha256", "film", name="uq_clips_film"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    film: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]
    kind: Mapped[SourceKind] = mapped_column(default=SourceKind.FILE)

    @property
    def file_sha256(self) -> str | None:
        """The sum of the file; None of a live source, whose log-in could be guessed by that of its address."""
        return self.sha256 if self.kind is SourceKind.FILE else None


class Job(Base):
    """One analysis of one source: its place in the queue, how far it is, what came of it.

    Of a live source: from its start to its stop. `stage` is then the state of the stream, `message` why it waits or
    ended.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state", "id"), _NEVER_AGAIN)

    id: Mapped[int] = mapped_column(primary_key=True)
    clip_id: Mapped[int] = mapped_column(ForeignKey("clips.id"), index=True)
    state: Mapped[JobState]
    worker: Mapped[str | None] = mapped_column(String(64))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    stage: Mapped[str | None] = mapped_column(String(16))
    fraction: Mapped[float] = mapped_column(default=0.0)
    fps: Mapped[float | None]
    left_s: Mapped[float | None]
    violations: Mapped[int] = mapped_column(default=0)
    message: Mapped[str | None] = mapped_column(Text)
    width: Mapped[int | None]
    height: Mapped[int | None]
    duration_s: Mapped[float | None]
    frames: Mapped[int | None]
    wall_s: Mapped[float | None]
    stages: Mapped[dict[str, Any] | None]
    video: Mapped[str | None] = mapped_column(String(80))
    trace: Mapped[str | None] = mapped_column(String(80))
    reconnects: Mapped[int] = mapped_column(default=0)

    clip: Mapped[Clip] = relationship(lazy="joined")


class Track(Base):
    """One rider of a clip, under one id, whether suspect or not. Heads as stage 2 counted them, else as stage 1 did."""

    __tablename__ = "tracks"
    __table_args__ = (Index("ix_tracks_rider", "job_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    number: Mapped[int]
    start_s: Mapped[float]
    end_s: Mapped[float]
    heads_without: Mapped[int | None]
    heads_with: Mapped[int | None]


class Sighting(Base):
    """One rider in one frame. `parts` holds its heads and its plate.

    In a live source also after the track's end: where the rider was when everything was said of it.
    """

    __tablename__ = "sightings"

    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks.id", ondelete="CASCADE"), index=True)
    frame: Mapped[int]
    time_s: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
    confidence: Mapped[float]
    parts: Mapped[Parts]


class Case(Base):
    """A suspect with stage 2's verdict: a violation where `outcome` is confirmed, one row per motorcycle.

    `review`, `plate_corrected` and `motorcycle` (one number for all cases that are one motorcycle) are what people made
    of it, `version` counts how often they did: all of it follows from the table of reviews. `kept`: it is from an
    earlier analysis of its clip and stayed because somebody had reviewed it.
    """

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_newest", "outcome", "id"),
        Index("ix_cases_clip", "outcome", "clip_id", "id"),
        Index("ix_cases_happened", "outcome", "happened_at"),
        Index("ix_cases_confidence", "outcome", "stage2", "id"),
        Index("ix_cases_review", "outcome", "review", "id"),
        _NEVER_AGAIN,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    outcome: Mapped[Outcome]
    clip_id: Mapped[int] = mapped_column(ForeignKey("clips.id"))
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks.id", ondelete="CASCADE"), unique=True)
    happened_at: Mapped[datetime]
    start_s: Mapped[float]
    end_s: Mapped[float]
    best_s: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    x2: Mapped[float]
    y2: Mapped[float]
    stage1: Mapped[float]
    stage2: Mapped[float]
    heads_without: Mapped[int]
    heads_with: Mapped[int]
    picture: Mapped[str] = mapped_column(String(80))
    crop: Mapped[str] = mapped_column(String(80))
    plate_crop: Mapped[str | None] = mapped_column(String(80))
    video: Mapped[str] = mapped_column(String(80))
    # when in the source the picture and the clip's first frame are, and how many times as large as its frames
    picture_s: Mapped[float | None]
    video_start_s: Mapped[float | None]
    evidence_scale: Mapped[float | None]
    # what the reads agree on: the text only where it is readable, the guess with its probability always
    plate_text: Mapped[str | None] = mapped_column(String(32), index=True)
    plate_confidence: Mapped[float | None]
    plate_guess: Mapped[str | None] = mapped_column(String(32))
    plate_characters: Mapped[Pairs | None]
    review: Mapped[ReviewState] = mapped_column(default=ReviewState.OPEN)
    plate_corrected: Mapped[str | None] = mapped_column(String(32))  # by a person, whose word counts; "": not readable
    # a person's word before the machine's; None where it is not readable
    plate: Mapped[str | None] = column_property(func.nullif(func.coalesce(plate_corrected, plate_text), ""))
    motorcycle: Mapped[int | None] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(default=0)
    kept: Mapped[bool] = mapped_column(default=False)

    clip: Mapped[Clip] = relationship(lazy="joined")
    looks: Mapped[list[Look]] = relationship(order_by="Look.time_s")
    track: Mapped[Track] = relationship()
    reads: Mapped[list[PlateRead]] = relationship(  # as they came in the clip, what was made of several at the end
        order_by="(PlateRead.frames, PlateRead.time_s, PlateRead.id)", cascade="all, delete-orphan"
    )
    capture: Mapped[Capture | None] = relationship(viewonly=True)

    @property
    def handed_in_at(self) -> datetime | None:
        """When its clip was handed in, which is all that is known of when it happened; None of a live source."""
        return self.clip.added_at if self.clip.kind is SourceKind.FILE else None


class Look(Base):
    """Stage 2's look at one crop. Boxes are pixels of the crop."""

    __tablename__ = "looks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    time_s: Mapped[float]
    picture: Mapped[str] = mapped_column(String(80))
    stage1: Mapped[Parts]
    stage2: Mapped[Parts]
    says: Mapped[Says]
    confidence: Mapped[float]


class PlateRead(Base):
    """One OCR attempt on one plate crop, or on `frames` of them made into one picture."""

    __tablename__ = "plate_reads"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), index=True)
    time_s: Mapped[float]
    frames: Mapped[int]
    crop: Mapped[str] = mapped_column(String(80))
    picture: Mapped[str] = mapped_column(String(80))
    quality: Mapped[float]
    engine: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(64))
    confidence: Mapped[float]
    characters: Mapped[Pairs]
    weight: Mapped[float]


class Capture(Base):
    """The plate crops of a violation on their way to the OCR server: the outbox.

    `crops` are names in the store with their times, deleted once the server has them (`stored_at`). `key` is the
    content's: the server knows by it what it has already. One that is done (`done_at`) with an `error` is given up:
    `given_up` says why.
    """

    __tablename__ = "outbox"
    __table_args__ = (_NEVER_AGAIN,)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), unique=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    crops: Mapped[Pairs]
    created_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None] = mapped_column()
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(Text)

    given_up: Mapped[str | None] = column_property(case((done_at.is_not(None), error)))


class Received(Base):
    """A capture as the OCR server keeps it: stored first, read when its turn comes."""

    __tablename__ = "received"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    crops: Mapped[Pairs]
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None] = mapped_column(Text)


class Review(Base):
    """A person's word on a case. This table only grows: undoing adds a row as well.

    `before` and `after` hold what changed of the case's `review`, `plate_corrected` and `motorcycle`, `version` is the
    case's afterwards. Rows of one `batch` were one deed; `undoes` is the row that an undoing takes back.
    """

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("case_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    version: Mapped[int]
    batch: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime]
    reviewer: Mapped[str] = mapped_column(String(80), index=True)
    action: Mapped[Action]
    reason: Mapped[Reason | None]
    note: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    undoes: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"), unique=True)
