"""Labelled frames by chance, in any number: a YOLO data set, and the whole truth beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2

from pipeline.training.pictures import save
from scenes import bundle, chance, film, record, render
from scenes.chance import Weather, Wishes

PER_SCENE = 4  # frames of one street and its people; modelling them costs as much as two frames


def make(target: Path, count: int, seed: int, wishes: Wishes) -> None:
    """`count` pictures in `target/images`, labels, truth as JSON, and `data.yaml`. Frames that exist stay.

    Frame n of a seed is always the same, whatever the count.
    """
    for name in ("images", "labels", "truth"):
        (target / name).mkdir(parents=True, exist_ok=True)
    (target / "data.yaml").write_text(record.data_yaml())
    for start in range(0, count, PER_SCENE):
        wanted = [n for n in range(start, min(start + PER_SCENE, count)) if not _path(target, seed, n).exists()]
        if wanted:
            _scene(target, seed, start, wanted, wishes)


def _path(target: Path, seed: int, number: int) -> Path:
    return target / "images" / f"scene_{seed}_{number:06d}.jpg"


def _scene(target: Path, seed: int, start: int, wanted: list[int], wishes: Wishes) -> None:
    work = target / "work" / f"{seed}_{start:06d}"
    shutil.rmtree(work, ignore_errors=True)  # what an earlier run left half done
    work.mkdir(parents=True)
    world, weather = chance.scene(work, seed * 1_000_003 + start, PER_SCENE, wishes)
    bundle.write(world, [float(number - start) for number in wanted], work)
    render.render(work)
    _finish(target, seed, wanted, work, weather)
    shutil.rmtree(work)


def _finish(target: Path, seed: int, wanted: list[int], work: Path, weather: Weather) -> None:
    riders = json.loads((work / "scene.json").read_text())["riders"]
    for number, shot in zip(wanted, film.shots(work, weather.camera, seed), strict=True):
        picture = _path(target, seed, number)
        (target / "labels" / f"{picture.stem}.txt").write_text(record.yolo(shot, weather.lamps))
        truth = {"weather": weather.name, "riders": riders, "frame": record.frame_of(shot)}
        (target / "truth" / f"{picture.stem}.json").write_text(json.dumps(truth, ensure_ascii=False))
        part = picture.with_name(f"part_{picture.name}")
        save(part, shot.image, cv2.IMWRITE_JPEG_QUALITY, 60 + 5 * (number % 7))
        part.rename(picture)  # last, and at once: a picture that exists is a whole frame
