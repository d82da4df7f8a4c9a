"""The reader of plates as a user network of EasyOCR: a grey plate of 192 x 64 pixels in, its text out.

A small convolutional network looks; for each slot of a plate (see pipeline/plate_slots.py) a map says where its
character stands, in one line or in two, and what is seen there names it. EasyOCR decodes by the rules of CTC, so
between two slots stands a certain blank.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

STRIDE = 8  # pixels of the picture to one cell of the features
_CERTAIN = 30.0  # logit of the blanks between slots


def conv(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(self.first(x)))


class Model(nn.Module):
    """`num_class` counts the blank, which comes first and also says that a slot is empty."""

    def __init__(
        self, input_channel: int, output_channel: int, hidden_size: int, slots: int, height: int, width: int,
        num_class: int,
    ) -> None:  # fmt: skip
        super().__init__()
        first, second = output_channel // 6, output_channel // 2
        self.look = nn.Sequential(
            conv(input_channel, first, 2),
            conv(first, second, 2), Residual(second),
            conv(second, output_channel, 2), Residual(output_channel), Residual(output_channel),
        )  # fmt: skip
        cells = (height // STRIDE) * (width // STRIDE)
        self.whole = nn.Linear(output_channel * (height // STRIDE // 4) * (width // STRIDE // 4), hidden_size)
        self.format = nn.Linear(hidden_size, output_channel)
        self.where = nn.Conv2d(output_channel, slots, 1)
        self.usual = nn.Parameter(torch.zeros(slots, cells))
        self.what = nn.Conv2d(output_channel, hidden_size, 1)
        self.slot = nn.Parameter(torch.randn(slots, hidden_size) * 0.1)
        self.name = nn.Sequential(
            nn.LayerNorm(hidden_size),
            nn.Linear(hidden_size, 2 * hidden_size),
            nn.ReLU(inplace=True),
            nn.Linear(2 * hidden_size, num_class),
        )

    def slots(self, pictures: Tensor) -> Tensor:
        """Logits (B, slots, classes) of grey pictures (B, 1, 64, 192), -1 to 1."""
        seen = self.look(pictures)
        whole = torch.relu(self.whole(nn.functional.avg_pool2d(seen, 4).flatten(1)))
        placed = torch.relu(seen + self.format(whole)[:, :, None, None])
        maps = (self.where(placed).flatten(2) + self.usual).softmax(2)
        picked = maps @ self.what(placed).flatten(2).transpose(1, 2)
        logits: Tensor = self.name(picked + self.slot + whole[:, None])
        return logits

    def forward(self, input: Tensor, text: Tensor | None = None) -> Tensor:  # noqa: A002 EasyOCR's names
        """What EasyOCR expects: logits (B, 2 * slots - 1, classes) over time."""
        slots = self.slots(input)
        batch, count, classes = slots.shape
        time = slots.new_zeros(batch, 2 * count - 1, classes)
        time[:, :, 0] = _CERTAIN
        time[:, ::2] = slots
        return time
