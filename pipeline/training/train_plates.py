"""Train the plate networks on the chunks of `plate_data`; goes on where it was cut off.

python -m pipeline.training.train_plates reader|corners|upscaler --data DIR --val DIR --out DIR --minutes 240
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from pipeline.errors import DatasetError, WeightsError
from pipeline.training import command
from pipeline.training.plate_tasks import TASKS, Batch, Fields, Task, fitting
from pipeline.training.whole import save_whole
from pipeline.weights import sha256

_log = logging.getLogger(__name__)
_REPORT_EVERY = 100  # steps
_SAVE_EVERY_S = 120.0
_STATE = "state.pt"
_RISE = 0.03  # share of the time in which the learning rate rises


def _batches(folder: Path, fields: Fields, size: int, seed: int) -> Iterator[Batch]:
    """Batches without end, from the chunks that are there by then, the less used ones first."""
    used: dict[Path, int] = {}
    rng = np.random.default_rng(seed)
    while True:
        chunks = _chunks(folder)
        least = min(used.get(path, 0) for path in chunks)
        fresh = [path for path in chunks if used.get(path, 0) == least]
        path = fresh[int(rng.integers(len(fresh)))]
        used[path] = least + 1
        arrays = _arrays(path, fields)
        order = rng.permutation(len(arrays[fields[0]]))
        if len(order) < size:
            raise DatasetError(f"{path} holds {len(order)} samples: name a smaller --batch than {size}")
        for start in range(0, len(order) - size + 1, size):
            rows = order[start : start + size]
            yield {name: torch.from_numpy(array[rows]) for name, array in arrays.items()}


def _chunks(folder: Path) -> list[Path]:
    chunks = sorted(folder.glob("*.npz"))
    if not chunks:
        raise DatasetError(f"{folder} holds no chunk: make some (python -m pipeline.training.plate_data)")
    return chunks


def _arrays(chunk: Path, fields: Fields) -> dict[str, Any]:
    try:
        with np.load(chunk) as file:
            return {name: file[name] for name in fields}
    except (KeyError, ValueError, EOFError, BadZipFile) as error:
        raise DatasetError(f"{chunk} is no whole chunk with {' and '.join(fields)}: take it out") from error


@torch.no_grad()
def evaluate(task: Task, network: nn.Module, folder: Path, size: int = 250) -> str:
    network.eval()
    scores: dict[str, list[Tensor]] = {}
    sizes: list[Tensor] = []
    for path in _chunks(folder):
        arrays = {name: torch.from_numpy(array) for name, array in _arrays(path, task.fields + task.size).items()}
        count = len(arrays[task.fields[0]])
        sizes.append(arrays.get("size", torch.zeros(count)))
        for start in range(0, count, size):
            batch = {name: array[start : start + size] for name, array in arrays.items()}
            for name, score in task.judge(network, batch).items():
                scores.setdefault(name, []).append(score)
    network.train()
    height = torch.cat(sizes)
    bands = [(height < 10), (height >= 10) & (height < 14), (height >= 14) & (height < 24), height >= 24]
    found = {name: torch.cat(one) for name, one in scores.items()}
    return "; ".join(
        f"{name} {one.mean():.4f} ({' '.join(f'{one[band].mean():.3f}' for band in bands if band.any())})"
        for name, one in found.items()
    )


def train(task: Task, options: argparse.Namespace) -> Path:
    """The file with the averaged weights.

    Raises:
        DatasetError: there are no chunks to learn from or to judge by, or one cannot be used.
        WeightsError: what to start from, or to go on with, is of another network.
    """
    for folder in (options.data, options.val):  # at once, not when it is time to judge
        _chunks(folder)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "weights.pt"
    network = task.network().to(memory_format=torch.channels_last)  # a quarter faster on a CPU
    if options.start:
        fitting(options.start, network)
    mean = AveragedModel(network, multi_avg_fn=_moved, use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.02)
    start = sha256(options.start) if options.start else None
    step, spent = _go_on(out, start, network, mean, optimizer)
    _log.info("%s parameters, step %s", sum(p.numel() for p in network.parameters()), step)
    saved, began, losses, cpu = time.monotonic(), time.monotonic(), [], time.process_time()
    last, budget = time.process_time(), options.minutes * 60
    batches = _batches(options.data, task.fields, options.batch, seed=step)
    while spent < budget:
        batch = next(batches)
        now = time.process_time()
        spent, last = spent + now - last, now
        for group in optimizer.param_groups:
            group["lr"] = options.rate * pace(spent / budget)
        loss = task.loss(network, batch)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean.update_parameters(network)
        step += 1
        losses.append(float(loss.detach()))
        if step % _REPORT_EVERY == 0:
            took = time.monotonic() - began
            share = (time.process_time() - cpu) / took
            _log.info("step %s loss %.4f, %.0f samples/s, %.2f cores", step, np.mean(losses),
                      _REPORT_EVERY * options.batch / took, share)  # fmt: skip
            began, losses, cpu = time.monotonic(), [], time.process_time()
        if step % options.judge_every == 0:
            _log.info("step %s: %s", step, evaluate(task, mean.module, options.val))
            began, cpu = time.monotonic(), time.process_time()
        if time.monotonic() - saved > _SAVE_EVERY_S or spent >= budget:
            save_whole(weights, partial(torch.save, mean.module.state_dict()))
            states = {"network": network.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict()}
            state = {**states, "step": step, "spent": spent, "start": start}
            save_whole(out / _STATE, partial(torch.save, state))
            saved = time.monotonic()
    _log.info("at the end: %s", evaluate(task, mean.module, options.val))
    return weights


def _go_on(out: Path, start: str | None, network: nn.Module, mean: nn.Module, optimizer: Any) -> tuple[int, float]:
    """Steps done and seconds spent by the run in `out`, whose weights are put into all three; 0 where it begins."""
    path = out / _STATE
    if not path.exists():
        return 0, 0.0
    try:
        state = torch.load(command.present(path), weights_only=True)
        if state.get("start") != start:
            raise WeightsError(f"{out} began with other weights to start from: name a new --out")
        for name, one in (("network", network), ("mean", mean), ("optimizer", optimizer)):
            one.load_state_dict(state[name])
        return state["step"], state["spent"]
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, UnpicklingError) as error:
        raise WeightsError(f"{out} began with another network: name a new --out") from error


def pace(share: float) -> float:
    """Of the highest learning rate, when so much of the time for it is spent: up at first, then down along a cosine."""
    if share < _RISE:
        return max(share / _RISE, 0.02)
    return max(0.5 + 0.5 * math.cos(math.pi * min((share - _RISE) / (1 - _RISE), 1.0)), 1e-3)


def _moved(means: Any, now: Any, count: Any) -> None:
    """A moving mean over about 300 steps, over fewer at the start."""
    share = max(0.003, 9.0 / (10.0 + int(count)))
    for mean, one in zip(means, now, strict=True):
        if mean.is_floating_point():
            mean.lerp_(one, share)
        else:
            mean.copy_(one)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("task", choices=TASKS)
    for name in ("--data", "--val", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to start from")
    parser.add_argument("--minutes", type=command.duration, default=240.0, help="of processor time for it")
    parser.add_argument("--batch", type=command.positive, default=128)
    parser.add_argument("--rate", type=command.share, default=1.5e-3)
    parser.add_argument("--judge-every", type=command.positive, default=1000)
    parser.add_argument("--threads", type=command.positive, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(options.threads)
    return command.report(lambda: [train(TASKS[options.task], options)])


if __name__ == "__main__":
    sys.exit(main())
