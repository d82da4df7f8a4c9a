"""H.264 out, through PyAV. Times are seconds from the start of the video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from pipeline.types import Image

_TIME_BASE = Fraction(1, 90_000)  # divides all usual frame rates


class VideoWriter:
    """Writes H.264 in MP4, index in front, so that a browser plays it at once.

    The first picture decides the size; one side more is cut off where it is odd.

    Raises:
        OSError: the file cannot be written, for instance because the disk is full.
    """

    def __init__(self, path: Path, fps: float) -> None:
        # from the root on: of a relative path FFmpeg takes what is before a colon for a protocol
        self._container = av.open(str(path.absolute()), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream(
            "libx264",
            rate=Fraction(min(fps or 30, 60)).limit_denominator(1001),
            options={"preset": "superfast", "crf": "27"},
        )
        self._stream.pix_fmt = "yuv420p"
        self._stream.thread_type = "FRAME"  # a third quicker than threads that share a frame
        self._stream.time_base = self._stream.codec_context.time_base = _TIME_BASE
        self._to_flush = False  # whether the encoder holds pictures, and may be asked for them
        self._last_pts = -1

    def write(self, image: Image, time_s: float) -> None:
        """Append one BGR picture; times must rise."""
        height, width = (side - side % 2 for side in image.shape[:2])
        if self._last_pts < 0:
            self._stream.width, self._stream.height = width, height
        yuv = cv2.cvtColor(image[:height, :width], cv2.COLOR_BGR2YUV_I420)  # a third of the time of FFmpeg's way
        picture = VideoFrame.from_ndarray(np.asarray(yuv, np.uint8), format="yuv420p")
        self._last_pts = max(self._last_pts + 1, round(time_s / _TIME_BASE))
        picture.pts, picture.time_base = self._last_pts, _TIME_BASE
        self._to_flush = False
        self._container.mux(self._stream.encode(picture))
        self._to_flush = True

    def close(self) -> None:
        """Finish the file; after an error only let go of it.

        Where there was no room for a header FFmpeg crashes when it is to write on, and the whole process with it.
        """
        flush, self._to_flush = self._to_flush, False
        try:
            if flush:
                self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
