"""Renders the demo clip and writes it down with its truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.types import CLASS_NAMES, Image
from scenes import bundle, film, record, render, story
from scenes.dashcam import Dashcam

SIZE = (1280, 720)
RATE = 2_100_000  # bits per second: 20 s stay below 6 MB
CLOCK = "2026-04-18 14:03:{:02d}  29KM/H  HELMET WATCH DEMO (RENDERED)"


def make(folder: Path, target: Path, times: list[float]) -> None:
    """Render into `folder` (frames that exist there stay), then write `target` and its truth beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle.write(story.world(folder), times, folder)
    render.render(folder)
    assemble(folder, target)


def assemble(folder: Path, target: Path) -> None:
    """Clip and truth from rendered frames."""
    scene = json.loads((folder / "scene.json").read_text())
    frames: list[dict[str, Any]] = []

    def pictures() -> Iterator[Image]:
        for shot in film.shots(folder, Dashcam(*SIZE), story.SEED):
            frames.append(record.frame_of(shot))
            yield film.stamp(shot.image, CLOCK.format(12 + int(shot.time_s)))

    target.parent.mkdir(parents=True, exist_ok=True)
    film.encode(pictures(), target, SIZE, story.FPS, RATE)
    target.with_suffix(".json").write_text(dump(truth(scene["riders"], frames)))


def truth(riders: list[dict[str, Any]], frames: list[dict[str, Any]]) -> dict[str, Any]:
    ids = {rider["name"]: rider["id"] for rider in riders}
    return {
        "violations": record.violations(riders, frames),
        "size": SIZE,
        "fps": story.FPS,
        "classes": list(CLASS_NAMES),
        "scenarios": [
            {
                "name": scenario.name,
                "start_s": scenario.start_s,
                "end_s": scenario.end_s,
                "riders": [ids[role.name] for role in scenario.roles],
            }
            for scenario in story.SCENARIOS
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
