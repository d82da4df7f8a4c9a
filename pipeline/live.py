"""The flow for cameras and streams: the newest frame of every source, one detector for all, cases as they happen.

A source never waits for the analysis: what comes while the detector is busy is shown and kept for evidence, but
skipped by it. What is done at the end of a file is done here whenever a rider has left, or was in view for long.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from threading import Condition, Thread

from pipeline.case import capture_plate, close_case, read_plate, with_own_plates
from pipeline.crops import shrink
from pipeline.detect import Detector
from pipeline.evidence import Excerpt, out_of_looks
from pipeline.motion import filled
from pipeline.plates import PlateReader
from pipeline.settings import Settings
from pipeline.source import Keeper, Source, ToVerify, ToWrite, WithPlates
from pipeline.store import FileStore
from pipeline.threads import StageThread
from pipeline.types import Case, Detection, Evidence, Frame
from pipeline.verify import Verifier
from pipeline.weights import read_manifest

_LOOK_UP_S = 0.5  # how often a source without frames is looked after
_TO_BE_WRITTEN = 64  # cases and tracks that may wait for the disk


class Watch:
    """Watches live sources through one detector and one stage 2. `close` ends it, with all that is under way done.

    Raises:
        WeightsError: a weight file is missing, altered or of another class order.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thresholds = read_manifest(settings.weights).stage1.thresholds
        self._store = FileStore(settings.files)
        self._sources: list[Source] = []
        self._changed = Condition()
        self._closed = False
        self._ready: Future[None] = Future()
        self._plates = StageThread("plates", lambda: PlateReader(settings), self._read, settings.plate_queue)
        self._stage2 = StageThread("verify", lambda: Verifier(settings), _verify, settings.verify_queue)
        self._writer = StageThread("evidence", lambda: self._store, _write, _TO_BE_WRITTEN)
        self._thread = Thread(target=self._work, name="watch", daemon=True)
        self._thread.start()
        try:
            self._ready.result()
        except BaseException:
            self.close()
            raise

    def open(self, keeper: Keeper) -> Source:
        """Begin to watch one more source."""
        source = Source(
            self._settings, self._thresholds.rider, keeper, self._stage2, self._plates, self._writer, self._changed
        )
        with self._changed:
            self._sources.append(source)
        return source

    def close(self) -> None:
        for source in list(self._sources):
            source.close()
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()
        for stage in (self._stage2, self._plates, self._writer):
            stage.close()

    def _read(self, reader: PlateReader, violation: WithPlates) -> Case:
        return read_plate(*violation, reader, self._store)

    def _work(self) -> None:
        try:
            detector = Detector(self._settings)
        except BaseException as error:  # noqa: BLE001 it is raised where the watch is made
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        while (sources := self._next()) is not None:
            for source, frame, detections in _detected(detector, sources):
                source.guarded(lambda: source.see(frame, detections))  # noqa: B023 called at once
            for source in sources:
                source.guarded(source.look_after)
            with self._changed:
                self._sources = [source for source in self._sources if not source.done]

    def _next(self) -> list[Source] | None:
        """The sources, once one of them has a frame or some time has passed; None at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or any(source.wants_attention for source in self._sources), _LOOK_UP_S
            )
            return None if self._closed and not self._sources else list(self._sources)


def _detected(detector: Detector, sources: Iterable[Source]) -> list[tuple[Source, Frame, tuple[Detection, ...]]]:
    """The newest frames of the sources with what stage 1 sees in them. Frames that it fails at are left out."""
    batch = [(source, frame) for source in sources if (frame := source.take()) is not None]
    try:
        found = detector.detect_all([frame for _, frame in batch])
    except Exception as error:  # noqa: BLE001 the next frames may do
        for source, _ in batch:
            source.failed(error)
        return []
    return [(source, frame, detections) for (source, frame), detections in zip(batch, found, strict=True)]


def _verify(stage2: Verifier, look: ToVerify) -> WithPlates:
    settings, store = look.settings, FileStore(look.settings.files)
    verdict = look.judged.settled(stage2.verify(look.suspect), settings.min_looks, stage2.bar)
    suspect = with_own_plates(look.suspect, verdict)
    case = close_case(suspect, verdict, store)
    if case.confirmed and settings.ocr_url:
        case = capture_plate(case, suspect.plates, store)
    look.judged.undecided = not case.confirmed
    return case, suspect.plates


def _write(store: FileStore, job: ToWrite) -> None:
    if job.case is None and job.source.given_up:
        job.source.end(job.track)
        return
    try:
        if job.later:
            job.source.keeper.keep_later(job.track)
        elif job.case is None:
            job.source.keeper.keep_track(job.track)
        else:
            with store.all_or_none(job.case.captures):
                evidence = record(job.case, job.source, store)
            job.source.keeper.keep_case(job.case, evidence)
    except Exception as error:  # noqa: BLE001 the others go on
        job.source.end(job.track, error)
    else:
        job.source.end(job.track)


def record(case: Case, source: Source, store: FileStore) -> Evidence:
    """The evidence of a case out of the last seconds of its source, as a file would have it.

    Raises:
        OSError: a file cannot be written.
    """
    settings, ring, track = source.settings, source.ring, case.track
    start_s, end_s = track.start_s - settings.evidence_margin_s, track.end_s + settings.evidence_margin_s
    while ring.last_s < end_s and source.now_s() < end_s + 1.0 and not source.done:
        time.sleep(0.05)  # the seconds after are still to come
    kept = {one.number: one for one in ring.span(start_s, end_s)}
    shown = [one for one in track.sightings if one.frame in kept]
    if not shown:  # the disk or the processor was busy for longer than the buffer lasts, or its pictures are large
        return out_of_looks(case, store)
    best = min(shown, key=lambda one: abs(one.time_s - case.best.time_s))
    size = kept[best.frame].size  # boxes of pictures of another size lie elsewhere
    pictures = [one for one in kept.values() if one.size == size]
    fps = (len(pictures) - 1) / max(pictures[-1].time_s - pictures[0].time_s, 0.1)
    dense = replace(case, track=filled(track, [(one.number, one.time_s) for one in pictures]), best=best)
    with store.scratch() as folder:
        with Excerpt(dense, folder / "clip.mp4", fps, store, settings) as excerpt:
            for one in pictures:
                if excerpt.start_s <= one.time_s <= excerpt.end_s:
                    frame = one.frame()
                    excerpt.offer(frame, *shrink(frame.image, settings.video_side))
        return excerpt.evidence()
