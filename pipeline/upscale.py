"""Plate crops made larger before they are read: by interpolation, or by a small network that has seen many plates."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.crops import resize
from pipeline.settings import PlateUpscale
from pipeline.types import Image

FACTOR = 3
_CHANNELS, _BLOCKS = 32, 4  # of the network
_LARGE = 64  # pixels: a crop as high as this shows all that can be read


class Upscaler:
    """Belongs to the thread that made it.

    Args:
        way: off, bicubic or network.
        weights: a checked weight file of the network.
    """

    def __init__(self, way: PlateUpscale, weights: Path) -> None:
        self._way = way
        self._network = UpscaleNetwork()
        if way is PlateUpscale.NETWORK:
            self._network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
            self._network.eval()

    def upscale(self, image: Image) -> tuple[Image, float]:
        """A crop (BGR) made larger, and the factor; as it is where it is large enough or upscaling is off."""
        if self._way is PlateUpscale.OFF or image.shape[0] >= _LARGE:
            return image, 1.0
        larger = resize(image, FACTOR)
        if self._way is PlateUpscale.BICUBIC:
            return larger, FACTOR
        colours = cv2.cvtColor(larger, cv2.COLOR_BGR2YCrCb)
        grey = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb)[:, :, 0]
        with torch.inference_mode():
            shown = self._network(torch.from_numpy(grey.astype(np.float32) / 255)[None, None])[0, 0]
        colours[:, :, 0] = (shown.clamp(0, 1) * 255).round().numpy().astype(np.uint8)
        return np.asarray(cv2.cvtColor(colours, cv2.COLOR_YCrCb2BGR), np.uint8), FACTOR


class UpscaleNetwork(nn.Module):
    """ESPCN (Shi et al., CVPR 2016, arXiv:1609.05158) with residual blocks, on top of bicubic interpolation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, _CHANNELS, 5, padding=2)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1), nn.ReLU(inplace=True),
                          nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1))
            for _ in range(_BLOCKS)
        )  # fmt: skip
        self.last = nn.Conv2d(_CHANNELS, FACTOR**2, 3, padding=1)
        nn.init.zeros_(self.last.weight)  # bicubic interpolation is where training starts

    def forward(self, pictures: Tensor) -> Tensor:
        """Grey pictures (B, 1, H, W), 0 to 1, three times as large."""
        seen = functional.relu(self.first(pictures))
        for block in self.blocks:
            seen = seen + block(seen)
        plain = functional.interpolate(pictures, scale_factor=FACTOR, mode="bicubic", align_corners=False)
        return plain + functional.pixel_shuffle(self.last(seen), FACTOR)
