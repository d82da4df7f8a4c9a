"""The domain: what flows from stage to stage. Imports no framework but NumPy.

Boxes are in pixels of the full-resolution frame, x to the right, y down. Pictures are BGR, uint8, (H, W, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Image: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[Any]

NO_PICTURE: Image = np.empty((0, 0, 3), np.uint8)  # of a crop whose boxes alone are wanted


class Label(IntEnum):
    """The one class order. Every weight file and data set is checked against it."""

    RIDER = 0
    WITHOUT_HELMET = 1
    WITH_HELMET = 2
    PLATE = 3

    @property
    def title(self) -> str:
        return CLASS_NAMES[self]


CLASS_NAMES = ("rider", "without helmet", "with helmet", "number plate")
HEADS = (Label.WITHOUT_HELMET, Label.WITH_HELMET)


@dataclass(frozen=True, slots=True)
class Box:
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(self.width, 0.0) * max(self.height, 0.0)

    @property
    def center(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def overlap(self, other: Box) -> float:
        """Area shared with `other`, square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(width, 0.0) * max(height, 0.0)

    def iou(self, other: Box) -> float:
        shared = self.overlap(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def inside(self, other: Box) -> float:
        """Share of this box that `other` covers, 0 to 1."""
        return self.overlap(other) / self.area if self.area > 0 else 0.0

    def shift(self, dx: float, dy: float) -> Box:
        return Box(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy)

    def scale(self, factor: float, down: float | None = None) -> Box:
        """This box in a picture that is `factor` times as large, or `factor` as wide and `down` as high."""
        down = factor if down is None else down
        return Box(self.x1 * factor, self.y1 * down, self.x2 * factor, self.y2 * down)

    def mirrored(self, width: float) -> Box:
        """This box in the mirror image of a picture of this width."""
        return Box(width - self.x2, self.y1, width - self.x1, self.y2)

    def grown(self, dx: float, dy: float) -> Box:
        """This box with so much more on every side."""
        return Box(self.x1 - dx, self.y1 - dy, self.x2 + dx, self.y2 + dy)

    def toward(self, other: Box, share: float) -> Box:
        """This box moved this share of the way to `other`, and beyond it above 1."""
        sides = zip(self.as_tuple(), other.as_tuple(), strict=True)
        return Box(*(here + (there - here) * share for here, there in sides))

    def clip(self, width: float, height: float) -> Box:
        """The part of this box that lies in a picture of this size."""
        return Box(
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
            min(max(self.x2, 0.0), width),
            min(max(self.y2, 0.0), height),
        )

    def as_tuple(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2


@dataclass(frozen=True, slots=True)
class Detection:
    label: Label
    box: Box
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source; `time_s` counts from the clip's first one, or from the opening of a live source.

    `damaged`: data of it, or of one that it builds upon, were lost.
    """

    index: int
    time_s: float
    image: Image
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """One rider in one frame, with the heads and the plate that belong to it."""

    frame: int
    time_s: float
    box: Box
    confidence: float
    heads: tuple[Detection, ...] = ()
    plate: Detection | None = None

    @property
    def bare_heads(self) -> tuple[Detection, ...]:
        return tuple(head for head in self.heads if head.label is Label.WITHOUT_HELMET)

    @property
    def parts(self) -> tuple[Detection, ...]:
        """The heads, then the plate if there is one."""
        return self.heads if self.plate is None else (*self.heads, self.plate)


@dataclass(frozen=True, slots=True)
class Track:
    """The sightings of one rider over time, under one id. Never empty.

    Sightings under a suspect's id that are more likely somebody else's are a track of their own: its id is negative.
    """

    id: int
    sightings: tuple[Sighting, ...]

    @property
    def start_s(self) -> float:
        return self.sightings[0].time_s

    @property
    def end_s(self) -> float:
        return self.sightings[-1].time_s


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A piece of the full-resolution frame around one sighting.

    `image` shows `region` of the frame, `scale` times as large (below 1 where a large crop was made smaller).
    """

    sighting: Sighting
    region: Box
    scale: float
    image: Image


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    """A track whose sightings show a bare head (stage 1's word only), with the crops worth a second look.

    `worn`: helmets that its rider or pillion wore before the track began. Who took one off is not accused.
    """

    track: Track
    crops: tuple[Crop, ...]
    plates: tuple[Crop, ...] = ()
    worn: tuple[tuple[Sighting, Detection], ...] = ()


@dataclass(frozen=True, slots=True)
class PlateRead:
    """One OCR attempt on one plate crop, or on several made into one picture (`frames` of them, the best's time).

    `characters` of the text with the confidence of each. `weight` is how much it counts in the vote, 0 where the
    text is no plate's. All numbers 0 to 1.
    """

    time_s: float
    frames: int
    quality: float
    engine: str
    text: str
    confidence: float
    characters: tuple[tuple[str, float], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Plate:
    """What all reads of a track agree on, readable or not.

    `text` is compact and empty where nothing was read; `probability` that all of it is right, 0 to 1;
    `characters` of it with the share of the vote that each has.
    """

    text: str
    probability: float
    readable: bool
    characters: tuple[tuple[str, float], ...]
    reads: tuple[PlateRead, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PlateCrop:
    """A piece of a frame with a plate on it, and when it was seen."""

    image: Image
    time_s: float


@dataclass(frozen=True, slots=True, eq=False)
class PlateFound:
    """A reading with its pictures: for each read the crop, and the plate upscaled and from the front as it was read."""

    plate: Plate
    pictures: tuple[tuple[Image, Image], ...]


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNSURE = "unsure"


class Says(StrEnum):
    """What stage 2 says of one crop."""

    BARE = "bare"
    HELMET = "helmet"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Look:
    """Stage 2's look at one crop: `region` of the frame, `scale` times as large.

    `detections` is all it found, `heads` those of the suspect; boxes are in the full frame. `found` is what its model
    saw before any threshold, boxes in pixels of the crop.
    """

    sighting: Sighting
    region: Box
    scale: float
    detections: tuple[Detection, ...]
    heads: tuple[Detection, ...]
    says: Says
    confidence: float
    found: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Stage 2's word on a suspect. `confidence` is that of a bare head, 0 to 1, whatever the outcome."""

    outcome: Outcome
    confidence: float
    looks: tuple[Look, ...]

    @property
    def confirmed(self) -> bool:
        return self.outcome is Outcome.CONFIRMED


@dataclass(frozen=True, slots=True)
class Case:
    """A suspect with its verdict: a violation if it was confirmed.

    `best` is the sighting that shows it best; `stage1` how sure stage 1 was of the bare head, the mean of the
    crops, 0 to 1. `looks` (one per look of the verdict) and `plate` name pictures in the store, as do
    `read_pictures`: per plate read the crop, and what the engine saw of it. `reading` is None where no plate was
    read; `captured` names the crops that another machine is to read, with their times: they belong to whoever has the
    case, until they are in the outbox.
    """

    track: Track
    verdict: Verdict
    best: Sighting
    stage1: float
    heads_without: int
    heads_with: int
    looks: tuple[str, ...]
    plate: str | None
    reading: Plate | None = None
    read_pictures: tuple[tuple[str, str], ...] = ()
    captured: tuple[tuple[str, float], ...] = ()

    @property
    def captures(self) -> frozenset[str]:
        """The names of the crops that another machine is to read."""
        return frozenset(name for name, _ in self.captured)

    @property
    def confirmed(self) -> bool:
        return self.verdict.confirmed


@dataclass(frozen=True, slots=True)
class Evidence:
    """Names of files in the store: the best frame, the rider in it (JPEG), and the seconds around it (MP4).

    Picture and clip are `scale` times as large as the source's frames; the picture is the source's frame at
    `picture_s`, the clip's first one that at `clip_start_s`. Without a scale they show crops, not whole frames.
    """

    picture: str
    crop: str
    clip: str
    picture_s: float
    clip_start_s: float
    scale: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What was found in one clip.

    `stages` holds seconds of work per stage; stages overlap, so their sum may exceed `wall_s`. `tracks` holds every
    rider, `cases` the suspects among them. `video` names the annotated video in the store, `trace` what both models
    saw (see `pipeline.trace`).
    """

    width: int
    height: int
    duration_s: float
    frames: int
    wall_s: float
    stages: dict[str, float]
    tracks: tuple[Track, ...]
    cases: tuple[tuple[Case, Evidence], ...]
    video: str
    warning: str | None = None
    trace: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far the analysis of a clip is. `left_s` is unknown at the start; `preview` comes now and then (BGR)."""

    stage: str
    fraction: float
    fps: float
    left_s: float | None
    violations: int
    preview: Image | None = None
