"""Drawn streets: a box for each thing, so that labels are exact."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

COLOURS = ((200, 80, 0), (0, 0, 230), (0, 200, 0), (0, 220, 220))
# class, x, y, width, height (shares)
STREET = (
    (0, 0.35, 0.5, 0.2, 0.7),
    (1, 0.35, 0.22, 0.08, 0.12),
    (3, 0.35, 0.7, 0.08, 0.04),
    (0, 0.7, 0.55, 0.2, 0.6),
    (2, 0.7, 0.3, 0.08, 0.1),
)


def draw_street(images: Path, name: str, seed: int) -> None:
    """A 160x120 picture with two riders and its label, shifted a little from seed to seed."""
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 255, (9, 12, 3), np.uint8), (160, 120), interpolation=cv2.INTER_CUBIC)
    lines = []
    dx, dy = rng.uniform(-0.05, 0.05, 2)
    for cls, at_x, at_y, w, h in STREET:
        x, y = at_x + dx, at_y + dy
        top_left, bottom_right = ((round((x + s * w / 2) * 160), round((y + s * h / 2) * 120)) for s in (-1, 1))
        cv2.rectangle(picture, top_left, bottom_right, COLOURS[cls], -1)
        lines.append(f"{cls} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n")
    images.mkdir(parents=True, exist_ok=True)
    labels = images.with_name("labels")
    labels.mkdir(exist_ok=True)
    cv2.imwrite(str(images / f"{name}.png"), picture)
    (labels / f"{name}.txt").write_text("".join(lines))


@pytest.fixture
def street_set(tmp_path: Path) -> Path:
    """The file of a set of 8 train and 4 val pictures that lies in `root/street`."""
    for split, seeds in (("train", range(8)), ("val", range(8, 12))):
        for seed in seeds:
            draw_street(tmp_path / "root" / "street" / split / "images", f"s{seed}", seed)
    names = ["rider", "without helmet", "with helmet", "number plate"]
    spec = {
        "name": "street",
        "origin": "drawn",
        "licence": "none",
        "format": "yolo",
        "names": names,
        "map": {name: name for name in names},
        "covers": names,
        "parts": {split: {"images": f"{split}/images", "annotations": f"{split}/labels"} for split in ("train", "val")},
    }
    path = tmp_path / "street.yaml"
    path.write_text(yaml.safe_dump(spec))
    return path
