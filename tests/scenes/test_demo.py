"""The demo clip and its truth, as they lie in the repository. Needs no Blender."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from pipeline import plate_formats
from pipeline.types import CLASS_NAMES, Box

CLIP = Path(__file__).parents[2] / "samples" / "demo.mp4"


@cache
def truth() -> dict[str, Any]:
    entries: dict[str, Any] = json.loads(CLIP.with_suffix(".json").read_text(encoding="utf-8"))
    return entries


pytestmark = pytest.mark.skipif(len(truth()["scenarios"]) < 7, reason="only the first scenarios are rendered yet")


def riders() -> dict[int, dict[str, Any]]:
    return {rider["id"]: rider for rider in truth()["riders"]}


def seen() -> list[tuple[float, dict[str, Any]]]:
    """Every rider in every frame, with the frame's time."""
    return [(frame["time_s"], rider) for frame in truth()["frames"] for rider in frame["riders"]]


def test_the_clip_is_what_the_truth_describes() -> None:
    with av.open(str(CLIP)) as file:
        stream = file.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert [stream.width, stream.height] == truth()["size"] == [1280, 720]
        times = [frame.time for frame in file.decode(stream)]
    assert times == pytest.approx([frame["time_s"] for frame in truth()["frames"]], abs=1e-3)
    assert 18 <= times[-1] <= 22
    assert CLIP.stat().st_size <= 6_000_000
    assert tuple(truth()["classes"]) == CLASS_NAMES


def test_boxes_lie_in_the_picture() -> None:
    width, height = truth()["size"]
    for _, rider in seen():
        for entry in (rider, *rider["heads"], *filter(None, [rider["plate"]])):
            x1, y1, x2, y2 = entry["box"]
            assert 0 <= x1 < x2 <= width
            assert 0 <= y1 < y2 <= height
            assert 0 <= entry["hidden"] <= 1


def test_heads_and_plates_have_a_rider() -> None:
    for _, rider in seen():
        people = riders()[rider["rider"]]["people"]
        whole = Box(*rider["box"])
        for head in rider["heads"]:
            assert head["helmet"] is people[head["person"]]["helmet"]
            assert Box(*head["box"]).inside(whole) == pytest.approx(1)
        persons = [head["person"] for head in rider["heads"]]
        assert len(persons) == len(set(persons))
        if rider["plate"]:
            assert Box(*rider["plate"]["box"]).inside(whole) == pytest.approx(1)


def test_plates_fit_their_formats_and_both_are_there() -> None:
    kinds = set()
    for rider in riders().values():
        kind = plate_formats.identify(rider["plate"])
        assert kind in plate_formats.MOTORCYCLES
        assert kind.name == rider["format"]
        kinds.add(kind.name)
    assert len(kinds) == 2


def test_a_violation_is_a_rider_with_a_bare_head_in_sight() -> None:
    entries = truth()["violations"]
    assert entries == sorted(entries, key=lambda entry: entry["start_s"])
    bare = {number for number, rider in riders().items() if not all(p["helmet"] for p in rider["people"])}
    assert [entry["rider"] for entry in entries] == sorted(bare)
    for entry in entries:
        assert entry["plate"] == riders()[entry["rider"]]["plate"]
        times = [
            time
            for time, rider in seen()
            if rider["rider"] == entry["rider"] and any(not head["helmet"] for head in rider["heads"])
        ]
        assert min(times) <= entry["start_s"] < entry["end_s"] <= max(times)


def test_every_scenario_is_there() -> None:
    names = [scenario["name"] for scenario in truth()["scenarios"]]
    assert len(names) == len(set(names)) == 7
    for scenario in truth()["scenarios"]:
        during = {r["rider"] for time, r in seen() if scenario["start_s"] <= time <= scenario["end_s"]}
        assert set(scenario["riders"]) <= during


def test_one_rider_is_hidden_for_about_a_second_and_comes_back() -> None:
    (scenario,) = (s for s in truth()["scenarios"] if "bus" in s["name"])
    (number,) = scenario["riders"]
    times = [time for time, rider in seen() if rider["rider"] == number and rider["hidden"] < 0.6]
    gap = max(after - before for before, after in pairwise(times))
    assert 0.7 <= gap <= 1.8


def test_two_riders_overlap_and_the_bare_one_is_behind() -> None:
    (scenario,) = (s for s in truth()["scenarios"] if "overlapping" in s["name"])
    front, behind = scenario["riders"]
    assert all(person["helmet"] for person in riders()[front]["people"])
    shared = 0
    for frame in truth()["frames"]:
        boxes = {rider["rider"]: rider for rider in frame["riders"]}
        if front in boxes and behind in boxes:
            heads = [Box(*head["box"]) for head in boxes[behind]["heads"]]
            shared += any(head.inside(Box(*boxes[front]["box"])) > 0.5 for head in heads)
    assert shared >= 5


def test_no_frame_shows_the_last_plate_whole() -> None:
    (scenario,) = (s for s in truth()["scenarios"] if "plate" in s["name"])
    (number,) = scenario["riders"]
    hidden = [rider["plate"]["hidden"] for _, rider in seen() if rider["rider"] == number and rider["plate"]]
    assert len(hidden) >= 15
    assert min(hidden) > 0.02
