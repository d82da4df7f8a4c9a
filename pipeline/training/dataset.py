"""Labelled folders in, one YOLO data set in the project's classes out.

    python -m pipeline.training.dataset --root SETS --out DATA [--set FILE ...] [--teacher FOLDER --coco WEIGHTS]

The flow: read each set, map its names, mend what a second look found, check by its boxes that no class was swapped
(contact sheets for the eye lie in DATA/sheets), keep near-duplicates on one side of the split, let a teacher fill in
the classes a set does not label and draw anew the plates whose boxes lie beside them, write pictures and labels, and
name those of cyclists again. In the written labels the classes 4 to 7 are regions where class 0 to 3 is ignored.

The file of a set whose pictures lie in SETS/mine (pipeline/training/sets.py knows more):

    name: mine
    origin: where it comes from
    licence: CC BY 4.0
    format: yolo                      # or voc, coco, cvat: LabelImg's XML, COCO's JSON, CVAT for images 1.1
    names: data.yaml                  # yolo alone: what the numbers mean; or classes.txt, obj.names, [Bike, ...]
    map: {Bike: rider, Helmet: with helmet, NoHelmet: without helmet, Plate: number plate, Dog: null}
    covers: [rider, with helmet, without helmet]    # labelled wherever they can be seen
    parts:                            # or `all`, of which a tenth judges
      train: {images: train/images, annotations: train/labels}
      val: {images: valid/images, annotations: valid/labels}
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from pipeline.errors import DatasetError
from pipeline.settings import get_settings
from pipeline.training import command
from pipeline.training.check import doubt_outliers, refuse_swapped, write_sheets
from pipeline.training.description import write_description
from pipeline.training.labels import Labelled, save_labels
from pipeline.training.second_look import read_findings
from pipeline.training.sets import Picture, SetSpec, read_set, read_spec
from pipeline.training.split import split
from pipeline.training.teacher import Teacher
from pipeline.types import Box, Label

SETS = Path(__file__).parent / "sets"
_SHEETS = "sheets"
_CYCLISTS = "cyclists.txt"
_CYCLISTS_OFTEN = 6  # times that a pass shows a picture of cyclists, who are few in the sets and many on the road


def merge(files: Sequence[Path], root: Path, out: Path, teacher: Teacher | None) -> Path:
    """Write the merged data set and return its data.yaml.

    Args:
        files: one per set; what a second look at its pictures found may lie beside it as a CSV file of the same name.
        root: holds one folder per set, named after it.
        out: a new folder, or one in which a set was refused, which holds contact sheets alone.
        teacher: fills in training pictures, and draws plates anew; without one, what a set does not cover is ignored
            everywhere, and plates stay as the set has them.

    Raises:
        DatasetError: a set cannot be used as it is, or `out` holds something already.
    """
    command.refuse_used(out, besides=_SHEETS)
    owned = []
    specs = [read_spec(file) for file in files]
    if twice := [name for name, times in Counter(spec.name for spec in specs).items() if times > 1]:
        raise DatasetError(f"two files are of a set called {twice[0]}: give one another name")
    for file, spec in zip(files, specs, strict=True):
        pictures = list(read_set(spec, root / spec.name, read_findings(file.with_suffix(".csv"))))
        write_sheets(spec, pictures, out / _SHEETS)
        refuse_swapped(spec, pictures)
        owned += [(picture, spec) for picture in doubt_outliers(pictures)]
    pictures = split([picture for picture, _ in owned])
    cyclists: list[Path] = []
    for picture, (_, spec) in zip(tqdm(pictures, unit="picture"), owned, strict=True):
        fill = _to_judge_by if picture.split == "val" else _filled_in
        known = fill(picture, spec, teacher)
        written = _write(known, spec, out)
        if teacher and picture.split == "train" and teacher.sees_cyclists(known):
            cyclists.append(written)
    if cyclists:
        more = [f"./{path.relative_to(out)}\n" for path in cyclists] * (_CYCLISTS_OFTEN - 1)
        (out / _CYCLISTS).write_text("".join(more))
    return _describe(specs, pictures, out)


def _to_judge_by(picture: Picture, spec: SetSpec, teacher: Teacher | None) -> Picture:
    """Heads that only a second look found are ignored here: a model drew their boxes, and would be flattered."""
    if teacher and spec.plates_beside:
        picture = teacher.redraw(picture)
    return replace(picture, labels=(*picture.labels, *(replace(one, ignored=True) for one in picture.found)))


def _filled_in(picture: Picture, spec: SetSpec, teacher: Teacher | None) -> Picture:
    picture = replace(picture, labels=picture.labels + picture.found)
    if teacher:
        return teacher.fill_in(picture, spec)
    everywhere = Box(0, 0, picture.width, picture.height)
    unknown = tuple(Labelled(label, everywhere, ignored=True) for label in Label if label not in spec.covers)
    return replace(picture, labels=picture.labels + unknown)


def _write(picture: Picture, spec: SetSpec, out: Path) -> Path:
    folder = out / spec.name / str(picture.split)
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    stem = picture.path.stem
    while (folder / "labels" / f"{stem}.txt").exists():  # a.jpg beside a.png, or in two folders of one task
        stem += "_"
    link = folder / "images" / f"{stem}{picture.path.suffix}"
    link.symlink_to(picture.path.resolve())
    save_labels(link, picture.labels, picture.width, picture.height)
    return link


def _describe(specs: Sequence[SetSpec], pictures: Sequence[Picture], out: Path) -> Path:
    lists = [_CYCLISTS] if (out / _CYCLISTS).exists() else []
    parts = {
        "train": [f"{spec.name}/train/images" for spec in specs if (out / spec.name / "train").is_dir()] + lists,
        "val": [f"{spec.name}/val/images" for spec in specs if (out / spec.name / "val").is_dir()],
    }
    covers = {spec.name: [int(label) for label in spec.covers] for spec in specs}
    return write_description(out, parts, covers, pictures=dict(Counter(str(picture.split) for picture in pictures)))


def _merge(options: argparse.Namespace) -> Path:
    known = options.sets or sorted(SETS.glob("*.yaml"))
    if missing := set(options.without) - {file.stem for file in known}:
        raise DatasetError(f"there is no set {', '.join(sorted(missing))} to leave out")
    files = [file for file in known if file.stem not in options.without]
    teacher = Teacher(options.teacher, options.coco, get_settings()) if options.teacher else None
    return merge(files, options.root, options.out, teacher)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder that holds one folder per set")
    parser.add_argument("--out", type=Path, required=True, help="folder of the merged data set")
    parser.add_argument("--set", type=Path, nargs="+", dest="sets", help="files of the sets; without: all known")
    parser.add_argument("--without", nargs="*", default=[], help="names of known sets to leave out")
    parser.add_argument("--teacher", type=Path, help="weights folder whose stage 1 fills in what a set does not label")
    parser.add_argument("--coco", type=Path, help="weights in COCO's classes; they vouch for motorcycles")
    options = parser.parse_args(arguments)
    if options.teacher and not options.coco:
        parser.error("--teacher needs --coco")
    return command.report(lambda: [_merge(options)])


if __name__ == "__main__":
    sys.exit(main())
