"""The flow, from a clip to its violations: read it from top to bottom."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from statistics import fmean, median_low
from threading import Event

from pipeline.associate import associate
from pipeline.detect import Detector
from pipeline.evidence import Recorder
from pipeline.meter import Meter, Stopwatch
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.suspects import Collector, is_suspect
from pipeline.threads import FRAMES_AHEAD, StageThread, ahead
from pipeline.track import Tracker
from pipeline.types import Analysis, Case, Detection, Frame, Label, Look, Progress, Says, Suspect, Track, Verdict
from pipeline.verify import Verifier
from pipeline.video import Clip
from pipeline.weights import read_manifest
from pipeline.yolo import device

# on a CPU two models on half the cores each get through a sixth more frames than one on all: neither waits for the
# other while one prepares its picture
_DETECTORS = 2


def analyse(
    path: Path,
    settings: Settings,
    report: Callable[[Progress], None] = lambda _: None,
    cancelled: Event | None = None,
) -> Analysis:
    """Find the violations of a clip and write their evidence into the store.

    Args:
        path: a video file, of any container that `video.SUFFIXES` names.
        settings: where weights and store lie, and the limits.
        report: called after every frame, in this thread.
        cancelled: looked at after every frame.

    Raises:
        ClipError: the clip cannot be read.
        WeightsError: the weights cannot be used.
        CancelledError: `cancelled` was set.
        OSError: the evidence cannot be written.
    """
    watch = Stopwatch()
    clip = Clip(path, settings.max_side)
    meter = Meter(clip.info, report, cancelled or Event())
    tracks, judged = _look_for_suspects(clip, settings, watch, meter)
    cases = [_case(suspect, verdict) for suspect, verdict in judged]
    with watch.stage("evidence"):
        meter.start("evidence", sum(case.confirmed for case in cases))
        recorder = Recorder(FileStore(settings.files), settings)
        video, evidence = recorder.record(clip, tracks, cases, meter.frame)
    return Analysis(
        width=clip.info.width,
        height=clip.info.height,
        duration_s=meter.last_s,
        frames=meter.frames,
        wall_s=watch.wall_s,
        stages=watch.stages,
        tracks=tuple(tracks),
        cases=tuple(zip(cases, evidence, strict=True)),
        video=video,
        warning=f"the file is cut off: only the first {meter.last_s:.1f} s could be read" if clip.cut_off else None,
    )


def _look_for_suspects(
    clip: Clip, settings: Settings, watch: Stopwatch, meter: Meter
) -> tuple[list[Track], list[tuple[Suspect, Verdict]]]:
    """The first reading: all tracks, and the verdicts on the suspects among them."""
    tracker = Tracker(read_manifest(settings.weights).stage1.thresholds.rider, settings)
    collector = Collector(settings)
    tracks: list[Track] = []
    verdicts: list[tuple[Suspect, Future[Verdict]]] = []

    detectors = _DETECTORS if device(settings) == "cpu" else 1

    def frames() -> Generator[Frame]:
        return watch.each("decode", clip.frames())

    def detect(detector: Detector, frame: Frame) -> tuple[Detection, ...]:
        with watch.stage("detect"):
            return detector.detect(frame)

    def detected() -> Iterator[tuple[Frame, tuple[Detection, ...]]]:
        """Every frame with its detections, in order, while the next ones are being looked at."""
        under_way: deque[tuple[Frame, Future[tuple[Detection, ...]]]] = deque()
        for frame in decoded:
            under_way.append((frame, stage1.submit(frame)))
            if len(under_way) > FRAMES_AHEAD:
                yield _done(under_way.popleft())
        yield from map(_done, under_way)

    def verify(stage2: Verifier, suspect: Suspect) -> Verdict:
        with watch.stage("verify"):
            return stage2.verify(suspect)

    with (
        StageThread("verify", lambda: Verifier(settings), verify, settings.verify_queue) as stage2,
        ahead("decode", frames, FRAMES_AHEAD) as decoded,
        StageThread("detect", lambda: Detector(settings, detectors), detect, FRAMES_AHEAD, detectors) as stage1,
    ):

        def settle(suspects: Iterable[Suspect]) -> None:
            for suspect in suspects:
                tracks.append(suspect.track)
                if is_suspect(suspect.track, settings):
                    verdicts.append((suspect, stage2.submit(suspect)))

        for frame, detections in detected():
            with watch.stage("track"):
                tracked = tracker.update(frame, tuple(one for one in detections if one.label is Label.RIDER))
            with watch.stage("associate"):
                sightings = associate(frame, detections, tracked)
                collector.add(frame, sightings, tracked.hidden)
                settle(collector.gone(frame.time_s))
            confirmed = sum(verdict.result().confirmed for _, verdict in verdicts if verdict.done())
            meter.frame(frame, sightings, confirmed)
        settle(collector.rest())
        return tracks, [(suspect, verdict.result()) for suspect, verdict in verdicts]


def _done(one: tuple[Frame, Future[tuple[Detection, ...]]]) -> tuple[Frame, tuple[Detection, ...]]:
    frame, detections = one
    return frame, detections.result()


def _case(suspect: Suspect, verdict: Verdict) -> Case:
    best = max(verdict.looks, key=lambda look: (look.says is Says.BARE, look.confidence))
    bare = _heads(verdict.looks, Label.WITHOUT_HELMET)
    return Case(
        suspect,
        verdict,
        best=best.crop.sighting,
        stage1=fmean(max(head.confidence for head in crop.sighting.bare_heads) for crop in suspect.crops),
        heads_without=max(bare, 1) if verdict.confirmed else bare,
        heads_with=_heads(verdict.looks, Label.WITH_HELMET),
    )


def _heads(looks: Iterable[Look], label: Label) -> int:
    """How many heads of this kind stage 2 sees on the suspect, in the middle of its looks."""
    return median_low([sum(head.label is label for head in look.heads) for look in looks if look.heads] or [0])
