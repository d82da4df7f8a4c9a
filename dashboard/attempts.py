"""Every OCR attempt in a row: what was cut, what the engine saw, what it read, what the vote made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import stored
from dashboard.i18n import _, later, several
from dashboard.plate_text import characters, made_of_it
from dashboard.text import exactly, plain, told
from db import models
from db.models import Case
from pipeline.types import Image, PlateRead

_WIDTHS = (1, 2, 2, 2, 4, 2)
_HEADS = (later("Frame"), later("Crop"), later("Upscaled, from the front"), later("Read"), later("Confidence"),
          later("The vote"))  # fmt: skip
_ENGINES = {"plate_reader": later("our reader"), "easyocr ko+en": later("EasyOCR's models")}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A read, of which frame it is, and its pictures: names of the store, or pictures in memory (BGR)."""

    read: PlateRead | models.PlateRead
    frame: str
    crop: str | Image
    picture: str | Image


def table(attempts: Sequence[Attempt], agreed: str, key: str) -> None:
    """The attempts, in rows; `agreed` is what the vote gave."""
    with st.container(key=f"attempts-{key}"):
        with st.container(key=f"attempt-heads-{key}"):
            for place, head in zip(st.columns(_WIDTHS), _HEADS, strict=True):
                place.caption(_(head))
        for attempt in attempts:
            _row(attempt, agreed)


def of_case(case: Case) -> None:
    """Those on the plate of a case."""
    rows = [Attempt(read, exactly(case, read.time_s), read.crop, read.picture) for read in case.reads]
    table(rows, case.plate_guess or "", str(case.id))


def given_up(case: Case, why: str) -> None:
    """In the place of attempts: the plate, and why the OCR server could not read it."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        if case.plate_crop:
            stored.picture(case.plate_crop, _("Plate crop"), 150)
        said = _("**The OCR server could not read this plate:** {reason}", reason=told(why))
        st.markdown(f":material/error: {said}", width="stretch")


def _row(attempt: Attempt, agreed: str) -> None:
    read = attempt.read
    frame, crop, picture, text, confidence, vote = st.columns(_WIDTHS, vertical_alignment="center")
    frame.markdown(attempt.frame)
    if read.frames > 1:
        crop.caption(several("{n} crop made into one", "{n} crops made into one", read.frames))
    else:
        _picture(crop, attempt.crop, _("Plate crop"))
    _picture(picture, attempt.picture, _("The plate as the engine saw it"))
    text.markdown(f"**{read.text or '–'}**  \n:small[{plain(_(_ENGINES.get(read.engine, read.engine)))}]")
    confidence.markdown(characters(read.characters, agreed) or "–")
    vote.markdown(made_of_it(read.text, read.weight, agreed))


def _picture(place: st.delta_generator.DeltaGenerator, picture: str | Image, alt: str) -> None:
    with place:
        if isinstance(picture, str):
            stored.picture(picture, alt, 150)
        else:
            st.image(picture, channels="BGR", width=150, alt=alt)
