"""From a suspect and its verdict to a case: what was found in figures, its pictures in the store and out of memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from statistics import fmean, median_low

from pipeline.ocr_protocol import MIN_SIDE
from pipeline.plates import PlateReader
from pipeline.store import FileStore
from pipeline.types import Case, Crop, Label, Look, PlateCrop, Says, Suspect, Verdict


def close_case(suspect: Suspect, verdict: Verdict, store: FileStore) -> Case:
    """Sum up what both stages saw of a suspect, and store the crops that stage 2 looked at.

    Raises:
        OSError: a picture cannot be stored.
    """
    best = max(verdict.looks, key=lambda look: (look.says is Says.BARE, look.confidence))
    plate = max(suspect.plates, key=lambda crop: crop.region.area, default=None)
    bare = _heads(verdict.looks, Label.WITHOUT_HELMET)
    return Case(
        track=suspect.track,
        verdict=verdict,
        best=best.sighting,
        stage1=fmean(max(head.confidence for head in crop.sighting.bare_heads) for crop in suspect.crops),
        heads_without=max(bare, 1) if verdict.confirmed else bare,
        heads_with=_heads(verdict.looks, Label.WITH_HELMET),
        looks=tuple(store.put_picture(crop.image) for crop in suspect.crops),
        plate=store.put_picture(plate.image) if plate else None,
    )


def with_own_plates(suspect: Suspect, verdict: Verdict) -> Suspect:
    """A suspect without the plates from about when stage 2 sees a helmet: that rider may be another one."""

    def says(plate: Crop) -> Says:
        return min(verdict.looks, key=lambda look: abs(look.sighting.time_s - plate.sighting.time_s)).says

    return replace(suspect, plates=tuple(plate for plate in suspect.plates if says(plate) is not Says.HELMET))


def read_plate(case: Case, crops: Iterable[Crop], reader: PlateReader, store: FileStore) -> Case:
    """The case with its plate read, and the pictures of every attempt stored.

    Raises:
        OSError: a picture cannot be stored.
    """
    found = reader.read([PlateCrop(crop.image, crop.sighting.time_s) for crop in crops])
    pictures = tuple((store.put_picture(crop), store.put_picture(seen)) for crop, seen in found.pictures)
    return replace(case, reading=found.plate, read_pictures=pictures, plate=pictures[0][0] if pictures else case.plate)


def capture_plate(case: Case, crops: Iterable[Crop], store: FileStore) -> Case:
    """The case with its plate's crops stored as they are, for another machine to read: whoever has it owns them.

    Raises:
        OSError: a picture cannot be stored. None of them stays.
    """
    captured: dict[str, float] = {}
    with store.all_or_none(captured):
        for crop in crops:
            if min(crop.image.shape[:2]) >= MIN_SIDE:  # for one less all would be refused
                captured[store.put_capture(crop.image)] = crop.sighting.time_s
    return replace(case, captured=tuple(captured.items()))


def _heads(looks: Iterable[Look], label: Label) -> int:
    """How many heads of this kind stage 2 sees on the suspect, in the middle of its looks."""
    return median_low([sum(head.label is label for head in look.heads) for look in looks if look.heads] or [0])
