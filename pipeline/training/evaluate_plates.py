"""How well plates are read: on crops, or on tracks of them.

    python -m pipeline.training.evaluate_plates --labels CSV [--sequences] [--json] [--upscale off|bicubic|network]
        [--no-fusion] [--engine own|stock] [--frames N] [--details]

The labels have the columns file (relative to them) and text; with --sequences a column `sequence` says which files
are one track. Without it the files of one folder are, where there is more than one folder, or else those whose
names differ only in the last number; a `file` that is itself a folder stands for all pictures in it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.plates import PlateReader
from pipeline.settings import PlateEngine, PlateUpscale, Settings, get_settings
from pipeline.training import command
from pipeline.training.pictures import load
from pipeline.training.plate_labels import Track, read_labels, without_damaged
from pipeline.types import Plate, PlateCrop

_FRAME_S = 1 / 15  # between two pictures of a track whose times nobody knows
_WARM_UP = 3
_SURE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    track: Track
    plate: Plate
    crops: int
    seconds: float

    @property
    def right(self) -> bool:
        return self.plate.text == self.track.text


def read_all(tracks: Sequence[Track], reader: PlateReader, frames: int | None) -> list[Result]:
    """Read every track as a whole, or its first `frames`; plates of all formats are expected alike."""
    results = []
    for track in tracks:
        crops = [PlateCrop(load(path), row * _FRAME_S) for row, path in enumerate(track.files[:frames])]
        began = time.perf_counter()
        plate = reader.read(crops, motorcycle=False).plate
        results.append(Result(track, plate, len(crops), time.perf_counter() - began))
    return results


def scores(results: Sequence[Result]) -> dict[str, Any]:
    """The figures; shares of 0 to 1."""
    sure = [one for one in results if one.plate.probability > _SURE]
    readable = [one for one in results if one.plate.readable]
    return {
        "plates": len(results),
        "exact_match": _mean([one.right for one in results]),
        "character_accuracy": _mean([character_accuracy(one.plate.text, one.track.text) for one in results]),
        "ms_per_crop": round(1e3 * sum(one.seconds for one in results) / sum(one.crops for one in results), 2),
        "readable": _mean([one.plate.readable for one in results]),
        "readable_and_right": _mean([one.right for one in readable]),
        "over_0.95": len(sure),
        "over_0.95_and_right": _mean([one.right for one in sure]),
    }


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def character_accuracy(text: str, truth: str) -> float:
    """One less the edit distance over the length of the truth, not below 0."""
    row = list(range(len(truth) + 1))
    for number, one in enumerate(text, 1):
        last, row[0] = row[0], number
        for place, other in enumerate(truth, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (one != other))
    return max(0.0, 1 - row[-1] / max(len(truth), 1))


def evaluate(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """Read what the options name and compare.

    Raises:
        HelmetWatchError: the labels or a picture cannot be used.
        WeightsError: the weights cannot be used.
    """
    tracks, damaged = without_damaged(read_labels(options.labels, options.sequences))
    reader = PlateReader(settings)
    read_all(tracks[:_WARM_UP], reader, options.frames)
    results = read_all(tracks, reader, options.frames)
    figures = scores(results) | {"left out, cannot be read": [str(path) for path in damaged]}
    if options.sequences:
        singles = [Track(str(path), one.text, (path,)) for one in tracks for path in one.files[: options.frames]]
        figures["single_frame_exact_match"] = scores(read_all(singles, reader, 1))["exact_match"]
        figures["frames"] = len(singles) / len(tracks)
    if options.details:
        figures["wrong"] = [
            {"track": one.track.name, "text": one.track.text, "read": one.plate.text,
             "probability": round(one.plate.probability, 4)}
            for one in results if not one.right
        ]  # fmt: skip
    return figures


def _evaluate(options: argparse.Namespace) -> Iterable[str]:
    changes = {"plate_upscale": options.upscale, "plate_engine": options.engine, "plate_fusion": options.fusion}
    settings = get_settings().model_copy(update={name: one for name, one in changes.items() if one is not None})
    figures = evaluate(options, settings)
    if options.json:
        return [json.dumps(figures, ensure_ascii=False)]
    return [f"{name}: {figure}" for name, figure in figures.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--labels", type=Path, required=True, help="CSV with the columns file and text")
    parser.add_argument("--sequences", action="store_true", help="the files are frames of tracks")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--details", action="store_true", help="also list what was read wrong")
    parser.add_argument("--frames", type=command.positive, help="of each track, the first so many; without: all")
    parser.add_argument("--upscale", type=PlateUpscale, choices=list(PlateUpscale))
    parser.add_argument("--engine", type=PlateEngine, choices=list(PlateEngine))
    parser.add_argument("--no-fusion", action="store_false", dest="fusion", default=None)
    options = parser.parse_args(arguments)
    return command.report(lambda: _evaluate(options))


if __name__ == "__main__":
    sys.exit(main())
