"""How people and machines look by chance: colours, clothes, hair, and what is on the head."""

from __future__ import annotations

import random
from dataclasses import replace
from enum import StrEnum

from scenes.heads import HELMETS, Hair, Head, Wear
from scenes.models import Colour
from scenes.people import Person

OUTFITS = (
    (0.05, 0.05, 0.06), (0.85, 0.85, 0.85), (0.2, 0.25, 0.4), (0.45, 0.45, 0.47), (0.5, 0.12, 0.12),
    (0.15, 0.35, 0.25), (0.75, 0.65, 0.3), (0.3, 0.22, 0.16), (0.6, 0.7, 0.85), (0.85, 0.5, 0.15),
    (0.75, 0.55, 0.6),
)  # fmt: skip
PAINTS = (
    (0.9, 0.9, 0.9), (0.04, 0.04, 0.05), (0.6, 0.6, 0.62), (0.25, 0.26, 0.28), (0.6, 0.05, 0.05),
    (0.08, 0.15, 0.45), (0.75, 0.7, 0.6), (0.1, 0.35, 0.3),
)  # fmt: skip
SHOES = ((0.85, 0.85, 0.85), (0.06, 0.06, 0.06), (0.35, 0.2, 0.12))
SKINS = ((0.86, 0.68, 0.57), (0.80, 0.60, 0.48), (0.72, 0.52, 0.40), (0.55, 0.38, 0.28))
HAIR_COLOURS: dict[Colour, int] = {
    (0.035, 0.03, 0.03): 8,
    (0.06, 0.05, 0.045): 4,
    (0.12, 0.07, 0.045): 3,
    (0.22, 0.13, 0.08): 2,
    (0.45, 0.45, 0.46): 2,
    (0.55, 0.38, 0.18): 1,
}
HAIR = {Hair.SHORT: 8, Hair.PARTED: 5, Hair.LONG: 3, Hair.TAIL: 2, Hair.BUN: 1, Hair.BALD: 1}
BARE = {Wear.NOTHING: 12, Wear.CAP: 3, Wear.HOOD: 1, Wear.BEANIE: 1}
PALE = ((0.92, 0.92, 0.90), (0.80, 0.74, 0.62), (0.72, 0.62, 0.50), (0.62, 0.62, 0.60), (0.85, 0.80, 0.70))
DARK = ((0.02, 0.02, 0.02), (0.06, 0.05, 0.045), (0.10, 0.07, 0.05), (0.05, 0.06, 0.10), (0.16, 0.16, 0.17))


class Helmets(StrEnum):
    """What riders wear who wear a helmet: of all kinds, or such as training takes for hair."""

    ANY = "any"
    BLACK_HALF = "black-half"
    PLAIN = "plain"


def person(dice: random.Random, helmet: bool) -> Person:
    """Somebody, with a helmet or with something on the head that is none."""
    wear = dice.choice(HELMETS) if helmet else dice.choices(tuple(BARE), tuple(BARE.values()))[0]
    head = Head(
        wear=wear,
        hair=dice.choices(tuple(HAIR), tuple(HAIR.values()))[0],
        skin=near(dice, dice.choice(SKINS), 0.04),
        hair_colour=near(dice, dice.choices(tuple(HAIR_COLOURS), tuple(HAIR_COLOURS.values()))[0], 0.015),
        wear_colour=near(dice, dice.choice(PAINTS if helmet else OUTFITS), 0.05),
        stripe=dice.choice(PAINTS) if dice.random() < 0.25 else None,
        glasses=dice.random() < 0.25,
        mask=dice.random() < 0.2,
        visor_up=dice.random() < 0.3,
    )
    return Person(
        head=head,
        top=near(dice, dice.choice(OUTFITS), 0.06),
        trousers=near(dice, dice.choice(OUTFITS), 0.05),
        shoes=dice.choice(SHOES),
        gloves=dice.random() < 0.3,
        bag=near(dice, dice.choice(OUTFITS), 0.05) if dice.random() < 0.15 else None,
        short_sleeves=dice.random() < 0.3,
        build=dice.uniform(0.88, 1.18),
        height=dice.gauss(1.69, 0.07),
    )


def with_black_half_helmet(one: Person) -> Person:
    """The same person; a helmet of any kind becomes a black half helmet."""
    if not one.head.helmet:
        return one
    red, green, blue = (0.01 + 0.03 * c for c in one.head.wear_colour)
    return replace(one, head=replace(one.head, wear=Wear.HALF, wear_colour=(red, green, blue), stripe=None))


def with_plain_helmet(dice: random.Random, one: Person) -> Person:
    """The same person; a helmet becomes a pale or dark one without stripes, more often one that hides the face."""
    if not one.head.helmet:
        return one
    wear = dice.choices((Wear.FULL_FACE, Wear.OPEN_FACE, Wear.HALF), (5, 3, 2))[0]
    colour = near(dice, dice.choice(PALE if dice.random() < 0.5 else DARK), 0.02)
    return replace(one, head=replace(one.head, wear=wear, wear_colour=colour, stripe=None))


def on_foot(dice: random.Random) -> Person:
    """Somebody who does not ride; few carry a helmet on the head."""
    return person(dice, dice.random() < 0.06)


def rider(dice: random.Random, helmet: bool, helmets: Helmets) -> Person:
    """Somebody on a motorcycle."""
    one = person(dice, helmet)
    match helmets:
        case Helmets.BLACK_HALF:
            return with_black_half_helmet(one)
        case Helmets.PLAIN:
            return with_plain_helmet(dice, one)
        case Helmets.ANY:
            return one


def near(dice: random.Random, colour: Colour, spread: float) -> Colour:
    """A colour like this one."""
    red, green, blue = (min(max(c + dice.gauss(0, spread), 0.01), 0.97) for c in colour)
    return red, green, blue
