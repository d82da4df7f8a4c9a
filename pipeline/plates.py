"""The stage that reads plates: from the crops of one track to the text that all reads agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.consensus import vote
from pipeline.fuse import fuse
from pipeline.ocr import Engine, OwnEngine, Reading, StockEngine
from pipeline.plate_corners import CornerFinder
from pipeline.plate_crops import choose, quality
from pipeline.plate_geometry import Corners, natural, upright
from pipeline.plate_weights import CORNERS, UPSCALER, read_plate_manifest
from pipeline.settings import PlateEngine, Settings
from pipeline.types import Image, Plate, PlateCrop, PlateFound, PlateRead
from pipeline.upscale import Upscaler


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A crop with the corners of its plate."""

    crop: PlateCrop
    corners: Corners
    worth: float


class PlateReader:
    """All that reading takes. It belongs to the thread that made it.

    Raises:
        WeightsError: a weight file is missing or altered, or the stock models cannot be downloaded.
    """

    def __init__(self, settings: Settings) -> None:
        folder, manifest = read_plate_manifest(settings.weights)
        self._finder = CornerFinder(folder / CORNERS)
        self._upscaler = Upscaler(settings.plate_upscale, folder / UPSCALER)
        self._engine = _engine(settings, folder)
        self._calibration = manifest.calibration
        self._settings = settings

    def read(self, crops: Sequence[PlateCrop], motorcycle: bool = True) -> PlateFound:
        """Read the plate of one track.

        A rider's plate is readable only if it is of a motorcycle's format: a car's is that of the car behind.
        """
        chosen = self._choose(crops)
        plates = [self._upright(one) for one in chosen]
        readings = self._engine.read(plates)
        frames = [1] * len(plates)
        if self._settings.plate_fusion and len(plates) > 1:
            fused, count = fuse(plates, [one.worth for one in chosen])
            if count > 1:
                chosen, plates, frames = [*chosen, chosen[0]], [*plates, fused], [*frames, count]
                readings += self._engine.read([fused])
        reads = [self._read(*attempt) for attempt in zip(chosen, readings, frames, strict=True)]
        return PlateFound(
            self._agree(reads, readings, motorcycle),
            tuple((one.crop.image, natural(plate, one.corners)) for one, plate in zip(chosen, plates, strict=True)),
        )

    def _choose(self, crops: Sequence[PlateCrop]) -> list[_Candidate]:
        """The crops to read, best first."""
        found = []
        for crop in crops:
            corners = self._finder.find(crop.image)
            found.append(_Candidate(crop, corners, quality(crop.image, corners).worth))
        rows = choose([one.worth for one in found], [one.crop.time_s for one in found], self._settings.plate_crops)
        return [found[row] for row in rows]

    def _upright(self, one: _Candidate) -> Image:
        image, factor = self._upscaler.upscale(one.crop.image)
        return upright(image, one.corners * factor)

    def _read(self, one: _Candidate, reading: Reading, frames: int) -> PlateRead:
        return PlateRead(
            time_s=one.crop.time_s,
            frames=frames,
            quality=one.worth,
            engine=self._engine.name,
            text=reading.text,
            confidence=reading.confidence,
            characters=reading.characters,
            weight=_weight(reading),
        )

    def _agree(self, reads: Sequence[PlateRead], readings: Sequence[Reading], motorcycle: bool) -> Plate:
        votes = [(one.slots, _weight(one)) for one in readings if one.slots is not None]
        agreed = vote([slots for slots, _ in votes], [weight for _, weight in votes], self._calibration)
        if agreed is None:
            return Plate("", 0.0, readable=False, characters=(), reads=tuple(reads))
        sure = agreed.probability >= self._calibration.threshold
        return Plate(
            agreed.text,
            agreed.probability,
            readable=sure and (agreed.kind.motorcycle or not motorcycle),
            characters=agreed.characters,
            reads=tuple(reads),
        )


def _engine(settings: Settings, folder: Path) -> Engine:
    if settings.plate_engine is PlateEngine.STOCK:
        return StockEngine(settings.data / "easyocr")
    return OwnEngine(folder)


def _weight(reading: Reading) -> float:
    """The confidence of a middling character: one bad character does not silence a read."""
    if reading.slots is None or not reading.characters:
        return 0.0
    return float(np.mean([confidence for _, confidence in reading.characters]))
