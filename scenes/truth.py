"""The truth about a frame, from its object indices and its meshes: boxes, and how much of each is hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.training.labels import Labelled
from pipeline.types import HEADS, Box, Label
from scenes.bundle import STEP
from scenes.dashcam import Optics

# what is smaller than this, in pixels, nobody would draw a box around
SMALLEST = {"rider": 14.0, "head": 5.0, "plate": 4.0}
# what is lower than this, in pixels, or hidden beyond this share, nobody could tell: training shall not guess it
_LEAST_HEAD, _LEAST_HEAD_DARK, _LEAST_PLATE = 12.0, 20.0, 6.0
MOST_HIDDEN, _MOST_HIDDEN_RIDER = 0.5, 0.7
# pixels; an outline larger than this is not measured
LARGEST = 4000


@dataclass(frozen=True, slots=True)
class Seen:
    """A box around what can be seen of a thing, and the share of the thing that cannot be seen."""

    box: Box
    hidden: float


@dataclass(frozen=True, slots=True)
class SeenHead:
    person: int
    helmet: bool
    seen: Seen


@dataclass(frozen=True, slots=True)
class SeenRider:
    rider: int
    seen: Seen
    heads: tuple[SeenHead, ...]
    plate: Seen | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shell:
    """A part the truth is about: its object index, node and role, its vertices and quads."""

    index: int
    node: str
    rider: int
    role: str
    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]


def shells(scene: dict[str, Any], arrays: Any, riders: dict[str, int]) -> list[Shell]:
    """The parts of riders in a bundle; `riders` maps names of things to rider ids."""
    return [
        Shell(
            spec["index"],
            spec["node"],
            riders[spec["thing"]],
            spec["role"],
            arrays[f"v{spec['mesh']}"],
            arrays[f"f{spec['mesh']}"],
        )
        for spec in scene["objects"]
        if spec["thing"] in riders
    ]


def look(
    frame: dict[str, Any], parts: list[Shell], index: npt.NDArray[np.int32], optics: Optics, focal: float
) -> list[SeenRider]:
    """What can be seen of every rider; `index` is the object index of every pixel of the picture."""
    present = [part for part in parts if part.node in frame["nodes"]]
    riders = []
    for rider in sorted({part.rider for part in present}):
        own = [part for part in present if part.rider == rider]
        whole = _seen(own, frame, index, optics, focal, SMALLEST["rider"])
        if whole is None:
            continue
        heads = []
        for role in sorted({p.role for p in own if p.role.startswith(("bare", "helmet"))}, key=lambda r: r[-1]):
            head = _seen([p for p in own if p.role == role], frame, index, optics, focal, SMALLEST["head"])
            if head is not None:
                heads.append(SeenHead(int(role[-1]), role.startswith("helmet"), head))
        plates = [p for p in own if p.role == "plate"]
        plate = _seen(plates, frame, index, optics, focal, SMALLEST["plate"]) if plates else None
        riders.append(SeenRider(rider, whole, tuple(heads), plate))
    return riders


def _seen(
    parts: list[Shell],
    frame: dict[str, Any],
    index: npt.NDArray[np.int32],
    optics: Optics,
    focal: float,
    least: float,
) -> Seen | None:
    mask = np.isin(index, [part.index for part in parts])
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0 or rows[-1] - rows[0] + 1 < least:
        return None
    box = Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
    whole = whole_area(parts, frame, optics, focal)
    return Seen(box, float(np.clip(1 - mask.sum() / max(whole, 1.0), 0, 1)))


def whole_area(parts: list[Shell], frame: dict[str, Any], optics: Optics, focal: float) -> float:
    """Pixels the parts together would cover if nothing stood before them and the picture had no edge."""
    outlines = [project(part, frame, optics, focal) for part in parts]
    points = np.concatenate(outlines)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    if size.max() > LARGEST:  # it touches the camera: no outline, and no box worth having
        return float("inf")
    # drawn finer than the picture, for a drawn quad covers its edge's pixels whole
    fine = float(np.clip(LARGEST / 2 / max(size.max(), 1), 1, 8))
    canvas = np.zeros(np.ceil(size[::-1] * fine).astype(int) + 2, np.uint8)
    for outline, part in zip(outlines, parts, strict=True):
        for quad in np.rint((outline - corner)[part.faces] * fine * 16).astype(np.int32):
            cv2.fillConvexPoly(canvas, quad, 1, shift=4)
    return float(canvas.sum()) / fine**2


def project(part: Shell, frame: dict[str, Any], optics: Optics, focal: float) -> npt.NDArray[Any]:
    """The part's vertices in the picture, pixels (N, 2)."""
    now = _rendered(part, np.array(frame["nodes"][part.node]), np.array(frame["camera"]), optics, focal)
    node = frame["nodes_next"].get(part.node, frame["nodes"][part.node])
    later = _rendered(part, np.array(node), np.array(frame["camera_next"]), optics, focal)
    return optics.project(now, (later - now) / STEP)


def _rendered(
    part: Shell, node: npt.NDArray[Any], camera: npt.NDArray[Any], optics: Optics, focal: float
) -> npt.NDArray[Any]:
    to_camera = np.linalg.inv(camera) @ node
    points = part.vertices @ to_camera[:3, :3].T + to_camera[:3, 3]
    depth = np.maximum(-points[:, 2], 0.05)
    return np.stack([points[:, 0], -points[:, 1]], axis=1) * (focal / depth)[:, None] + optics.center


def labels(riders: list[SeenRider], dark: bool) -> list[Labelled]:
    """All boxes of a frame in the project's classes; what nobody could tell on the picture is ignored."""
    found = []
    for rider in riders:
        found.append(Labelled(Label.RIDER, rider.seen.box, rider.seen.hidden > _MOST_HIDDEN_RIDER))
        for head in rider.heads:
            if _tells(head.seen, _LEAST_HEAD_DARK if dark else _LEAST_HEAD):
                found.append(Labelled(Label.WITH_HELMET if head.helmet else Label.WITHOUT_HELMET, head.seen.box))
            else:
                found += [Labelled(label, head.seen.box, ignored=True) for label in HEADS]
        if rider.plate:
            found.append(Labelled(Label.PLATE, rider.plate.box, not _tells(rider.plate, _LEAST_PLATE)))
    return found


def _tells(seen: Seen, least: float) -> bool:
    return seen.box.height >= least and seen.hidden <= MOST_HIDDEN
