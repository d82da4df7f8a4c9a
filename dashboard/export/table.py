"""The view as a table that Excel opens with its Korean intact."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from dashboard.i18n import _
from dashboard.review import STATES
from dashboard.text import harmless, zone
from db.models import Case


def heads() -> tuple[str, ...]:
    """The names of the columns, in the viewer's language."""
    return (
        _("Case"),
        _("Source"),
        _("When"),
        _("Handed in"),
        _("From, s"),
        _("To, s"),
        _("Stage 1"),
        _("Stage 2"),
        _("Heads without helmet"),
        _("Heads with helmet"),
        _("Number plate"),
        _("Read by the machine"),
        _("Review"),
        _("Motorcycle"),
    )


def words() -> Callable[[Case], Sequence[Any]]:
    """How a case becomes a row; language and time zone are the viewer's now, so that a thread may call it later."""
    states = {state: _(word) for state, (word, *_rest) in STATES.items()}
    here = zone()

    def at(moment: datetime) -> str:
        return moment.astimezone(here).strftime("%Y-%m-%d %H:%M:%S")

    def row(case: Case) -> Sequence[Any]:
        return (
            case.id,
            case.clip.name,
            None if case.handed_in_at else at(case.happened_at),
            at(case.handed_in_at) if case.handed_in_at else None,
            round(case.start_s, 2),
            round(case.end_s, 2),
            round(case.stage1, 3),
            round(case.stage2, 3),
            case.heads_without,
            case.heads_with,
            case.plate,
            case.plate_text,
            states[case.review],
            case.motorcycle,
        )

    return row


def write(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV as Excel takes it: UTF-8 with a mark at its front, no cell a formula."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")
