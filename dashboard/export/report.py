"""One page about one case, as PDF. Korean and Latin letters come from a font that is embedded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from dashboard.export import FONT
from db.models import Case, Review

_MARGIN, _WIDTH, _BOTTOM = 15, 180, 282  # mm, of A4
_LOOKS = 4
_LINES = 5  # of the history; all of it stands in case.json
_LETTERS = 400  # more of them fit on no line, and each that is too many takes its time


@dataclass(frozen=True, slots=True)
class Page:
    """The words of a report, in the reader's language."""

    title: str
    facts: Sequence[tuple[str, str]]
    looks: str
    history: Sequence[str]
    notes: Sequence[str]


Words = Callable[[Case, Sequence[Review], bool], Page]  # the last: whether everybody else is hidden


def report(page: Page, looks: int, folder: Path) -> bytes:
    """The report of a case whose pictures lie in a folder as `frame.jpg`, `look-N.jpg` and `plate.jpg`."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)  # one page, whatever stands on it
    pdf.set_margin(_MARGIN)
    pdf.add_font("report", fname=FONT)
    pdf.set_title(page.title)
    pdf.add_page()
    _line(pdf, page.title, 18, 10)
    pdf.ln(2)
    if (folder / "frame.jpg").exists():
        pdf.image(folder / "frame.jpg", _MARGIN, pdf.get_y(), _WIDTH, 100, keep_aspect_ratio=True)
    pdf.set_y(pdf.get_y() + 104)
    plate = folder / "plate.jpg"
    if plate.exists():
        pdf.image(plate, 145, pdf.get_y(), 50, 25, keep_aspect_ratio=True)
    for name, value in page.facts:
        _fact(pdf, name, value)
    pdf.ln(2)
    _line(pdf, page.looks, 10, 6)
    top = pdf.get_y()
    for number in range(min(looks, _LOOKS)):
        pdf.image(folder / f"look-{number + 1}.jpg", _MARGIN + 46 * number, top, 42, 42, keep_aspect_ratio=True)
    pdf.set_y(top + 44)
    for text in page.history[-_LINES:]:
        _line(pdf, text, 9, 5)
    pdf.set_y(_BOTTOM - 4 * len(page.notes))
    pdf.set_text_color(90)
    for note in page.notes:
        _line(pdf, note, 7.5, 4)
    return bytes(pdf.output())


def _fact(pdf: FPDF, name: str, value: str) -> None:
    pdf.set_font("report", size=10)
    pdf.set_text_color(90)
    pdf.cell(42, 6, name)
    pdf.set_text_color(0)
    pdf.cell(86, 6, _fitting(pdf, value, 86), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _line(pdf: FPDF, text: str, size: float, height: float) -> None:
    pdf.set_font("report", size=size)
    pdf.cell(_WIDTH, height, _fitting(pdf, text, _WIDTH), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _fitting(pdf: FPDF, text: str, width: float) -> str:
    """As much of a text as fits, on one line."""
    text = " ".join(text.split())[:_LETTERS]
    if pdf.get_string_width(text) <= width - 2:
        return text
    while text and pdf.get_string_width(f"{text}…") > width - 2:
        text = text[:-1]
    return f"{text}…"
