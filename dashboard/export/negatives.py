"""What people dismissed, as training pictures in YOLO form: what the models took for a bare head, and is none."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Sequence

import yaml

from db.cases import Cases, detections
from db.models import Look, Reason
from db.reviews import Reviews
from pipeline.store import FileStore
from pipeline.training.labels import Labelled, label_lines
from pipeline.types import CLASS_NAMES, HEADS, Label

NAME = "hard_negatives"
MOST = 500  # cases in one ZIP, which is held in memory while it is fetched
TELLING = (Reason.HELMET, Reason.NO_RIDER)  # the reasons that say what is in the picture


def parts(reviews: Reviews) -> list[Sequence[int]]:
    """The cases that teach, as many at a time as fit into one ZIP; unpacked into one folder, the ZIPs are one set."""
    ids = list(reviews.dismissed_for(TELLING))
    return [ids[first : first + MOST] for first in range(0, len(ids), MOST)]


def negatives(ids: Sequence[int], cases: Cases, reviews: Reviews, store: FileStore) -> bytes:
    """A ZIP with a set for `python -m pipeline.training.dataset --root FOLDER --set FOLDER/hard_negatives.yaml`.

    Where the suspect wears a helmet, its heads become helmets; where there is no rider, the suspect is not labelled at
    all. Other riders in a crop may lack labels: the set says so.
    """
    reasons = reviews.dismissed_for(TELLING)
    # a data folder that was restored may know no times, and a ZIP knows none before 1980
    with tempfile.TemporaryFile() as file, zipfile.ZipFile(file, "w", strict_timestamps=False) as archive:
        for case in cases.in_full([id_ for id_ in ids if id_ in reasons]):
            for number, look in enumerate(case.looks, 1):
                picture = store.picture(look.picture)
                if picture is None:
                    continue  # lost from the data folder; the others still teach
                name = f"case-{case.id:06}-{number}"
                height, width = picture.shape[:2]
                known = _helmets(look, width, height) if reasons[case.id] is Reason.HELMET else ()
                archive.write(store.path(look.picture), f"{NAME}/images/{name}.jpg")
                archive.writestr(f"{NAME}/labels/{name}.txt", label_lines(known, width, height))
        archive.writestr(f"{NAME}/data.yaml", yaml.safe_dump(_DATA, sort_keys=False))
        archive.writestr(f"{NAME}.yaml", yaml.safe_dump(_SET, sort_keys=False))
        archive.close()
        file.seek(0)
        return file.read()


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


def _helmets(look: Look, width: int, height: int) -> Iterable[Labelled]:
    """The suspect with its heads, which a person says are helmets."""
    for one in detections(look.stage1):
        if one.label is Label.RIDER:
            yield Labelled(Label.RIDER, one.box.clip(width, height))
        elif one.label in HEADS:
            yield Labelled(Label.WITH_HELMET, one.box.clip(width, height))
