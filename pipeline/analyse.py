"""The flow, from a clip to its violations: read it from top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from typing import TypeAlias

from pipeline.associate import associate
from pipeline.case import capture_plate, close_case, read_plate, with_own_plates
from pipeline.cuts import Cuts
from pipeline.detect import Detector, sift
from pipeline.evidence import Recorder
from pipeline.meter import Meter, Stopwatch
from pipeline.plates import PlateReader
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.suspects import Collector, is_suspect
from pipeline.threads import FRAMES_AHEAD, StageThread, ahead
from pipeline.trace import Tracer
from pipeline.track import Tracker
from pipeline.types import Analysis, Case, Crop, Detection, Frame, Progress, Suspect, Track
from pipeline.verify import Verifier
from pipeline.video import Clip
from pipeline.weights import read_manifest
from pipeline.yolo import device

_log = logging.getLogger(__name__)
# on a CPU two models on half the cores each get through a sixth more frames than one on all: neither waits for the
# other while one prepares its picture
_DETECTORS = 2
_MANY_LEFT_OUT = 0.05  # of a clip's frames: people are told
_MUCH_MISSED_S = 1.0  # the same; less is usual where a recorder goes on in a new file
_Seen: TypeAlias = tuple[tuple[Detection, ...], tuple[Detection, ...]]  # by the model, and what stage 1 makes of it


def analyse(
    path: Path,
    settings: Settings,
    report: Callable[[Progress], None] = lambda _: None,
    cancelled: Event | None = None,
    film: int = 0,
) -> Analysis:
    """Find the violations of a clip and write their evidence into the store.

    The captures of the cases then belong to the caller; an analysis that fails leaves none.

    Args:
        path: a video file, of any container that `video.SUFFIXES` names.
        settings: where weights and store lie, and the limits.
        report: called after every frame that is looked at, in this thread.
        cancelled: asked as often.
        film: which of the file's, counted from 0.

    Raises:
        ClipError: the clip cannot be read.
        WeightsError: the weights cannot be used.
        CancelledError: `cancelled` was set.
        OSError: the evidence cannot be written.
    """
    watch = Stopwatch()
    clip = Clip(path, settings.max_side, film)
    meter = Meter(clip.info, report, cancelled or Event())
    store = FileStore(settings.files)
    captures: set[str] = set()
    with store.all_or_none(captures):
        tracks, cases, trace = _look_for_suspects(clip, settings, store, captures, watch, meter)
        with watch.stage("evidence"):
            meter.start("evidence")
            video, evidence = Recorder(store, settings).record(clip, tracks, cases, meter.frame)
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
        warning=_warning(clip, meter, cases, settings),
        trace=trace,
    )


def _look_for_suspects(
    clip: Clip, settings: Settings, store: FileStore, captures: set[str], watch: Stopwatch, meter: Meter
) -> tuple[list[Track], list[Case], str]:
    """The first reading: all tracks, the cases of the suspects among them, and the name of the trace.

    The names of the captures are noted in `captures` as they come.
    """
    weights = read_manifest(settings.weights)
    tracker = Tracker(weights.stage1.thresholds.rider, settings)
    collector, cuts = Collector(settings), Cuts()
    tracer = Tracer(weights.stage1.thresholds, weights.stage2.thresholds)
    tracks: list[Track] = []
    cases: list[Future[tuple[Case, Future[Case] | None]]] = []
    detectors = _DETECTORS if device(settings) == "cpu" else 1

    def detect(detector: Detector, frame: Frame) -> _Seen:
        with watch.stage("detect"):
            found = detector.look(frame)
            return found, sift(found, weights.stage1.thresholds)

    def verify(stage2: Verifier, suspect: Suspect) -> tuple[Case, Future[Case] | None]:
        with watch.stage("verify"):
            verdict = stage2.verify(suspect)
            suspect = with_own_plates(suspect, verdict)
            case = close_case(suspect, verdict, store)
        meter.violations += case.confirmed
        if not case.confirmed:
            return case, None
        if settings.ocr_url:
            return _captured(case, suspect, store, captures), None
        return case, plates.submit((case, suspect.plates))

    def read(reader: PlateReader, violation: tuple[Case, tuple[Crop, ...]]) -> Case:
        """A plate that cannot be read is no reason to lose its violation, and all others with it."""
        case, crops = violation
        with watch.stage("plates"):
            try:
                return read_plate(case, crops, reader, store)
            except OSError:
                raise  # there is no room for pictures: the evidence would not find any either
            except Exception:  # noqa: BLE001 whatever a plate does to a library
                _log.exception("a plate was not read")
                return case

    with (  # closed from the last to the first: a stage that hands on to another ends before it
        StageThread("plates", lambda: PlateReader(settings), read, settings.plate_queue) as plates,
        StageThread("verify", lambda: Verifier(settings), verify, settings.verify_queue) as stage2,
        ahead(
            "decode", lambda: watch.each("decode", clip.frames(every_s=1 / settings.looks_per_s)), FRAMES_AHEAD
        ) as decoded,
        StageThread("detect", lambda: Detector(settings, detectors), detect, FRAMES_AHEAD, detectors) as stage1,
    ):

        def settle(suspects: Iterable[Suspect]) -> None:
            for suspect in suspects:
                tracks.append(suspect.track)
                if is_suspect(suspect, settings):
                    cases.append(stage2.submit(suspect))

        for frame, (found, detections) in stage1.each(decoded):
            with watch.stage("track"):
                if cuts.before(frame):
                    tracker.start_over()
                    settle(collector.rest())
                tracked = tracker.update(frame, detections)
            with watch.stage("associate"):
                sightings = associate(frame.index, frame.time_s, detections, tracked)
                tracer.add(frame, found, tracked)
                collector.add(frame, sightings, tracked.hidden)
                settle(collector.gone(frame.time_s))
            for case in filter(Future.done, cases):
                case.result()  # what stage 2 failed at ends it now, and not with the clip
            meter.frame(frame, sightings)
        settle(collector.rest())
        closed = [case.result() for case in cases]
        whole = [reading.result() if reading else case for case, reading in closed]
    return tracks, whole, tracer.close(tracks, whole, store)


def _captured(case: Case, suspect: Suspect, store: FileStore, captures: set[str]) -> Case:
    case = capture_plate(case, suspect.plates, store)
    captures.update(case.captures)
    return case


def _warning(clip: Clip, meter: Meter, cases: Iterable[Case], settings: Settings) -> str | None:
    """What people should know where not everything was looked at; texts that `dashboard.i18n` knows one by one."""
    texts = []
    if clip.missed_s > _MUCH_MISSED_S:
        texts.append(f"the file's beginning is cut off: its first {clip.missed_s:.1f} s could not be read")
    if clip.cut_off:
        texts.append(f"the file is cut off: only the first {meter.last_s:.1f} s could be read")
    if holes := clip.holes:
        lost_s = sum(end_s - start_s for start_s, end_s in holes)
        texts.append(f"the film has holes: for {lost_s:.1f} s it holds no picture, first from {holes[0][0]:.1f} s on")
    if clip.left_out > _MANY_LEFT_OUT * meter.frames:
        texts.append(f"frames with damaged timestamps: {clip.left_out} were left out")
    unread = 0 if settings.ocr_url else sum(case.confirmed and case.reading is None for case in cases)
    if unread:
        texts.append(f"number plates: {unread} could not be read, the log has more")
    return "; ".join(texts) or None
