"""A detector as both stages use it: ultralytics weights, by OpenVINO on a CPU, by torch on a GPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import openvino
import torch
import torchvision  # noqa: F401 ultralytics loads it with the first picture: better with the other libraries
import yaml
from ultralytics import YOLO

from pipeline.errors import WeightsError
from pipeline.settings import Settings
from pipeline.types import CLASS_NAMES, Box, Detection, Image, Label
from pipeline.weights import StageWeights, checked, checked_openvino

# boxes of one class that overlap more than this are one object (training pictures: mean AP50 0.877, 0.866 at 0.7)
NMS_IOU = 0.6
# OpenVINO prepares its way to NumPy with the first picture; two threads that do so at once wait for each other for ever
_ONE_AT_A_TIME = Lock()


class Yolo:
    """One loaded model. It belongs to the thread that made it.

    Raises:
        WeightsError: the weight file is missing, altered or of another class order.
    """

    def __init__(self, stage: StageWeights, settings: Settings, sharing: int = 1) -> None:
        """`sharing`: how many models run at the same time; on a CPU they divide its cores among them."""
        self._stage = stage
        self._device = device(settings)
        on_cpu = self._device == "cpu"
        path = checked_openvino(settings.weights, stage) if on_cpu else checked(settings.weights, stage)
        with _ONE_AT_A_TIME:
            self._model = checked_model(path)
            self.detect(np.zeros((32, 32, 3), np.uint8), 1.0)  # only the first picture loads the model
            if on_cpu:
                self._compile(path, max(1, (os.cpu_count() or 1) // sharing))

    def detect(self, image: Image, confidence: float) -> tuple[Detection, ...]:
        """Detections in one picture, boxes in its pixels.

        Args:
            image: BGR, uint8, (H, W, 3), any size.
            confidence: the least to report, 0 to 1.
        """
        return self.detect_all([image], confidence)[0]

    def detect_all(self, images: Sequence[Image], confidence: float) -> list[tuple[Detection, ...]]:
        """The same for several pictures: in one go on a GPU, one by one on a CPU, which gains nothing by batches."""
        batches = [[image] for image in images] if self._device == "cpu" else [list(images)] if images else []
        return [
            _detections(result.boxes)
            for batch in batches
            for result in self._model.predict(
                batch, imgsz=self._stage.image_size, conf=confidence, iou=NMS_IOU, device=self._device, verbose=False
            )
        ]

    def _compile(self, folder: Path, threads: int) -> None:
        """Compile the network anew: with numbers of 32 bits, so that every machine comes to the same verdict (where a
        CPU has bfloat16, OpenVINO would take that), and a few threads on any core instead of one pinned to each."""
        backend = self._model.predictor.model.backend
        network = openvino.Core().read_model(next(folder.glob("*.xml")))
        config = {
            "INFERENCE_PRECISION_HINT": openvino.Type.f32,
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        backend.ov_compiled_model = backend.compile_model(network, config=config)


def _detections(boxes: Any) -> tuple[Detection, ...]:
    """ultralytics' boxes of one picture."""
    rows = torch.cat((boxes.xyxy, boxes.conf[:, None], boxes.cls[:, None]), dim=1).tolist()
    return tuple(Detection(Label(int(cls)), Box(x1, y1, x2, y2), conf) for x1, y1, x2, y2, conf, cls in rows)


def device(settings: Settings) -> str:
    """The torch device in force: the setting, or the first GPU where there is one."""
    if settings.device != "auto":
        return settings.device
    return "cuda:0" if torch.cuda.is_available() else "cpu"


def checked_model(path: Path) -> Any:
    """A weight file or an OpenVINO folder as ultralytics' model.

    Raises:
        WeightsError: it is of another class order.
    """
    model = YOLO(str(path), task="detect")
    # asking an OpenVINO model for its names would compile it once more, so they are read from beside it
    named = yaml.safe_load((path / "metadata.yaml").read_text())["names"] if path.is_dir() else model.names
    names = tuple(named[i] for i in sorted(named))
    if names != CLASS_NAMES:
        raise WeightsError(f"{path.name} has the classes {names}, the product needs {CLASS_NAMES} in this order")
    return model
