"""Where the characters of a plate stand: one slot for each, the same for every format.

`서울강남가1234` is 서울 | 강남_ | ___ | 가 | _ | 1234. Reads of one plate are compared slot by slot, so that a
character that one read misses does not shift the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.plate_formats import ALPHABET, PlateFormat, compact

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
EMPTY = 0  # the class of a slot without a character
CLASSES = len(ALPHABET) + 1


def encode(kind: PlateFormat, text: str) -> tuple[int, ...]:
    """The class of each slot: 0 is empty, n the n-th character of the alphabet.

    Raises:
        ValueError: the text is none of this format, or holds a character that no plate bears.
    """
    found = kind.grammar.fullmatch(compact(text))
    if found is None:
        raise ValueError(f"{text!r} is no {kind.name} plate")
    parts = found.groupdict(default="")
    slots = ""
    for name, count, side in GROUPS:
        part = parts.get(name, "")
        slots += part.rjust(count) if side == "right" else part.ljust(count)
    return tuple(EMPTY if one == " " else ALPHABET.index(one) + 1 for one in slots)


def decode(classes: Sequence[int]) -> str:
    """The text that these classes spell, empty slots left out."""
    return "".join(ALPHABET[one - 1] for one in classes if one != EMPTY)
