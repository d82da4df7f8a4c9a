"""Clips in, through PyAV. Times are seconds from the start of the clip, from its timestamps."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, dropwhile, pairwise
from math import inf
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.buffer import Buffer
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipeline.clock import Clock, Stamp, stamp_of
from pipeline.container import duration_of, film_of, films_of
from pipeline.errors import ClipError
from pipeline.types import Frame, Image

SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".ts", ".mts", ".m2ts")
# nothing but these containers, and nothing but the file itself: a playlist renamed to .mp4 opens no other file
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts"}
_ON_TIME_S = 0.01  # frames of one clip are not evenly spaced, and timestamps are rounded
_LONGEST_S = 3600.0  # between two pictures: slower is no recording, and MP4 has no room for more than 13 hours
_LONGEST_TS_S = 10.0  # the same of MPEG-TS, as FFmpeg has it: recordings in it are joined end to end
_HOLE_S, _HOLE_STEPS = 2.0, 10  # a longer gap than these seconds, and than so many usual ones, is a hole
_WIDEST = 3  # times as wide as high: pixels of real cameras are far from it, and pictures must not grow without end
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """What the container says of itself. `duration_s` and `frames` may be guesses; 0 is unknown."""

    width: int
    height: int
    duration_s: float
    frames: int
    fps: float


class Clip:
    """A film of a video file, counted from 0, to read frames from, once or again.

    Raises:
        ClipError: the file is missing, empty, no video, of an unknown kind, without frames, or larger than `max_side`.
    """

    def __init__(self, path: Path, max_side: int, film: int = 0) -> None:
        self.path = path
        self._film = film
        self.cut_off = False  # whether a reading ended before the end that the container names
        self.times: tuple[float, ...] = ()  # of all frames, once they have been read to the end
        self.left_out = 0  # frames of the last reading whose timestamps were damaged
        self._max_side = max_side
        self._origin: Stamp | None = None
        self._height = self._width = 0  # of the first frame
        first = next(self.frames(), None)
        if first is None:
            raise ClipError("holds no frames")
        self._height, self._width = first.image.shape[:2]
        self.info = replace(self._info, width=self._width, height=self._height)

    def frames(self, start_s: float = 0.0, every_s: float = 0.0) -> Generator[Frame]:
        """The frames from `start_s` on, upright, BGR, all as large as the first; at least `every_s` lie between two.

        `index` counts from the first frame that is read, and counts those between as well.
        """
        with self._pictures(start_s) as pictures:
            times: list[float] = []
            given_s, damaged = -every_s, False
            mirrored: bool | None = None
            clock = Clock(self._origin, self._info.fps, self._longest_s)
            for picture, time_s in clock.timed(pictures):
                self._check_size(picture.width, picture.height)
                damaged = is_damaged(picture, damaged)
                if mirrored is None:
                    mirrored = is_mirrored(picture)
                self._origin = clock.origin
                if time_s >= start_s:
                    times.append(time_s)
                    if time_s - given_s >= every_s - _ON_TIME_S:
                        given_s = time_s
                        image = self._fitted(upright(picture, self._pixel, mirrored))
                        yield Frame(len(times) - 1, time_s, image, damaged)
            if times and start_s == 0:
                self.times, self.left_out = tuple(times), clock.left_out
                last_s = max(times[-1] - times[-2:][0], 1 / (self._info.fps or 30))  # how long the last one is shown
                lacking_s = self._told_s - self.missed_s - clock.furthest_s
                self.cut_off |= lacking_s > max(1.0, 1.5 * last_s, 0.05 * self._told_s)

    @property
    def missed_s(self) -> float:
        """Seconds before the first frame that the container tells of: a recording that begins between key frames."""
        return max(float((self._origin or 0) - self._begins), 0.0)

    @property
    def holes(self) -> list[tuple[float, float]]:
        """From when to when the last whole reading had no picture for long, in seconds, though others follow."""
        steps = np.diff(self.times)
        long_s = max(_HOLE_S, _HOLE_STEPS * float(np.median(steps))) if len(steps) else 0.0
        return [pair for pair in pairwise(self.times) if pair[1] - pair[0] > long_s]

    @contextmanager
    def _pictures(self, start_s: float) -> Iterator[Iterator[VideoFrame]]:
        """From one at or before `start_s` on.

        Without an index, as in MPEG-TS, a seek leads anywhere, and the key frame after it may be too late: then it is
        tried further back, and from the beginning at last.
        """
        origin, back_s = self._origin or 0, 0.0
        while back_s < start_s:
            with self._open() as container:
                try:
                    container.seek(int((origin + start_s - back_s) * av.time_base))
                except FFmpegError:
                    break  # the index is broken
                packets = container.demux(film_of(container, self._film))
                pictures = self._decode(dropwhile(lambda packet: not packet.is_keyframe, packets))
                first = next(pictures, None)
                if first is not None and (stamp_of(first) or 0) - origin <= start_s:
                    yield chain((first,), pictures)
                    return
            back_s = 4 * back_s or 1.0
        with self._open() as container:
            yield self._decode(container.demux(film_of(container, self._film)))

    def _open(self) -> InputContainer:
        container = _opened(self.path)
        try:
            self._look_at(container)
        except ClipError:
            container.close()
            raise
        return container

    def _look_at(self, container: InputContainer) -> None:
        stream = film_of(container, self._film)
        stream.thread_type = "AUTO"
        rate = float(stream.average_rate or 0)
        if rate < 1:  # unknown, or averaged over a clock that was set forward
            rate = float(stream.guessed_rate or rate)
        self._pixel = stream.sample_aspect_ratio
        self._longest_s = _LONGEST_TS_S if container.format.name == "mpegts" else _LONGEST_S
        self._tells_order = container.format.name == "avi"  # of its pictures, not when each is shown
        begins = None if self._tells_order else stream.start_time
        self._begins: Stamp = inf if begins is None or stream.time_base is None else begins * stream.time_base
        duration, sure = duration_of(container, stream, self._begins if self._begins < inf else self._origin or 0)
        self._told_s = duration if sure else 0.0
        self._info = ClipInfo(0, 0, duration, stream.frames or round(duration * rate), rate)
        self._check_size(stream.codec_context.width, stream.codec_context.height)

    def _fitted(self, image: Image) -> Image:
        """A picture as large as the first: some recorders change the size on their way, but boxes are in one frame."""
        size = self._width, self._height
        if not all(size) or image.shape[1::-1] == size:
            return image
        return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)

    def _decode(self, packets: Iterator[Packet[VideoStream]]) -> Iterator[VideoFrame]:
        while True:
            try:
                packet = next(packets, None)
            except FFmpegError:
                self.cut_off = True
                return
            if packet is None:
                return
            try:
                pictures = packet.decode()
            except FFmpegError:
                continue  # one damaged packet; the next key frame mends it
            for picture in pictures:
                if self._tells_order:
                    picture.pts = picture.dts
                yield picture

    def _check_size(self, width: int, height: int) -> None:
        if max(width, height) > self._max_side:
            raise ClipError(f"frames are {width} x {height} pixels, at most {self._max_side} a side can be read")


def films_in(path: Path) -> int:
    """How many films a file holds; 1 where nobody can tell, and whoever reads it is told why."""
    try:
        with _opened(path) as container:
            return max(len(films_of(container)), 1)
    except ClipError:
        return 1


def _opened(path: Path) -> InputContainer:
    if not path.is_file():
        raise ClipError("no such file")
    if path.stat().st_size == 0:
        raise ClipError("the file is empty: copy it from the camera once more")
    try:
        return av.open(f"file:{path.resolve()}", options=_OPTIONS, metadata_errors="replace")
    except (FFmpegError, ValueError) as error:
        raise ClipError(
            "is no video, or is cut off so early that nothing of it can be read: copy it from the camera once more"
        ) from error


def is_damaged(picture: VideoFrame, before: bool) -> bool:
    """Whether data of a picture, or of one that it builds upon, were lost; `before`: those of the last one were."""
    return picture.is_corrupt or (before and not picture.key_frame)


def upright(picture: VideoFrame, pixel: Fraction | None, mirrored: bool) -> Image:
    """A decoded picture as BGR, turned and mirrored as its container says, with square pixels.

    `pixel` is the width of one by its height.
    """
    image = bgr(picture)
    if pixel and pixel != 1 and 1 / _WIDEST <= pixel <= _WIDEST:
        size = round(picture.width * pixel), picture.height
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    if mirrored:
        image = np.asarray(cv2.flip(image, 0), np.uint8)  # what is left of the container's matrix is the rotation
    turn = _TURNS.get(picture.rotation % 360)
    return image if turn is None else np.asarray(cv2.rotate(image, turn), dtype=np.uint8)


def bgr(picture: VideoFrame) -> Image:
    """A decoded picture as it lies there."""
    return cast(Image, picture.to_ndarray(format="bgr24", threads=1))  # to start more for each takes thrice as long


def is_mirrored(picture: VideoFrame) -> bool:
    """Whether the container shows its pictures as in a mirror, which their rotation does not tell.

    To be asked of one picture alone: whoever was asked stays in memory until garbage is collected.
    """
    matrix = cast(Mapping[str, Buffer], picture.side_data).get("DISPLAYMATRIX")
    return matrix is not None and np.linalg.det(np.frombuffer(bytes(matrix), np.int32).reshape(3, 3)[:2, :2]) < 0
