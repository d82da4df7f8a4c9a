"""Training data for the plate networks, in chunks on disk, so that making and using it can go on side by side.

python -m pipeline.training.plate_data --out DIR --around PICTURES... [--chunks 40] [--seed 1] [--patches]
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipeline import plate_formats as formats
from pipeline.errors import DatasetError
from pipeline.plate_corners import FIND_HEIGHT, FIND_WIDTH
from pipeline.plate_formats import PlateFormat
from pipeline.plate_geometry import stretch, upright
from pipeline.plate_slots import encode
from pipeline.training import command
from pipeline.training.description import pictures_of
from pipeline.training.pictures import decoded
from pipeline.training.plate_pictures import Drawn, draw, draw_district
from pipeline.training.plate_views import Seen, draw_size, draw_view, see
from pipeline.types import Floats, Image
from pipeline.upscale import FACTOR

CHUNK = 5000

# share of each format; about half are motorcycles
MIX = {
    formats.MOTORCYCLE_2026: 0.22, formats.MOTORCYCLE_OLD: 0.26, formats.CAR_7: 0.20, formats.CAR_7_SHORT: 0.03,
    formats.CAR_8: 0.07, formats.CAR_8_FILM: 0.06, formats.CAR_ELECTRIC: 0.02, formats.CAR_CORPORATE: 0.01,
    formats.CAR_BUSINESS: 0.04, formats.CAR_BUSINESS_SHORT: 0.03, formats.CAR_GREEN: 0.03,
    formats.CAR_GREEN_REGIONAL: 0.03,
}  # fmt: skip
_FUSED = 0.35  # share of samples that are the mean of several frames: of a track, that picture counts most
_UNKNOWN_DISTRICT = 0.1


class Surroundings:
    """Patches of real pictures that stand for what is around a plate, grey."""

    def __init__(self, places: Sequence[Path]) -> None:
        """`places` are pictures or folders of them; 400 of all are kept.

        Raises:
            DatasetError: a folder is missing, or no picture is there, or none that can be read.
        """
        pictures = [path for one in places for path in ([one] if one.is_file() else pictures_of(one))]
        pictures = random.Random(0).sample(pictures, min(len(pictures), 400))  # noqa: S311
        read = (decoded(path, cv2.IMREAD_GRAYSCALE) for path in pictures)
        self._pictures = [picture for picture in read if picture is not None and min(picture.shape) > 1]
        if not self._pictures:
            named = ", ".join(map(str, places))
            raise DatasetError(f"{named}: no picture there that can be read; name those of streets, or folders of them")

    def draw(self, rng: np.random.Generator) -> Image:
        picture = self._pictures[int(rng.integers(len(self._pictures)))]
        height, width = picture.shape
        side = min(int(rng.integers(24, 200)), height - 1, width - 1)
        x, y = int(rng.integers(width - side)), int(rng.integers(height - side))
        patch = picture[y : y + side // 2 + 1, x : x + side]
        if rng.random() < 0.3:  # the dark holder or the bumper that most plates hang on
            return np.asarray(patch * float(rng.uniform(0.1, 0.5)), np.uint8)
        return patch


def shaken(corners: Floats, rng: np.random.Generator) -> Floats:
    """Corners as wrong as a finder has them: as a whole, and each for itself."""
    size = np.ptp(corners, axis=0)
    much = float(rng.choice((0.5, 1.0, 2.5), p=(0.3, 0.58, 0.12)))
    middle = corners.mean(axis=0)
    grown = middle + (corners - middle) * (1 + rng.normal(0, (0.012, 0.03)) * much)
    return np.asarray(
        grown + rng.normal(0, (0.01, 0.025), 2) * size * much + rng.normal(0, (0.007, 0.018), (4, 2)) * size * much
    )


def samples(around: Surroundings, rng: np.random.Generator) -> list[dict[str, Any]]:
    """One plate seen twice: the crop for the finder, the plate for the reader, and what there is to know."""
    chance = random.Random(int(rng.integers(2**62)))  # noqa: S311
    kind = list(MIX)[int(rng.choice(len(MIX), p=list(MIX.values())))]
    text = formats.draw_text(kind, chance)
    if kind is formats.MOTORCYCLE_OLD and rng.random() < _UNKNOWN_DISTRICT:
        text = draw_district(text, rng)
    plate = draw(kind, text, rng)
    return [_sample(plate, kind, text, around.draw(rng), rng) for _ in range(2)]


def _sample(plate: Drawn, kind: PlateFormat, text: str, patch: Image, rng: np.random.Generator) -> dict[str, Any]:
    size = draw_size(rng)
    aspect, view = kind.width / kind.height, draw_view(rng, size)
    frames = [see(plate, aspect, view, patch, rng)]
    if rng.random() < _FUSED:
        frames += [see(plate, aspect, view, patch, rng) for _ in range(int(rng.integers(2, 10)))]
    height, width = frames[0].image.shape
    return {
        "find": stretch(np.asarray(cv2.resize(frames[0].image, (FIND_WIDTH, FIND_HEIGHT)), np.uint8)),
        "corners": (frames[0].corners / (width, height)).astype(np.float32),
        "read": stretch(_fused(frames, rng)),
        "slots": np.array(encode(kind, text), np.uint8),
        "size": np.float32(size),
        "kind": np.uint8(list(MIX).index(kind)),
    }


def _fused(frames: Sequence[Seen], rng: np.random.Generator) -> Image:
    shared = rng.normal(0, 1, 2)  # frames that were aligned to each other are wrong together
    plates = []
    for frame in frames:
        corners = shaken(frame.corners, rng) if len(frames) == 1 else frame.corners + (
            rng.normal(0, 0.006, (4, 2)) + shared * (0.008, 0.02)
        ) * np.ptp(frame.corners, axis=0)  # fmt: skip
        plates.append(upright(frame.image, corners))
    return plates[0] if len(plates) == 1 else np.asarray(np.mean(plates, axis=0), np.uint8)


def write_chunk(path: Path, around: Surroundings, seed: tuple[int, ...], count: int = CHUNK) -> None:
    made = list(islice(_endless(around, np.random.default_rng(seed)), count))
    _write(path, **{name: np.stack([one[name] for one in made]) for name in made[0]})


def _write(path: Path, **arrays: Floats) -> None:
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    unfinished.replace(path)


PATCH_WIDTH, PATCH_HEIGHT = 40, 18  # what the upscaler is trained on, pixels; its targets are three times as large
_SMALL = 19.0  # height of characters above which nothing is upscaled


def _patches(around: Surroundings, rng: np.random.Generator) -> Iterator[tuple[Image, Image]]:
    """Pieces of small crops, and what they should have looked like."""
    chance = random.Random(int(rng.integers(2**62)))  # noqa: S311
    kinds, shares = list(MIX), list(MIX.values())
    while True:
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        plate = draw(kind, formats.draw_text(kind, chance), rng)
        view = draw_view(rng, float(rng.uniform(7, _SMALL)))
        seen = see(plate, kind.width / kind.height, view, around.draw(rng), rng)
        free_x, free_y = seen.image.shape[1] - PATCH_WIDTH, seen.image.shape[0] - PATCH_HEIGHT
        if seen.ideal is None or min(free_x, free_y) < 0:
            continue
        x, y = int(rng.integers(free_x + 1)), int(rng.integers(free_y + 1))
        large = seen.ideal[y * FACTOR : (y + PATCH_HEIGHT) * FACTOR, x * FACTOR : (x + PATCH_WIDTH) * FACTOR]
        yield seen.image[y : y + PATCH_HEIGHT, x : x + PATCH_WIDTH], large


def write_patches(path: Path, around: Surroundings, seed: tuple[int, ...], count: int = CHUNK * 2) -> None:
    rng = np.random.default_rng(seed)
    pairs = list(islice(_patches(around, rng), count))
    _write(path, small=np.stack([small for small, _ in pairs]), large=np.stack([large for _, large in pairs]))


def _endless(around: Surroundings, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    while True:
        yield from samples(around, rng)


def _refuse_other(path: Path, patches: bool) -> None:
    with np.load(path) as chunk:
        if ("small" in chunk) is not patches:
            raise DatasetError(f"{path} is there and of the other kind (--patches): name a new --out")


def _make(options: argparse.Namespace) -> Iterator[Path]:
    cv2.setNumThreads(1)
    around = Surroundings(options.around)
    options.out.mkdir(parents=True, exist_ok=True)
    for number in range(options.chunks):
        path = options.out / f"{options.seed:03d}-{number:04d}.npz"
        if path.exists():
            _refuse_other(path, options.patches)
        else:
            (write_patches if options.patches else write_chunk)(path, around, (options.seed, number))
        yield path


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--around", type=Path, nargs="+", required=True, help="pictures, or folders of them")
    parser.add_argument("--chunks", type=command.positive, default=40)
    parser.add_argument("--seed", type=command.seed, default=1)
    parser.add_argument("--patches", action="store_true", help="for the upscaler")
    options = parser.parse_args(arguments)
    return command.report(lambda: _make(options))


if __name__ == "__main__":
    sys.exit(main())
