"""Plates as people read them: the text with its spaces, characters coloured by what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from dashboard.i18n import _
from dashboard.text import plain
from db.models import Case
from pipeline.plate_formats import identify


def spelled(text: str) -> str:
    """`서울강남가1234` as it stands on the plate: 서울 강남 가 1234."""
    kind = identify(text)
    return " ".join(kind.rows(text)) if kind else text


def short(case: Case) -> str:
    """A few words of Markdown about the plate of a case, for its card; empty where none was read."""
    if case.plate_corrected:
        return f"**{plain(spelled(case.plate_corrected))}**"
    if case.plate:
        return f"**{plain(spelled(case.plate))}** · {chance(case.plate_confidence or 0.0)}"
    return _("not readable") if case.plate_guess or case.plate_corrected is not None else ""


def summary(case: Case) -> str:
    """One line of Markdown about the plate of a case."""
    if case.plate_corrected:
        return _("**{plate}** · corrected by a person", plate=plain(spelled(case.plate_corrected)))
    if case.plate_corrected is not None:
        return _("not readable · said by a person")
    if case.plate_text:
        return f"**{plain(spelled(case.plate_text))}** · {chance(case.plate_confidence or 0.0)}"
    if case.plate_guess:
        return not_readable(case.plate_guess, case.plate_confidence or 0.0)
    return _("not readable") if case.reads else _("not read")


def not_readable(guess: str, probability: float) -> str:
    return _("not readable (at a guess {plate}, {share})", plate=plain(spelled(guess)), share=chance(probability))


def chance(probability: float) -> str:
    """How likely it is that a text is right: no rounding makes it certain."""
    if probability < 0.005:
        return "<1%"
    return ">99%" if probability >= 0.995 else f"{probability:.0%}"


def characters(pairs: Sequence[tuple[str, float]], agreed: str) -> str:
    """Each character with its confidence in per cent: green where the vote agrees, red with a ≠ where it does not."""
    kept = [False] * len(pairs)
    matcher = SequenceMatcher(None, "".join(one for one, _ in pairs), agreed, autojunk=False)
    for block in matcher.get_matching_blocks():
        kept[block.a : block.a + block.size] = [True] * block.size
    return " ".join(
        f"{':green-badge[' if same else ':red-badge[≠ '}{plain(one)} {confidence:.0%}]"
        for (one, confidence), same in zip(pairs, kept, strict=True)
    )


def made_of_it(text: str, weight: float, agreed: str) -> str:
    """What the vote made of a read."""
    if not text:
        return _("nothing read")
    if not weight:
        return _("no plate's text: not counted")
    if text == agreed:
        return _("agrees, counts {share}", share=f"{weight:.0%}")
    return _("outvoted in part, counts {share}", share=f"{weight:.0%}")
