"""Choose how reads of a plate are added up, and what their probability means, on rendered tracks.

python -m pipeline.training.calibrate_plates --labels CSV... [--dry-run]

The labels are those of `plate_tracks`. Every track is also used cut short, as many tracks on the road are, and a third
without the picture made of all its frames, as where they cannot be aligned. Half of the tracks choose, the other half
says how well it went.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from pipeline.consensus import logit, vote
from pipeline.errors import CalibrationError
from pipeline.plate_weights import PLATES, Calibration
from pipeline.plates import PlateReader
from pipeline.settings import Settings, get_settings
from pipeline.training import command
from pipeline.training.pictures import load
from pipeline.training.plate_labels import read_labels
from pipeline.training.ship_plates import UNCALIBRATED, write_manifest
from pipeline.types import Floats, PlateCrop

_LENGTHS = (1, 2, 5, 10)
_FLOORS = (0.003, 0.01, 0.03, 0.1)
_TOGETHER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
_THRESHOLD = 0.95
_LEAST = 20  # tracks


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was read of one track, ready for a vote."""

    text: str
    slots: list[Floats]
    weights: list[float]


def hear(labels: Sequence[Path], settings: Settings) -> list[Heard]:
    plain = PlateReader(settings.model_copy(update={"plate_fusion": False}))
    fusing = PlateReader(settings.model_copy(update={"plate_fusion": True}))
    heard = []
    for path in labels:
        for number, track in enumerate(read_labels(path, sequences=True)):
            reader = plain if number // (2 * len(_LENGTHS)) % 3 == 0 else fusing
            files = track.files[: _LENGTHS[number // 2 % len(_LENGTHS)]]
            attempts = reader.attempts([PlateCrop(load(file), row / 15) for row, file in enumerate(files)])
            voting = [one for one in attempts if one.reading.slots is not None]
            slots = [one.reading.slots for one in voting if one.reading.slots is not None]
            heard.append(Heard(track.text, slots, [one.weight for one in voting]))
    return heard


def shares(heard: Sequence[Heard], calibration: Calibration) -> tuple[Floats, Floats]:
    """Of every track the share of the vote that its text has, and whether it is right."""
    votes = [vote(one.slots, one.weights, calibration) for one in heard]
    share = np.array([one.probability if one else 0.0 for one in votes])
    right = np.array([bool(one and one.text == track.text) for one, track in zip(votes, heard, strict=True)])
    return share, right


def calibrate(heard: Sequence[Heard]) -> Calibration:
    """The best way to add up, by the log-likelihood of what it says after it was calibrated."""
    tried = []
    for floor, together in itertools.product(_FLOORS, _TOGETHER):
        plain = UNCALIBRATED.model_copy(update={"floor": floor, "together": together})
        share, right = shares(heard, plain)
        slope, offset, loss = _fit(share, right)
        tried.append((loss, plain.model_copy(update={"slope": slope, "offset": offset, "threshold": _THRESHOLD})))
    return min(tried, key=lambda one: one[0])[1]


def _fit(share: Floats, right: Floats) -> tuple[float, float, float]:
    """Slope and offset of the logit, with the mean loss; a little pull towards 1 and 0."""
    logits = logit(share)

    def loss(x: Floats) -> float:
        line = x[0] * logits + x[1]
        return float(np.mean(np.logaddexp(0, np.where(right, -line, line)))) + 1e-4 * float((x[0] - 1) ** 2 + x[1] ** 2)

    best = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return round(float(best.x[0]), 4), round(float(best.x[1]), 4), float(best.fun)


def report(heard: Sequence[Heard], calibration: Calibration) -> str:
    share, right = shares(heard, calibration)
    lines = [f"{len(heard)} tracks, {right.mean():.3f} right"]
    for low, high in itertools.pairwise((0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 1.01)):
        rows = (share >= low) & (share < high)
        if rows.any():
            lines.append(f"  {low:.2f} to {high:.2f}: {rows.sum():4d}, said {share[rows].mean():.3f}, "
                         f"right {right[rows].mean():.3f}")  # fmt: skip
    return "\n".join(lines)


def _calibrate(options: argparse.Namespace) -> Iterator[object]:
    settings = get_settings()
    heard = hear(options.labels, settings)
    if len(heard) < _LEAST:
        raise CalibrationError(f"{len(heard)} tracks are too few to choose by: {_LEAST} at least")
    chosen = calibrate(heard[::2])
    yield chosen
    yield report(heard[1::2], chosen)
    if not options.dry_run:
        write_manifest(settings.weights / PLATES, chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--dry-run", action="store_true", help="leave the manifest as it is")
    options = parser.parse_args(arguments)
    return command.report(lambda: _calibrate(options))


if __name__ == "__main__":
    sys.exit(main())
