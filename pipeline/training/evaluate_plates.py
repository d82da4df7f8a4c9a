"""How well plates are read: on crops, or on tracks of them.

python -m pipeline.training.evaluate_plates --labels CSV [--sequences] [--json] [--upscale off|bicubic|network]
    [--no-fusion] [--engine own|stock] [--frames N]

The labels have the columns file (relative to them) and text; with --sequences a column `sequence` says which files
are one track. Without it the files of one folder are, where there is more than one folder, or else those whose
names differ only in the last number; a `file` that is itself a folder stands for all pictures in it.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline.errors import HelmetWatchError
from pipeline.plate_formats import compact
from pipeline.plates import PlateReader
from pipeline.settings import PlateEngine, PlateUpscale, Settings
from pipeline.types import Image, Plate, PlateCrop

_PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
_FRAME_S = 1 / 15  # between two pictures of a track whose times nobody knows
_WARM_UP = 3
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Track:
    name: str
    text: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    track: Track
    plate: Plate
    crops: int
    seconds: float

    @property
    def right(self) -> bool:
        return self.plate.text == self.track.text


def read_labels(labels: Path, sequences: bool) -> list[Track]:
    """The tracks that a CSV names; each picture is one where no sequences are asked for.

    Raises:
        HelmetWatchError: the file is no such list, or names pictures that are not there.
    """
    try:
        with labels.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise HelmetWatchError(f"{labels} cannot be read: {error}") from error
    if not rows or not {"file", "text"} <= rows[0].keys():
        raise HelmetWatchError(f"{labels} needs rows with the columns file and text")
    folders = {str(Path(row["file"]).parent) for row in rows}
    groups: dict[str, tuple[str, list[Path]]] = {}
    for row in rows:
        path = labels.parent / row["file"]
        if sequences and path.is_dir():
            files = sorted(one for one in path.iterdir() if one.suffix.lower() in _PICTURES)
        else:
            files = [path]
        missing = [one for one in files if not one.is_file()]
        if missing or not files:
            raise HelmetWatchError(f"{path}: no such picture, or an empty folder")
        name = _sequence(row, len(folders) > 1) if sequences else row["file"]
        text, known = groups.setdefault(name, (compact(row["text"]), []))
        if text != compact(row["text"]):
            raise HelmetWatchError(f"{labels}: track {name} has the texts {text} and {row['text']}")
        known += files
    return [Track(name, text, tuple(sorted(files))) for name, (text, files) in groups.items()]


def _sequence(row: dict[str, str], foldered: bool) -> str:
    if row.get("sequence"):
        return row["sequence"]
    path = Path(row["file"])
    if foldered and path.suffix:
        return str(path.parent)
    return re.sub(r"\d+(?=\D*$)", "#", row["file"]) if path.suffix else row["file"]


def load(path: Path) -> Image:
    """A picture, BGR.

    Raises:
        HelmetWatchError: it is none.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise HelmetWatchError(f"{path} is no picture")
    return np.asarray(image, np.uint8)


def read_all(tracks: Sequence[Track], reader: PlateReader, frames: int) -> list[Result]:
    """Read every track as a whole; plates of all formats are expected alike."""
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
    tracks = read_labels(options.labels, options.sequences)
    reader = PlateReader(settings)
    read_all(tracks[:_WARM_UP], reader, options.frames)
    results = read_all(tracks, reader, options.frames)
    figures = scores(results)
    if options.sequences:
        singles = [Track(str(path), one.text, (path,)) for one in tracks for path in one.files[: options.frames]]
        figures["single_frame_exact_match"] = scores(read_all(singles, reader, 1))["exact_match"]
        figures["frames"] = sum(min(len(one.files), options.frames) for one in tracks) / len(tracks)
    if options.details:
        figures["wrong"] = [
            {"track": one.track.name, "text": one.track.text, "read": one.plate.text,
             "probability": round(one.plate.probability, 4)}
            for one in results if not one.right
        ]  # fmt: skip
    return figures


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline.training.evaluate_plates")
    parser.add_argument("--labels", type=Path, required=True, help="CSV with the columns file and text")
    parser.add_argument("--sequences", action="store_true", help="the files are frames of tracks")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--details", action="store_true", help="also list what was read wrong")
    parser.add_argument("--frames", type=int, default=30, help="of each track, the first so many")
    parser.add_argument("--upscale", type=PlateUpscale, choices=list(PlateUpscale))
    parser.add_argument("--engine", type=PlateEngine, choices=list(PlateEngine))
    parser.add_argument("--no-fusion", action="store_true")
    options = parser.parse_args(arguments)
    changes = {"plate_upscale": options.upscale, "plate_engine": options.engine}
    settings = Settings().model_copy(update={name: one for name, one in changes.items() if one is not None})
    if options.no_fusion:
        settings = settings.model_copy(update={"plate_fusion": False})
    try:
        figures = evaluate(options, settings)
    except HelmetWatchError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    if options.json:
        print(json.dumps(figures, ensure_ascii=False))  # noqa: T201
    else:
        for name, figure in figures.items():
            print(f"{name}: {figure}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
