"""A detector as both stages use it: ultralytics weights, by OpenVINO on a CPU, by torch on a GPU."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
import torchvision  # noqa: F401 ultralytics loads it with the first picture: better with the other libraries
from ultralytics import YOLO

from pipeline.errors import WeightsError
from pipeline.settings import Settings
from pipeline.types import CLASS_NAMES, Box, Detection, Image, Label
from pipeline.weights import StageWeights, checked

# boxes of one class that overlap more than this are one object (ultralytics' own default)
NMS_IOU = 0.7


class Yolo:
    """One loaded model. It belongs to the thread that made it.

    Raises:
        WeightsError: the weight file is missing, altered or of another class order.
    """

    def __init__(self, stage: StageWeights, settings: Settings, sharing: int = 1) -> None:
        """`sharing`: how many models run at the same time; on a CPU they divide its cores among them."""
        self._stage = stage
        self._device = device(settings)
        path = checked(settings.weights, stage)
        if self._device == "cpu":
            folder = exported(path, stage, settings)
            self._model = YOLO(str(folder), task="detect")
            if sharing > 1:
                self._use_cores(folder, max(1, (os.cpu_count() or 1) // sharing))
        else:
            self._model = _checked_model(path)

    def detect(self, image: Image, confidence: float) -> tuple[Detection, ...]:
        """Detections in one picture, boxes in its pixels.

        Args:
            image: BGR, uint8, (H, W, 3), any size.
            confidence: the least to report, 0 to 1.
        """
        boxes = self._model.predict(
            image,
            imgsz=self._stage.image_size,
            conf=confidence,
            iou=NMS_IOU,
            device=self._device,
            verbose=False,
        )[0].boxes
        rows = torch.cat((boxes.xyxy, boxes.conf[:, None], boxes.cls[:, None]), dim=1).tolist()
        return tuple(Detection(Label(int(cls)), Box(x1, y1, x2, y2), conf) for x1, y1, x2, y2, conf, cls in rows)

    def _use_cores(self, folder: Path, threads: int) -> None:
        """Keep to a few threads, on any core; ultralytics has every model pin a thread to each core."""
        self.detect(np.zeros((32, 32, 3), np.uint8), 1.0)  # only now the model is loaded
        backend = self._model.predictor.model.backend
        network = openvino.Core().read_model(next(folder.glob("*.xml")))
        config = {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
        backend.ov_compiled_model = backend.compile_model(network, config=config)


def device(settings: Settings) -> str:
    """The torch device in force: the setting, or the first GPU where there is one."""
    if settings.device != "auto":
        return settings.device
    return "cuda:0" if torch.cuda.is_available() else "cpu"


def exported(weights: Path, stage: StageWeights, settings: Settings) -> Path:
    """The OpenVINO model of a checked weight file; exported at first use, any picture size.

    Raises:
        WeightsError: the weights are of another class order.
    """
    target = settings.models / f"{stage.sha256[:16]}_openvino_model"
    if target.is_dir():
        return target
    settings.models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.models) as scratch:
        model = _checked_model(Path(shutil.copy(weights, scratch)))
        made = model.export(format="openvino", imgsz=stage.image_size, dynamic=True, verbose=False)
        try:
            Path(made).rename(target)  # at once or not at all: nobody meets a half-written model
        except OSError:
            if not target.is_dir():  # else another process was faster with the same model
                raise
    return target


def _checked_model(path: Path) -> Any:
    model = YOLO(str(path), task="detect")
    names = tuple(model.names[i] for i in sorted(model.names))
    if names != CLASS_NAMES:
        raise WeightsError(f"{path.name} has the classes {names}, the product needs {CLASS_NAMES} in this order")
    return model
