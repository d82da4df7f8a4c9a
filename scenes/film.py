"""From rendered frames to what the dashcam recorded, with its truth."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

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


def shots(folder: Path, camera: Dashcam, seed: int) -> Iterator[Shot]:
    """The frames of a rendered bundle, in order; each core works on another one."""
    count = len(json.loads((folder / "scene.json").read_text())["frames"])
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores, get_context("spawn"), _start, (folder, camera, seed)) as pool:
        under_way: deque[Future[Shot]] = deque()
        for number in range(count):
            under_way.append(pool.submit(_shot, number))
            if len(under_way) > 2 * cores:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


class Studio:
    """A rendered bundle and the dashcam that films it."""

    def __init__(self, folder: Path, camera: Dashcam, seed: int) -> None:
        self._folder, self._camera, self._seed = folder, camera, seed
        self._scene = json.loads((folder / "scene.json").read_text())
        riders = {rider["name"]: rider["id"] for rider in self._scene["riders"]}
        self._optics = Optics(camera, tuple(self._scene["size"]))
        self._nodes = {spec["index"]: spec["node"] for spec in self._scene["objects"]}
        with np.load(folder / "meshes.npz") as arrays:
            self._shells = truth.shells(self._scene, dict(arrays), riders)

    def shoot(self, number: int) -> Shot:
        """One frame, as the dashcam records it."""
        frame, focal = self._scene["frames"][number], self._scene["focal"]
        rendered = dashcam.read(self._folder / "exr" / f"{frame['name']}.exr")
        flow = dashcam.motion(frame, self._nodes, rendered, focal)
        image = dashcam.expose(rendered, flow, self._optics, np.random.default_rng((self._seed, number)))
        index = dashcam.sample(rendered.index.astype(np.float32), self._optics.pixels(flow), nearest=True)
        seen = truth.look(frame, self._shells, np.rint(index).astype(np.int32), self._optics, focal)
        return Shot(number, frame["time"], image, seen)


def _start(folder: Path, camera: Dashcam, seed: int) -> None:
    """In a process of the pool, before its first frame."""
    global _studio  # noqa: PLW0603 a process has no other place for what its tasks share
    _studio = Studio(folder, camera, seed)


def _shot(number: int) -> Shot:
    return _studio.shoot(number)


_studio: Studio


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
