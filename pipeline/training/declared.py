"""The sizes that annotations say their pictures have: labels of other pictures, or of turned ones, do not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import parse

from pipeline.training.pictures import spelled


def declared_sizes(kind: str, images: Path, annotations: Path) -> dict[Path, tuple[int, int]]:
    """Width and height by picture (links followed), where the format (`voc`, `coco` or `cvat`) says them."""
    read = {"voc": _voc, "coco": _coco, "cvat": _cvat}.get(kind)
    if read is None:
        return {}
    said = read(images, annotations)
    sizes = {(images / spelled(images, name)).resolve(): (_pixels(w), _pixels(h)) for name, w, h in said}
    return {path: size for path, size in sizes.items() if all(size)}


def _pixels(said: Any) -> int:
    """0, as some tools write it, for what is not known."""
    try:
        return int(float(said))
    except (TypeError, ValueError, OverflowError):
        return 0


def _voc(images: Path, annotations: Path) -> Iterator[tuple[str, Any, Any]]:
    for path in images.iterdir():
        file = annotations / f"{path.stem}.xml"
        if path != file and file.exists():
            labelled = parse(file)
            yield path.name, labelled.findtext("size/width"), labelled.findtext("size/height")


def _coco(_images: Path, annotations: Path) -> Iterator[tuple[str, Any, Any]]:
    for one in json.loads(annotations.read_bytes())["images"]:
        yield one["file_name"], one.get("width"), one.get("height")


def _cvat(_images: Path, annotations: Path) -> Iterator[tuple[str, Any, Any]]:
    for one in parse(annotations).iterfind("image"):
        yield one.get("name", ""), one.get("width"), one.get("height")
