"""What all reads of one plate agree on: a vote, character by character, under the grammar of the formats.

Every read says of every slot how likely each character is. The logarithms are added up, the reads weighted by
their confidence, and the best text of each format is found exactly; the probability that the whole plate is right
is its share among all texts that the formats permit, and is then calibrated on rendered tracks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.plate_formats import FORMATS, MOTORCYCLE_OLD, PlateFormat
from pipeline.plate_slots import CLASSES, EMPTY, NAMES, SLOTS, decode, known_names, permitted
from pipeline.plate_weights import Calibration
from pipeline.types import Floats

_KINDS = tuple({kind.grammar: kind for kind in reversed(FORMATS)}.values())  # the first format of each grammar
_UNLISTED = 0.02  # share of old motorcycles whose district is in none of our lists


@dataclass(frozen=True, slots=True)
class Vote:
    """`characters` of the text with the share of the vote that each has, 0 to 1; `probability` is calibrated."""

    text: str
    kind: PlateFormat
    probability: float
    characters: tuple[tuple[str, float], ...]


def vote(reads: Sequence[Floats], weights: Sequence[float], calibration: Calibration) -> Vote | None:
    """The text that the reads of one plate agree on; None where there is nothing to vote on.

    Args:
        reads: for each read the probability of each class in each slot, (SLOTS, CLASSES).
        weights: how much each read counts, 0 to 1.
        calibration: what was learnt on rendered tracks.
    """
    if sum(weights) <= 0:
        return None
    heard = _log_likelihoods(reads, weights, calibration)
    found = [_best(heard, kind) for kind in _KINDS]
    best = max(found, key=lambda one: one.score)
    total = np.logaddexp.reduce([one.total for one in found])
    return Vote(
        decode(best.classes),
        best.kind,
        calibrated(float(np.exp(best.score - total)), calibration),
        _characters(heard, best),
    )


def _log_likelihoods(reads: Sequence[Floats], weights: Sequence[float], calibration: Calibration) -> Floats:
    """Those of all reads together, (SLOTS, CLASSES)."""
    heard = np.log((1 - calibration.floor) * np.stack(reads) + calibration.floor / CLASSES)
    count = sum(weights)
    worth = count**calibration.together / count if count > 1 else 1.0
    return np.asarray(np.tensordot(np.asarray(weights), heard, axes=1) * worth)


def calibrated(share: float, calibration: Calibration) -> float:
    """The probability that a text is right which has this share of the vote, both 0 to 1."""
    return float(1 / (1 + np.exp(-(logit(share) * calibration.slope + calibration.offset))))


def logit(share: npt.ArrayLike) -> Floats:
    """Of shares, 0 to 1; finite at both ends."""
    held = np.clip(np.asarray(share, float), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(held / (1 - held)))


@dataclass(frozen=True, slots=True)
class _Best:
    kind: PlateFormat
    classes: tuple[int, ...]
    score: float  # of the best text, a logarithm
    total: float  # of all texts of this format


def _best(heard: Floats, kind: PlateFormat) -> _Best:
    """The best text of one format, and the weight of all its texts."""
    names, score, total = _names(heard[:NAMES], kind)
    table = permitted(kind.grammar)[NAMES:]
    rest = np.where(table, heard[NAMES:], -np.inf) - np.log(table.sum(axis=1, keepdims=True))
    choice = rest.argmax(axis=1)
    classes = (*names, *choice.tolist())
    if not kind.matches(decode(classes)):  # a type of 00: the likeliest other digit, and what says 00 stays a doubt
        digits = [slot for slot in range(3) if classes[NAMES + slot] != EMPTY]
        second = np.argsort(rest, axis=1)[:, -2]
        slot = max(digits, key=lambda one: float(rest[one, second[one]] - rest[one, choice[one]]))
        choice[slot] = second[slot]
        classes = (*names, *choice.tolist())
    score += float(rest[np.arange(len(choice)), choice].sum())
    return _Best(kind, classes, score, total + float(np.logaddexp.reduce(rest, axis=1).sum()))


def _names(heard: Floats, kind: PlateFormat) -> tuple[tuple[int, ...], float, float]:
    """Province and district: the best, its score, and the weight of all."""
    listed = known_names(kind.grammar)
    scores = heard[np.arange(NAMES), listed].sum(axis=1) - np.log(len(listed))
    if kind.grammar is not MOTORCYCLE_OLD.grammar:
        best = int(scores.argmax())
        return tuple(listed[best].tolist()), float(scores[best]), float(np.logaddexp.reduce(scores))
    scores += np.log(1 - _UNLISTED)
    free, free_score, free_total = _unlisted(heard)
    best = int(scores.argmax())
    total = float(np.logaddexp(np.logaddexp.reduce(scores), free_total))
    if free_score > scores[best]:
        return free, free_score, total
    return tuple(listed[best].tolist()), float(scores[best]), total


def _unlisted(heard: Floats) -> tuple[tuple[int, ...], float, float]:
    """A known province with one to three syllables of any kind."""
    provinces = np.unique(known_names(MOTORCYCLE_OLD.grammar)[:, :2], axis=0)
    place = heard[[0, 1], provinces].sum(axis=1) - np.log(len(provinces))
    syllables = heard[2:, 11:] - np.log(CLASSES - 11)  # 1 to 10 are the digits
    found: list[tuple[float, float, tuple[int, ...]]] = []
    for count in (1, 2, 3):
        empty = heard[2 + count :, EMPTY].sum()
        score = syllables[:count].max(axis=1).sum() + empty
        total = np.logaddexp.reduce(syllables[:count], axis=1).sum() + empty
        district = (*(int(one) + 11 for one in syllables[:count].argmax(axis=1)), *([EMPTY] * (3 - count)))
        found.append((score, total, district))
    best = max(found)
    prior = np.log(_UNLISTED / 3)
    total = prior + np.logaddexp.reduce(place) + np.logaddexp.reduce([one[1] for one in found])
    return (*provinces[place.argmax()].tolist(), *best[2]), float(prior + place.max() + best[0]), float(total)


def _characters(heard: Floats, best: _Best) -> tuple[tuple[str, float], ...]:
    """Each character of the text with its share among those that may stand in its place."""
    table = permitted(best.kind.grammar).copy()
    table[:NAMES] = False
    for row in known_names(best.kind.grammar):
        table[np.arange(NAMES), row] = True
    table[np.arange(SLOTS), best.classes] = True
    masked = np.where(table, heard, -np.inf)
    shares = np.exp(masked - np.logaddexp.reduce(masked, axis=1, keepdims=True))
    return tuple((decode([one]), float(shares[slot, one])) for slot, one in enumerate(best.classes) if one != EMPTY)
