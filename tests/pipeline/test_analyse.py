"""The flow end to end, with the real models, on the rendered demo clip whose truth is known, and on real clips."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any

import pytest

from pipeline.analyse import analyse
from pipeline.errors import CancelledError, ClipError, WeightsError
from pipeline.plates import PlateReader
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import (
    Analysis,
    Box,
    Case,
    Detection,
    Frame,
    Label,
    Outcome,
    PlateFound,
    Progress,
    Sighting,
    Track,
)
from pipeline.video import Clip
from tests.factory import head_of, rider, stamped, write_clip
from tests.samples import DEMO, RAIN, Analysed
from tests.streaming import BARE_RIDER, looped


def violations(analysis: Analysis) -> list[Case]:
    return [case for case, _ in analysis.cases if case.confirmed]


def rider_of(sighting: Sighting, truth: dict[str, Any]) -> int | None:
    """Whom the truth has where this sighting has its rider; None where it has nobody."""
    frame = min(truth["frames"], key=lambda one: abs(one["time_s"] - sighting.time_s))
    best = max(frame["riders"], key=lambda one: Box(*one["box"]).iou(sighting.box))
    return int(best["rider"]) if Box(*best["box"]).iou(sighting.box) > 0.5 else None


def midway(track: Track) -> Sighting:
    """The sighting in the middle of a track."""
    return track.sightings[len(track.sightings) // 2]


def test_the_demo_clip_gives_its_violations_and_no_other(demo: Analysed) -> None:
    truth = json.loads(DEMO.with_suffix(".json").read_text())
    plates = {true["rider"]: true["plate"] for true in truth["violations"]}
    analysis, settings = demo.analysis, demo.settings
    found = violations(analysis)
    assert Counter(rider_of(case.best, truth) for case in found) == Counter([*plates])
    read = {rider_of(case.best, truth): case.reading.text for case in found if case.reading and case.reading.readable}
    assert all(text == plates[rider] for rider, text in read.items()), "a plate that cannot be read is not guessed"
    assert len(read) >= 3
    long = [rider_of(midway(one), truth) for one in analysis.tracks if len(one.sightings) >= settings.min_sightings]
    assert long.count(None) == 1, "the pedestrian before a parked motorcycle"
    riders = [one for one in long if one is not None]
    assert sorted(riders) == sorted({*riders}), "one id per rider, the one behind the bus too"
    store = FileStore(settings.files)
    assert len(list(Clip(store.path(analysis.video), 8192).frames())) == analysis.frames
    for case, evidence in analysis.cases:
        assert all(store.path(name).is_file() for name in (evidence.picture, evidence.crop, evidence.clip, *case.looks))
    fractions = [fraction for fraction, _ in demo.reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.95
    assert any(shown for _, shown in demo.reports)


def test_riders_of_two_scenes_that_are_cut_together_are_two_cases(settings: Settings, tmp_path: Path) -> None:
    """Both are in the same place and alike: they were one violation, with the picture of one and the other's plate."""
    frames = list(Clip(DEMO, 8192).frames())
    scenes = [one.image for one in (*frames[170:195], *frames[60:85])]
    clip = write_clip(tmp_path / "cut.mp4", [row / 15 for row in range(50)], scenes.__getitem__)
    analysis = analyse(clip, settings)
    sides = [{one.frame < 25 for one in case.track.sightings} for case in violations(analysis)]
    assert {True} in sides
    assert {False} in sides
    assert {True, False} not in sides
    assert all(one.end_s < 25 / 15 or one.start_s > 24 / 15 for one in analysis.tracks)


def test_a_black_helmet_that_stage_1_takes_for_hair_is_no_violation(settings: Settings) -> None:
    analysis = analyse(RAIN, settings)
    assert analysis.cases, "stage 1 suspects the rider"
    assert not violations(analysis)


def test_a_cancelled_analysis_ends_at_the_next_frame(settings: Settings) -> None:
    cancelled = Event()
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        cancelled.set()

    with pytest.raises(CancelledError):
        analyse(DEMO, settings, report, cancelled)
    assert len(seen) == 1


def test_a_bad_clip_and_bad_weights_are_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no such file"):
        analyse(tmp_path / "missing.mp4", settings)


def test_where_stage_2_fails_nobody_waits_for_the_rest_of_the_clip(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sees:
        """A bare-headed rider, in the first second only."""

        def __init__(self, *_: object) -> None:
            pass

        def look(self, frame: Frame) -> tuple[Detection, ...]:
            one = rider()
            return (one, head_of(one, Label.WITHOUT_HELMET)) if frame.time_s < 1 else ()

    failed = Event()

    def broken(*_: object) -> None:
        failed.set()
        raise WeightsError("altered")

    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) > 40:  # the rider is gone
            assert failed.wait(240)
            sleep(0.05)

    monkeypatch.setattr("pipeline.analyse.Detector", Sees)
    monkeypatch.setattr("pipeline.analyse.Verifier", broken)
    with pytest.raises(WeightsError, match="altered"):
        analyse(write_clip(tmp_path / "a.mp4", [index / 10 for index in range(100)]), settings, report)
    assert len(seen) < 100


def test_a_clip_with_nobody_in_it_brings_a_video_and_no_case(settings: Settings, tmp_path: Path) -> None:
    analysis = analyse(write_clip(tmp_path / "empty.mp4", [0.0, 0.1, 0.2]), settings)
    assert (analysis.cases, analysis.tracks, analysis.frames) == ((), (), 3)
    assert analysis.warning is None


def bare_rider(folder: Path) -> Path:
    """A clip with one violation."""
    frames = list(islice(looped(DEMO), *BARE_RIDER))
    return write_clip(folder / "a.mp4", [index / 10 for index in range(len(frames))], frames.__getitem__)


def test_a_violation_whose_plate_cannot_be_read_is_kept(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> PlateFound:
        raise RuntimeError("no memory")

    monkeypatch.setattr(PlateReader, "read", fails)
    analysis = analyse(bare_rider(tmp_path), settings)
    (violation,) = violations(analysis)
    assert violation.reading is None
    assert violation.plate is not None
    assert analysis.warning == "number plates: 1 could not be read, the log has more"


def test_an_analysis_that_ends_before_its_time_leaves_no_capture(settings: Settings, tmp_path: Path) -> None:
    cancelled = Event()
    captures: list[Path] = []

    def report(progress: Progress) -> None:
        if progress.stage == "evidence":
            captures.extend(settings.files.glob("*/*.png"))
            cancelled.set()

    with pytest.raises(CancelledError):
        analyse(bare_rider(tmp_path), settings.model_copy(update={"ocr_url": "http://there"}), report, cancelled)
    assert captures
    assert not any(capture.exists() for capture in captures)


def test_damaged_timestamps_are_told_where_they_are_many(settings: Settings, tmp_path: Path) -> None:
    stamps = [index / 30 + (3600 if index % 10 == 5 else 0) for index in range(40)]
    analysis = analyse(stamped(tmp_path / "a.mkv", stamps), settings)
    assert analysis.frames == 36
    assert analysis.warning == "frames with damaged timestamps: 4 were left out"


def test_holes_in_a_film_are_told(settings: Settings, tmp_path: Path) -> None:
    times = [index / 10 + sum(3.0 for start in (10, 20) if index >= start) for index in range(30)]
    analysis = analyse(write_clip(tmp_path / "a.mp4", times), settings)
    assert analysis.warning == "the film has holes: for 6.2 s it holds no picture, first from 0.9 s on"


@pytest.mark.parametrize(("name", "count"), [("campus_rear", 0), ("portrait_two_up", 1), ("campus_pillion", 1)])
def test_real_clips(settings: Settings, shared_clips: Path, name: str, count: int) -> None:
    analysis = analyse(shared_clips / f"{name}.mp4", settings)
    found = violations(analysis)
    assert len(found) == count, [(one.track.start_s, one.best.box) for one in found]
    assert {case.verdict.outcome for case, _ in analysis.cases if not case.confirmed} <= {
        Outcome.REJECTED,
        Outcome.UNSURE,
    }
