"""Where a film is cut: all at once it shows something else, and nobody in it is who was in the same place before."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.crops import shrink
from pipeline.light import without_light
from pipeline.types import Floats, Frame, Image

_SIDE = 320  # pixels: enough to follow corners, and quick
_NEAR_S = 0.11  # what is further apart may differ as much without a cut
_CHANGED = 20.0  # mean difference of two pictures of 256 shades: most pairs need no closer look
_CORNERS, _APART = 200, 4  # how many are followed, and pixels between two of them
_BACK = 0.5  # pixels: as near a corner comes to its place when it is followed there and back
# share of the corners that are followed: 0.24 at most between scenes of one street; on four real clips and two rendered
# ones 0.33 at least, also in flashes and behind a wiper, but 0.24 at twice their speed
_FOLLOWED = 0.25
_STEADY = 0.5  # what is hardly followed for a while is quick, not cut


class Cuts:
    """Feed it the frames of one source in order."""

    def __init__(self) -> None:
        self._last: Frame | None = None
        self._picture = np.empty((0, 0), np.uint8)
        self._followed = 1.0

    def before(self, frame: Frame) -> bool:
        """Whether this frame goes on with something else than the last one: also where there is none, or its size is
        another."""
        last, before, steady = self._last, self._picture, self._followed >= _STEADY
        small, _ = shrink(frame.image, _SIDE)
        now = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        self._last, self._picture, self._followed = frame, now, 1.0
        if last is None or last.image.shape != frame.image.shape:
            return True
        if last.damaged or frame.time_s - last.time_s > _NEAR_S:  # a damaged film comes back whole all at once, too
            return False
        if _changed(before, now):
            self._followed = _followed(before, now)
        return steady and self._followed < _FOLLOWED


def _changed(before: Image, now: Image) -> bool:
    return float(cv2.absdiff(before, now).mean()) > _CHANGED


def _followed(before: Image, now: Image) -> float:
    """The share of the corners of a grey picture that are still found in another one, 0 to 1."""
    before, now = _details(before), _details(now)
    corners = cv2.goodFeaturesToTrack(before, _CORNERS, 0.01, _APART)
    if corners is None:
        return 1.0
    there, found, _ = cv2.calcOpticalFlowPyrLK(before, now, corners, np.empty_like(corners))
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(now, before, there, np.empty_like(corners))
    away: Floats = np.linalg.norm(back - corners, axis=2)
    return float(np.mean((found > 0) & (found_back > 0) & (away < _BACK)))


def _details(grey: Image) -> Image:
    """What a flash, a tunnel's end and the camera's own exposure leave as it is."""
    picture: Floats = grey.astype(np.float32)
    return np.asarray(np.clip(128 + 40 * without_light(picture, picture, 16.0), 0, 255), np.uint8)
