"""Weights out of a merged data set.

    python -m pipeline.training.train --stage 1 --model n --start WEIGHTS --data DATA.yaml --out RUN --hours 3

The same command again resumes a run that was cut off. RUN/run.json holds the settings, the sums of what went in
and the time used; RUN/weights/last.pt the averaged weights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ["YOLO_VERBOSE"] = "1"  # progress

import torch
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.torch_utils import select_device

from pipeline.errors import DatasetError, WeightsError
from pipeline.training import command
from pipeline.training.augment import BARE_OFTEN, camera
from pipeline.training.description import read_description
from pipeline.training.trainer import Trainer, begin, closing, pace, save_record
from pipeline.training.truth import label_file, unlabelled
from pipeline.weights import sha256

_ENDLESS = 300  # epochs, until the first one has shown how many fit the time
_MAY_CHANGE = {"epochs", "close_mosaic", "device", "workers", "amp", "deterministic"}  # in a run that goes on


def data_sum(data: Path) -> str:
    """SHA-256 over every picture and label of a data set's training part, in the order of their names."""
    description, total = read_description(data), hashlib.sha256()
    if not description.merged:
        raise DatasetError(
            f"{data} is no merged data set, with the project's classes in their order, an absolute path and pictures "
            "in train and val: make one (python -m pipeline.training.dataset) of sets that have both"
        )
    for picture in description.pictures("train"):
        if not label_file(picture).exists():
            raise unlabelled(picture)
        total.update(f"{sha256(picture)} {sha256(label_file(picture))}\n".encode())
    return total.hexdigest()


def train(
    settings: dict[str, Any],
    cameras: list[Any],
    data: Path,
    start: Path | None,
    out: Path,
    hours: float = 0.0,
    passes: int = 0,
    bare_often: int = 1,
) -> Path:
    """Train, or go on with what `out` holds, and return the averaged weights.

    Args:
        settings: ultralytics' training arguments; `model` is the architecture.
        cameras: augmentations of the picture.
        start: weights of the same architecture; without, from nothing.
        hours, passes: how long, as one of both.
        bare_often: times that a pass shows a picture with a bare head.

    Raises:
        DatasetError: the data are not those that the run in `out` began with.
        WeightsError: neither are the settings or what it started from, or it is finished after another time.
    """
    settings = settings | {"epochs": passes or _ENDLESS, "close_mosaic": closing(passes)}
    last = out / "weights" / "last.pt"
    run = _begun(settings, data, start, out) if last.exists() else None
    if run is None:
        run = {
            "settings": settings,
            "bare_often": bare_often,
            "hours": hours,
            "passes": passes,
            "seconds": 0.0,
            "epochs": 0,
            "finished": False,
            "start_sha256": sha256(start) if start else None,
            "data_sha256": data_sum(data),
        }
    elif not run["finished"]:
        run |= {"hours": hours, "passes": passes, "bare_often": bare_often}
        settings = settings | {"model": str(last), "resume": str(last)}
        del settings["close_mosaic"]  # the checkpoint has the one that fits its epochs
    elif (run["hours"], run["passes"]) == (hours, passes):
        return last
    else:
        raise WeightsError(f"{out} is finished: to train longer, name a new --out and --start {last}")
    trainer = Trainer(
        overrides={
            **settings,
            "pretrained": str(start) if start else False,
            "data": str(data),
            "project": str(out.resolve().parent),
            "name": out.resolve().name,
            "exist_ok": True,
            "augmentations": cameras,
        }
    )
    save_record(out, run)
    trainer.run = run
    # once more: by then ultralytics has written anew the JPEGs that it takes for damaged
    trainer.add_callback("on_train_start", lambda _: run.update(data_sha256=data_sum(data)))
    trainer.add_callback("on_train_start", begin)
    trainer.add_callback("on_model_save", pace)
    trainer.train()
    return last


def _begun(settings: dict[str, Any], data: Path, start: Path | None, out: Path) -> dict[str, Any]:
    """The record of the run in `out`, which has to be this one."""
    last, record = out / "weights" / "last.pt", out / "run.json"
    if not record.exists():
        raise WeightsError(f"{last} is there, and no record of its run: name a new --out")
    run: dict[str, Any] = json.loads(record.read_text())
    if changed := {key for key in settings.keys() - _MAY_CHANGE if run["settings"].get(key) != settings[key]}:
        raise WeightsError(f"{out} began with other settings ({', '.join(sorted(changed))}): name a new --out")
    if run["start_sha256"] != (sha256(start) if start else None):
        raise WeightsError(f"{out} began with other weights to start from: name a new --out")
    if run["data_sha256"] != data_sum(data):
        raise DatasetError(f"{data} has changed since {out} began: name a new --out and --start {last}")
    return run


def check_start(start: Path, model: str) -> None:
    """Refuse weights of another architecture, which would be left out without a word.

    Raises:
        WeightsError: `start` is missing or not of size `model`.
    """
    begun, ours = command.network(start).model, DetectionModel(f"yolo11{model}.yaml", verbose=False)
    if begun.yaml.get("scale") != model or begun.state_dict().keys() != ours.state_dict().keys():
        raise WeightsError(f"{start} is no YOLO11{model}")


def settings_of(
    stage: int, model: str, size: int, batch: int, rate: float, device: str, workers: int = 8
) -> dict[str, Any]:
    """ultralytics' training arguments, without how long."""
    return {
        "model": f"yolo11{model}.yaml",
        "imgsz": size,
        "batch": batch,
        "nbs": batch,
        "device": device,
        "optimizer": "AdamW",
        "lr0": rate,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 0.5,
        "warmup_bias_lr": 0.0,
        "weight_decay": 0.0005,
        "amp": False if device == "cpu" else "bf16",
        "deterministic": device == "cpu",  # on a GPU it would cost much time
        "workers": workers,
        "cache": "ram",
        "val": False,
        "plots": False,
        "patience": 0,
        "scale": 0.7,
        "degrees": 5.0,
        "shear": 2.0,
        "hsv_v": 0.5,
        "mosaic": 1.0 if stage == 1 else 0.3,
    }


def _device(text: str) -> str:
    """An option that names a device of this machine."""
    try:
        select_device(text, verbose=False)
    except ValueError as error:
        there = torch.cuda.device_count()
        raise argparse.ArgumentTypeError(f"{text} is not to be had here: name cpu or a GPU ({there} found)") from error
    return text


def _train(options: argparse.Namespace) -> Path:
    if options.start:
        check_start(options.start, options.model)
    settings = settings_of(
        options.stage, options.model, options.size, options.batch, options.rate, options.device, options.workers
    )
    cameras = camera(options.stage)
    return train(settings, cameras, options.data, options.start, options.out, options.hours, bare_often=BARE_OFTEN)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--stage", type=int, choices=(1, 2), required=True)
    parser.add_argument("--model", choices=tuple("nsml"), required=True)
    parser.add_argument("--start", type=Path, help="weights of that size to start from; without: from nothing")
    parser.add_argument("--data", type=Path, required=True, help="data.yaml of a merged data set")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--hours", type=command.duration, required=True, help="time budget")
    parser.add_argument("--size", type=command.positive, default=640, help="picture size, pixels")
    parser.add_argument("--batch", type=command.positive, default=16)
    parser.add_argument("--rate", type=command.share, default=0.001, help="learning rate at its highest")
    parser.add_argument("--device", type=_device, default="cpu", help="cpu, or a CUDA device such as 0")
    parser.add_argument("--workers", type=int, default=8, help="processes that make pictures ready for a CUDA device")
    options = parser.parse_args(arguments)
    return command.report(lambda: [_train(options)])


if __name__ == "__main__":
    sys.exit(main())
