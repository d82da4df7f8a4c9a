"""What people get to see of a clip: pictures and a short clip per case, and the annotated video.

A second reading of the clip, when all verdicts are in, so that nobody is marked who was cleared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np

from pipeline.crops import picture_of, shrink
from pipeline.draw import Mark, draw, mark_sighting, mark_small
from pipeline.motion import filled
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.threads import FRAMES_AHEAD, ahead
from pipeline.types import Case, Evidence, Frame, Image, Track
from pipeline.video import Clip
from pipeline.video_writer import VideoWriter

_Marks = dict[int, list[Mark]]  # by frame index
_CARD = 240  # pixels: the longer side in which pages show the picture of a rider, more or less
_JOINED_S = 0.25  # two sightings this near each other are joined in the frames between, for drawing


class Recorder:
    """Writes the evidence of the cases of a clip into the store.

    Raises:
        OSError: a file cannot be written, for instance because the disk is full.
    """

    def __init__(self, store: FileStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def record(
        self, clip: Clip, tracks: Iterable[Track], cases: Sequence[Case], seen: Callable[[Frame], None]
    ) -> tuple[str, tuple[Evidence, ...]]:
        """The annotated video and the evidence of each case, in order.

        Reads the clip, which was read to its end before, once more.

        `seen` is called after every frame.
        """
        accused = {case.track.id for case in cases if case.confirmed}
        marks = _marks((_joined(track, clip.times) for track in tracks), accused)
        shown = [replace(case, track=_joined(case.track, clip.times)) for case in cases]
        with self._store.scratch() as folder:
            with ExitStack() as files:
                video = files.enter_context(VideoWriter(folder / "video.mp4", clip.info.fps))
                excerpts = [
                    files.enter_context(
                        Excerpt(case, folder / f"{row}.mp4", clip.info.fps, self._store, self._settings)
                    )
                    for row, case in enumerate(shown)
                ]
                for frame in files.enter_context(ahead("decode", clip.frames, FRAMES_AHEAD)):
                    image, scale = shrink(frame.image, self._settings.video_side)
                    video.write(draw(image, marks[frame.index], scale), frame.time_s)
                    for excerpt in excerpts:
                        excerpt.offer(frame, image, scale)
                    seen(frame)
            return self._store.take(folder / "video.mp4"), tuple(excerpt.evidence() for excerpt in excerpts)


class Excerpt:
    """The seconds around one case, with nobody marked but the one it is about, and its best frame.

    `picture` and `crop` are names in the store: a clip with many cases would hold too many pictures otherwise.
    """

    picture: str
    crop: str
    first_s: float
    scale: float

    def __init__(self, case: Case, path: Path, fps: float, store: FileStore, settings: Settings) -> None:
        self._path, self._store = path, store
        self._best = case.best
        self._fps = fps
        self._video: VideoWriter | None = None
        track, margin, longest = case.track, settings.evidence_margin_s, settings.evidence_max_s
        self.start_s = max(track.start_s - margin, case.best.time_s - longest / 2, 0.0)
        self.end_s = min(track.end_s + margin, self.start_s + longest)
        self._accused = case.confirmed
        title = "violation" if case.confirmed else "rider"  # without a number: pages count cases, not tracks
        self._marks = {one.frame: mark_sighting(one, title, case.confirmed) for one in track.sightings}

    def offer(self, frame: Frame, image: Image, scale: float) -> None:
        """Take what is needed of a frame; `image` is its picture, `scale` times as large."""
        marks = self._marks.get(frame.index, [])
        if self.start_s <= frame.time_s <= self.end_s:
            if self._video is None:
                self._video, self.first_s = VideoWriter(self._path, self._fps), frame.time_s
            self._video.write(draw(image, marks, scale), frame.time_s - self.start_s)
        elif frame.time_s > self.end_s:
            self.close()
        if frame.index == self._best.frame:
            self.picture, self.scale = self._store.put_picture(draw(image, marks, scale)), scale
            crop = picture_of(frame.image, self._best)
            small = [mark.seen_from(crop.region, crop.scale) for mark in mark_small(self._best, self._accused)]
            self.crop = self._store.put_picture(draw(crop.image, small, side=_CARD))

    def evidence(self) -> Evidence:
        """All of it, with the finished clip moved into the store."""
        clip = self._store.take(self._path)
        return Evidence(self.picture, self.crop, clip, self._best.time_s, self.first_s, self.scale)

    def close(self) -> None:
        """Finish the clip; a clip with many cases would hold as many encoders otherwise."""
        if self._video is not None:
            self._video.close()
            self._video = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def out_of_looks(case: Case, store: FileStore) -> Evidence:
    """What stage 2 looked at, a crop a second: all there is where the frames are gone.

    Raises:
        OSError: a picture cannot be read, or the clip not be written.
    """
    looks = sorted(zip(case.verdict.looks, case.looks, strict=True), key=lambda one: one[0].sighting.time_s)
    best = next(name for look, name in looks if look.sighting is case.best)
    size: tuple[int, int] | None = None
    with store.scratch() as folder:
        with VideoWriter(folder / "clip.mp4", 1.0) as video:
            for second, (_, name) in enumerate(looks):
                image = store.picture(name)
                if image is None:
                    raise OSError(f"{name} is gone from the data folder or is no picture")
                size = size or (image.shape[1], image.shape[0])
                video.write(np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), second)
        clip = store.take(folder / "clip.mp4")
    return Evidence(best, best, clip, case.best.time_s, looks[0][0].sighting.time_s, None)


def _joined(track: Track, times: Sequence[float]) -> Track:
    """A track with a sighting in each of the clip's frames that stage 1 passed over between two of its own."""
    frames = range(track.sightings[0].frame, track.sightings[-1].frame + 1)
    return filled(track, [(index, times[index]) for index in frames], _JOINED_S)


def _marks(tracks: Iterable[Track], accused: set[int]) -> _Marks:
    marks: _Marks = defaultdict(list)
    for track in tracks:
        guilty = track.id in accused
        title = f"{'violation' if guilty else 'rider'} {abs(track.id)}"
        for sighting in track.sightings:
            marks[sighting.frame] += mark_sighting(sighting, title, guilty)
    return marks
