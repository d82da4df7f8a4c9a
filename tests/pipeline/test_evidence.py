from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.evidence import Recorder, out_of_looks
from pipeline.palette import ACCUSED
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Case, Outcome
from pipeline.video import Clip
from tests.factory import FRAME, case, write_clip

RED, GREEN, BLUE = (int(ACCUSED[place : place + 2], 16) for place in (1, 3, 5))


def accused_pixels(image: np.ndarray) -> int:
    """How many pixels have about the colour that marks the accused."""
    return int((np.abs(image.astype(int) - (BLUE, GREEN, RED)).max(axis=2) < 60).sum())


def record(settings: Settings, tmp_path: Path, one: Case) -> tuple[FileStore, str, str, str]:
    """A clip of 4 s at 10 fps, recorded: the store, the annotated video, the evidence clip and the picture."""
    settings = settings.model_copy(update={"evidence_margin_s": 0.5})
    path = write_clip(tmp_path / "clip.mp4", [index / 10 for index in range(40)])
    store = FileStore(settings.files)
    clip = Clip(path, settings.max_side)
    assert len(list(clip.frames())) == 40, "the first reading, which knows when each frame is"
    seen: list[float] = []
    recorder = Recorder(store, settings)
    video, (evidence,) = recorder.record(clip, [one.track], [one], lambda frame: seen.append(frame.time_s))
    assert len(seen) == 40
    return store, video, evidence.clip, evidence.picture


def test_a_violation_is_marked_in_the_video_and_has_a_short_clip(settings: Settings, tmp_path: Path) -> None:
    store, video, clip, picture = record(settings, tmp_path, case(frames=10))
    frames = list(Clip(store.path(video), 8192).frames())
    assert len(frames) == 40
    assert accused_pixels(frames[5].image) > 500
    assert accused_pixels(frames[30].image) == 0
    excerpt = list(Clip(store.path(clip), 8192).frames())
    assert excerpt[-1].time_s == pytest.approx(0.9 + 0.5, abs=0.01)
    image = cv2.imread(str(store.path(picture)))
    assert image is not None
    assert accused_pixels(np.asarray(image)) > 500


def test_frames_that_stage_1_passed_over_are_marked_as_well(settings: Settings, tmp_path: Path) -> None:
    one = case(frames=10)
    every_second = replace(one.track, sightings=one.track.sightings[::2])
    store, video, clip, _ = record(settings, tmp_path, replace(one, track=every_second, best=every_second.sightings[1]))
    for name in (video, clip):
        frames = list(Clip(store.path(name), 8192).frames())
        assert all(accused_pixels(frame.image) > 500 for frame in frames[:9]), name


def test_a_rejected_suspect_is_not_marked_as_accused(settings: Settings, tmp_path: Path) -> None:
    cleared = case(outcome=Outcome.REJECTED)
    helmets = tuple(replace(one, heads=()) for one in cleared.track.sightings)
    cleared = replace(cleared, track=replace(cleared.track, sightings=helmets))
    cleared = replace(cleared, best=helmets[5])
    store, video, clip, picture = record(settings, tmp_path, cleared)
    for name in (video, clip):
        assert all(accused_pixels(frame.image) < 50 for frame in Clip(store.path(name), 8192).frames()), name
    image = store.picture(picture)
    assert image is not None
    assert accused_pixels(image) < 50


def test_a_long_track_has_a_clip_of_bounded_length_around_its_best_moment(settings: Settings, tmp_path: Path) -> None:
    short = settings.model_copy(update={"evidence_max_s": 1.0})
    one = case(frames=40)
    one = replace(one, best=one.track.sightings[25])
    store, _, clip, _ = record(short, tmp_path, one)
    frames = list(Clip(store.path(clip), 8192).frames())
    assert frames[-1].time_s <= 1.0
    assert len(frames) >= 10


def test_large_frames_are_made_smaller(settings: Settings, tmp_path: Path) -> None:
    store, video, _, _ = record(settings.model_copy(update={"video_side": 480}), tmp_path, case())
    assert next(Clip(store.path(video), 8192).frames()).image.shape == (270, 480, 3)
    assert FRAME.shape == (540, 960, 3)


def test_where_the_frames_are_gone_the_best_look_is_the_picture_and_all_are_the_clip(settings: Settings) -> None:
    one, store = case(), FileStore(settings.files)
    looks = one.verdict.looks
    names = tuple(store.put_picture(np.full((100 + row, 80, 3), 50 * row, np.uint8)) for row in range(len(looks)))
    evidence = out_of_looks(replace(one, looks=names, best=looks[2].sighting), store)
    assert evidence.picture == evidence.crop == names[2]
    assert (evidence.picture_s, evidence.clip_start_s) == (looks[2].sighting.time_s, looks[0].sighting.time_s)
    assert len(list(Clip(store.path(evidence.clip), 8192).frames())) == len(looks)


def test_looks_whose_pictures_are_gone_are_named(settings: Settings) -> None:
    one = case()
    with pytest.raises(OSError, match=f"{one.looks[0]} is gone"):
        out_of_looks(one, FileStore(settings.files))
