"""What each of the plate networks learns, and what it is judged by."""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.errors import WeightsError
from pipeline.plate_corners import CornersNetwork
from pipeline.plate_geometry import READ_HEIGHT, READ_WIDTH
from pipeline.plate_slots import CLASSES, SLOTS
from pipeline.training import command
from pipeline.training.short import short
from pipeline.upscale import FACTOR, UpscaleNetwork
from weights.plates.plate_reader import Model

Batch = dict[str, Tensor]
Fields = tuple[str, ...]


class Task(ABC):
    """`fields` of a chunk that it learns from; `size`: the field with the characters' heights, if chunks have it."""

    fields: ClassVar[Fields]
    size: ClassVar[Fields] = ("size",)

    @abstractmethod
    def network(self) -> nn.Module: ...

    @abstractmethod
    def loss(self, network: nn.Module, batch: Batch) -> Tensor: ...

    @abstractmethod
    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Figures of each sample."""


class ReaderTask(Task):
    fields = ("read", "slots")

    def network(self) -> nn.Module:
        return Model(input_channel=1, output_channel=96, hidden_size=128, slots=SLOTS, height=READ_HEIGHT,
                     width=READ_WIDTH, num_class=CLASSES)  # fmt: skip

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        pictures = _disturbed(batch["read"])
        with short():
            logits = network(pictures)[:, ::2]
        return functional.cross_entropy(logits.float().flatten(0, 1), batch["slots"].long().flatten())

    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        with short():
            logits = network(as_input(batch["read"]))[:, ::2].float()
        right = logits.argmax(2) == batch["slots"]
        loss = functional.cross_entropy(logits.transpose(1, 2), batch["slots"].long(), reduction="none")
        return {"plates": right.all(1).float(), "slots": right.float().mean(1), "loss": loss.mean(1)}


class CornersTask(Task):
    fields = ("find", "corners")

    def network(self) -> nn.Module:
        return CornersNetwork()

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        with short():
            found = network(_disturbed(batch["find"]))
        # in shares of the crop's sides: along the shorter one, the height, a pixel counts more
        return functional.smooth_l1_loss(found.float(), batch["corners"], beta=0.02) * 20

    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        found = network(as_input(batch["find"]))
        size = batch["corners"].amax(1) - batch["corners"].amin(1)
        wrong = (found - batch["corners"]).abs() / size[:, None]
        return {"x": wrong[..., 0].mean(1), "y": wrong[..., 1].mean(1), "far": (wrong.amax((1, 2)) > 0.1).float()}


class UpscalerTask(Task):
    fields = ("small", "large")
    size = ()

    def network(self) -> nn.Module:
        return UpscaleNetwork()

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        with short():
            shown = network(batch["small"].float()[:, None] / 255)
        return functional.l1_loss(shown.float(), batch["large"].float()[:, None] / 255) * 10

    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Signal over noise of the network and of bicubic interpolation, dB."""
        small, large = batch["small"].float()[:, None] / 255, batch["large"].float()[:, None] / 255
        plain = functional.interpolate(small, scale_factor=FACTOR, mode="bicubic", align_corners=False)
        return {"network": _decibels(network(small), large), "bicubic": _decibels(plain, large)}


def _decibels(shown: Tensor, truth: Tensor) -> Tensor:
    return -10 * ((shown.clamp(0, 1) - truth) ** 2).mean((1, 2, 3)).clamp_min(1e-7).log10()


def as_input(pictures: Tensor) -> Tensor:
    """uint8 (B, H, W) to -1 to 1 (B, 1, H, W), as EasyOCR does it."""
    return (pictures.float() / 255 - 0.5)[:, None] / 0.5


def _disturbed(pictures: Tensor) -> Tensor:
    """A little noise, light and cover on top, so that a picture is never the same twice."""
    batch = as_input(pictures)
    count = len(batch)
    batch = batch * (1 + 0.15 * torch.randn(count, 1, 1, 1)) + 0.1 * torch.randn(count, 1, 1, 1)
    batch = batch + torch.randn_like(batch) * (0.06 * torch.rand(count, 1, 1, 1))
    for row in np.flatnonzero(np.random.default_rng().random(count) < 0.1):
        height, width = batch.shape[2:]
        x, y = int(torch.randint(width - 8, ())), int(torch.randint(height - 8, ()))
        batch[row, :, y : y + height // 4, x : x + width // 16] = float(torch.randn(()))
    return batch.clamp(-1, 1)


def fitting(path: Path, network: nn.Module) -> dict[str, Tensor]:
    """The weights in a file, which are those that a network of this kind has; they are put into this one.

    Raises:
        WeightsError: the file is missing or damaged, or of another network or a training that failed.
    """
    try:
        weights = torch.load(command.present(path), map_location="cpu", weights_only=True)
        # the reader as shipped has the names that EasyOCR wants
        weights = {name.removeprefix("module."): one for name, one in weights.items()}
        network.load_state_dict(weights)
    except (RuntimeError, AttributeError, TypeError, pickle.UnpicklingError) as error:  # their messages list all names
        raise WeightsError(f"{path} holds the weights of another network") from error
    command.refuse_failed(path, network)
    return network.state_dict()


TASKS: dict[str, Task] = {"reader": ReaderTask(), "corners": CornersTask(), "upscaler": UpscalerTask()}
