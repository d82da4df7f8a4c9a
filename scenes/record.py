"""Writes the truth down: as JSON for a clip or a frame, as YOLO labels for training."""

from __future__ import annotations

from typing import Any

import yaml

from pipeline.training.labels import IGNORED_NAMES, label_lines
from pipeline.types import CLASS_NAMES, Box
from scenes.film import Shot
from scenes.truth import MOST_HIDDEN, Seen, SeenHead, SeenRider, labels

# a bare head accuses its rider while a person could tell: so many pixels high, at least half of it in sight,
# and not for a glimpse only
LEAST_HEAD = 16.0
LEAST_FRAMES = 5


def frame_of(shot: Shot) -> dict[str, Any]:
    """One frame: every rider that can be seen, with its heads and its plate.

    Boxes are x1, y1, x2, y2 in pixels.
    """
    return {"time_s": round(shot.time_s, 4), "riders": [_rider(rider) for rider in shot.riders]}


def violations(riders: list[dict[str, Any]], frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One entry per rider with a bare head that can be seen, from its first sight to its last, by time."""
    plates = {rider["id"]: rider["plate"] for rider in riders}
    seen: dict[int, list[float]] = {}
    for frame in frames:
        for rider in frame["riders"]:
            if any(_accuses(head) for head in rider["heads"]):
                seen.setdefault(rider["rider"], []).append(frame["time_s"])
    entries = [
        {"rider": rider, "start_s": times[0], "end_s": times[-1], "plate": plates[rider]}
        for rider, times in seen.items()
        if len(times) >= LEAST_FRAMES
    ]
    return sorted(entries, key=lambda entry: entry["start_s"])


def yolo(shot: Shot, dark: bool) -> str:
    """The labels of one frame as training wants them, ignored regions among them."""
    height, width = shot.image.shape[:2]
    return label_lines(labels(shot.riders, dark), width, height)


def data_yaml() -> str:
    """What ultralytics wants to know of a data set in this order of classes."""
    names = dict(enumerate(CLASS_NAMES + IGNORED_NAMES))
    return yaml.safe_dump({"path": ".", "train": "images", "val": "images", "names": names}, sort_keys=False)


def _accuses(head: dict[str, Any]) -> bool:
    _, top, _, bottom = head["box"]
    return not head["helmet"] and head["hidden"] <= MOST_HIDDEN and bottom - top >= LEAST_HEAD


def _rider(rider: SeenRider) -> dict[str, Any]:
    plate = _seen(rider.plate) if rider.plate else None
    return {
        "rider": rider.rider,
        **_seen(rider.seen),
        "heads": [_head(head) for head in rider.heads],
        "plate": plate,
    }


def _head(head: SeenHead) -> dict[str, Any]:
    return {"person": head.person, "helmet": head.helmet, **_seen(head.seen)}


def _seen(seen: Seen) -> dict[str, Any]:
    return {"box": _box(seen.box), "hidden": round(seen.hidden, 2)}


def _box(box: Box) -> list[float]:
    return [round(value, 1) for value in box.as_tuple()]
