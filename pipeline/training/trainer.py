"""ultralytics' trainer, with what a run here needs beside it, and the record that the run keeps of itself."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import torch
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils import colorstr

from pipeline.training.augment import Dataset
from pipeline.training.loss import IgnoringLoss
from pipeline.training.short import short
from pipeline.training.whole import write_whole
from pipeline.types import CLASS_NAMES

_CLOSE_MOSAIC_SHARE = 0.15  # of the epochs, at the end: whole pictures again, as the product sees them


class Trainer(DetectionTrainer):  # type: ignore[misc]
    """ultralytics' trainer with ignored regions, a time budget that survives resuming, and `short` numbers on a CPU."""

    run: dict[str, Any]

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Dataset:
        return Dataset(
            img_path=img_path,
            imgsz=self.args.imgsz,
            batch_size=batch,
            augment=mode == "train",
            hyp=self.args,
            rect=mode == "val",
            cache=self.args.cache or None,
            stride=32,
            pad=0.0 if mode == "train" else 0.5,
            prefix=colorstr(f"{mode}: "),
            task=self.args.task,
            classes=None if mode == "train" else list(range(len(CLASS_NAMES))),
            data=self.data,
            bare_often=self.run["bare_often"] if mode == "train" else 1,
        )

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> DetectionModel:
        model = DetectionModel(cfg, nc=len(CLASS_NAMES), verbose=False)
        model.names = dict(enumerate(CLASS_NAMES))
        if weights:
            model.load(weights)
        return model

    def save_model(self) -> bool:
        """Beside the last weights first: a cut in between, or a full disk, costs an epoch, not the run."""
        last: Path = self.wdir / "last.pt"
        self.last = last.with_suffix(".part")
        saved = bool(super().save_model())
        if saved:
            self.last.replace(last)
        self.last = last
        return saved

    def set_model_attributes(self) -> None:
        self.model.nc, self.model.names = len(CLASS_NAMES), dict(enumerate(CLASS_NAMES))
        self.model.args = self.args


def begin(trainer: Trainer) -> None:
    """Just before the first batch."""
    model = trainer.model
    model.criterion = IgnoringLoss(model)
    if trainer.device.type == "cpu":
        torch.set_num_threads(os.cpu_count() or 1)  # ultralytics leaves one core idle
        model.to(memory_format=torch.channels_last)  # half as fast again
        # up to five times as fast; ultralytics' own `amp` refuses a CPU
        model.predict = short()(model.predict)
    trainer.run["session_start"] = time.monotonic()


def pace(trainer: Trainer) -> None:
    """After each epoch: as many epochs as fit the time, the cosine stretched or cut to end with them."""
    run = trainer.run
    now = time.monotonic()
    run["seconds"] += now - run.pop("session_start")
    run["session_start"] = now
    done = trainer.epoch + 1
    per_epoch = run["seconds"] / done
    epochs = run["passes"] or max(done, math.floor(run["hours"] * 3600 / per_epoch))
    if epochs != trainer.epochs:
        trainer.epochs = trainer.args.epochs = epochs
        trainer.args.close_mosaic = closing(epochs)
        trainer._setup_scheduler()
        trainer.scheduler.last_epoch = trainer.epoch
    # now, not when train() returns: only the look at the pictures to judge by follows, which a cut may fall into
    run["epochs"], run["finished"] = done, done >= epochs
    trainer.stop |= run["finished"]
    save_record(trainer.save_dir, run)


def closing(epochs: int) -> int:
    """How many of so many epochs, at the end, go without mosaic."""
    return max(1, round(epochs * _CLOSE_MOSAIC_SHARE))


def save_record(folder: Path, run: dict[str, Any]) -> None:
    """Write RUN/run.json, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in run.items() if key != "session_start"}
    write_whole(folder / "run.json", json.dumps(kept, indent=1).encode())
