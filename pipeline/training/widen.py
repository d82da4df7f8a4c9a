"""YOLO11n in the shape of YOLO11s, saying the same: what the larger network's training starts from.

    python -m pipeline.training.widen N.pt --out S.pt

Channels are there twice, and who reads both weighs them by shares of one (Chen et al., Net2Net, ICLR 2016). The
shares are drawn, so that training can tell the two apart.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from ultralytics import YOLO
from ultralytics.nn.tasks import DetectionModel

from pipeline.training import command
from pipeline.training.train import check_start
from pipeline.training.whole import save_whole

# attention reads its channels head by head, so that whole heads are there twice: query, key and value, and value alone
_QKV, _HEAD = 128, 64


def widen(source: Path, out: Path) -> Path:
    """Write the wider weights and return their path.

    Raises:
        WeightsError: `source` is missing or no YOLO11n.
    """
    check_start(source, "n")
    narrow = command.network(source).model.float()
    wide = YOLO("yolo11s.yaml")
    wide.model = DetectionModel("yolo11s.yaml", nc=len(narrow.names), verbose=False)
    wide.model.names = narrow.names
    shapes, shares = wide.model.state_dict(), torch.Generator().manual_seed(0)
    wide.model.load_state_dict(
        {name: _widened(name, one, shapes[name].shape, shares) for name, one in narrow.state_dict().items()}
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    save_whole(out, wide.save)
    return out


def _widened(name: str, old: Tensor, shape: Sequence[int], shares: torch.Generator) -> Tensor:
    """One tensor, (outputs,) or (outputs, inputs, height, width), in its new shape."""
    if not old.ndim:
        return old
    block = _QKV if ".attn.qkv." in name else _HEAD if ".attn.pe." in name else 1
    new = old[_origin(old.shape[0], shape[0], block)]
    if old.ndim == 1:
        return new
    origin = _origin(old.shape[1], shape[1], _HEAD if ".attn.proj." in name else 1)
    drawn = torch.rand(shape[0], shape[1], generator=shares) + 0.5
    whole = torch.zeros(shape[0], old.shape[1]).index_add(1, origin, drawn)
    return new[:, origin] * (drawn / whole[:, origin])[..., None, None]


def _origin(old: int, new: int, block: int) -> Tensor:
    """The old channel that each new one is made of."""
    if new == 2 * old:  # one beside the other, as layers are cut in halves and put side by side
        return torch.arange(old).reshape(-1, block).repeat_interleave(2, 0).flatten()
    return torch.cat((torch.arange(old), torch.arange(new - old)))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("source", type=Path, help="weights of a YOLO11n")
    parser.add_argument("--out", type=Path, required=True, help="weight file to write")
    options = parser.parse_args(arguments)
    return command.report(lambda: [widen(options.source, options.out)])


if __name__ == "__main__":
    sys.exit(main())
