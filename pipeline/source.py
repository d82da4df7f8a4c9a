"""One camera or stream under watch: its newest frame, its riders, and what of it is under way in other stages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Condition, Event, Lock
from typing import Protocol, TypeAlias

from pipeline.associate import associate
from pipeline.crops import shrink
from pipeline.cuts import Cuts
from pipeline.draw import Mark, draw, mark_sighting
from pipeline.figures import Counts, Figures
from pipeline.motion import Motion
from pipeline.occupants import Seen, helmets
from pipeline.plates import PlateReader
from pipeline.ring import Ring
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.suspects import Collector, is_suspect
from pipeline.threads import StageThread
from pipeline.track import Tracker
from pipeline.types import (
    Case,
    Crop,
    Detection,
    Evidence,
    Frame,
    Image,
    Look,
    Outcome,
    Suspect,
    Track,
    Verdict,
)
from pipeline.verify import Verifier, vote

_log = logging.getLogger(__name__)
_PATIENCE_S = 30.0  # for what is under way when a source is closed
_REMEMBERED = 70  # looks of stage 2 at one rider in view that count, about ten verdicts; and as many helmets
WithPlates: TypeAlias = tuple[Case, tuple[Crop, ...]]  # a case, and the crops that show its plate


class Keeper(Protocol):
    """Where the findings of a source go. Called in a thread of the watch."""

    def keep_track(self, track: Track) -> None:
        """A rider who is no suspect."""

    def keep_later(self, track: Track) -> None:
        """Where a rider who was kept already was afterwards: others' evidence hides whoever is in it."""

    def keep_case(self, case: Case, evidence: Evidence) -> None:
        """A suspect with its verdict. From here on the captures are the keeper's, also where it fails."""


class Source:
    """One camera or stream under watch. Times count from when it is made; frames are put in by one thread."""

    def __init__(
        self,
        settings: Settings,
        new_track: float,
        keeper: Keeper,
        stage2: StageThread[Verifier, ToVerify, WithPlates],
        plates: StageThread[PlateReader, WithPlates, Case],
        writer: StageThread[FileStore, ToWrite, None],
        changed: Condition,
    ) -> None:
        self.trouble: BaseException | None = None
        self.trouble_at = datetime.now(UTC)  # when there was some the last time
        self.given_up = False  # closed, and what is left cannot be kept: no rider waits any longer for a full disk
        self.settings, self.keeper = settings, keeper
        self.ring = Ring(settings.live_buffer_s, settings.live_buffer_mb)
        self._zero = time.monotonic()
        self._cuts, self._tracker = Cuts(), Tracker(new_track, settings)
        self._stage2, self._plates, self._writer, self._changed = stage2, plates, writer, changed
        self._lock = Lock()
        self._newest: Frame | None = None
        self._shown: Frame | None = None
        self._counts = Counts()
        self._seen_s = self._seen_at_s = 0.0  # the last analysed frame's time, and when it was analysed
        self._closing, self._finished, self._idle = Event(), Event(), Condition()
        self._under_way: list[float] = []  # when the tracks begin that are to be judged or kept
        self._start_over()

    # for whoever has the camera

    def now_s(self) -> float:
        return time.monotonic() - self._zero

    def began(self) -> datetime:
        """When its times count from, by the time of day as it is now: the clock may be set, and the machine sleep."""
        return datetime.now(UTC) - timedelta(seconds=self.now_s())

    def put(self, frame: Frame) -> None:
        """Take a frame; never waits for the analysis."""
        self.ring.add(frame)
        with self._lock:
            skipped = self._newest is not None
            self._newest = self._shown = frame
        self._counts.came(self.now_s(), skipped)
        with self._changed:
            self._changed.notify()

    def marks(self, time_s: float) -> list[Mark]:
        """What to draw on the frame of this time, wherever the analysis is."""
        riders = self._motion.at(time_s).items()
        accused, own = self._accused, self._collector.track_id
        return [mark for id_, one in riders for mark in mark_sighting(one, f"rider {own(id_)}", own(id_) in accused)]

    def preview(self, longest_side: int) -> Image | None:
        """The newest frame with its boxes (BGR), made smaller."""
        frame = self._shown
        if frame is None:
            return None
        image, scale = shrink(frame.image, longest_side)
        return draw(image, self.marks(frame.time_s), scale)

    def figures(self) -> Figures:
        return self._counts.figures(self.now_s())

    def kept_until_s(self) -> float:
        """Every rider who was in view before this time has been kept, or never will be."""
        with self._idle:
            return min([self._reached_s(), self._open_since_s, *self._under_way])

    def close(self) -> None:
        """Judge and keep all that is under way, then end. Waits for it, but not for ever."""
        self._closing.set()
        with self._changed:
            self._changed.notify()
        self._finished.wait(_PATIENCE_S)
        with self._idle:
            kept = self._idle.wait_for(lambda: not self._under_way, _PATIENCE_S)
        self.given_up = not kept and self.trouble is not None

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
        """Do some work of this source; where it fails, the other sources go on, and this one starts over."""
        try:
            work()
        except Exception as error:  # noqa: BLE001
            self.failed(error)
            self._start_over()
            if self._closing.is_set():
                self._finished.set()

    def see(self, frame: Frame, detections: tuple[Detection, ...]) -> None:
        """Follow the riders of an analysed frame."""
        if self._cuts.before(frame):
            self._settle(self._collector.rest())
            self._start_over()
        if self.settings.lost_after_s < frame.time_s - self._seen_s < self.settings.stream_timeout_s:
            self._collector.resume(self._seen_s, frame.time_s)
        tracked = self._tracker.update(frame, detections)
        sightings = associate(frame.index, frame.time_s, detections, tracked)
        self._collector.add(frame, sightings, tracked.hidden)
        self._motion.update(frame.time_s, sightings)
        self._settle(self._collector.overdue(frame.time_s, self.settings.live_track_s), in_view=True)
        self._open_since_s = self._collector.since_s()
        self._seen_s, self._seen_at_s = frame.time_s, self.now_s()
        self._counts.analysed(self._seen_at_s, self._seen_s)

    def look_after(self) -> None:
        """Settle who is gone, also where no frame came for long, and everybody at the end."""
        if self._closing.is_set() and not self.done:
            self._settle(self._collector.rest())
            self._finished.set()
        else:
            self._settle(self._collector.gone(self._reached_s()))
        self._open_since_s = self._collector.since_s()

    def _reached_s(self) -> float:
        """How far the analysis is, by the frames' times; once it is no mere stall, the clock goes on without them."""
        waited_s = 0.0 if self._newest is not None else self.now_s() - self._seen_at_s
        return self._seen_s + (waited_s if waited_s > self.settings.stream_timeout_s else 0.0)

    def _start_over(self) -> None:
        """Forget all riders: none is in the pictures that follow."""
        self._tracker.start_over()
        self._collector = Collector(self.settings)
        self._open_since_s = self._collector.since_s()
        self._motion: Motion = Motion()
        self._judged: dict[int, Judged] = {}  # riders in view that were kept already
        self._accused: frozenset[int] = frozenset()

    def _settle(self, suspects: Iterable[Suspect], in_view: bool = False) -> None:
        """Send suspects to stage 2, and keep the others: each rider once, unless stage 2 was not convinced."""
        for found in suspects:
            id_ = found.track.id
            new = id_ not in self._judged
            judged = self._judged.setdefault(id_, Judged())
            suspect = replace(found, worn=judged.helmets)
            if judged.undecided and is_suspect(suspect, self.settings):
                judged.undecided = False
                self._begin(suspect.track)
                self._counts.waits()
                verdict = self._stage2.submit(ToVerify(self.settings, suspect, judged))
                verdict.add_done_callback(partial(self._heard, suspect.track))
            elif new:
                self._write(ToWrite(self, suspect.track, None))
            elif later := suspect.track.sightings[1:]:  # the first is the last one of those that were kept
                self._write(ToWrite(self, Track(id_, later), None, later=True))
            if in_view:
                judged.helmets = (*judged.helmets, *helmets(suspect.track))[-_REMEMBERED:]
            else:
                del self._judged[id_]

    def _write(self, job: ToWrite) -> None:
        self._begin(job.track)
        self._writer.submit(job)

    def _begin(self, track: Track) -> None:
        with self._idle:
            self._under_way.append(track.start_s)

    def end(self, track: Track, error: BaseException | None = None) -> None:
        """A track under way is done, or went wrong."""
        if error is not None:
            self.failed(error)
        with self._idle:
            self._under_way.remove(track.start_s)
            self._idle.notify_all()

    def failed(self, error: BaseException) -> None:
        """Note what went wrong."""
        _log.error("a finding of a live source was not kept", exc_info=error)
        self.trouble, self.trouble_at = error, datetime.now(UTC)

    def _heard(self, track: Track, verdict: Future[WithPlates]) -> None:
        """Stage 2 has spoken, or failed. The plate of a violation is read before it is kept."""
        if (error := verdict.exception()) is not None:
            self._counts.judged(violation=False)
            self.end(track, error)
            return
        case, plates = verdict.result()
        self._counts.judged(case.confirmed)
        if case.confirmed:
            with self._lock:
                self._accused |= {case.track.id}
        if case.confirmed and not self.settings.ocr_url:
            self._plates.submit((case, plates)).add_done_callback(partial(self._read, case))
        else:
            self._keep(case)

    def _read(self, case: Case, reading: Future[Case]) -> None:
        """A plate that cannot be read is no reason to lose its violation."""
        if (error := reading.exception()) is not None:
            self.failed(error)
        self._keep(case if error is not None else reading.result())

    def _keep(self, case: Case) -> None:
        self._writer.submit(ToWrite(self, case.track, case))


@dataclass(slots=True, eq=False)
class Judged:
    """What was made of a rider in view so far: stage 2's last looks, and the helmets that were worn on the motorcycle.

    It is `undecided` until stage 2 is asked, and again once that was not convinced.
    """

    looks: tuple[Look, ...] = ()
    helmets: tuple[Seen, ...] = ()
    undecided: bool = True

    def settled(self, verdict: Verdict, min_looks: int, bar: float) -> Verdict:
        """The verdict, where all looks so far come to it together: nobody is accused for waiting in view."""
        self.looks = (*self.looks, *verdict.looks)[-_REMEMBERED:]
        together = vote(self.looks, min_looks, bar)
        return replace(verdict, outcome=Outcome.UNSURE) if verdict.confirmed and not together.confirmed else verdict


@dataclass(frozen=True, slots=True, eq=False)
class ToVerify:
    """A suspect on its way through stage 2."""

    settings: Settings
    suspect: Suspect
    judged: Judged


@dataclass(frozen=True, slots=True)
class ToWrite:
    """Something to write: a track, a case with its evidence, or what came later of either."""

    source: Source
    track: Track
    case: Case | None
    later: bool = False
