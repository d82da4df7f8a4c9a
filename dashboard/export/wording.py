"""What stands in a report, in the viewer's language."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.export.report import Page
from dashboard.i18n import _, later
from dashboard.plate_text import spelled
from dashboard.record import DEEDS
from dashboard.review import REASONS, STATES
from dashboard.text import at, second, when
from db.models import Case, Review

HIDDEN = later(
    "Hidden: all outside the motorcycle's box; inside it, helmeted heads, and the upper part and plate of every other"
    " rider found."
)
STILL_SEEN = later(
    "Not hidden: what else is inside the box, people on foot and cars with their plates among it, and heads taken for"
    " bare ones."
)


def page(case: Case, history: Sequence[Review], others_hidden: bool) -> Page:
    facts = [
        (_("Case"), str(case.id)),
        (_("Source"), case.clip.name),
        (_("When"), when(case, second)),
        (
            _("In the source"),
            _(
                "{start} to {end}, best seen at {best}",
                start=at(case, case.start_s),
                end=at(case, case.end_s),
                best=at(case, case.best_s),
            ),
        ),
        (_("Heads"), _("{without} bare, {with_} with helmet", without=case.heads_without, with_=case.heads_with)),
        (
            _("How sure"),
            _("stage 1 {one}, stage 2 {two}", one=f"{case.stage1:.0%}", two=f"{case.stage2:.0%}"),
        ),
        (_("Number plate"), _plate(case)),
        (_("Review"), _(STATES[case.review][0])),
    ]
    notes = [_("Found by a machine. It accuses nobody: a person has to decide.")]
    if case.clip.file_sha256:
        notes.append(_("Source, SHA-256: {sum}", sum=case.clip.file_sha256))
    return Page(
        title=_("Helmet Watch: rider without a helmet"),
        facts=facts,
        looks=_("What stage 2 looked at"),
        history=[_deed(row) for row in history],
        notes=[_(HIDDEN), _(STILL_SEEN), *notes] if others_hidden else notes,
    )


def _plate(case: Case) -> str:
    if case.plate_corrected:
        return _("{plate} (corrected by a person)", plate=spelled(case.plate_corrected))
    if case.plate_corrected is not None:
        return _("not readable (said by a person)")
    return spelled(case.plate_text) if case.plate_text else _("not read")


def _deed(row: Review) -> str:
    why = " · ".join(filter(None, (_(REASONS[row.reason]) if row.reason else "", row.note)))
    return " · ".join(filter(None, (second(row.at), row.reviewer, _(DEEDS[row.action]), why)))
