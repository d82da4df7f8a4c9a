"""Labelled folders in, one YOLO data set in the project's classes out.

    python -m pipeline.training.dataset --root SETS --out DATA [--set FILE ...] [--teacher WEIGHTS --coco WEIGHTS]

The flow: read each set, map its names, keep near-duplicates on one side of the split, let a teacher fill in the
classes a set does not label, write pictures and labels. In the written labels the classes 4 to 7 are regions
where class 0 to 3 is ignored.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml
from tqdm import tqdm

from pipeline.errors import HelmetWatchError
from pipeline.settings import get_settings
from pipeline.training.sets import Picture, SetSpec, read_corrections, read_set, read_spec
from pipeline.training.split import split
from pipeline.training.teacher import Teacher
from pipeline.types import CLASS_NAMES

SETS = Path(__file__).parent / "sets"
IGNORED_NAMES = tuple(f"ignored {name}" for name in CLASS_NAMES)


def merge(specs: Sequence[SetSpec], root: Path, out: Path, teacher: Teacher | None) -> Path:
    """Write the merged data set and return its data.yaml.

    Args:
        root: holds one folder per set, named after it.
        out: is created; a file that is there already is written again.
        teacher: fills in training pictures; without one, what a set does not cover is ignored everywhere.

    Raises:
        DatasetError: a set cannot be used as it is.
    """
    owned = [(picture, spec) for spec in specs for picture in read_set(spec, root / spec.name, read_corrections(SETS / f"{spec.name}.csv"))]
    pictures = split([picture for picture, _ in owned])
    for picture, (_, spec) in zip(tqdm(pictures, unit="picture"), owned, strict=True):
        if picture.split == "train":
            picture = teacher.fill_in(picture, spec) if teacher else picture  # noqa: PLW2901
        _write(picture, spec, out)
    description = out / "data.yaml"
    description.write_text(yaml.safe_dump(_description(specs, pictures, out), sort_keys=False))
    return description


def _write(picture: Picture, spec: SetSpec, out: Path) -> None:
    folder = out / spec.name / str(picture.split)
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    link = folder / "images" / picture.path.name
    link.unlink(missing_ok=True)
    link.symlink_to(picture.path.resolve())
    (folder / "labels" / f"{picture.path.stem}.txt").write_text(_lines(picture))


def _lines(picture: Picture) -> str:
    lines = []
    for label in picture.labels:
        x, y = label.box.center
        cls = label.label + (len(CLASS_NAMES) if label.ignored else 0)
        lines.append(
            f"{cls} {x / picture.width:.6f} {y / picture.height:.6f} "
            f"{label.box.width / picture.width:.6f} {label.box.height / picture.height:.6f}"
        )
    return "".join(f"{line}\n" for line in lines)


def _description(specs: Sequence[SetSpec], pictures: Sequence[Picture], out: Path) -> dict[str, object]:
    return {
        "path": str(out.resolve()),
        "train": [f"{spec.name}/train/images" for spec in specs if (out / spec.name / "train").is_dir()],
        "val": [f"{spec.name}/val/images" for spec in specs if (out / spec.name / "val").is_dir()],
        "names": dict(enumerate(CLASS_NAMES + IGNORED_NAMES)),
        "covers": {spec.name: [int(label) for label in spec.covers] for spec in specs},
        "pictures": dict(Counter(str(picture.split) for picture in pictures)),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="folder that holds one folder per set")
    parser.add_argument("--out", type=Path, required=True, help="folder of the merged data set")
    parser.add_argument("--set", type=Path, nargs="+", dest="sets", help="files of the sets; without: all known")
    parser.add_argument("--without", nargs="*", default=[], help="names of known sets to leave out")
    parser.add_argument("--teacher", type=Path, help="weights in our classes that fill in what a set does not label")
    parser.add_argument("--coco", type=Path, help="weights in COCO's classes; they vouch for motorcycles")
    options = parser.parse_args(arguments)
    try:
        specs = [read_spec(path) for path in options.sets or sorted(SETS.glob("*.yaml"))]
        specs = [spec for spec in specs if spec.name not in options.without]
        teacher = Teacher(options.teacher, options.coco, get_settings()) if options.teacher else None
        print(merge(specs, options.root, options.out, teacher))  # noqa: T201
    except HelmetWatchError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
