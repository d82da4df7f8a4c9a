"""Where the characters of a plate stand: one slot for each, the same for every format.

`서울강남가1234` is 서울 | 강남_ | ___ | 가 | _ | 1234. Reads of one plate are compared slot by slot, so that a
character that one read misses does not shift the others.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from pipeline.plate_formats import ALPHABET, DISTRICTS, FORMATS, PROVINCES, PlateFormat, draw_text

# group of the grammar, how many slots it has, and on which side it is filled up
GROUPS = (
    ("province", 2, "left"),
    ("district", 3, "left"),
    ("type", 3, "right"),
    ("use", 1, "left"),
    ("suffix", 1, "left"),
    ("serial", 4, "left"),
)
SLOTS = sum(count for _, count, _ in GROUPS)
_EXAMPLES = 3  # one alone may forbid what the grammar permits elsewhere: no 0 before a 0
EMPTY = 0  # the class of a slot without a character
CLASSES = len(ALPHABET) + 1


def encode(kind: PlateFormat, text: str) -> tuple[int, ...]:
    """The class of each slot: 0 is empty, n the n-th character of the alphabet.

    Raises:
        ValueError: the text is none of this format, or holds a character that no plate bears.
    """
    parts = kind.parts(text)
    slots = ""
    for name, count, side in GROUPS:
        part = parts.get(name, "")
        slots += part.rjust(count) if side == "right" else part.ljust(count)
    return _classes(slots)


def _classes(slots: str) -> tuple[int, ...]:
    """The class of each slot, where a space is an empty one."""
    return tuple(EMPTY if one == " " else ALPHABET.index(one) + 1 for one in slots)


def decode(classes: Sequence[int]) -> str:
    """The text that these classes spell, empty slots left out."""
    return "".join(ALPHABET[one - 1] for one in classes if one != EMPTY)


@cache
def permitted(grammar: re.Pattern[str]) -> npt.NDArray[np.bool_]:
    """Which classes may stand in which slot of a plate of this grammar, (SLOTS, CLASSES); names apart.

    Found by trying: whatever the grammar still takes in place of a character of an example may stand there. What
    it asks of several characters together (a province, a number above zero) it has to say of the whole text.
    """
    kind = next(one for one in FORMATS if one.grammar is grammar)
    table = np.zeros((SLOTS, CLASSES), np.bool_)
    for seed in range(_EXAMPLES):
        known = encode(kind, draw_text(kind, random.Random(seed)))  # noqa: S311 no secret
        for slot, one in enumerate(known):
            table[slot, one] = True
            for other in range(1, CLASSES) if one != EMPTY else ():
                tried = decode([*known[:slot], other, *known[slot + 1 :]])
                table[slot, other] |= grammar.fullmatch(tried) is not None
    return table


NAMES = 5  # the slots of province and district come first


@cache
def known_names(grammar: re.Pattern[str]) -> npt.NDArray[np.int64]:
    """The provinces, with their districts where the grammar has any, as classes (n, NAMES)."""
    if "province" not in grammar.groupindex:
        pairs = [("", "")]
    elif "district" not in grammar.groupindex:
        pairs = [(province, "") for province in PROVINCES]
    else:
        pairs = [(province, name) for province, names in DISTRICTS.items() for name in names]
    return np.array([_classes(province.ljust(2) + district.ljust(3)) for province, district in pairs])
