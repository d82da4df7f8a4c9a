"""The colours of the theme are those of the classes, and can be read and told apart."""

import tomllib
from collections.abc import Sequence

import pytest

from pipeline.palette import ACCUSED, AGREED, CLEARED, COLORS, DISAGREED
from pipeline.settings import ROOT

THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
WHITE, DARK = "#FFFFFF", "#171614"  # Streamlit's own backgrounds
SIDEBAR, DARK_SIDEBAR = "#F8F8F7", "#21201D"
PALE = "#EDEBE8"  # its own letters in the dark


def linear(color: str) -> list[float]:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def light(color: Sequence[float]) -> float:
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2: from 1 to 21."""
    dark, bright = sorted((light(linear(one)), light(linear(other))))
    return (bright + 0.05) / (dark + 0.05)


def test_the_theme_has_the_colours_of_the_classes() -> None:
    colors = [THEME[f"{name}Color"] for name in ("red", "green", "blue", "violet")]
    assert colors == [ACCUSED, CLEARED, AGREED, DISAGREED]


@pytest.mark.parametrize(("theme", "ground"), [("light", WHITE), ("dark", DARK)])
def test_coloured_letters_can_be_read(theme: str, ground: str) -> None:
    for name in ("red", "green", "blue", "violet"):
        assert contrast(THEME[theme][f"{name}TextColor"], ground) >= 4.5, name


def mixed(color: str, ground: str, share: float) -> str:
    """A colour of which only a share covers the ground."""
    pairs = ((int(color[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * one + (1 - share) * other):02X}" for one, other in pairs)


@pytest.mark.parametrize(("theme", "grounds"), [("light", (WHITE, SIDEBAR)), ("dark", (DARK, DARK_SIDEBAR))])
def test_captions_and_what_is_chosen_can_be_read(theme: str, grounds: Sequence[str]) -> None:
    letters, primary = THEME[theme].get("textColor", PALE), THEME[theme]["primaryColor"]
    for ground in grounds:
        assert contrast(mixed(letters, ground, 0.6), ground) >= 4.5
        assert contrast(primary, mixed(primary, ground, 0.1)) >= 4.5


# Viénot, Brettel and Mollon 1999: how red-blind and green-blind people see linear RGB
BLIND = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_colour_blind_people_tell_the_classes_apart(kind: str) -> None:
    seen = [
        [sum(weight * part for weight, part in zip(row, linear(color), strict=True)) for row in BLIND[kind]]
        for color in COLORS.values()
    ]
    for place, one in enumerate(seen):
        for other in seen[:place]:
            assert max(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.08
