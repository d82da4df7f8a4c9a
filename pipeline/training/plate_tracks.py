"""Tracks of rendered plates on disk, for calibration and evaluation: one plate, one camera, some frames.

python -m pipeline.training.plate_tracks --out DIR --around PICTURES... [--count 500] [--frames 10] [--size 12]
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline import plate_formats as formats
from pipeline.plate_formats import PlateFormat
from pipeline.training import command
from pipeline.training.pictures import save
from pipeline.training.plate_data import Surroundings
from pipeline.training.plate_pictures import draw
from pipeline.training.plate_views import draw_size, draw_view, see
from pipeline.types import Image

LABELS = "labels.csv"


def track(
    kind: PlateFormat, text: str, frames: int, size: float | None, around: Surroundings, rng: np.random.Generator
) -> Iterator[Image]:
    """Crops of one passing plate (grey); `size` is the height of its characters in pixels, None: by chance."""
    plate = draw(kind, text, rng)
    view = draw_view(rng, size or draw_size(rng))
    patch = around.draw(rng)
    nearer, turn, lean = float(rng.uniform(0.75, 1.25)), float(rng.normal(0, 0.12)), float(rng.normal(0, 0.02))
    for number in range(frames):
        share = number / max(frames - 1, 1)
        now = replace(
            view,
            size=view.size if size else view.size * nearer**share,
            yaw=view.yaw + turn * share,
            roll=view.roll + lean * share,
            motion=view.motion * float(rng.uniform(0.2, 1.3)),
            shade_at=view.shade_at + 0.7 * share,
            gain=view.gain * float(rng.uniform(0.94, 1.06)),
        )
        yield see(plate, kind.width / kind.height, now, patch, rng).image


def write(
    target: Path, around: Surroundings, count: int, frames: int, size: float | None, motorcycles: float, seed: int
) -> None:
    """`count` tracks as `target/00000/00.png`, with `target/labels.csv`: file, text, sequence."""
    target.mkdir(parents=True, exist_ok=True)
    with (target / LABELS).open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("file", "text", "sequence"))
        for number in range(count):
            rng, chance = np.random.default_rng((seed, number)), random.Random(f"{seed} {number}")  # noqa: S311
            kind = chance.choice(formats.MOTORCYCLES if chance.random() < motorcycles else formats.CARS)
            text = formats.draw_text(kind, chance)
            (target / f"{number:05d}").mkdir(exist_ok=True)
            for index, image in enumerate(track(kind, text, frames, size, around, rng)):
                name = f"{number:05d}/{index:02d}.png"
                save(target / name, image)
                rows.writerow((name, text, number))


def _write(options: argparse.Namespace) -> list[Path]:
    around = Surroundings(options.around)
    write(options.out, around, options.count, options.frames, options.size, options.motorcycles, options.seed)
    return [options.out / LABELS]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--around", type=Path, nargs="+", required=True, help="pictures, or folders of them")
    parser.add_argument("--count", type=command.positive, default=500)
    parser.add_argument("--frames", type=command.positive, default=10)
    parser.add_argument("--size", type=command.height, help="height of the characters in pixels; otherwise by chance")
    parser.add_argument("--motorcycles", type=command.share, default=0.7, help="share of motorcycles' plates")
    parser.add_argument("--seed", type=command.seed, default=7)
    options = parser.parse_args(arguments)
    return command.report(lambda: _write(options))


if __name__ == "__main__":
    sys.exit(main())
