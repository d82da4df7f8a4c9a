"""The tables. Times are UTC; pictures and clips are names in the file store; boxes are pixels of the clip's frames."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Enum, ForeignKey, Index, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from pipeline.types import Outcome, Says

Json = dict[str, Any] | list[Any]
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


def _words(kind: type[StrEnum]) -> Enum:
    """A column of words that come back as members of an enumeration."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda members: [one.value for one in members])


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        Json: JSON,
        Parts: JSON,
        Pairs: JSON,
        JobState: _words(JobState),
        Outcome: _words(Outcome),
        Says: _words(Says),
    }


class Clip(Base):
    """A source that was handed in: an upload, a sample, or a file named on the command line."""

    __tablename__ = "clips"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    added_at: Mapped[datetime]


class Job(Base):
    """One analysis of one clip: its place in the queue, how far it is, what came of it."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state", "state", "id"),)

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
    stages: Mapped[Json | None]
    video: Mapped[str | None] = mapped_column(String(80))

    clip: Mapped[Clip] = relationship(lazy="joined")


class Track(Base):
    """One rider of a clip, under one id, whether suspect or not."""

    __tablename__ = "tracks"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    start_s: Mapped[float]
    end_s: Mapped[float]


class Sighting(Base):
    """One rider in one frame. `parts` holds its heads and its plate."""

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
    """A suspect with stage 2's verdict: a violation where `outcome` is confirmed, one row per motorcycle."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_newest", "outcome", "id"),
        Index("ix_cases_clip", "outcome", "clip_id", "id"),
        Index("ix_cases_happened", "outcome", "happened_at"),
        Index("ix_cases_confidence", "outcome", "stage2", "id"),
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
    # what the reads agree on: the text only where it is readable, the guess with its probability always
    plate_text: Mapped[str | None] = mapped_column(String(32), index=True)
    plate_confidence: Mapped[float | None]
    plate_guess: Mapped[str | None] = mapped_column(String(32))
    plate_characters: Mapped[Pairs | None]
    plate_corrected: Mapped[str | None] = mapped_column(String(32))  # by a person, whose word counts

    clip: Mapped[Clip] = relationship(lazy="joined")
    looks: Mapped[list[Look]] = relationship(order_by="Look.time_s")
    track: Mapped[Track] = relationship()
    reads: Mapped[list[PlateRead]] = relationship(order_by="PlateRead.id", cascade="all, delete-orphan")

    @property
    def plate(self) -> str | None:
        """The text of the plate as far as anybody knows it."""
        return self.plate_corrected or self.plate_text


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
    content's: the server knows by it what it has already.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id", ondelete="CASCADE"), unique=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    crops: Mapped[Pairs]
    created_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    error: Mapped[str | None] = mapped_column(Text)


class Received(Base):
    """A capture as the OCR server keeps it: stored first, read when its turn comes."""

    __tablename__ = "received"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    crops: Mapped[Pairs]
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(index=True)
    result: Mapped[Json | None]
    error: Mapped[str | None] = mapped_column(Text)
