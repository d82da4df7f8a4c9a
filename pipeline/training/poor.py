"""The pictures that judge, as a poor camera or bad weather would show them: a data set of each kind.

    python -m pipeline.training.poor --data DATA.yaml --out POOR
    python -m pipeline.training.evaluate --data POOR/night/data.yaml

Good pictures hold too few false suspects to tell weights apart; these hold many more.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from pipeline.errors import DatasetError
from pipeline.training import command
from pipeline.training.description import write_description
from pipeline.training.pictures import load, save_labelled
from pipeline.training.truth import Truth, read_truth
from pipeline.types import Floats, Image

_GAMMA = 2.2
_LAMPS = (0.55, 0.9, 1.15)  # sodium light: how much of blue, green and red is left


def poor(data: Path, out: Path, split: str = "val") -> list[Path]:
    """Write a data set for each of `KINDS`, with the labels of this one, and return their data.yaml files.

    Raises:
        DatasetError: it cannot be used as it is, or `out` holds something already.
    """
    command.refuse_used(out)
    truths = read_truth(data, split)
    for truth in tqdm(truths, unit="picture"):
        image = load(truth.path)
        for kind, spoil in KINDS.items():
            rng = np.random.default_rng(zlib.crc32(truth.path.name.encode()))
            _write(spoil(image, rng), truth, out / kind / truth.group)
    covers = {truth.group: sorted(map(int, truth.covers)) for truth in truths}
    folders = [f"{group}/images" for group in covers]
    return [write_description(out / kind, {split: folders}, covers) for kind in KINDS]


def _write(image: Image, truth: Truth, folder: Path) -> None:
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    path = folder / "images" / f"{truth.path.stem}.png"
    if path.exists():
        raise DatasetError(f"two pictures of one set are called {path.stem}: give one another name")
    save_labelled(path, image, truth.labels)


def _dark(image: Image, rng: np.random.Generator) -> Image:
    return _compressed(_shown(_noisy(_light(image) * 0.08, 0.0008, rng) * 1.6), 70)


def _night(image: Image, rng: np.random.Generator) -> Image:
    dim = cv2.GaussianBlur(_light(image) * 0.05, (0, 0), 0.9 * _coarse(image)) * _LAMPS
    return _compressed(_shown(_noisy(dim, 0.001, rng) * 2.2), 60)


def _shaken(image: Image, rng: np.random.Generator) -> Image:
    """Along a line of 11 pixels that leans by up to 20 degrees."""
    length = round(11 * _coarse(image)) | 1
    level = np.zeros((length, length))
    level[length // 2] = 1
    middle = length / 2 - 0.5
    lean = cv2.getRotationMatrix2D((middle, middle), rng.uniform(-20, 20), 1)
    line = cv2.warpAffine(level, lean, (length, length))
    return _compressed(np.asarray(cv2.filter2D(image, -1, line / line.sum()), np.uint8), 80)


def _blocky(image: Image, _rng: np.random.Generator) -> Image:
    share = 1 / _coarse(image)
    return _compressed(_resized(image, share) if share < 1 else image, 14)


def _fog(image: Image, _rng: np.random.Generator) -> Image:
    return _compressed(_shown(_light(image) * 0.3 + 0.35), 80)


def _glare(image: Image, _rng: np.random.Generator) -> Image:
    return _compressed(_shown(_light(image) * 2.6), 85)


def _far(image: Image, _rng: np.random.Generator) -> Image:
    """With half of what stage 1 sees of it."""
    height, width = image.shape[:2]
    small = _resized(image, 0.5 / _coarse(image))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


KINDS: dict[str, Callable[[Image, np.random.Generator], Image]] = {
    "dark": _dark,
    "night": _night,
    "shaken": _shaken,
    "blocky": _blocky,
    "fog": _fog,
    "glare": _glare,
    "far": _far,
}


def _coarse(image: Image) -> float:
    """Pixels of the picture to one that stage 1 sees."""
    return float(max(image.shape[:2])) / 640


def _light(image: Image) -> Floats:
    return (image / 255.0) ** _GAMMA


def _shown(light: Floats) -> Image:
    return np.clip(255 * np.clip(light, 0, 1) ** (1 / _GAMMA), 0, 255).astype(np.uint8)


def _noisy(light: Floats, shot: float, rng: np.random.Generator) -> Floats:
    """With a sensor's noise: 0.006 of it from reading, the rest grows with the root of the light."""
    return light + rng.normal(0, 1, light.shape) * np.sqrt(0.006**2 + shot * np.clip(light, 0, 1))


def _resized(image: Image, share: float) -> Image:
    return np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)


def _compressed(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data.yaml of a YOLO data set")
    parser.add_argument("--split", default="val", help="the part of it to take")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data sets")
    options = parser.parse_args(arguments)
    return command.report(lambda: poor(options.data, options.out, options.split))


if __name__ == "__main__":
    sys.exit(main())
