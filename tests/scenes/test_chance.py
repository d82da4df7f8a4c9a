"""Streets by chance."""

from __future__ import annotations

from pathlib import Path

from scenes import chance
from scenes.chance import Wishes
from scenes.looks import Helmets


def test_a_wanted_weather_changes_nothing_of_who_is_there(tmp_path: Path) -> None:
    by_chance, any_weather = chance.scene(tmp_path, 5, 1, Wishes(Helmets.PLAIN, None, 0))
    wanted, given = chance.scene(tmp_path, 5, 1, Wishes(Helmets.PLAIN, chance.DUSK, 0))
    assert given is chance.DUSK
    assert given is not any_weather
    assert wanted.lamps != by_chance.lamps
    assert [one.people for one in wanted.things] == [one.people for one in by_chance.things]
