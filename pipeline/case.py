"""From a suspect and its verdict to a case: what was found in figures, its pictures in the store and out of memory."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median_low

from pipeline.store import FileStore
from pipeline.types import Case, Label, Look, Says, Suspect, Verdict


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


def _heads(looks: Iterable[Look], label: Label) -> int:
    """How many heads of this kind stage 2 sees on the suspect, in the middle of its looks."""
    return median_low([sum(head.label is label for head in look.heads) for look in looks if look.heads] or [0])
