"""Put trained plate networks into weights/plates and write their manifest.

python -m pipeline.training.ship_plates [--reader PT ...] [--corners PT] [--upscaler PT]

Of several readers, each trained on from the one before, the mean of their weights is put there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from pipeline.errors import WeightsError
from pipeline.plate_weights import CORNERS, FILES, PLATES, READER, UPSCALER, Calibration, PlateManifest
from pipeline.settings import get_settings
from pipeline.training import command
from pipeline.training.blend import mean
from pipeline.training.plate_tasks import TASKS, fitting
from pipeline.weights import MANIFEST, parse_manifest, sha256

UNCALIBRATED = Calibration(floor=0.01, together=0.7, slope=1.0, offset=0.0, threshold=0.95)


def ship(folder: Path, readers: Sequence[Path], corners: Path | None, upscaler: Path | None) -> None:
    """Copy what was trained; what is not named stays. Calibration stays too and should be done anew.

    Raises:
        WeightsError: the folder or a file is missing, or one holds other weights than its network has.
    """
    if missing := [name for name in FILES if not (folder / name).exists()]:
        raise WeightsError(f"{folder / missing[0]} is missing: copy weights/plates from the repository there first")
    if readers:
        last_first = [fitting(reader, TASKS["reader"].network()) for reader in reversed(readers)]
        state = mean(last_first, [1 / len(readers)] * len(readers))
        # EasyOCR cuts off the first seven letters: it expects what was trained with DataParallel
        torch.save({f"module.{name}": tensor for name, tensor in state.items()}, folder / f"{READER}.pth")
    for source, task, name in ((corners, "corners", CORNERS), (upscaler, "upscaler", UPSCALER)):
        if source:
            torch.save(fitting(source, TASKS[task].network()), folder / name)
    write_manifest(folder, known_calibration(folder))


def known_calibration(folder: Path) -> Calibration:
    path = folder / MANIFEST
    return parse_manifest(path, PlateManifest).calibration if path.exists() else UNCALIBRATED


def write_manifest(folder: Path, calibration: Calibration) -> None:
    sums = {name: sha256(folder / name) for name in FILES}
    manifest = PlateManifest(files=sums, calibration=calibration)
    (folder / MANIFEST).write_text(json.dumps(manifest.model_dump(), indent=2) + "\n")


def _ship(options: argparse.Namespace) -> list[Path]:
    folder = get_settings().weights / PLATES
    ship(folder, options.readers, options.corners, options.upscaler)
    return [folder / MANIFEST]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--reader", type=Path, nargs="+", default=[], dest="readers")
    for name in ("--corners", "--upscaler"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args(arguments)
    return command.report(lambda: _ship(options))


if __name__ == "__main__":
    sys.exit(main())
