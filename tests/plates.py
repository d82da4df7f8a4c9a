"""Plates made up for tests: drawn by hand, so that no fonts are needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from db.save import save
from pipeline.plate_formats import PlateFormat
from pipeline.store import FileStore
from pipeline.training.plate_pictures import draw
from pipeline.training.plate_views import View, see
from pipeline.types import Evidence, Image, PlateCrop
from tests import factory
from tests.factory import under_way

_AROUND = np.full((40, 80), 60, np.uint8)


def view(size: float = 30.0, **changes: float) -> View:
    """A camera straight behind the plate on a fair day; `size` is the height of the characters in pixels."""
    fair = {
        "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "bend": 0.0, "gain": 0.9, "floor": 0.0, "gamma": 1.0, "shade": 0.0,
        "shade_at": 0.0, "shade_slope": 0.0, "blur": 0.4, "motion": 0.0, "direction": 0.0, "noise": 0.01,
        "sharpening": 0.0, "quality": 95, "bloom": 0.0,
    }  # fmt: skip
    return View(size=size, **(fair | changes))  # type: ignore[arg-type]


def crop(kind: PlateFormat, text: str, seen: View | None = None, seed: int = 1) -> Image:
    """A crop of a new plate, BGR."""
    rng = np.random.default_rng(seed)
    plate = draw(kind, text, rng, new=True)
    shown = see(plate, kind.width / kind.height, seen or view(), _AROUND, rng)
    return np.asarray(cv2.cvtColor(shown.image, cv2.COLOR_GRAY2BGR), np.uint8)


def track(kind: PlateFormat, text: str, count: int, seen: View | None = None) -> list[PlateCrop]:
    """Crops of one passing plate, ten a second."""
    rng = np.random.default_rng(3)
    plate = draw(kind, text, rng, new=True)
    frames = (see(plate, kind.width / kind.height, seen or view(), _AROUND, rng) for _ in range(count))
    return [
        PlateCrop(np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_GRAY2BGR), np.uint8), number / 10)
        for number, frame in enumerate(frames)
    ]


def saved_case(sessions: sessionmaker[Session], store: FileStore, number: int = 0, **changes: Any) -> int:
    """A violation in the database, with its pictures in the store; `changes` are to the pipeline's case."""
    picture = store.put_picture(factory.FRAME)
    case = replace(factory.case(), **changes)
    case = replace(case, looks=(picture,) * len(case.verdict.looks))
    job_id = under_way(sessions, f"street {number}.mp4", content=f"{number:064d}")
    found = factory.analysis([(case, Evidence(picture, picture, picture, 0.0, 0.0, 1.0))], video=picture)
    (id_,) = save(sessions, job_id, found, store)
    return id_
