"""Weights between those that a training found and those that it started from.

    python -m pipeline.training.blend RUN/weights/last.pt START.pt --share 0.85 --out BLENDED.pt

Such a mean keeps most of what the training gained, and loses less on cameras that were not in it
(Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from pipeline.errors import WeightsError
from pipeline.training import command
from pipeline.training.whole import save_whole


def blend(new: Path, old: Path, share: float, out: Path) -> Path:
    """Write the mean of two weight files of one architecture and return its path.

    Args:
        share: of the new ones, 0 to 1.

    Raises:
        WeightsError: the two are of different architectures or classes, or one is missing.
    """
    model, other = command.network(new), command.network(old)
    mine, theirs = (one.model.float().state_dict() for one in (model, other))
    if model.names != other.names:
        raise WeightsError(f"{new} and {old} have different classes, or the same ones in another order")
    if {name: one.shape for name, one in mine.items()} != {name: one.shape for name, one in theirs.items()}:
        raise WeightsError(f"{new} and {old} are of different architectures")
    model.model.load_state_dict(mean([mine, theirs], [share, 1 - share]))
    out.parent.mkdir(parents=True, exist_ok=True)
    save_whole(out, model.save)
    return out


def mean(states: Sequence[dict[str, Tensor]], shares: Sequence[float]) -> dict[str, Tensor]:
    """Of weights, by their shares; what only counts is taken from the first."""
    return {
        name: torch.stack([state[name] * share for state, share in zip(states, shares, strict=True)]).sum(0)
        if first.is_floating_point()
        else first
        for name, first in states[0].items()
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("new", type=Path, help="weights of a finished run")
    parser.add_argument("old", type=Path, help="the weights that it started from")
    parser.add_argument("--share", type=command.share, required=True, help="of the new ones, 0 to 1")
    parser.add_argument("--out", type=Path, required=True, help="weight file to write")
    options = parser.parse_args(arguments)
    return command.report(lambda: [blend(options.new, options.old, options.share, options.out)])


if __name__ == "__main__":
    sys.exit(main())
