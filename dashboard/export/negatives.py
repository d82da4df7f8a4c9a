"""What people dismissed, as training pictures in YOLO form: what the models took for a bare head, and is none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import yaml

from db.cases import Cases, Filter, Sort, detections
from db.models import Action, Case, Look, Reason, ReviewState
from db.reviews import Reviews
from pipeline.store import FileStore
from pipeline.types import CLASS_NAMES, HEADS, Detection, Label

NAME = "hard_negatives"
DISMISSED = Filter(reviews=(ReviewState.DISMISSED,))


def negatives(cases: Cases, reviews: Reviews, store: FileStore) -> bytes:
    """A ZIP with a set for `python -m pipeline.training.dataset --root FOLDER --set FOLDER/hard_negatives.yaml`.

    Only two reasons say what is in the picture. Where the suspect wears a helmet, its heads become helmets; where
    there is no rider, the suspect is not labelled at all. Other riders in a crop may lack labels: the set says so.
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for case in cases.in_full([case.id for case in cases.each(DISMISSED, Sort.OLDEST)]):
            reason = _reason(case, reviews)
            if reason not in (Reason.HELMET, Reason.NO_RIDER):
                continue
            for number, look in enumerate(case.looks, 1):
                picture = store.picture(look.picture)
                if picture is None:
                    continue  # lost from the data folder; the others still teach
                name = f"case-{case.id:06}-{number}"
                known = _helmets(look) if reason is Reason.HELMET else ()
                archive.write(store.path(look.picture), f"{NAME}/images/{name}.jpg")
                archive.writestr(f"{NAME}/labels/{name}.txt", _lines(known, picture.shape[1], picture.shape[0]))
        archive.writestr(f"{NAME}/data.yaml", yaml.safe_dump(_DATA, sort_keys=False))
        archive.writestr(f"{NAME}.yaml", yaml.safe_dump(_SET, sort_keys=False))
    return data.getvalue()


_DATA = {"path": ".", "train": "images", "val": "images", "names": dict(enumerate(CLASS_NAMES))}
_SET = {
    "name": NAME,
    "origin": "cases that people dismissed in Helmet Watch",
    "licence": "that of the clips",
    "format": "yolo",
    "names": "data.yaml",
    "map": {name: name for name in CLASS_NAMES},
    "covers": [name for name in CLASS_NAMES if name != Label.PLATE.title],
    "gaps": [name for name in CLASS_NAMES if name != Label.PLATE.title],
    "parts": {"all": {"images": "images", "annotations": "labels"}},
}


def _reason(case: Case, reviews: Reviews) -> Reason | None:
    """Why the case was dismissed the last time."""
    rows = [row for row in reviews.history(case.id) if row.action is Action.DISMISS]
    return rows[-1].reason if rows else None


def _helmets(look: Look) -> Iterable[Detection]:
    """The suspect with its heads, which a person says are helmets."""
    for one in detections(look.stage1):
        if one.label is Label.RIDER:
            yield one
        elif one.label in HEADS:
            yield Detection(Label.WITH_HELMET, one.box, one.confidence)


def _lines(known: Iterable[Detection], width: int, height: int) -> str:
    """YOLO's label file of a picture of this size."""
    lines = []
    for one in known:
        box = one.box.clip(width, height)
        (x, y), size = box.center, (box.width / width, box.height / height)
        lines.append(f"{int(one.label)} {x / width:.6f} {y / height:.6f} {size[0]:.6f} {size[1]:.6f}\n")
    return "".join(lines)
