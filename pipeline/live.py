"""The flow for cameras and streams: the newest frame of every source, one detector for all, cases as they happen.

A source never waits for the analysis: what comes while the detector is busy is shown and kept for evidence, but
skipped by it. What a file has at its end, a live source has whenever a rider is gone, or in view for long.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Condition, Event, Lock, Thread
from typing import Protocol

from pipeline.associate import associate
from pipeline.case import capture_plate, close_case, read_plate
from pipeline.crops import shrink
from pipeline.detect import Detector
from pipeline.draw import Mark, draw, mark_sighting
from pipeline.evidence import Excerpt, out_of_looks
from pipeline.motion import Motion, filled
from pipeline.plates import PlateReader
from pipeline.ring import Ring
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.suspects import Collector, is_suspect
from pipeline.threads import StageThread
from pipeline.track import Tracker
from pipeline.types import Case, Crop, Detection, Evidence, Frame, Image, Label, Suspect, Track
from pipeline.verify import Verifier
from pipeline.weights import read_manifest

_log = logging.getLogger(__name__)
_LOOK_UP_S = 0.5  # how often a source without frames is looked after
_TO_BE_WRITTEN = 64  # cases and tracks that may wait for the disk
_PATIENCE_S = 30.0  # for what is under way when a source is closed
_FIGURES_S = 2.0  # frames per second are counted over so long


class Keeper(Protocol):
    """Where the findings of a source go. Called in a thread of the watch."""

    def keep_track(self, track: Track) -> None:
        """A rider who is no suspect."""

    def keep_case(self, case: Case, evidence: Evidence) -> None:
        """A suspect with its verdict."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a source is doing: frames a second that came and that were analysed, seconds from a frame to its boxes,
    frames that the analysis skipped, suspects that wait for stage 2, violations."""

    fps: float
    analysed_fps: float
    delay_s: float
    skipped: int
    waiting: int
    violations: int


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
        self._plates = StageThread("plates", lambda: PlateReader(settings), _read, settings.plate_queue)
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
            stage.__exit__(None, None, None)

    def _work(self) -> None:
        try:
            detector = Detector(self._settings)
        except BaseException as error:  # noqa: BLE001 it is raised where the watch is made
            self._ready.set_exception(error)
            return
        self._ready.set_result(None)
        while (sources := self._next()) is not None:
            batch = [(source, frame) for source in sources if (frame := source.take()) is not None]
            found = detector.detect_all([frame for _, frame in batch])
            for (source, frame), detections in zip(batch, found, strict=True):
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


class Source:
    """One camera or stream under watch. Times count from `began`; frames are put in by one thread."""

    def __init__(
        self,
        settings: Settings,
        new_track: float,
        keeper: Keeper,
        stage2: StageThread[Verifier, _Look, None],
        plates: StageThread[PlateReader, _Violation, None],
        writer: StageThread[FileStore, _Job, None],
        changed: Condition,
    ) -> None:
        self.began = datetime.now(UTC)
        self.trouble: str | None = None
        self.settings, self.keeper = settings, keeper
        self.ring = Ring(settings.live_buffer_s, settings.live_buffer_mb)
        self._zero = time.monotonic()
        self._new_track = new_track
        self._stage2, self._plates, self._writer, self._changed = stage2, plates, writer, changed
        self._lock = Lock()
        self._newest: Frame | None = None
        self._shown: Frame | None = None
        self._came: deque[float] = deque()
        self._analysed: deque[float] = deque()
        self._delay_s = 0.0
        self._skipped = self._waiting = self.violations = 0
        self._closing, self._finished, self._idle = Event(), Event(), Condition()
        self._under_way = 0
        self._start_over((0, 0))

    # for whoever has the camera

    def now_s(self) -> float:
        return time.monotonic() - self._zero

    def put(self, frame: Frame) -> None:
        """Take a frame; never waits for the analysis."""
        self.ring.add(frame)
        with self._lock:
            self._skipped += self._newest is not None
            self._newest = self._shown = frame
            _count(self._came, self.now_s())
        with self._changed:
            self._changed.notify()

    def marks(self, time_s: float) -> list[Mark]:
        """What to draw on the frame of this time, wherever the analysis is."""
        riders = self._motion.at(time_s).items()
        accused = self._accused
        return [mark for id_, one in riders for mark in mark_sighting(one, f"rider {id_}", id_ in accused)]

    def preview(self, longest_side: int) -> Image | None:
        """The newest frame with its boxes (BGR), made smaller."""
        frame = self._shown
        if frame is None:
            return None
        image, scale = shrink(frame.image, longest_side)
        return draw(image, [mark.scaled(scale) for mark in self.marks(frame.time_s)])

    def figures(self) -> Figures:
        now = self.now_s()
        with self._lock:
            return Figures(
                _rate(self._came, now),
                _rate(self._analysed, now),
                self._delay_s,
                self._skipped,
                self._waiting,
                self.violations,
            )

    def close(self) -> None:
        """Judge and keep all that is under way, then end. Waits for it, but not for ever."""
        self._closing.set()
        with self._changed:
            self._changed.notify()
        self._finished.wait(_PATIENCE_S)
        with self._idle:
            self._idle.wait_for(lambda: not self._under_way, _PATIENCE_S)

    # for the watch

    @property
    def wants_attention(self) -> bool:
        return self._newest is not None or (self._closing.is_set() and not self.done)

    @property
    def done(self) -> bool:
        return self._finished.is_set()

    def take(self) -> Frame | None:
        """The newest frame, once."""
        with self._lock:
            frame, self._newest = self._newest, None
            return frame

    def guarded(self, work: Callable[[], None]) -> None:
        """Whatever goes wrong with one source, the others go on, and so does it, from anew."""
        try:
            work()
        except Exception as error:  # noqa: BLE001
            self.failed(error)
            self._start_over(self._shape)
            if self._closing.is_set():
                self._finished.set()

    def see(self, frame: Frame, detections: tuple[Detection, ...]) -> None:
        """Follow the riders of an analysed frame."""
        shape = frame.image.shape[:2]
        if shape != self._shape:
            self._settle(self._collector.rest())
            self._start_over(shape)
        tracked = self._tracker.update(frame, tuple(one for one in detections if one.label is Label.RIDER))
        sightings = associate(frame.index, frame.time_s, detections, tracked)
        self._collector.add(frame, sightings, tracked.hidden)
        self._motion.update(frame.time_s, sightings)
        self._settle(self._collector.overdue(frame.time_s, self.settings.live_track_s), in_view=True)
        with self._lock:
            now = self.now_s()
            _count(self._analysed, now)
            self._delay_s += 0.1 * (now - frame.time_s - self._delay_s) if self._delay_s else now - frame.time_s

    def look_after(self) -> None:
        """Settle who is gone, also where no frame came for long, and everybody at the end."""
        if self._closing.is_set() and not self.done:
            self._settle(self._collector.rest())
            self._finished.set()
        else:
            self._settle(self._collector.gone(self.now_s()))

    def _start_over(self, shape: tuple[int, ...]) -> None:
        """With pictures of another size nothing goes on from before."""
        self._shape = shape
        self._tracker = Tracker(self._new_track, self.settings)
        self._collector = Collector(self.settings)
        self._motion = Motion()
        self._judged: dict[int, _Look | None] = {}  # riders that were kept already; None: as no suspect
        self._accused: frozenset[int] = frozenset()

    def _settle(self, suspects: Iterable[Suspect], in_view: bool = False) -> None:
        """Send suspects to stage 2, and keep the others: each rider once, unless stage 2 was not convinced."""
        for suspect in suspects:
            id_ = suspect.track.id
            before = self._judged.get(id_)
            if is_suspect(suspect.track, self.settings) and (before is None or before.turned_down):
                self._judged[id_] = look = _Look(self, suspect)
                self._begin()
                with self._lock:
                    self._waiting += 1
                self._stage2.submit(look)
            elif id_ not in self._judged:
                self._judged[id_] = None
                self._begin()
                self._writer.submit(_Job(self, suspect.track, None))
            if not in_view:
                self._judged.pop(id_, None)

    def _begin(self) -> None:
        with self._idle:
            self._under_way += 1

    def end(self, error: Exception | None = None) -> None:
        """Something under way is done, or went wrong."""
        if error is not None:
            self.failed(error)
        with self._idle:
            self._under_way -= 1
            self._idle.notify_all()

    def failed(self, error: Exception) -> None:
        """Note what went wrong."""
        _log.error("a finding of a live source was not kept", exc_info=error)
        self.trouble = f"{type(error).__name__}: {error}"

    def judged(self, suspect: Suspect, case: Case | None) -> None:
        """Stage 2 has spoken, or failed. The plate of a violation is read before it is kept."""
        with self._lock:
            self._waiting -= 1
            if case is not None and case.confirmed:
                self.violations += 1
                self._accused |= {case.track.id}
        if case is None:
            return
        if case.confirmed and not self.settings.ocr_url:
            self._plates.submit(_Violation(self, case, suspect.plates))
        else:
            self.keep(case)

    def keep(self, case: Case) -> None:
        self._writer.submit(_Job(self, case.track, case))


@dataclass(slots=True, eq=False)
class _Look:
    """A suspect on its way through stage 2."""

    source: Source
    suspect: Suspect | None
    turned_down: bool = False


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to write: a track, or a case with its evidence."""

    source: Source
    track: Track
    case: Case | None


@dataclass(frozen=True, slots=True, eq=False)
class _Violation:
    """A violation whose plate is to be read."""

    source: Source
    case: Case
    plates: tuple[Crop, ...]


def _verify(stage2: Verifier, look: _Look) -> None:
    suspect, look.suspect = look.suspect, None  # the look outlives it, and its crops take much room
    if suspect is None:
        return
    source = look.source
    store = FileStore(source.settings.files)
    try:
        case = close_case(suspect, stage2.verify(suspect), store)
        if case.confirmed and source.settings.ocr_url:
            case = capture_plate(case, suspect.plates, store)
        look.turned_down = not case.confirmed
    except Exception as error:  # noqa: BLE001 the others go on
        source.judged(suspect, None)
        source.end(error)
    else:
        source.judged(suspect, case)


def _read(reader: PlateReader, violation: _Violation) -> None:
    """A plate that cannot be read is no reason to lose its violation."""
    source, case = violation.source, violation.case
    try:
        case = read_plate(case, violation.plates, reader, FileStore(source.settings.files))
    except Exception as error:  # noqa: BLE001
        source.failed(error)
    source.keep(case)


def _write(store: FileStore, job: _Job) -> None:
    try:
        if job.case is None:
            job.source.keeper.keep_track(job.track)
        else:
            job.source.keeper.keep_case(job.case, record(job.case, job.source, store))
    except Exception as error:  # noqa: BLE001 the others go on
        job.source.end(error)
    else:
        job.source.end()


def record(case: Case, source: Source, store: FileStore) -> Evidence:
    """The evidence of a case out of the last seconds of its source, as a file would have it.

    Raises:
        OSError: a file cannot be written.
    """
    settings, ring, track = source.settings, source.ring, case.track
    start_s, end_s = track.start_s - settings.evidence_margin_s, track.end_s + settings.evidence_margin_s
    while ring.last_s < end_s and source.now_s() < end_s + 1.0 and not source.done:
        time.sleep(0.05)  # the seconds after are still to come
    kept = ring.span(start_s, end_s)
    if not kept:  # the disk or the processor was busy for longer than the buffer lasts
        return out_of_looks(case, store)
    best = case.best
    if best.frame not in {one.number for one in kept}:  # the buffer is too small for this: the nearest there is
        nearest = min(kept, key=lambda one: abs(one.time_s - best.time_s))
        best = replace(best, frame=nearest.number, time_s=nearest.time_s)
    fps = (len(kept) - 1) / max(kept[-1].time_s - kept[0].time_s, 0.1)
    dense = replace(case, track=filled(track, [(one.number, one.time_s) for one in kept]), best=best)
    with store.scratch() as folder:
        with Excerpt(dense, folder / "clip.mp4", fps, settings) as excerpt:
            for one in kept:
                if excerpt.start_s <= one.time_s <= excerpt.end_s:
                    frame = one.frame()
                    excerpt.offer(frame, *shrink(frame.image, settings.video_side))
        return excerpt.into(store)


def _count(times: deque[float], now_s: float) -> None:
    times.append(now_s)
    while times[0] < now_s - _FIGURES_S:
        times.popleft()


def _rate(times: deque[float], now_s: float) -> float:
    recent = sum(now_s - one < _FIGURES_S for one in times)
    return recent / min(_FIGURES_S, max(now_s, 0.1))
