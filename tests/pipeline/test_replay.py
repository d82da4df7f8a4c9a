"""What the models saw is kept whole, and the rules run on it again say what they said the first time."""

from pathlib import Path

import numpy as np
import pytest

from pipeline import replay, trace
from pipeline.errors import TraceError
from pipeline.replay import Fate
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.trace import Trace, TracedFrame, Tracer
from pipeline.track import Tracked
from pipeline.types import HEADS, Analysis, Box, Detection, Frame, Label, Outcome
from pipeline.weights import Thresholds
from tests import factory
from tests.samples import Analysed

USUAL = Thresholds(rider=0.25, without_helmet=0.25, with_helmet=0.25, plate=0.25)
FATES = {Outcome.CONFIRMED: Fate.ACCUSED, Outcome.REJECTED: Fate.REJECTED, Outcome.UNSURE: Fate.UNSURE}


@pytest.fixture(scope="module")
def analysed(demo: Analysed) -> tuple[Analysis, Trace, Settings]:
    kept = trace.load(FileStore(demo.settings.files).path(demo.analysis.trace or ""))
    return demo.analysis, kept, demo.settings


def test_replayed_at_its_own_thresholds_a_clip_gives_what_it_gave(
    analysed: tuple[Analysis, Trace, Settings],
) -> None:
    analysis, kept, settings = analysed
    assert kept.complete
    assert len(kept.frames) == analysis.frames
    tracks = replay.tracks(kept, kept.stage1)
    assert {one.id: one for one in tracks} == {one.id: one for one in analysis.tracks}
    riders = {one.track.id: one for one in replay.judge(kept, tracks, kept.stage2, settings)}
    cases = {case.track.id: case for case, _ in analysis.cases}
    assert any(case.confirmed for case in cases.values())
    assert {id_ for id_, one in riders.items() if one.fate is not Fate.NO_SUSPECT} == set(cases)
    for id_, case in cases.items():
        verdict = riders[id_].verdict
        assert verdict is not None
        assert riders[id_].fate is FATES[case.verdict.outcome]
        assert verdict.confidence == pytest.approx(case.verdict.confidence)
        assert [look.says for look in verdict.looks] == [look.says for look in case.verdict.looks]


def test_higher_thresholds_accuse_nobody(analysed: tuple[Analysis, Trace, Settings]) -> None:
    _, kept, settings = analysed
    strict = USUAL.model_copy(update={"without_helmet": 1.0})
    tracks = replay.tracks(kept, kept.stage1)
    fates = {one.fate for one in replay.judge(kept, tracks, strict, settings)}
    assert Fate.ACCUSED not in fates
    assert fates & {Fate.REJECTED, Fate.UNSURE}
    assert {one.fate for one in replay.judge(kept, replay.tracks(kept, strict), strict, settings)} == {Fate.NO_SUSPECT}


def test_what_is_under_the_thresholds_is_kept_too(analysed: tuple[Analysis, Trace, Settings]) -> None:
    _, kept, _ = analysed
    heads = [one for frame in kept.frames for one in frame.found if one.label in HEADS]
    weakest = min(one.confidence for one in heads)
    assert 0.09 < weakest < kept.stage1.without_helmet
    assert min(one.confidence for look in kept.looks for one in look.found) < kept.stage2.without_helmet


def test_a_suspect_whom_stage_2_never_saw_is_none_of_its_verdicts() -> None:
    one = factory.rider()
    frames = tuple(
        TracedFrame(n, n / 10, (one, factory.head_of(one, Label.WITHOUT_HELMET, confidence=0.2)), ((5, 0, 1),), ())
        for n in range(6)
    )
    kept = Trace(USUAL, USUAL, frames, (), True)
    low = USUAL.model_copy(update={"without_helmet": 0.15})
    fates = [replay.judge(kept, replay.tracks(kept, at), USUAL, Settings())[0].fate for at in (USUAL, low)]
    assert fates == [Fate.NO_SUSPECT, Fate.UNLOOKED]


def two_riders() -> TracedFrame:
    """A bare-headed rider right behind a helmeted one: the bare head is nearer to the middle of the one in front."""
    front, behind = factory.rider(100, 140, 100, 200), factory.rider(110, 60, 90, 180)
    heads = factory.head_of(front, Label.WITH_HELMET), factory.head_of(behind, Label.WITHOUT_HELMET)
    pedestrian = Detection(Label.WITHOUT_HELMET, Box(400, 100, 430, 130), 0.9)
    return TracedFrame(3, 0.3, (front, behind, *heads, pedestrian), ((1, 0, 1), (2, 1, 2)), ())


def test_the_nearest_rider_is_charged_with_heads_of_others() -> None:
    frame = two_riders()
    front, behind, helmet, bare, pedestrian = frame.found
    sightings = replay.associated(frame, USUAL)
    assert sightings[1].heads == (helmet,)
    assert sightings[2].heads == (bare,)
    near = replay.nearest(frame, USUAL)
    assert pedestrian in near[1] + near[2]
    assert pedestrian in replay.wronged(frame, USUAL)
    assert front.box.overlap(behind.box) > 0


def test_the_frame_with_most_to_show_is_found() -> None:
    alone = TracedFrame(1, 0.1, (factory.rider(),), ((1, 0, 1),), ())
    calm = TracedFrame(2, 0.2, (factory.rider(), factory.rider(120)), ((1, 0, 1), (2, 1, 2)), ())
    shown = two_riders()
    assert replay.overlap(Trace(USUAL, USUAL, (alone, calm, shown), (), True)) is shown
    assert replay.overlap(Trace(USUAL, USUAL, (alone, calm), (), True)) is calm
    assert replay.overlap(Trace(USUAL, USUAL, (alone,), (), True)) is None


def test_a_trace_has_a_bound_and_says_when_it_was_reached(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "MOST_DETECTIONS", 5)
    tracer, rider = Tracer(USUAL, USUAL), factory.rider()
    for index in range(4):
        tracer.add(
            Frame(index, index / 10, factory.FRAME), (rider, factory.plate_of(rider)), Tracked(((7, rider),), ())
        )
    store = FileStore(settings.files)
    path = store.path(tracer.close([factory.track()], [], store))
    kept = trace.load(path)
    assert ([frame.index for frame in kept.frames], kept.complete) == ([0, 1], False)
    assert len(trace.load(path, 1).frames) == 1
    assert kept.stage1 == USUAL


def test_a_trace_of_another_version_is_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "new.npz", version=np.array(trace.VERSION + 1))
    with pytest.raises(TraceError, match="analyse it again"):
        trace.load(tmp_path / "new.npz")


def test_a_trace_that_is_damaged_anywhere_is_told(tmp_path: Path) -> None:
    store, tracer = FileStore(tmp_path), Tracer(USUAL, USUAL)
    for index in range(50):
        one = factory.rider(100 + index)
        tracer.add(Frame(index, index / 10, factory.FRAME), (one,), Tracked(((1, one),), ()))
    path = store.path(tracer.close((), (), store))
    whole = path.read_bytes()
    told = 0
    for place in range(0, len(whole), 4):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            trace.load(path)
        except TraceError:
            told += 1
    assert told > len(whole) / 4 / 2


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_trace_that_is_lost_or_broken_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "lost.npz").write_bytes(content)
    with pytest.raises(TraceError, match="analyse it again"):
        trace.load(tmp_path / "lost.npz")
