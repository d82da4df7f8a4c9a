"""What both models saw in a clip before any threshold, in one compact file: the product's rules can be run on it again.

An `.npz` file without pickles, about 25 bytes per detection of stage 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipeline.errors import TraceError
from pipeline.store import FileStore
from pipeline.track import Tracked
from pipeline.types import Box, Case, Detection, Frame, Label, Track
from pipeline.weights import Thresholds

VERSION = 1
MOST_DETECTIONS = 200_000  # of stage 1: about 5 MB; what comes later in a clip is left out
_NOBODY = -1
_Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TracedFrame:
    """What stage 1's model saw in one frame.

    `riders`: per tracked rider the tracker's id, its row in `found`, and its track in the end, None where it has none.
    """

    index: int
    time_s: float
    found: tuple[Detection, ...]
    riders: tuple[tuple[int, int, int | None], ...]
    hidden: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class TracedLook:
    """What stage 2's model saw in one crop; `found` in pixels of the crop, `region` of the frame."""

    track: int
    frame: int
    region: Box
    scale: float
    found: tuple[Detection, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """`stage1` and `stage2` are the thresholds in force; not `complete`: the clip went on."""

    stage1: Thresholds
    stage2: Thresholds
    frames: tuple[TracedFrame, ...]
    looks: tuple[TracedLook, ...]
    complete: bool


class Tracer:
    """Takes down what the models see, frame by frame."""

    def __init__(self, stage1: Thresholds, stage2: Thresholds) -> None:
        self._thresholds = np.array([list(one.model_dump().values()) for one in (stage1, stage2)])
        self._times: list[tuple[int, float]] = []
        self._found: list[_Rows] = []
        self._riders: list[tuple[int, int, int]] = []  # place of the frame, the tracker's id, row in the frame
        self._hidden: list[tuple[float, ...]] = []
        self._count = 0
        self._full = False

    def add(self, frame: Frame, found: Sequence[Detection], tracked: Tracked) -> None:
        """Take the next frame: all of the model's detections, and what the tracker made of the riders among them."""
        if self._full or self._count + len(found) > MOST_DETECTIONS:
            self._full = True
            return
        place, row_of = len(self._times), {id(one): row for row, one in enumerate(found)}
        self._count += len(found)
        self._times.append((frame.index, frame.time_s))
        self._found.append(_rows(found))
        self._riders += [(place, tracker_id, row_of[id(rider)]) for tracker_id, rider in tracked.riders]
        self._hidden += [(place, *box.as_tuple()) for _, box in tracked.hidden]

    def close(self, tracks: Iterable[Track], cases: Iterable[Case], store: FileStore) -> str:
        """Store everything with the tracks that came of it and the looks of stage 2; return the file's name.

        Raises:
            OSError: it cannot be written.
        """
        riders = [track for track in tracks if track.id > 0]  # who took over a suspect's id is nobody here
        track_at = {(one.frame, one.box.as_tuple()): track.id for track in riders for one in track.sightings}
        looks = [(case.track.id, look) for case in cases for look in case.verdict.looks]
        with store.scratch() as folder:
            path = folder / "trace.npz"
            np.savez_compressed(
                path,
                version=np.array(VERSION),
                complete=np.array(not self._full),
                thresholds=self._thresholds,
                index=np.array([index for index, _ in self._times], np.int32),
                time_s=np.array([time_s for _, time_s in self._times], np.float64),
                found=_together(self._found),
                found_count=np.array([len(rows) for rows in self._found], np.int32),
                riders=np.array([(*row, self._track_of(row, track_at)) for row in self._riders], np.int32).reshape(
                    -1, 4
                ),
                hidden=np.array(self._hidden, np.float32).reshape(-1, 5),
                looks=np.array(
                    [(id_, one.sighting.frame, one.scale, *one.region.as_tuple()) for id_, one in looks], np.float64
                ).reshape(-1, 7),
                look_found=_together([_rows(one.found) for _, one in looks]),
                look_count=np.array([len(one.found) for _, one in looks], np.int32),
            )
            return store.take(path)

    def _track_of(
        self, row: tuple[int, int, int], track_at: dict[tuple[int, tuple[float, float, float, float]], int]
    ) -> int:
        place, _, number = row
        return track_at.get((self._times[place][0], _detection(self._found[place][number]).box.as_tuple()), _NOBODY)


def load(path: Path, most_frames: int | None = None) -> Trace:
    """Read a trace, or the first frames of it.

    Raises:
        TraceError: it is gone, broken, or of another version.
    """
    try:
        return _load(path, most_frames)
    except Exception as error:  # each kind of damage raises another error in NumPy, `zipfile`, or `zlib`
        raise TraceError("what the models saw in this clip is lost or of another version: analyse it again") from error


def _load(path: Path, most_frames: int | None) -> Trace:
    with np.load(path, allow_pickle=False) as data:
        if int(data["version"]) != VERSION:
            raise ValueError(f"a trace of version {int(data['version'])}, version {VERSION} can be read")
        count = len(data["index"][:most_frames])
        found = _apart(data["found"], data["found_count"][:count])
        riders: list[list[tuple[int, int, int | None]]] = [[] for _ in range(count)]
        for place, tracker_id, row, track in data["riders"].tolist():
            if place < count:
                riders[place].append((tracker_id, row, None if track == _NOBODY else track))
        hidden: list[list[Box]] = [[] for _ in range(count)]
        for place, *sides in data["hidden"].tolist():
            if place < count:
                hidden[int(place)].append(Box(*sides))
        frames = zip(data["index"].tolist(), data["time_s"].tolist(), found, riders, hidden, strict=False)
        looks = zip(data["looks"].tolist(), _apart(data["look_found"], data["look_count"]), strict=True)
        stage1, stage2 = (
            Thresholds.model_validate(dict(zip(Thresholds.model_fields, row, strict=True)))
            for row in data["thresholds"].tolist()
        )
        return Trace(
            stage1,
            stage2,
            tuple(TracedFrame(index, s, seen, tuple(who), tuple(unseen)) for index, s, seen, who, unseen in frames),
            tuple(
                TracedLook(int(track), int(frame), Box(*region), scale, seen)
                for (track, frame, scale, *region), seen in looks
            ),
            bool(data["complete"]) and count == len(data["index"]),
        )


def _rows(found: Iterable[Detection]) -> _Rows:
    rows = [(one.label, one.confidence, *one.box.as_tuple()) for one in found]
    return np.array(rows, np.float32).reshape(-1, 6)


def _together(parts: list[_Rows]) -> _Rows:
    return np.concatenate(parts) if parts else np.empty((0, 6), np.float32)


def _apart(rows: _Rows, counts: npt.NDArray[np.int32]) -> list[tuple[Detection, ...]]:
    ends = np.cumsum(counts)
    return [tuple(_detection(row) for row in rows[end - count : end]) for end, count in zip(ends, counts, strict=True)]


def _detection(row: _Rows) -> Detection:
    label, confidence, *sides = row.tolist()
    return Detection(Label(int(label)), Box(*sides), confidence)
