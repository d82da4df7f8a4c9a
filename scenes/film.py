"""From rendered frames to what the dashcam recorded, with its truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from pipeline.types import Image
from scenes import dashcam, plates, truth
from scenes.dashcam import Dashcam, Optics
from scenes.truth import SeenRider


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One finished frame: the picture, BGR, and what can be seen in it."""

    number: int
    time_s: float
    image: Image
    riders: list[SeenRider]


def shots(folder: Path, camera: Dashcam, seed: int = 0) -> Iterator[Shot]:
    """The frames of a rendered bundle, in order."""
    scene = json.loads((folder / "scene.json").read_text())
    riders = {rider["name"]: rider["id"] for rider in scene["riders"]}
    optics = Optics(camera, tuple(scene["size"]))
    nodes = {spec["index"]: spec["node"] for spec in scene["objects"]}
    with np.load(folder / "meshes.npz") as arrays:
        shells = truth.shells(scene, dict(arrays), riders)
    for number, frame in enumerate(scene["frames"]):
        path = folder / "exr" / f"{frame['name']}.exr"
        yield _shot(number, frame, path, camera, optics, nodes, shells, scene["focal"], seed)


def _shot(
    number: int, frame: dict[str, Any], path: Path, camera: Dashcam, optics: Optics, nodes: dict[int, str],
    shells: list[truth.Shell], focal: float, seed: int,
) -> Shot:  # fmt: skip
    rendered = dashcam.read(path)
    flow = dashcam.motion(frame, nodes, rendered, focal)
    image = dashcam.expose(rendered, flow, optics, np.random.default_rng((seed, number)))
    index = dashcam.sample(rendered.index.astype(np.float32), optics.pixels(flow), nearest=True)
    seen = truth.look(frame, shells, np.rint(index).astype(np.int32), optics, focal)
    return Shot(number, frame["time"], image, seen)


def stamp(image: Image, text: str) -> Image:
    """The line of text that dashcams write into the picture."""
    canvas = Pillow.fromarray(np.ascontiguousarray(image[:, :, ::-1]))
    font = ImageFont.truetype(str(plates.FONT), 20)
    place = (18, image.shape[0] - 34)
    ImageDraw.Draw(canvas).text(place, text, (235, 235, 235), font, stroke_width=1, stroke_fill=(20, 20, 20))
    return np.asarray(canvas)[:, :, ::-1].copy()


def encode(images: Iterator[Image], path: Path, size: tuple[int, int], fps: int, rate: int) -> None:
    """H.264 in MP4, index in front; `size` is width and height, `rate` in bits per second."""
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as file:
        stream = file.add_stream("libx264", rate=fps)
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = rate
        stream.options = {"preset": "slow", "profile": "high"}
        stream.width, stream.height = size
        for image in images:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        file.mux(stream.encode())
