"""Thresholds from labelled pictures that training has not seen, written into the manifest beside the weights.

    python -m pipeline.training.calibrate --data DATA.yaml --crops CROPS.yaml [--precision 0.97] [--dry-run]

Riders, helmets and plates get the threshold with the best F1, in whole pictures for stage 1, on rider crops for
stage 2. Bare heads in stage 1, which only calls suspects, get the one with the best F2: recall counts twice as much.
Stage 2's bare heads get the lowest threshold at which accusations are as precise as wanted. The figures printed are
cross-fitted: half of the pictures choose, the other half is judged, and the other way round; the manifest gets what
all of them choose together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from tqdm import tqdm

from pipeline.errors import CalibrationError
from pipeline.training import command
from pipeline.training.accusations import BARE, Seen, accusation_figures, accused, at_bars, suspected
from pipeline.training.metrics import curve
from pipeline.training.pictures import load
from pipeline.training.rider_crops import picture_name, refuse_crops
from pipeline.training.ship import write_manifest
from pipeline.training.still import Eyes
from pipeline.training.truth import Truth, read_truth
from pipeline.types import Detection, Image, Label
from pipeline.weights import Manifest, Thresholds, read_manifest

Figures: TypeAlias = dict[str, Any]

_SUSPECTS_BETA = 2.0


def by_f(seen: Seen, bare: float = 1.0) -> Thresholds:
    """The confidences at which the detections of each class have the best F1, bare heads the best F of this beta."""
    return Thresholds(
        rider=_best_f(seen, Label.RIDER),
        without_helmet=_best_f(seen, Label.WITHOUT_HELMET, bare),
        with_helmet=_best_f(seen, Label.WITH_HELMET),
        plate=_best_f(seen, Label.PLATE),
    )


def _best_f(seen: Seen, label: Label, beta: float = 1.0) -> float:
    """van Rijsbergen's F: recall counts beta times as much as precision."""
    rows = curve(seen.truths, seen.first, label)
    if not rows[:, 2].any():
        raise CalibrationError(f"no {label.title} was found to choose a threshold by: judge by pictures that show some")
    least = np.floor(1000 * rows[:, 0] + 1e-6) / 1000  # not above the detection that it shall let pass
    whole = np.append(least[1:] != least[:-1], True)  # those that are as sure to three digits pass together
    least, precision, recall = least[whole], rows[whole, 1], rows[whole, 2]
    f = (1 + beta**2) * precision * recall / np.maximum(beta**2 * precision + recall, 1e-9)
    return float(least[f.argmax()])


def by_precision(seen: Seen, second: Thresholds, wanted: float) -> Thresholds:
    """Stage 2's thresholds with the lowest bar for bare heads at which accusations are precise enough.

    Bars that leave few accusations tell nothing: of those, a single false one would decide.
    """
    for tried, counts in at_bars(seen, second):
        if (counts.true + counts.false) * (1 - wanted) < 1:
            break
        if counts.precision is not None and counts.precision >= wanted:
            return tried
    raise CalibrationError(
        f"no threshold reaches an accusation precision of {wanted} and leaves enough accusations to tell: judge "
        "by more pictures, or ask for less"
    )


def halves(seen: Seen) -> tuple[Seen, Seen]:
    """The pictures in two halves by the hash of their names."""
    side = [hashlib.sha256(picture_name(truth.path).encode()).digest()[0] % 2 for truth in seen.truths]
    first, second = ([row for row, own in enumerate(side) if own == half] for half in (0, 1))
    return _part(seen, first), _part(seen, second)


def _part(seen: Seen, rows: Sequence[int]) -> Seen:
    return Seen([seen.truths[i] for i in rows], [seen.first[i] for i in rows], [seen.second[i] for i in rows])


def calibrate(eyes: Eyes, truths: Sequence[Truth], crops: Sequence[Truth], wanted: float) -> tuple[Manifest, Figures]:
    """The manifest with thresholds chosen on all pictures, and cross-fitted figures of how such a choice does."""
    whole = _looked_at(truths, eyes.first)
    close = _looked_at(crops, eyes.crop)
    pictures, crops_seen = halves(whole), halves(close)
    alone, after = [], []
    for chooser, judge in ((0, 1), (1, 0)):
        first = by_f(pictures[chooser], _SUSPECTS_BETA)
        chosen_on = _with_second(eyes, pictures[chooser], first)
        second = by_precision(chosen_on, by_f(crops_seen[chooser]), wanted)
        judged = _with_second(eyes, pictures[judge], first)
        alone.append((judged.truths, suspected(judged, first)))
        after.append((judged.truths, accused(judged, second)))
    first = by_f(whole, _SUSPECTS_BETA)
    second = by_precision(_with_second(eyes, whole, first), by_f(close), wanted)
    figures = {
        "stage 1, cross-fitted": _together(alone),
        "after stage 2, cross-fitted": _together(after),
        "thresholds": {"stage1": first.model_dump(), "stage2": second.model_dump()},
    }
    return _manifest(eyes.manifest, first, second), figures


def _looked_at(truths: Sequence[Truth], eye: Callable[[Image], tuple[Detection, ...]]) -> Seen:
    found = [eye(load(truth.path)) for truth in tqdm(truths, unit="picture")]
    return Seen(list(truths), found, [[] for _ in truths])


def _with_second(eyes: Eyes, seen: Seen, first: Thresholds) -> Seen:
    """The same pictures with stage 2's look at the suspects that these thresholds pick."""
    looks = []
    for truth, found in zip(tqdm(seen.truths, unit="picture"), seen.first, strict=True):
        looks.append(eyes.seconds(load(truth.path), found, first) if BARE in truth.covers else [])
    return Seen(seen.truths, seen.first, looks)


def _together(halves_: list[tuple[list[Truth], list[list[Detection]]]]) -> Figures:
    truths = [truth for part, _ in halves_ for truth in part]
    heads = [found for _, part in halves_ for found in part]
    return accusation_figures(truths, heads)


def _manifest(old: Manifest, first: Thresholds, second: Thresholds) -> Manifest:
    return old.model_copy(
        update={
            "stage1": old.stage1.model_copy(update={"thresholds": first}),
            "stage2": old.stage2.model_copy(update={"thresholds": second}),
        }
    )


def _calibrate(options: argparse.Namespace) -> Iterator[str]:
    settings = command.settings_with(options.weights)
    pictures, crops = read_truth(options.data, options.split), read_truth(options.crops, options.split)
    refuse_crops(options.data, pictures)
    if {truth.path for truth in pictures} & {truth.path for truth in crops}:
        raise CalibrationError(
            f"{options.crops} holds the pictures of {options.data}: make crops of them (python -m "
            "pipeline.training.rider_crops)"
        )
    eyes = Eyes(settings)
    manifest, figures = calibrate(eyes, pictures, crops, options.precision)
    yield json.dumps(figures, indent=1)  # first: they took long, and the folder may not be writable
    if options.dry_run:
        return
    if read_manifest(settings.weights) != eyes.manifest:
        raise CalibrationError(f"{settings.weights} has other weights or thresholds by now: calibrate again")
    write_manifest(settings.weights, manifest)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data.yaml of pictures that training has not seen")
    parser.add_argument("--crops", type=Path, required=True, help="data.yaml of rider crops that training has not seen")
    parser.add_argument("--split", default="val", help="of both")
    parser.add_argument("--precision", type=command.share, default=0.97, help="of accusations, 0 to 1")
    command.add_weights(parser)
    parser.add_argument("--dry-run", action="store_true", help="leave the manifest as it is")
    options = parser.parse_args(arguments)
    return command.report(lambda: _calibrate(options))


if __name__ == "__main__":
    sys.exit(main())
