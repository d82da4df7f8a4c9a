"""Trained weights into a weights folder: the .pt file, its OpenVINO model for CPUs, sums and sizes in the manifest.

    python -m pipeline.training.ship --stage 1|2 --size 640 RUN/weights/last.pt [--into FOLDER]

Nothing of the machine it was trained on goes along: no paths, no training state. The thresholds stay as they are
until `python -m pipeline.training.calibrate` chooses new ones. A new folder gets the shipped reader of plates as well.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import torch
import ultralytics

from pipeline.errors import WeightsError
from pipeline.plate_weights import PLATES
from pipeline.settings import ROOT, get_settings
from pipeline.store import UNFINISHED
from pipeline.training import command
from pipeline.training.whole import save_whole, write_whole
from pipeline.types import CLASS_NAMES
from pipeline.weights import MANIFEST, Manifest, StageWeights, Thresholds, openvino_folder, read_manifest, sha256
from pipeline.yolo import checked_model

_STRIDE = 32  # of YOLO11's coarsest grid
_CACHE = shutil.ignore_patterns("__pycache__")
_BEFORE_CALIBRATION = Thresholds(rider=0.25, without_helmet=0.25, with_helmet=0.25, plate=0.25)


def ship(source: Path, stage: int, size: int, folder: Path) -> Manifest:
    """Put weights into a folder as one stage's and return the folder's manifest, written too.

    Args:
        size: longest side of the picture that the model gets, pixels.

    Raises:
        WeightsError: `source` is missing or of another class order, no model has this size, or the folder's manifest is
            broken.
    """
    if size <= 0 or size % _STRIDE:
        raise WeightsError(f"a model gets pictures of a multiple of {_STRIDE} pixels a side, not {size}")
    folder.mkdir(parents=True, exist_ok=True)
    _known(folder)
    name = f"stage{stage}.pt"
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as scratch:
        bare = Path(scratch) / name
        _strip(source, bare)
        made = _for_cpus(bare, size)
        weights = StageWeights(
            file=name,
            sha256=sha256(bare),
            openvino={path.name: sha256(path) for path in sorted(made.iterdir())},
            image_size=size,
            thresholds=_BEFORE_CALIBRATION,
        )
        manifest = _with_stage(_known(folder), stage, weights)  # as it is by now: the other stage may be new as well
        plates = folder / PLATES
        if not plates.exists():  # a new folder, or the product could not run on it
            shutil.copytree(ROOT / "weights" / PLATES, made.with_name(PLATES), ignore=_CACHE)
            made.with_name(PLATES).rename(plates)
        # one right after the other: after a cut between them the sums refuse what is there, and shipping again mends it
        target = openvino_folder(folder / name)
        if target.exists():
            target.rename(made.with_name("old"))
        made.rename(target)
        bare.replace(folder / name)
        write_manifest(folder, manifest)
    return manifest


def _known(folder: Path) -> Manifest | None:
    return read_manifest(folder) if (folder / MANIFEST).exists() else None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    write_whole(folder / MANIFEST, f"{manifest.model_dump_json(indent=2)}\n".encode())


def _strip(source: Path, target: Path) -> None:
    """The averaged weights alone, in half precision."""
    loaded = command.network(source)
    model = loaded.model
    model.args = {"task": "detect"}
    model.pt_path = target.name
    model.names = loaded.names  # by their numbers, whatever the file has them in
    kept = {
        "model": model.half(),
        "train_args": {"task": "detect"},
        "date": datetime.now(UTC).isoformat(),
        "version": ultralytics.__version__,
        "license": "AGPL-3.0",
    }
    save_whole(target, partial(torch.save, kept))


def _for_cpus(weights: Path, size: int) -> Path:
    """The folder of their OpenVINO model, beside them."""
    model = checked_model(weights)
    try:
        return Path(model.export(format="openvino", imgsz=size, dynamic=True, half=True, verbose=False))
    except RuntimeError as error:
        raise WeightsError(f"no OpenVINO model could be written ({error}): is the disk full?") from error


def _with_stage(manifest: Manifest | None, stage: int, weights: StageWeights) -> Manifest:
    if manifest is None:  # a new folder: one file serves both stages until the other is shipped
        return Manifest(classes=CLASS_NAMES, stage1=weights, stage2=weights)
    old = {"stage1": manifest.stage1, "stage2": manifest.stage2}
    changed = {
        name: weights.model_copy(update={"thresholds": one.thresholds})
        for name, one in old.items()
        if name == f"stage{stage}" or one.file == weights.file  # one file may serve both
    }
    return manifest.model_copy(update=changed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("source", type=Path, help="weights of a finished run")
    parser.add_argument("--stage", type=int, choices=(1, 2), required=True)
    parser.add_argument("--size", type=int, required=True, help="longest side of the picture that the model gets")
    parser.add_argument("--into", type=Path, help="weights folder; without: the shipped one")
    options = parser.parse_args(arguments)
    return command.report(
        lambda: [ship(options.source, options.stage, options.size, options.into or get_settings().weights)]
    )


if __name__ == "__main__":
    sys.exit(main())
