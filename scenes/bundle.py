"""A world written down for Blender: meshes, materials, and where everything is in every frame."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline import plate_formats
from pipeline.errors import HelmetWatchError
from scenes.models import Material, Part
from scenes.shapes import Mesh
from scenes.world import Matrix, World, transform

STILL = 0  # object index of everything that does not move and that the truth does not name


class _Bundle:
    """Collects meshes and materials, each once."""

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}
        self.meshes: list[dict[str, bool]] = []
        self.materials: list[Material] = []
        self.objects: list[dict[str, Any]] = []
        self._known: dict[int, int] = {}

    def add(self, part: Part, node: str, index: int, matrix: Matrix, thing: str = "", role: str = "") -> None:
        self.objects.append(
            {
                "mesh": self._mesh(part.mesh),
                "material": self._material(part.material),
                "node": node,
                "index": index,
                "thing": thing,
                "role": role,
                "matrix": matrix.tolist(),
            }
        )

    def _mesh(self, mesh: Mesh) -> int:
        if id(mesh) not in self._known:
            number = self._known[id(mesh)] = len(self.meshes)
            self.meshes.append({"smooth": mesh.smooth})
            self.arrays[f"v{number}"] = mesh.vertices
            self.arrays[f"f{number}"] = mesh.faces
            if mesh.uv is not None:
                self.arrays[f"u{number}"] = mesh.uv
        return self._known[id(mesh)]

    def _material(self, material: Material) -> int:
        if material not in self.materials:
            self.materials.append(material)
        return self.materials.index(material)


def write(world: World, times: list[float], folder: Path) -> None:
    """Write `scene.json` and `meshes.npz`; textures that materials name lie in `folder` already.

    Raises:
        HelmetWatchError: the folder holds rendered frames of another world.
    """
    bundle = _Bundle()
    for site in world.sites:
        matrix = transform((site.x, site.y, site.z), site.yaw)
        matrix[:3, :3] *= site.scale
        for part in site.model.parts:
            bundle.add(part, "", STILL, matrix)
    index = STILL
    for thing in world.things:
        for step, model in enumerate(thing.models):
            for part in model.parts:
                index += 1
                bundle.add(part, _node(thing.name, step, part.node), index, np.eye(4), thing.name, part.role)
    spec = {
        "size": world.view.size,
        "focal": world.view.focal,
        "samples": world.samples,
        "meshes": bundle.meshes,
        "materials": [asdict(material) for material in bundle.materials],
        "objects": bundle.objects,
        "lights": [_lamp(lamp) for lamp in world.lamps],
        "sky": world.sky,
        "riders": _riders(world),
        "frames": [_frame(world, number, time) for number, time in enumerate(times)],
    }
    (folder / "exr").mkdir(parents=True, exist_ok=True)
    np.savez(folder / "meshes.npz", **bundle.arrays)
    _seal(folder, spec)
    (folder / "scene.json").write_text(json.dumps(spec))


def _seal(folder: Path, spec: dict[str, Any]) -> None:
    """Frames rendered here earlier may stay only if they show this very world.

    Raises:
        HelmetWatchError: they show another one.
    """
    digest = hashlib.sha256(json.dumps(spec).encode())
    digest.update((folder / "meshes.npz").read_bytes())
    seal = folder / "sha256"
    if any((folder / "exr").iterdir()) and (not seal.exists() or seal.read_text() != digest.hexdigest()):
        raise HelmetWatchError(f"{folder} holds frames of another scene: remove it, or choose another folder")
    seal.write_text(digest.hexdigest())


def _riders(world: World) -> list[dict[str, Any]]:
    """Who rides, numbered from 1: plate, and what each person has on the head, the driver first."""
    entries = []
    for number, thing in enumerate((t for t in world.things if t.people), start=1):
        kind = plate_formats.identify(thing.plate)
        entries.append(
            {
                "id": number,
                "name": thing.name,
                "plate": thing.plate,
                "format": kind.name if kind else "",
                "people": [{"helmet": p.head.helmet, "wears": p.head.wear.value} for p in thing.people],
            }
        )
    return entries


def _node(thing: str, step: int, node: str) -> str:
    return f"{thing}/{step}/{node}"


def _lamp(lamp: Any) -> dict[str, Any]:
    spec = asdict(lamp)
    spec["type"] = spec.pop("kind")
    return spec


def _frame(world: World, number: int, time: float) -> dict[str, Any]:
    """Camera and nodes at `time`, and a little later: the difference is the motion during an exposure."""
    return {
        "name": f"{number:06d}",
        "time": time,
        "seed": number,
        "camera": _camera(world, time).tolist(),
        "camera_next": _camera(world, time + STEP).tolist(),
        "nodes": {name: m.tolist() for name, m in _nodes(world, time).items()},
        "nodes_next": {name: m.tolist() for name, m in _nodes(world, time, time + STEP).items()},
    }


STEP = 0.01  # seconds between a frame's two moments


def _camera(world: World, time: float) -> Matrix:
    """Blender's camera looks along its -z, its y is up."""
    return world.camera(time).matrix() @ np.array([[0, 0, -1, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])


def _nodes(world: World, shown_at: float, time: float | None = None) -> dict[str, Matrix]:
    moment = shown_at if time is None else time
    nodes = {"camera": world.camera(moment).matrix()}
    for thing in world.things:
        placement = thing.path(moment)
        if placement is None:
            continue
        step = thing.model_at(shown_at)
        base = placement.matrix()
        turns = thing.turns(moment)
        nodes[_node(thing.name, step, "")] = base
        for name, pivot in thing.models[step].pivots.items():
            nodes[_node(thing.name, step, name)] = base @ transform(pivot, *turns.get(name, (0, 0, 0)))
    return nodes
