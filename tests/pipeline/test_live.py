"""The live flow on the demo clip, with the real models."""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import av
import numpy as np
import pytest

from pipeline.case import capture_plate
from pipeline.detect import Detector
from pipeline.live import Watch, _write, record
from pipeline.plate_weights import CORNERS
from pipeline.ring import Ring
from pipeline.settings import ROOT, Settings
from pipeline.source import Keeper, Source, ToWrite
from pipeline.store import FileStore
from pipeline.types import Case, Detection, Evidence, Frame, Image, Outcome, Says, Sighting, Track, Verdict
from pipeline.video import Clip
from tests import factory
from tests.factory import FRAME
from tests.streaming import BARE_RIDER, looped

DEMO = ROOT / "samples" / "demo.mp4"
STREET = [False, True]  # of its suspects whether they are accused: a red helmet far ahead, and the bare rider
needs_demo = pytest.mark.skipif(not DEMO.is_file(), reason="no demo clip")


class Found(Keeper):
    def __init__(self, fails: bool = False) -> None:
        self.cases: list[tuple[Case, Evidence]] = []
        self.tracks: list[Track] = []
        self._fails = fails

    @property
    def violations(self) -> list[tuple[Case, Evidence]]:
        """Without the suspects whom stage 2 lets go."""
        return [(case, evidence) for case, evidence in self.cases if case.confirmed]

    @property
    def fates(self) -> list[bool]:
        """Of every suspect whether it is accused, those first who are let go."""
        return sorted(case.confirmed for case, _ in self.cases)

    def keep_track(self, track: Track) -> None:
        self.tracks.append(track)

    def keep_case(self, case: Case, evidence: Evidence) -> None:
        if self._fails:
            raise OSError("no room")
        self.cases.append((case, evidence))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes a source waits until all is judged and kept, however slow the machine is."""
    monkeypatch.setattr("pipeline.source._PATIENCE_S", 300.0)


@pytest.fixture
def watch(settings: Settings) -> Iterator[Watch]:
    before = {thread.name for thread in threading.enumerate()}
    watch = Watch(settings)
    yield watch
    watch.close()
    left = {thread.name for thread in threading.enumerate()} - before
    assert not {name for name in left if name.startswith(("watch", "verify", "evidence"))}


def play(source: Source, pictures: Iterator[Image], fps: float = 10, patient: bool = True) -> None:
    """Put pictures in at their speed; `patient`: or as fast as the analysis takes them, so that none is skipped."""
    for index, image in enumerate(pictures):
        source.put(Frame(index, index / fps if patient else source.now_s(), image))
        until = time.monotonic() + 120
        while patient and source.wants_attention and time.monotonic() < until:
            time.sleep(0.005)
        if not patient:
            time.sleep(1 / fps)


def street(seconds: float) -> Iterator[Image]:
    """Of the demo clip the frames with the first bare-headed rider, then grey ones."""
    frames = list(islice(looped(DEMO), *BARE_RIDER))
    return chain(frames, repeat(np.full_like(frames[0], 128), round(seconds * 10) - len(frames)))


def watched(settings: Settings, pictures: Iterator[Image]) -> tuple[Source, Found]:
    """A source from its first picture to its end, and what was found in it."""
    watch, found = Watch(settings), Found()
    source = watch.open(found)
    play(source, pictures)
    source.close()
    watch.close()
    return source, found


@needs_demo
def test_the_violation_of_the_demo_has_evidence_as_in_a_file(watch: Watch, settings: Settings) -> None:
    found = Found()
    source = watch.open(found)
    play(source, street(7.0))
    until = time.monotonic() + 240
    while not found.violations and time.monotonic() < until:
        time.sleep(0.05)
    assert len(found.violations) == 1, "while the stream still runs"
    case, evidence = found.violations[0]
    assert source.figures().violations == 1
    store = FileStore(settings.files)
    assert all(store.path(name).is_file() for name in (*case.looks, evidence.picture, evidence.crop))
    with av.open(str(store.path(evidence.clip))) as clip:
        times = [frame.time for frame in clip.decode(video=0)]
    wanted = min(case.track.end_s + 1, 12) - max(case.track.start_s - 1, 0)
    assert times[-1] - times[0] == pytest.approx(wanted, abs=0.35)
    source.close()
    assert found.fates == STREET, "one motorcycle is one violation"
    assert source.trouble is None


@needs_demo
def test_it_is_known_until_when_everybody_is_kept(watch: Watch) -> None:
    """The keeper stands for whatever is slow: stage 2, the reading of plates, the disk."""
    free = threading.Event()

    class Slow(Found):
        def keep_case(self, case: Case, evidence: Evidence) -> None:
            free.wait(240)
            super().keep_case(case, evidence)

    found = Slow()
    source = watch.open(found)
    play(source, street(7.0))
    until = time.monotonic() + 240
    while not source.figures().violations and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    behind_s = source.kept_until_s()
    free.set()
    while not found.cases and time.monotonic() < until:
        time.sleep(0.05)
    ((case, _),) = found.cases
    assert behind_s <= case.track.start_s
    source.close()
    assert source.kept_until_s() > case.track.end_s


@needs_demo
def test_a_violation_whose_frames_are_gone_keeps_what_stage_2_looked_at(settings: Settings) -> None:
    """As after a pause of the machine: this buffer holds the newest frame alone."""
    source, found = watched(settings.model_copy(update={"live_buffer_s": 0.05}), street(7.0))
    assert source.trouble is None
    assert found.fates == STREET
    ((case, evidence),) = found.violations
    assert evidence.picture in case.looks
    with av.open(str(FileStore(settings.files).path(evidence.clip))) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == len(case.looks)


ACCUSED, OTHER = (0, 0, 255), (255, 0, 0)  # colours of their clothes, BGR


def filmed(settings: Settings, ring: Ring, sightings: Sequence[Sighting], best: int) -> tuple[Evidence, FileStore]:
    """The evidence of a violation out of what a source's ring holds, `best` the sighting that shows it best."""
    one = sightings[best]
    seen = factory.look(Says.BARE, 0.9, one)
    store = FileStore(settings.files)
    case = Case(Track(1, tuple(sightings)), Verdict(Outcome.CONFIRMED, 0.9, (seen,)), one, 0.9, 1, 0,
                (store.put_picture(factory.crop(one).image),), None)  # fmt: skip
    source = SimpleNamespace(settings=settings, ring=ring, now_s=lambda: 99.0, done=True)
    return record(case, cast("Source", source), store), store


def passing(x: int, color: tuple[int, int, int], image: Image) -> Sighting:
    """Draw somebody who rides by, and say where."""
    image[100:300, x : x + 100] = color
    return factory.sighting(0, x=x)


@pytest.mark.parametrize(("since_s", "shown"), [(0.0, True), (2.0, True), (5.0, False)])
def test_where_the_best_frame_is_gone_nobody_else_is_shown(settings: Settings, since_s: float, shown: bool) -> None:
    """Large pictures fill the buffer in seconds, and where the accused was best seen stands somebody else by then."""
    ring, sightings = Ring(60.0, 64), []
    for frame in range(70):
        image, time_s = FRAME.copy(), frame / 10
        if time_s < 4:
            sightings.append(replace(passing(20 * frame, ACCUSED, image), frame=frame, time_s=time_s))
        else:
            passing(20 * 5, OTHER, image)
        if time_s >= since_s:
            ring.add(Frame(frame, time_s, image))
    evidence, store = filmed(settings, ring, sightings, best=5)
    crop = store.picture(evidence.crop)
    assert crop is not None
    assert (crop[..., 2].max() > 200, crop[..., 0].max() > 200) == (shown, False)
    assert (evidence.scale is not None) == shown, "else a crop of stage 2 stands for the picture"


def test_evidence_has_pictures_of_one_size(settings: Settings) -> None:
    """A browser's camera begins small: boxes of the later pictures lie elsewhere in the first ones."""
    ring, sightings = Ring(60.0, 64), []
    for frame in range(40):
        image = FRAME.copy()
        one = replace(passing(100, ACCUSED, image), frame=frame, time_s=frame / 10)
        if frame >= 10:
            sightings.append(one)
        ring.add(Frame(frame, frame / 10, image if frame >= 10 else image[::2, ::2]))
    evidence, store = filmed(settings, ring, sightings, best=15)
    clip = Clip(store.path(evidence.clip), 4096)
    assert (clip.info.width, clip.info.height) == (960, 540)
    assert evidence.clip_start_s == 1.0


@needs_demo
def test_a_rider_in_view_for_long_is_judged_meanwhile_and_once(settings: Settings) -> None:
    _, found = watched(settings.model_copy(update={"live_track_s": 1.0}), street(3.6))
    assert sum(case.confirmed for case, _ in found.cases) == 1
    assert found.cases[0][0].track.end_s < 3.4


@needs_demo
def test_closing_judges_who_is_still_in_view(watch: Watch) -> None:
    found = Found()
    source = watch.open(found)
    play(source, islice(street(3.6), 20))
    assert not found.cases
    source.close()
    assert [case.confirmed for case, _ in found.cases] == [True]


def test_frames_are_never_held_up(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    all_put, look = threading.Event(), Detector.detect_all

    def slow(detector: Detector, frames: Sequence[Frame]) -> list[tuple[Detection, ...]]:
        all_put.wait(240)
        return look(detector, frames)

    monkeypatch.setattr(Detector, "detect_all", slow)
    source = watch.open(Found())
    for index in range(60):
        source.put(Frame(index, source.now_s(), FRAME))
    all_put.set()
    while source.wants_attention:
        time.sleep(0.01)
    assert source.figures().skipped in (58, 59), "but for the last, and the first where it was looked at already"


@needs_demo
def test_two_sources_of_different_sizes_share_the_detector(watch: Watch) -> None:
    one, other = Found(), Found()
    sources = [watch.open(one), watch.open(other)]
    for index, image in enumerate(islice(looped(DEMO), *BARE_RIDER)):
        sources[0].put(Frame(index, index / 10, image))
        sources[1].put(Frame(index, index / 10, np.full((120, 160, 3), 128, np.uint8)))
        while any(source.wants_attention for source in sources):
            time.sleep(0.005)
    for source in sources:
        source.close()
    assert one.fates == STREET
    assert not other.cases
    assert not other.tracks


@needs_demo
def test_a_change_of_size_ends_the_tracks_and_nothing_else(watch: Watch) -> None:
    found = Found()
    source = watch.open(found)
    small = np.full((120, 160, 3), 128, np.uint8)
    play(source, chain(street(3.6), repeat(small, 3)))
    source.close()
    assert found.fates == STREET
    assert source.trouble is None


@pytest.fixture
def weights(settings: Settings, tmp_path: Path) -> Path:
    """A copy of the weights, to be damaged."""
    return Path(shutil.copytree(settings.weights, tmp_path / "weights", copy_function=os.symlink))


@needs_demo
def test_a_violation_is_kept_where_no_plate_can_be_read_at_all(settings: Settings, weights: Path) -> None:
    (weights / "plates" / CORNERS).unlink()
    source, found = watched(settings.model_copy(update={"weights": weights}), street(3.6))
    assert found.fates == STREET
    assert "restore it from the repository" in str(source.trouble)


@needs_demo
def test_suspects_at_whom_stage_2_cannot_look_are_told(settings: Settings, weights: Path) -> None:
    for path in weights.glob("stage2*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    source, found = watched(settings.model_copy(update={"weights": weights}), street(3.6))
    assert not found.cases
    assert "restore it from the repository" in str(source.trouble)
    assert source.figures().waiting == 0


def test_a_case_without_evidence_leaves_no_capture(watch: Watch, settings: Settings) -> None:
    """Its frames are gone, and so are the pictures that stage 2 looked at."""
    store, found = FileStore(settings.files), Found()
    source = watch.open(found)
    source.close()
    case = capture_plate(factory.case(), factory.suspect().crops, store)
    assert all(store.path(name).is_file() for name in case.captures)
    source._begin(case.track)
    _write(store, ToWrite(source, case.track, case))
    assert "gone from the data folder" in str(source.trouble)
    assert not found.cases
    assert not any(store.path(name).exists() for name in case.captures)


@needs_demo
def test_what_cannot_be_kept_is_told_and_does_not_stop_the_watch(watch: Watch) -> None:
    source = watch.open(Found(fails=True))
    play(source, street(3.6))
    source.close()
    assert "no room" in str(source.trouble)
    found = Found()
    again = watch.open(found)
    play(again, street(3.6))
    again.close()
    assert found.fates == STREET


@needs_demo
def test_frames_that_stage_1_fails_at_are_told_and_do_not_stop_the_watch(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, errors = Detector.detect_all, iter([RuntimeError("no memory")])

    def fails_once(detector: Detector, frames: Sequence[Frame]) -> list[tuple[Detection, ...]]:
        if frames and (error := next(errors, None)):
            raise error
        return look(detector, frames)

    monkeypatch.setattr(Detector, "detect_all", fails_once)
    found = Found()
    source = watch.open(found)
    play(source, street(3.6))
    source.close()
    assert "no memory" in str(source.trouble)
    assert found.fates == STREET
