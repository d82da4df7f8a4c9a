"""What was read of a plate, into the tables and out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload, sessionmaker

from db.cases import Filter
from db.models import Capture, Case, PlateRead
from pipeline.types import Plate


def set_plate(row: Case, plate: Plate, pictures: Sequence[tuple[str, str]]) -> None:
    """Note the reading of a case in place of an earlier one; a person's correction stays.

    `pictures` names for each read the crop and what the engine saw of it.
    """
    row.plate_text = plate.text if plate.readable else None
    row.plate_guess = plate.text or None
    row.plate_confidence = plate.probability if plate.text else None
    row.plate_characters = list(plate.characters)
    row.reads = [
        PlateRead(**asdict(one) | {"text": one.text[:64]}, crop=crop, picture=picture)
        for one, (crop, picture) in zip(plate.reads, pictures, strict=True)
    ]


_TRIED = or_(Case.reads.any(), Case.capture.has(Capture.given_up.is_not(None)))


class Plates:
    """The readings as the pages show them, with those that the OCR server gave up."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def count(self, wanted: Filter) -> int:
        """How many of these cases have been read, or given up."""
        with self._sessions() as session:
            return session.scalar(select(func.count()).select_from(Case).where(_TRIED, *wanted.conditions())) or 0

    def page(self, wanted: Filter, number: int, size: int) -> Sequence[Case]:
        """Such cases with their reads and captures, newest first; page `number` counts from 0."""
        query = (
            select(Case).where(_TRIED, *wanted.conditions()).order_by(Case.id.desc()).offset(number * size).limit(size)
        )
        with self._sessions() as session:
            return session.scalars(query.options(selectinload(Case.reads), selectinload(Case.capture))).all()
