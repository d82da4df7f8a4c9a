"""Where the four corners of a plate are on its crop: a small network of ours."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.plate_geometry import Corners, stretch
from pipeline.types import Image

FIND_WIDTH, FIND_HEIGHT = 160, 64  # pixels: every crop is stretched to this size
_CHANNELS = 32  # of the finest maps
_ROOM = 0.15  # corners may lie outside the crop, by this share of its sides


class CornerFinder:
    """Belongs to the thread that made it.

    Args:
        weights: a checked weight file.
    """

    def __init__(self, weights: Path) -> None:
        self._network = CornersNetwork()
        self._network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        self._network.eval()

    def find(self, image: Image) -> Corners:
        """The corners (4, 2) of the plate on a crop (BGR), in its pixels, from the upper left clockwise."""
        height, width = image.shape[:2]
        way = cv2.INTER_AREA if width > 2 * FIND_WIDTH else cv2.INTER_LINEAR
        grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (FIND_WIDTH, FIND_HEIGHT), interpolation=way)
        picture = torch.from_numpy(stretch(np.asarray(grey, np.uint8))).float()[None, None] / 127.5 - 1
        with torch.inference_mode():
            found = self._network(picture)[0].numpy()
        return np.asarray(found * (width, height), np.float64)


class CornersNetwork(nn.Module):
    """One map per corner, a fourth of the picture's size; the mean of each is where the corner is."""

    def __init__(self) -> None:
        super().__init__()
        c = _CHANNELS
        self.fine = nn.Sequential(_conv(1, c // 2, 2), _conv(c // 2, c, 2), _conv(c, c))
        self.middle = nn.Sequential(_conv(c, 2 * c, 2), _conv(2 * c, 2 * c))
        self.coarse = nn.Sequential(_conv(2 * c, 3 * c, 2), _conv(3 * c, 3 * c), _conv(3 * c, 3 * c))
        self.from_middle, self.from_coarse = nn.Conv2d(2 * c, c, 1), nn.Conv2d(3 * c, c, 1)
        self.out = nn.Sequential(_conv(c, c), nn.Conv2d(c, 4, 1))
        height, width = FIND_HEIGHT // 4, FIND_WIDTH // 4
        self.register_buffer("x", torch.linspace(-_ROOM, 1 + _ROOM, width), persistent=False)
        self.register_buffer("y", torch.linspace(-_ROOM, 1 + _ROOM, height), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Corners (B, 4, 2) as shares of the sides, of grey pictures (B, 1, 64, 160), -1 to 1."""
        fine = self.fine(pictures)
        middle = self.middle(fine)
        size = fine.shape[2:]
        mixed = (
            fine
            + functional.interpolate(self.from_middle(middle), size, mode="bilinear")
            + functional.interpolate(self.from_coarse(self.coarse(middle)), size, mode="bilinear")
        )
        maps = self.out(mixed).float().flatten(2).softmax(2).unflatten(2, size)
        x = (maps.sum(2) * self.x).sum(2)
        y = (maps.sum(3) * self.y).sum(2)
        return torch.stack([x, y], dim=2)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )
