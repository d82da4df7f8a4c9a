"""The sizes that annotations say their pictures have: labels of other pictures, or of turned ones, do not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import parse


def declared_sizes(kind: str, images: Path, annotations: Path) -> dict[Path, tuple[int, int]]:
    """Width and height by picture (links followed), where the format (`voc`, `coco` or `cvat`) says them."""
    read = {"voc": _voc, "coco": _coco, "cvat": _cvat}.get(kind)
    if read is None:
        return {}
    sizes = {(images / name).resolve(): (int(width), int(height)) for name, width, height in read(images, annotations)}
    return {path: size for path, size in sizes.items() if all(size)}  # some tools write 0 for what they do not know


def _voc(images: Path, annotations: Path) -> Iterator[tuple[str, Any, Any]]:
    for path in images.iterdir():
        file = annotations / f"{path.stem}.xml"
        if path != file and file.exists():
            labelled = parse(file)
            yield path.name, labelled.findtext("size/width") or 0, labelled.findtext("size/height") or 0


def _coco(_images: Path, annotations: Path) -> Iterator[tuple[str, Any, Any]]:
    for one in json.loads(annotations.read_bytes())["images"]:
        yield one["file_name"], one["width"], one["height"]


def _cvat(_images: Path, annotations: Path) -> Iterator[tuple[str, Any, Any]]:
    for one in parse(annotations).iterfind("image"):
        yield one.get("name", ""), one.get("width") or 0, one.get("height") or 0
