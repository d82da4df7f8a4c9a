"""Who rides in the demo clip: what they wear, which way they go, what stands on their plates."""

from __future__ import annotations

from dataclasses import dataclass, field

from scenes.bikes import Bike
from scenes.bodywork import Kind
from scenes.heads import Hair, Head, Wear
from scenes.paths import Look, Path, follow, glance, oncoming, swing
from scenes.people import Person


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    name: str
    plate: str
    bike: Bike
    people: tuple[Person, ...]
    path: Path
    looks: dict[str, Look] = field(default_factory=dict)


BLACK = (0.035, 0.03, 0.03)
BROWN = (0.2, 0.12, 0.07)

COURIER = Role(
    "courier",
    "서울마포나4182",
    Bike(Kind.SCOOTER, (0.2, 0.22, 0.25)),
    (
        Person(
            Head(Wear.FULL_FACE, wear_colour=(0.92, 0.92, 0.92), stripe=(0.1, 0.6, 0.55)),
            top=(0.12, 0.14, 0.17),
        ),
    ),
    follow((0, 4.6, -7.1), (1.2, 5.2, -7.0), (2.2, 8, -6.2), (3.4, 17, -4.6), (6, 50, -4.5), until=7),
)
BARE = Role(
    "bare",
    "3다76519",
    Bike(Kind.NAKED, (0.65, 0.06, 0.05)),
    (Person(Head(hair=Hair.PARTED, hair_colour=BROWN), top=(0.62, 0.66, 0.7), trousers=(0.16, 0.2, 0.3)),),
    follow(
        (2.0, 0.5, -4.4), (2.8, 4.0, -5.4), (3.4, 4.7, -6.4), (4.6, 5.2, -6.9), (5.4, 8.5, -6.2),
        (6.6, 20, -4.6), (9, 60, -4.5), until=9,
    ),
    {"head0": glance((2.6, 0), (3.2, -0.5), (4.0, -1.0), (4.5, -0.9), (5.0, 0))},
)  # fmt: skip
FRONT = Role(
    "front",
    "경기부천하2075",
    Bike(Kind.UNDERBONE, (0.1, 0.22, 0.5)),
    (Person(Head(Wear.OPEN_FACE, wear_colour=(0.85, 0.2, 0.1)), top=(0.1, 0.1, 0.1), build=1.1),),
    follow(
        (2.0, 40, -7.4), (5.6, 10, -7.4), (6.6, 6.4, -7.3), (7.6, 6.0, -7.5), (8.4, 5.0, -8.2),
        (9.4, 1.5, -8.7), (10, -2, -8.7), until=10,
    ),
)  # fmt: skip
HIDDEN = Role(
    "hidden",
    "7구48362",
    Bike(Kind.SCOOTER, (0.75, 0.72, 0.65)),
    (
        Person(
            Head(hair=Hair.SHORT, hair_colour=BLACK, skin=(0.85, 0.66, 0.54)),
            top=(0.75, 0.75, 0.72),
            short_sleeves=True,
        ),
    ),
    follow(
        (2.0, 43, -6.9), (5.6, 13, -6.9), (6.6, 9.0, -6.9), (7.8, 8.6, -7.0), (8.6, 6.0, -6.6),
        (9.4, 4.8, -6.6), (10.2, 9, -5.6), (12, 34, -4.5), until=13,
    ),
    {"head0": glance((6.0, 0), (6.8, 0.8), (7.6, 0.9), (8.2, 0.2), (9.0, -0.6), (9.6, 0))},
)  # fmt: skip
COUPLE = Role(
    "couple",
    "5로24907",
    Bike(Kind.SCOOTER, (0.1, 0.1, 0.12), windscreen=True),
    (
        Person(Head(Wear.OPEN_FACE, wear_colour=(0.9, 0.9, 0.88)), top=(0.25, 0.3, 0.4)),
        Person(
            Head(hair=Hair.PARTED, hair_colour=BROWN, skin=(0.88, 0.7, 0.6)),
            top=(0.85, 0.8, 0.72),
            height=1.63,
        ),
    ),
    follow(
        (10.2, 0.0, -4.5), (11.2, 3.8, -5.6), (12.0, 4.5, -6.4), (13.2, 5.0, -6.8), (14.0, 9, -5.8),
        (15.4, 30, -4.5), (17, 60, -4.5), until=17,
    ),
    {"head1": glance((11, 0), (11.8, -0.7), (12.6, -1.0), (13.2, 0.3), (13.8, 0.9))},
)  # fmt: skip
BEHIND_BUS = Role(
    "bus",
    "인천부평너3918",
    Bike(Kind.UNDERBONE, (0.75, 0.55, 0.1)),
    (Person(Head(hair=Hair.SHORT, hair_colour=(0.06, 0.05, 0.045), glasses=True), top=(0.8, 0.25, 0.15)),),
    follow(
        (11.6, 34, -2.0), (13.2, 13, -2.2), (14.2, 11.5, -2.3), (16.0, 11.5, -2.6), (16.8, 7, -5.2),
        (17.5, 4.3, -6.5), (18.0, 4.2, -6.5), (18.8, 9, -5.6), (20, 26, -4.5),
    ),
    {"head0": glance((13, -0.6), (14.2, -0.9), (15.8, -0.3), (16.6, 0.4), (17.4, -0.8), (18.0, 0))},
)  # fmt: skip
STRAP = Role(
    "strap",
    "2수86371",
    Bike(Kind.SCOOTER, (0.3, 0.45, 0.4), strap=True),
    (Person(Head(hair=Hair.PARTED, hair_colour=BLACK, mask=True), top=(0.45, 0.5, 0.3), bag=(0.15, 0.15, 0.18)),),
    follow((15.0, 30, -8.2), (16.8, 11, -8.2), (17.8, 6.6, -8.3), (18.6, 5.2, -8.0), (20, 4.6, -7.6)),
    {
        "head0": glance((17, 0), (18.0, 0.7), (18.8, 1.0), (19.6, 0.2)),
        "strap": swing(1.3, 0.32),
    },
)

# comes the other way, and has nothing to be accused of
DELIVERY = Role(
    "delivery",
    "경기성남타6604",
    Bike(Kind.UNDERBONE, (0.85, 0.85, 0.85), box=(0.1, 0.65, 0.6), windscreen=True),
    (Person(Head(Wear.OPEN_FACE, wear_colour=(0.1, 0.1, 0.12)), top=(0.1, 0.45, 0.42), gloves=True),),
    oncoming(95, 9, 1.6),
)

CAST = (COURIER, BARE, FRONT, HIDDEN, COUPLE, BEHIND_BUS, STRAP, DELIVERY)
