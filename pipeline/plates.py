"""The stage that reads plates: from the crops of one track to the text that all reads agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

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

_BESIDE = 1 / 16  # what a read counts beside that of all frames made into one: what blurs one frame blurs the others


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """What an engine read on one plate from the front, or on `frames` of them made into one; `counts` 0 to 1."""

    candidate: Candidate
    plate: Image
    frames: int
    reading: Reading
    counts: float = 1.0

    @property
    def weight(self) -> float:
        """In the vote: the confidence of a middling character, so that one bad character does not silence a read."""
        if self.reading.slots is None or not self.reading.characters:
            return 0.0
        return self.counts * float(np.mean([confidence for _, confidence in self.reading.characters]))


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A crop with the corners of its plate, and how well it shows it."""

    crop: PlateCrop
    corners: Corners
    worth: float


class PlateReader:
    """All that reading takes. It belongs to the thread that made it.

    Raises:
        WeightsError: a weight file is missing or altered, or the stock models cannot be downloaded.
    """

    def __init__(self, settings: Settings) -> None:
        # networks this small gain nothing from a second core, and lose much where other stages keep it busy
        torch.set_num_threads(1)
        folder, manifest = read_plate_manifest(settings.weights)
        self._finder = CornerFinder(folder / CORNERS)
        self._upscaler = Upscaler(settings.plate_upscale, folder / UPSCALER)
        self._engine: Engine = (
            OwnEngine(folder) if settings.plate_engine is PlateEngine.OWN else StockEngine(settings.data / "easyocr")
        )
        self._calibration = manifest.calibration
        self._settings = settings

    def read(self, crops: Sequence[PlateCrop], motorcycle: bool = True) -> PlateFound:
        """Read the plate of one track.

        A rider's plate is readable only if it is of a motorcycle's format: a car's is that of the car behind.
        """
        attempts = self.attempts(crops)
        reads = tuple(self._read(one) for one in attempts)
        pictures = tuple((one.candidate.crop.image, natural(one.plate, one.candidate.corners)) for one in attempts)
        votes = [(one.reading.slots, one.weight) for one in attempts if one.reading.slots is not None]
        agreed = vote([slots for slots, _ in votes], [weight for _, weight in votes], self._calibration)
        if agreed is None:
            return PlateFound(Plate("", 0.0, False, (), reads), pictures)
        sure = agreed.probability >= self._calibration.threshold
        readable = sure and (agreed.kind.motorcycle or not motorcycle)
        return PlateFound(Plate(agreed.text, agreed.probability, readable, agreed.characters, reads), pictures)

    def attempts(self, crops: Sequence[PlateCrop]) -> list[Attempt]:
        """All that is read on the best crops, and on these made into one."""
        chosen = self._choose(crops)
        plates = [self._upright(one) for one in chosen]
        attempts = [Attempt(one, plate, 1, self._engine.read(plate)) for one, plate in zip(chosen, plates, strict=True)]
        if self._settings.plate_fusion and len(plates) > 1:
            fused, frames = fuse(plates, [one.worth for one in chosen])
            if frames > 1:
                attempts = [replace(one, counts=_BESIDE) for one in attempts]
                attempts.append(Attempt(chosen[0], fused, frames, self._engine.read_closely(fused)))
        return attempts

    def _choose(self, crops: Sequence[PlateCrop]) -> list[Candidate]:
        """The crops to read, best first."""
        found = []
        for crop in crops:
            corners = self._finder.find(crop.image)
            found.append(Candidate(crop, corners, quality(crop.image, corners).worth))
        rows = choose([one.worth for one in found], [one.crop.time_s for one in found], self._settings.plate_crops)
        return [found[row] for row in rows]

    def _upright(self, one: Candidate) -> Image:
        image, factor = self._upscaler.upscale(one.crop.image)
        return upright(image, one.corners * factor)

    def _read(self, one: Attempt) -> PlateRead:
        return PlateRead(
            time_s=one.candidate.crop.time_s,
            frames=one.frames,
            quality=one.candidate.worth,
            engine=self._engine.name,
            text=one.reading.text,
            confidence=one.reading.confidence,
            characters=one.reading.characters,
            weight=one.weight,
        )
