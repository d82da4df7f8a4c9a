"""Renders the clips of samples/ and writes them down with their truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.types import CLASS_NAMES, Image
from scenes import bundle, film, record, render, shower, story
from scenes.dashcam import Dashcam
from scenes.story import FPS, Scenario
from scenes.world import World

SIZE = (1280, 720)
RATE = 2_100_000  # bits per second: 20 s stay below 6 MB


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A clip to render: its world, what films it, and the line of text in its pictures by second."""

    world: Callable[[Path], World]
    seconds: float
    scenarios: tuple[Scenario, ...]
    camera: Dashcam
    seed: int
    clock: Callable[[int], str]


SAMPLES = {
    "demo": Sample(story.world, story.SECONDS, story.SCENARIOS, Dashcam(*SIZE), story.SEED,
                   lambda second: f"2026-04-18 14:03:{12 + second:02d}  29KM/H  HELMET WATCH DEMO (RENDERED)"),
    "rain": Sample(shower.world, shower.SECONDS, shower.SCENARIOS, shower.WEATHER.camera, shower.SEED,
                   lambda second: f"2026-06-27 17:40:{31 + second:02d}  00KM/H  HELMET WATCH DEMO (RENDERED)"),
}  # fmt: skip


def make(sample: Sample, folder: Path, target: Path) -> None:
    """Render into `folder` (frames that exist there stay), then write `target` and its truth beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle.write(sample.world(folder), [n / FPS for n in range(round(sample.seconds * FPS))], folder)
    render.render(folder)
    assemble(sample, folder, target)


def assemble(sample: Sample, folder: Path, target: Path) -> None:
    """Clip and truth from rendered frames."""
    scene = json.loads((folder / "scene.json").read_text())
    frames: list[dict[str, Any]] = []

    def pictures() -> Iterator[Image]:
        for shot in film.shots(folder, sample.camera, sample.seed):
            frames.append(record.frame_of(shot))
            yield film.stamp(shot.image, sample.clock(int(shot.time_s)))

    target.parent.mkdir(parents=True, exist_ok=True)
    film.encode(pictures(), target, SIZE, FPS, RATE)
    target.with_suffix(".json").write_text(dump(truth(sample.scenarios, scene["riders"], frames)))


def truth(
    scenarios: tuple[Scenario, ...], riders: list[dict[str, Any]], frames: list[dict[str, Any]]
) -> dict[str, Any]:
    ids = {rider["name"]: rider["id"] for rider in riders}
    return {
        "violations": record.violations(riders, frames),
        "size": SIZE,
        "fps": FPS,
        "classes": list(CLASS_NAMES),
        "scenarios": [
            {
                "name": scenario.name,
                "start_s": scenario.start_s,
                "end_s": scenario.end_s,
                "riders": [ids[role.name] for role in scenario.roles],
            }
            for scenario in scenarios
        ],
        "riders": riders,
        "frames": frames,
    }


def dump(entries: dict[str, Any]) -> str:
    """JSON with one line per entry of a list: small, and a change shows where it is."""
    parts = []
    for key, value in entries.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in value)
            parts.append(f'"{key}": [\n{rows}\n]')
        else:
            parts.append(f'"{key}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
