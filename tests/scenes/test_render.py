"""One tiny frame through Blender: what is rendered is where the truth says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("pyoidn", reason="the denoiser is not installed")
if shutil.which("blender") is None:
    pytest.skip("Blender is not installed", allow_module_level=True)

from pipeline.errors import HelmetWatchError
from pipeline.plate_formats import MOTORCYCLE_2026
from pipeline.types import HEADS, Label
from scenes import bundle, film, plates, record, render, sky, truth
from scenes.bikes import Bike, ridden
from scenes.dashcam import Dashcam, Optics
from scenes.heads import Head, Wear
from scenes.people import Person
from scenes.world import Placement, Thing, View, World

PLATE = "3다76519"
VIEW = View(192, 108, 160.0, 8)


def world(folder: Path) -> World:
    """A helmeted driver and a bare pillion, seen from behind, alone under the sky."""
    sky.draw(sky.DAY, np.random.default_rng(0), folder / "sky.hdr")
    cv2.imwrite(str(folder / "plate.png"), plates.draw(MOTORCYCLE_2026, PLATE))
    people = (Person(Head(Wear.FULL_FACE)), Person(Head(Wear.NOTHING)))
    model = ridden(Bike(plate_texture="plate.png", plate_size=(0.21, 0.15)), people)
    here = Placement(5.0, 0.0, 0.0, 0.2)
    thing = Thing("rider", (model,), lambda _: here, people=people, plate=PLATE)
    return World((), (thing,), lambda _: Placement(0, 0, 1.2, 0, 0.05), VIEW, lamps=tuple(sky.sun(sky.DAY)), samples=1)


def test_a_rendered_rider_is_where_the_truth_says(tmp_path: Path) -> None:
    bundle.write(world(tmp_path), [0.0], tmp_path)
    render.render(tmp_path)
    camera = Dashcam(VIEW.width, VIEW.height)
    (shot,) = film.shots(tmp_path, camera, 0)
    assert shot.image.shape == (VIEW.height, VIEW.width, 3)
    (rider,) = shot.riders
    assert rider.seen.hidden < 0.05
    # the pillion hides most of the driver's head, nobody hides the pillion's
    assert [(head.person, head.helmet) for head in rider.heads] == [(0, True), (1, False)]
    assert rider.heads[1].seen.hidden < 0.3
    assert rider.plate is not None
    labels = truth.labels(shot.riders, dark=False)
    assert [one.label for one in labels if not one.ignored] == [Label.RIDER, Label.PLATE]
    assert [one.label for one in labels if one.ignored] == [*HEADS, *HEADS], "heads this small nobody can tell"
    _matches_projection(tmp_path, camera, rider)
    (entry,) = json.loads((tmp_path / "scene.json").read_text())["riders"]
    assert entry["plate"] == PLATE
    assert len(record.yolo(shot, dark=False).splitlines()) == 6


def _matches_projection(folder: Path, camera: Dashcam, rider: truth.SeenRider) -> None:
    """The box of what Blender drew is the box of the projected meshes."""
    scene = json.loads((folder / "scene.json").read_text())
    optics = Optics(camera, tuple(scene["size"]))
    with np.load(folder / "meshes.npz") as arrays:
        shells = truth.shells(scene, dict(arrays), {"rider": 1})
    points = np.concatenate([truth.project(s, scene["frames"][0], optics, scene["focal"]) for s in shells])
    box = (*points.min(axis=0), *points.max(axis=0))
    assert rider.seen.box.as_tuple() == pytest.approx(box, abs=1.5)


def test_frames_of_another_scene_are_not_mixed_in(tmp_path: Path) -> None:
    here = world(tmp_path)
    bundle.write(here, [0.0], tmp_path)
    (tmp_path / "exr" / "000000.exr").write_bytes(b"there already")
    bundle.write(here, [0.0], tmp_path)
    with pytest.raises(HelmetWatchError, match="another scene"):
        bundle.write(here, [0.0, 1.0], tmp_path)


def test_what_is_rendered_is_not_rendered_again(tmp_path: Path) -> None:
    bundle.write(world(tmp_path), [0.0], tmp_path)
    (tmp_path / "exr" / "000000.exr").write_bytes(b"there already")
    render.render(tmp_path)
    assert (tmp_path / "exr" / "000000.exr").read_bytes() == b"there already"
