"""The stage that reads plates: from the crops of one track to the text that all reads agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.consensus import vote
from pipeline.fuse import fuse
from pipeline.ocr import Engine, OwnEngine, Reading, StockEngine
from pipeline.plate_corners import CornerFinder
from pipeline.plate_crops import choose, quality
from pipeline.plate_geometry import READ_WIDTH, Corners, upright
from pipeline.settings import PlateEngine, Settings
from pipeline.types import Crop, Image, Plate, PlateRead
from pipeline.upscale import Upscaler
from pipeline.weights import checked_plates, read_manifest

_NOTHING = Plate("", 0.0, readable=False, characters=(), reads=())


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A crop with its plate found on it."""

    crop: Crop
    corners: Corners
    worth: float


class PlateReader:
    """All that reading takes. It belongs to the thread that made it.

    Raises:
        WeightsError: a weight file is missing or altered, or the stock models cannot be downloaded.
    """

    def __init__(self, settings: Settings) -> None:
        manifest = read_manifest(settings.weights)
        files = checked_plates(settings.weights, manifest.plates)
        self._finder = CornerFinder(files.corners)
        self._upscaler = Upscaler(settings.plate_upscale, files.upscaler)
        self._engine = _engine(settings)
        self._calibration = manifest.plates.calibration
        self._settings = settings

    def read(self, crops: Sequence[Crop], motorcycle: bool = True) -> Plate:
        """Read the plate of one track.

        A motorcycle's plate is readable only if it is of a motorcycle's format: a car's is that of the car behind.
        """
        chosen = self._choose(crops)
        if not chosen:
            return _NOTHING
        plates = [self._upright(one) for one in chosen]
        readings = self._engine.read(plates)
        reads = [
            self._attempt(one, plate, 1, reading)
            for one, plate, reading in zip(chosen, plates, readings, strict=True)
        ]
        if self._settings.plate_fusion and len(chosen) > 1:
            fused, frames = fuse(plates, [one.worth for one in chosen])
            if frames > 1:
                (reading,) = self._engine.read([fused])
                reads.append(self._attempt(chosen[0], fused, frames, reading))
                readings.append(reading)
        return self._agree(reads, readings, motorcycle)

    def _choose(self, crops: Sequence[Crop]) -> list[_Candidate]:
        """The crops to read, best first."""
        found = [_Candidate(crop, corners := self._finder.find(crop.image), quality(crop.image, corners).worth)
                 for crop in crops]  # fmt: skip
        times = [one.crop.sighting.time_s for one in found]
        return [found[row] for row in choose([one.worth for one in found], times, self._settings.plate_crops)]

    def _upright(self, one: _Candidate) -> Image:
        image, factor = self._upscaler.upscale(one.crop.image)
        return upright(image, one.corners * factor)

    def _attempt(self, one: _Candidate, plate: Image, frames: int, reading: Reading) -> PlateRead:
        sides = np.linalg.norm(one.corners - np.roll(one.corners, -1, axis=0), axis=1)
        height = round(READ_WIDTH * float((sides[1] + sides[3]) / max(sides[0] + sides[2], 1.0)))
        shown = cv2.resize(plate, (READ_WIDTH, min(max(height, 24), READ_WIDTH)), interpolation=cv2.INTER_AREA)
        return PlateRead(
            one.crop, frames, np.asarray(shown, np.uint8), one.worth, self._engine.name, reading.text,
            reading.confidence, reading.characters, weight=_weight(reading),
        )  # fmt: skip

    def _agree(self, reads: Sequence[PlateRead], readings: Sequence[Reading], motorcycle: bool) -> Plate:
        votes = [(one.slots, _weight(one)) for one in readings if one.slots is not None]
        agreed = vote([slots for slots, _ in votes], [weight for _, weight in votes], self._calibration)
        if agreed is None:
            return replace(_NOTHING, reads=tuple(reads))
        sure = agreed.probability >= self._calibration.threshold
        return Plate(
            agreed.text,
            agreed.probability,
            readable=sure and (agreed.kind.motorcycle or not motorcycle),
            characters=agreed.characters,
            reads=tuple(reads),
        )


def _engine(settings: Settings) -> Engine:
    if settings.plate_engine is PlateEngine.STOCK:
        return StockEngine(settings.data / "easyocr")
    return OwnEngine(settings.weights)


def _weight(reading: Reading) -> float:
    """The confidence of a middling character: one bad character does not silence a read."""
    if reading.slots is None or not reading.characters:
        return 0.0
    return float(np.mean([confidence for _, confidence in reading.characters]))
