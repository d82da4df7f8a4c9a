"""What a dashcam makes of a rendered frame: shutter, lens, windscreen, sensor.

Everything that moves pixels goes through one map, and the truth goes through the same map.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import OpenEXR
import pyoidn

from pipeline.types import Floats, Image
from scenes.bundle import STEP

SKY_DISTANCE = 2000.0
CONTRAST = 0.5


@dataclass(frozen=True, slots=True)
class Dashcam:
    """`distortion` is k1 of a barrel (radius in half widths); `readout_s` the time from first to last row."""

    width: int = 1280
    height: int = 720
    distortion: float = 0.035
    exposure_s: float = 1 / 240
    readout_s: float = 0.02
    gain: float = 1.0
    noise: float = 0.008
    softness: float = 0.55
    vignette: float = 0.25
    warmth: float = 0.0
    haze: float = 0.0007  # share of light lost per metre of air
    rain: float = 0.0  # 1: drops on the windscreen, streaks in the air
    veil: float = 0.006  # the dashboard's reflection in the windscreen


@dataclass(frozen=True, slots=True, eq=False)
class Rendered:
    """Passes of one rendered frame: linear RGB (H, W, 3), distance (H, W) metres, object index (H, W)."""

    colour: Floats
    depth: Floats
    index: npt.NDArray[np.int32]


def read(path: Path) -> Rendered:
    """A frame from Blender, denoised."""
    passes = OpenEXR.File(str(path)).channels()

    def get(name: str) -> Floats:
        return np.asarray(passes[f"ViewLayer.{name}"].pixels, np.float32)

    albedo = np.clip(get("DiffCol") + get("GlossCol"), 0, 1)
    normal = np.stack([get(f"Normal.{axis}") for axis in "XYZ"], axis=-1)
    noisy = np.ascontiguousarray(get("Combined")[:, :, :3])
    colour = pyoidn.denoise(noisy, albedo, normal, hdr=True, quality="fast")
    depth = np.minimum(get("Depth.Z"), SKY_DISTANCE)
    return Rendered(np.asarray(colour, np.float32), depth, np.rint(get("IndexOB.X")).astype(np.int32))


class Optics:
    """Where a pixel of the picture comes from in the render, and the way back for points."""

    def __init__(self, camera: Dashcam, rendered_size: tuple[int, int]) -> None:
        self.camera = camera
        width, height = rendered_size
        self.center = np.array((width / 2, height / 2))
        rows, columns = np.indices((camera.height, camera.width), np.float32)
        x, y = columns + 0.5 - camera.width / 2, rows + 0.5 - camera.height / 2
        stretch = self._stretch(np.hypot(x, y))
        self.map = np.stack([x * stretch + width / 2 - 0.5, y * stretch + height / 2 - 0.5], axis=-1).astype(np.float32)

    def _stretch(self, radius: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Radius in the render over radius in the picture; one at the left and right edge's middle."""
        k, scaled = self.camera.distortion, radius / (self.camera.width / 2)
        return (1 + k * scaled**2) / (1 + k)

    def lag(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """How much later than the frame's time a row of the picture is exposed, seconds."""
        return (rows / self.camera.height - 0.5) * self.camera.readout_s

    def project(self, rendered: npt.NDArray[Any], speed: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Points (N, 2) of the render, moving by `speed` pixels per second, to the picture."""
        now = self._bend(rendered)
        for _ in range(3):  # the row says when, and when says the row
            now = self._bend(rendered + speed * self.lag(now[:, 1:2]))
        return now

    def _bend(self, rendered: npt.NDArray[Any]) -> npt.NDArray[Any]:
        offset = rendered - self.center
        radius = np.linalg.norm(offset, axis=1)
        picture = radius.copy()
        for _ in range(4):
            picture = radius / self._stretch(picture)
        scale = picture / np.maximum(radius, 1e-9)
        return offset * scale[:, None] + (self.camera.width / 2, self.camera.height / 2)

    def pixels(self, flow: Floats) -> Floats:
        """The map (H, W, 2) from picture to render under a flow (pixels per second, of the render)."""
        lag = self.lag(np.arange(self.camera.height) + 0.5).astype(np.float32)[:, None, None]
        source: Floats = self.map
        for _ in range(2):
            source = self.map - sample(flow, source) * lag
        return source


def sample(picture: npt.NDArray[Any], where: Floats, nearest: bool = False) -> npt.NDArray[Any]:
    """The picture at the points `where` (H, W, 2), x before y, counted from the middle of the first pixel."""
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    x, y = np.ascontiguousarray(where[:, :, 0]), np.ascontiguousarray(where[:, :, 1])
    return np.asarray(cv2.remap(picture, x, y, how, borderMode=cv2.BORDER_REPLICATE))


def motion(frame: dict[str, Any], nodes: dict[int, str], rendered: Rendered, focal: float) -> Floats:
    """The apparent motion of every rendered pixel, pixels per second (H, W, 2).

    Args:
        nodes: the node that each object index moves with; any other index stands still.
    """
    height, width = rendered.depth.shape
    rows, columns = np.indices((height, width), np.float32)
    x, y, z = columns + 0.5 - width / 2, rows + 0.5 - height / 2, rendered.depth
    points = np.stack([x * z / focal, -y * z / focal, -z, np.ones_like(z)], axis=-1)
    camera, later = np.array(frame["camera"]), np.linalg.inv(np.array(frame["camera_next"]))
    moving = sorted(set(frame["nodes"]) & set(frame["nodes_next"]))
    numbers = {name: number for number, name in enumerate(moving, start=1)}
    table = np.zeros(max(nodes, default=0) + 1, np.int32)
    for index, name in nodes.items():
        table[index] = numbers.get(name, 0)
    owner = table[np.minimum(rendered.index, len(table) - 1)]
    flow = np.zeros((height, width, 2), np.float32)
    for number in np.unique(owner):
        here = owner == number
        move = later @ camera
        if number:
            name = moving[number - 1]
            turn = np.array(frame["nodes_next"][name]) @ np.linalg.inv(np.array(frame["nodes"][name]))
            move = later @ turn @ camera
        moved = points[here] @ move.T.astype(np.float32)
        depth = np.maximum(-moved[:, 2], 0.05)
        flow[here, 0] = moved[:, 0] * focal / depth - x[here]
        flow[here, 1] = -moved[:, 1] * focal / depth - y[here]
    return flow / np.float32(STEP)


def expose(rendered: Rendered, flow: Floats, optics: Optics, rng: np.random.Generator) -> Image:
    """The picture, BGR."""
    camera = optics.camera
    where = optics.pixels(flow)
    light = _blurred(_hazy(rendered, camera), flow, where, camera.exposure_s)
    if camera.rain:
        light = _rained(light, camera, rng)
    light = (light + _veil(camera) * np.float32(light.mean() / 0.3)) * _vignette(camera) * camera.gain
    light = cv2.GaussianBlur(light, (0, 0), camera.softness)
    light = light * np.array((1 + camera.warmth, 1, 1 - camera.warmth), np.float32)
    grain = rng.normal(0, 1, light.shape).astype(np.float32)
    tone = _tone(light) + cv2.GaussianBlur(grain, (0, 0), 0.6) * camera.noise * 2
    tone = tone + 0.6 * (tone - cv2.GaussianBlur(tone, (0, 0), 1.2))  # dashcams sharpen hard
    return (np.clip(tone, 0, 1) * 255 + 0.5).astype(np.uint8)[:, :, ::-1].copy()


def _hazy(rendered: Rendered, camera: Dashcam) -> Floats:
    """Air takes light from what is far and puts that of the sky above the horizon in its place."""
    lost = 1 - np.exp(-camera.haze * np.minimum(rendered.depth, 300))
    sky = rendered.depth >= SKY_DISTANCE
    air = np.median(rendered.colour[sky], axis=0) if sky.any() else np.full(3, 0.5, np.float32)
    lost = np.where(sky, 0, lost)[:, :, None].astype(np.float32)
    return np.asarray(rendered.colour * (1 - lost) + air * lost, np.float32)


def _rained(light: Floats, camera: Dashcam, rng: np.random.Generator) -> Floats:
    """Drops that bend what is behind them, and streaks of falling rain."""
    height, width = light.shape[:2]
    rows, columns = np.indices((height, width), np.float32)
    shift = np.zeros((height, width, 2), np.float32)
    for _ in range(int(90 * camera.rain)):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(2, 9)
        x0, x1, y0, y1 = (int(v) for v in (max(x - r, 0), min(x + r + 1, width), max(y - r, 0), min(y + r + 1, height)))
        dx, dy = columns[y0:y1, x0:x1] - x, rows[y0:y1, x0:x1] - y
        inside = (np.hypot(dx, dy) < r)[:, :, None]
        shift[y0:y1, x0:x1] = np.where(inside, np.stack([dx, dy], axis=-1) * -3.5, shift[y0:y1, x0:x1])
    bent = sample(light, np.stack([columns, rows], axis=-1) + shift)
    streaks = np.zeros((height, width), np.float32)
    for _ in range(int(260 * camera.rain)):
        x, y, long = (int(rng.integers(limit)) for limit in (width, height, 40))
        end = x + int(rng.integers(-3, 4)), y + 6 + long
        cv2.line(streaks, (x, y), end, float(rng.uniform(0.03, 0.12)), 1)
    falling = cv2.GaussianBlur(streaks, (0, 0), 0.7)[:, :, None]
    return np.asarray(bent + falling * light.mean() * 2, np.float32)


def _veil(camera: Dashcam) -> Floats:
    rows = np.linspace(0, 1, camera.height, dtype=np.float32)[:, None, None]
    return np.asarray(camera.veil * (0.4 + rows**2), np.float32)


def _blurred(colour: Floats, flow: Floats, where: Floats, exposure: float) -> Floats:
    travel = sample(flow, where) * np.float32(exposure)
    longest = float(np.percentile(np.linalg.norm(travel, axis=-1), 99))
    steps = int(np.clip(np.ceil(longest), 1, 15))
    total = np.zeros((*where.shape[:2], 3), np.float32)
    for share in (np.arange(steps) + 0.5) / steps - 0.5:
        total += sample(colour, where + travel * np.float32(share))
    return total / steps


def _vignette(camera: Dashcam) -> Floats:
    rows, columns = np.indices((camera.height, camera.width), np.float32)
    radius2 = ((columns / camera.width - 0.5) ** 2 + (rows / camera.height - 0.5) ** 2) * 2
    return (1 - camera.vignette * radius2)[:, :, None]


def _tone(light: Floats) -> Floats:
    """Linear light to display: a soft shoulder, the sRGB curve, and the contrast that dashcams like."""
    light = np.maximum(light, 0) * 1.3
    shoulder = light * (1 + light / 9) / (1 + light)
    display = np.where(shoulder < 0.0031308, shoulder * 12.92, 1.055 * np.maximum(shoulder, 1e-6) ** (1 / 2.4) - 0.055)
    curve = np.clip(display, 0, 1)
    return np.asarray(display + CONTRAST * (curve - 0.45) * curve * (1 - curve) * 4, np.float32)
