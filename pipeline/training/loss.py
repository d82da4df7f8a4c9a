"""YOLO11's loss, blind where nobody knows what is there."""

from __future__ import annotations

from typing import Any

import torch
from ultralytics.utils.loss import v8DetectionLoss
from ultralytics.utils.tal import make_anchors


class IgnoringLoss(v8DetectionLoss):  # type: ignore[misc]
    """Targets of class `nc + c` are regions in which class c is not learned as background.

    Anchors that a real target claims learn every class as usual. Computed in float32 whatever the
    network ran in: box sides of hundreds of pixels do not fit bfloat16's eight bits.
    """

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__(model)
        self._plain_bce = torch.nn.BCEWithLogitsLoss(reduction="none")
        self.bce = self._bce
        self._blind = torch.zeros(0)

    def __call__(self, preds: Any, batch: dict[str, Any]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        preds = self.parse_output(preds)
        preds = {**preds, "boxes": preds["boxes"].float(), "scores": preds["scores"].float()}
        real = batch["cls"].view(-1) < self.nc
        with torch.autocast(self.device.type, enabled=False):
            self._blind = self._regions(preds, {key: batch[key][~real] for key in ("cls", "batch_idx", "bboxes")})
            kept = {key: batch[key][real] for key in ("cls", "batch_idx", "bboxes")}
            loss: tuple[torch.Tensor, dict[str, torch.Tensor]] = self.loss(preds, {**batch, **kept})
        return loss

    def _regions(self, preds: dict[str, Any], ignored: dict[str, torch.Tensor]) -> torch.Tensor:
        """(pictures, anchors, classes), true where the class of an anchor is unknown."""
        points, strides = make_anchors(preds["feats"], self.stride, 0.5)
        sides = torch.tensor(preds["feats"][0].shape[2:], device=self.device).flip(0) * self.stride[0]
        boxes = ignored["bboxes"].to(self.device).float() * sides.repeat(2)
        # a region smaller than an anchor's cell still silences the nearest anchor
        reach = torch.maximum(boxes[:, None, 2:] / 2, 0.75 * strides[None])
        inside = ((points * strides)[None] - boxes[:, None, :2]).abs().lt(reach).all(2)
        blind = torch.zeros(*preds["scores"].shape[::2], self.nc, dtype=torch.bool, device=self.device)
        pictures = ignored["batch_idx"].long().tolist()
        classes = (ignored["cls"].view(-1).long() - self.nc).tolist()
        for picture, cls, anchors in zip(pictures, classes, inside, strict=True):
            blind[picture, :, cls] |= anchors
        return blind

    def _bce(self, scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        claimed = targets.sum(2, keepdim=True) > 0
        loss: torch.Tensor = self._plain_bce(scores, targets) * (claimed | ~self._blind)
        return loss
