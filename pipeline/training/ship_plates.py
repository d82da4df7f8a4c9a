"""Put trained plate networks into weights/plates and write their manifest.

python -m pipeline.training.ship_plates [--reader PT ...] [--corners PT] [--upscaler PT]

Of several readers, each trained on from the one before, the mean of their weights is put there.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from pipeline.errors import WeightsError
from pipeline.plate_weights import CORNERS, FILES, PLATES, READER, UPSCALER, Calibration, PlateManifest
from pipeline.settings import get_settings
from pipeline.training import command
from pipeline.training.blend import mean
from pipeline.training.plate_tasks import TASKS, fitting
from pipeline.training.whole import save_whole, write_whole
from pipeline.weights import MANIFEST, check, parse_manifest, sha256

UNCALIBRATED = Calibration(floor=0.01, together=0.7, slope=1.0, offset=0.0, threshold=0.95)
_WEIGHTS = {f"{READER}.pth", CORNERS, UPSCALER}


def ship(folder: Path, readers: Sequence[Path], corners: Path | None, upscaler: Path | None) -> None:
    """Copy what was trained; what is not named stays. Calibration stays too and should be done anew.

    Raises:
        WeightsError: the folder or a file is missing, one holds other weights than its network has, or one that is not
            named is not what the manifest names.
    """
    if missing := [name for name in FILES if not (folder / name).exists()]:
        raise WeightsError(f"{folder / missing[0]} is missing: copy weights/plates from the repository there first")
    old = parse_manifest(folder / MANIFEST, PlateManifest) if (folder / MANIFEST).exists() else None
    new: dict[str, dict[str, Tensor]] = {}
    if readers:
        last_first = [fitting(reader, TASKS["reader"].network()) for reader in reversed(readers)]
        state = mean(last_first, [1 / len(readers)] * len(readers))
        # EasyOCR cuts off the first seven letters: it expects what was trained with DataParallel
        new[f"{READER}.pth"] = {f"module.{name}": tensor for name, tensor in state.items()}
    for source, task, name in ((corners, "corners", CORNERS), (upscaler, "upscaler", UPSCALER)):
        if source:
            new[name] = fitting(source, TASKS[task].network())
    if old:  # or a damaged file would be vouched for
        for name in _WEIGHTS - new.keys():
            check(folder / name, old.files.get(name))
    for name, state in new.items():  # only now: what is wrong is told before anything is replaced
        save_whole(folder / name, partial(torch.save, state))
    write_manifest(folder, old.calibration if old else UNCALIBRATED)


def write_manifest(folder: Path, calibration: Calibration) -> None:
    sums = {name: sha256(folder / name) for name in FILES}
    manifest = PlateManifest(files=sums, calibration=calibration)
    write_whole(folder / MANIFEST, f"{manifest.model_dump_json(indent=2)}\n".encode())


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
