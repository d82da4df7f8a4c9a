"""One id per rider, through occlusion, missed detections and a moving camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import supervision as sv
from trackers import BoTSORTTracker
from trackers.utils.cmc import CMC, CMCConfig

from pipeline.settings import Settings
from pipeline.types import Box, Detection, Frame, Label

_STRONG = 0.25  # confidence from which a detection may find a lost rider again
_LIBRARY_FPS = 30  # the tracker counts its patience in frames of 30 fps and converts by timestamp
# camera motion from 200 corners in a quarter of the frame: a fifth of the time of the library's default, 0.3 pixels
# from it in the median on a panning hand-held clip
_CAMERA_MOTION = CMCConfig(method="sparseOptFlow", downscale=4, sof_max_corners=200, sof_min_distance=4)


@dataclass(frozen=True, slots=True)
class Tracked:
    """The riders of one frame by track id, and where riders that are hidden just now should be."""

    riders: tuple[tuple[int, Detection], ...]
    hidden: tuple[tuple[int, Box], ...]


class Tracker:
    """BoT-SORT on riders, camera motion taken out. Feed it the frames of one source in order."""

    def __init__(self, new_track: float, settings: Settings) -> None:
        """`new_track`: confidence from which a detection starts a track."""
        self._tracker = BoTSORTTracker(
            lost_track_buffer=round(settings.lost_after_s * _LIBRARY_FPS),
            track_activation_threshold=new_track,
            high_conf_det_threshold=min(_STRONG, new_track),
        )
        self._tracker.cmc = CMC(_CAMERA_MOTION)
        self._first_id = self._next_id = 1  # people count from one

    def start_over(self) -> None:
        """Forget all riders: none is in what follows. Ids go on: late findings on an old one hit no new one."""
        self._tracker.reset()
        self._first_id = self._next_id

    def update(self, frame: Frame, found: tuple[Detection, ...]) -> Tracked:
        """Give the riders among the detections of the next frame their ids; those without one yet are left out."""
        riders = [one for one in found if one.label is Label.RIDER]
        detections = sv.Detections(
            xyxy=np.array([rider.box.as_tuple() for rider in riders], dtype=float).reshape(-1, 4),
            confidence=np.array([rider.confidence for rider in riders], dtype=float),
            data={"rider": np.arange(len(riders))},
        )
        tracked = self._tracker.update(detections, frame=frame.image, timestamp=frame.time_s)
        ids = zip(tracked.tracker_id, tracked.data.get("rider", ()), strict=True)
        seen = tuple((int(id_) + self._first_id, riders[int(row)]) for id_, row in ids if id_ >= 0)
        self._next_id = max([self._next_id, *(id_ + 1 for id_, _ in seen)])
        hidden = (one for one in self._tracker.tracks if one.time_since_update > 0 and one.tracker_id >= 0)
        expected = ((one.tracker_id + self._first_id, Box(*map(float, one.get_state_bbox()))) for one in hidden)
        return Tracked(seen, tuple(expected))
