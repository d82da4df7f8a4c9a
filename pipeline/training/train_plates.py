"""Train the plate networks on the chunks of `plate_data`; goes on where it was cut off.

python -m pipeline.training.train_plates reader|corners|upscaler --data DIR --val DIR --out DIR --minutes 240
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from pipeline.plate_corners import CornersNetwork
from pipeline.plate_geometry import READ_HEIGHT, READ_WIDTH
from pipeline.plate_slots import CLASSES, SLOTS
from pipeline.upscale import FACTOR, UpscaleNetwork
from weights.plates.plate_reader import Model

_log = logging.getLogger(__name__)
_REPORT_EVERY = 100  # steps
_SAVE_EVERY_S = 120.0
_RISE = 0.03  # share of the time in which the learning rate rises
Batch = dict[str, Tensor]


class ReaderTask:
    fields = ("read", "slots")

    def network(self) -> nn.Module:
        return Model(input_channel=1, output_channel=96, hidden_size=128, slots=SLOTS, height=READ_HEIGHT,
                     width=READ_WIDTH, num_class=CLASSES)  # fmt: skip

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        pictures = _disturbed(batch["read"])
        with _short():
            logits = network(pictures)[:, ::2]
        return functional.cross_entropy(logits.float().flatten(0, 1), batch["slots"].long().flatten())

    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        with _short():
            logits = network(as_input(batch["read"]))[:, ::2].float()
        right = logits.argmax(2) == batch["slots"]
        loss = functional.cross_entropy(logits.transpose(1, 2), batch["slots"].long(), reduction="none")
        return {"plates": right.all(1).float(), "slots": right.float().mean(1), "loss": loss.mean(1)}


class CornersTask:
    fields = ("find", "corners")

    def network(self) -> nn.Module:
        return CornersNetwork()

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        with _short():
            found = network(_disturbed(batch["find"]))
        # in shares of the crop's sides: along the shorter one, the height, a pixel counts more
        return functional.smooth_l1_loss(found.float(), batch["corners"], beta=0.02) * 20

    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        found = network(as_input(batch["find"]))
        size = batch["corners"].amax(1) - batch["corners"].amin(1)
        wrong = (found - batch["corners"]).abs() / size[:, None]
        return {"x": wrong[..., 0].mean(1), "y": wrong[..., 1].mean(1), "far": (wrong.amax((1, 2)) > 0.1).float()}


class UpscalerTask:
    fields = ("small", "large")

    def network(self) -> nn.Module:
        return UpscaleNetwork()

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        with _short():
            shown = network(batch["small"].float()[:, None] / 255)
        return functional.l1_loss(shown.float(), batch["large"].float()[:, None] / 255) * 10

    def judge(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Signal over noise of the network and of bicubic interpolation, dB."""
        small, large = batch["small"].float()[:, None] / 255, batch["large"].float()[:, None] / 255
        plain = functional.interpolate(small, scale_factor=FACTOR, mode="bicubic", align_corners=False)
        return {"network": _decibels(network(small), large), "bicubic": _decibels(plain, large)}


def _decibels(shown: Tensor, truth: Tensor) -> Tensor:
    return -10 * ((shown.clamp(0, 1) - truth) ** 2).mean((1, 2, 3)).clamp_min(1e-7).log10()


def _short() -> torch.autocast:
    """Numbers of half the length, where the processor has them: without AVX-512 they are emulated, ten times slower."""
    return torch.autocast("cpu", torch.bfloat16, enabled=torch.backends.cpu.get_cpu_capability() == "AVX512")


TASKS = {"reader": ReaderTask, "corners": CornersTask, "upscaler": UpscalerTask}


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


def _batches(folder: Path, fields: tuple[str, ...], size: int, seed: int) -> Iterator[Batch]:
    """Batches without end, from the chunks that are there, the less used ones first."""
    used: dict[Path, int] = {}
    rng = np.random.default_rng(seed)
    while True:
        chunks = sorted(folder.glob("*.npz"))
        least = min((used.get(path, 0) for path in chunks), default=0)
        fresh = [path for path in chunks if used.get(path, 0) == least]
        if not fresh:
            time.sleep(5)
            continue
        path = fresh[int(rng.integers(len(fresh)))]
        used[path] = least + 1
        with np.load(path) as file:
            arrays = {name: file[name] for name in fields}
        order = rng.permutation(len(arrays[fields[0]]))
        for start in range(0, len(order) - size + 1, size):
            rows = order[start : start + size]
            yield {name: torch.from_numpy(array[rows]) for name, array in arrays.items()}


@torch.no_grad()
def evaluate(task: Any, network: nn.Module, folder: Path, size: int = 250) -> str:
    network.eval()
    scores: dict[str, list[Tensor]] = {}
    sizes: list[Tensor] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            arrays = {name: torch.from_numpy(file[name]) for name in task.fields}
            sizes.append(torch.from_numpy(file["size"]) if "size" in file else torch.zeros(len(file["small"])))
        for start in range(0, len(sizes[-1]), size):
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


def train(task: Any, options: argparse.Namespace) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    state_path = options.out / "state.pt"
    network = task.network().to(memory_format=torch.channels_last)  # a quarter faster on a CPU
    if options.start:
        weights = torch.load(options.start, weights_only=True)
        # the reader as shipped has the names that EasyOCR wants
        network.load_state_dict({name.removeprefix("module."): one for name, one in weights.items()})
    mean = AveragedModel(network, multi_avg_fn=_moved, use_buffers=True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.rate, weight_decay=0.02)
    step, spent = 0, 0.0
    if state_path.exists():
        state = torch.load(state_path, weights_only=True)
        network.load_state_dict(state["network"])
        mean.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    _log.info("%s parameters, step %s", sum(p.numel() for p in network.parameters()), step)
    saved, began, losses, cpu = time.monotonic(), time.monotonic(), [], time.process_time()
    last, budget = time.process_time(), options.minutes * 60
    for batch in _batches(options.data, task.fields, options.batch, seed=step):
        now = time.process_time()
        spent, last = spent + now - last, now
        for group in optimizer.param_groups:
            group["lr"] = options.rate * pace(spent / budget)
        loss = task.loss(network, batch)
        optimizer.zero_grad()
        loss.backward()
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
            _save(state_path, network, mean, optimizer, step=step, spent=spent)
            torch.save(mean.module.state_dict(), options.out / "weights.pt")
            saved = time.monotonic()
        if spent >= budget:
            break
    _log.info("at the end: %s", evaluate(task, mean.module, options.val))


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


def _save(path: Path, network: nn.Module, mean: nn.Module, optimizer: Any, **progress: float) -> None:
    unfinished = path.with_suffix(".part")
    torch.save({"network": network.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict(),
                **progress}, unfinished)  # fmt: skip
    unfinished.replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.training.train_plates")
    parser.add_argument("task", choices=TASKS)
    for name in ("--data", "--val", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights to start from")
    parser.add_argument("--minutes", type=float, default=240.0, help="of processor time that training may take")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--judge-every", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    torch.set_num_threads(options.threads)
    train(TASKS[options.task](), options)


if __name__ == "__main__":
    main()
