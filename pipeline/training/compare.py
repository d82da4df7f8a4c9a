"""What each idea of the training is worth: short runs that differ in one thing, judged on cameras none has seen.

    python -m pipeline.training.compare --data DATA.yaml --plain PLAIN.yaml --start COCO.pt --out RUNS
        [--rendered FRAMES] [--hold jai ganesh] [--passes 3] [--size 416] [--only NAME ...]

DATA is a merged data set with a teacher's labels, PLAIN the same one without, FRAMES what `python -m scenes frames`
renders. The sets to hold are left out of the training, and all of their pictures judge. Prints a table; the same
command again goes on where it was cut off.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import DatasetError
from pipeline.settings import get_settings
from pipeline.training import command
from pipeline.training.augment import BARE_OFTEN, camera
from pipeline.training.description import pictures_of, read_description
from pipeline.training.evaluate import evaluate
from pipeline.training.ship import ship
from pipeline.training.still import Eyes
from pipeline.training.train import check_start, settings_of, train
from pipeline.training.truth import Truth, read_truth
from pipeline.training.whole import write_whole
from pipeline.types import CLASS_NAMES, Label

_RATE, _BATCH = 0.001, 16
_JUDGED_AT = 640  # pixels, as the product looks
_BLUR, _FAR, _LIGHT, _LAMPS, _NOISE, _GREY, _JPEG = range(7)  # places in `camera`


@dataclass(frozen=True, slots=True)
class Variant:
    """A run, by what it has otherwise than the first one."""

    changes: dict[str, Any] = field(default_factory=dict)  # of ultralytics' arguments
    without: tuple[int, ...] = ()  # augmentations of the camera
    plain: bool = False  # without the teacher's labels
    naive: bool = False  # and what a set does not label is learnt as background
    balanced: bool = False
    rendered: bool = False  # with rendered frames among the pictures


VARIANTS = {
    "as it is": Variant(),
    "as it is, another seed": Variant({"seed": 7}),
    "no mosaic": Variant({"mosaic": 0.0}),
    "nothing of the camera": Variant(without=(_BLUR, _FAR, _LIGHT, _LAMPS, _NOISE, _GREY, _JPEG)),
    "no teacher: ignored where not labelled": Variant(plain=True),
    "no teacher, not ignored either": Variant(plain=True, naive=True),
    "pictures with bare heads three times": Variant(balanced=True),
    "at 640 px": Variant({"imgsz": 640}),
    "no blur, nothing made small": Variant(without=(_BLUR, _FAR)),
    "no JPEG": Variant(without=(_JPEG,)),
    "no darkness, no noise": Variant(without=(_LIGHT, _LAMPS, _NOISE)),
    "with rendered frames": Variant(rendered=True),
    "pieces of other pictures pasted in": Variant({"cutmix": 0.5}),  # copy-paste for those who have no outlines
    "at 960 px": Variant({"imgsz": 960}),
}


def prepare(variant: Variant, data: Path, plain: Path, hold: Sequence[str], out: Path, rendered: Path | None) -> Path:
    """The data.yaml of a run: the training part without the sets that are held.

    Raises:
        DatasetError: the run wants rendered frames, and there are none.
    """
    known = read_description(plain if variant.plain else data)
    folders = [place for place in known.places("train") if place.is_dir()]  # lists would name some again
    free = [folder for folder in folders if not {known.group(one) for one in pictures_of(folder)} & set(hold)]
    description = known.raw | {"path": str(known.root), "train": [str(folder) for folder in free]}
    if variant.rendered:
        if rendered is None or not (rendered / "images").is_dir():
            raise DatasetError("name a folder of rendered frames with --rendered, or leave that run out with --only")
        description["train"].append(str(rendered.resolve() / "images"))
    if variant.naive:
        description["train"] = [
            str(_unignored(Path(folder), out / "pictures" / str(number)))
            for number, folder in enumerate(description["train"])
        ]
    out.mkdir(parents=True, exist_ok=True)
    file = out / "data.yaml"
    file.write_text(yaml.safe_dump(description, sort_keys=False))
    return file


def _unignored(folder: Path, target: Path) -> Path:
    """A set's pictures, with no region ignored."""
    for kind in ("images", "labels"):
        (target / kind).mkdir(parents=True, exist_ok=True)
    for picture in pictures_of(folder):
        lines = (folder.with_name("labels") / f"{picture.stem}.txt").read_text().splitlines()
        link = target / "images" / picture.name
        link.unlink(missing_ok=True)
        link.symlink_to(picture.resolve())
        kept = "".join(f"{line}\n" for line in lines if int(line.split()[0]) < len(CLASS_NAMES))
        (target / "labels" / f"{picture.stem}.txt").write_text(kept)
    return target / "images"


def run(variant: Variant, data: Path, start: Path, out: Path, size: int, passes: int) -> Path:
    """Train, and return a weights folder."""
    cameras = [one for place, one in enumerate(camera(1)) if place not in variant.without]
    settings = settings_of(1, "n", size, _BATCH, _RATE, "cpu") | variant.changes
    often = BARE_OFTEN if variant.balanced else 1
    last = train(settings, cameras, data, start, out / "run", passes=passes, bare_often=often)
    ship(last, 1, _JUDGED_AT, out / "weights")
    return out / "weights"


def judge(weights: Path, truths: Sequence[Truth]) -> dict[str, float | None]:
    """AP50 per class on pictures."""
    eyes = Eyes(get_settings().model_copy(update={"weights": weights}))
    classes = evaluate(eyes, truths, "1", None)["classes"]
    return {label.title: classes[label.title]["ap50"] for label in Label} | {"mean": classes["mean ap50"]}


def row(name: str, figures: dict[str, dict[str, float | None]]) -> str:
    cells = [f"{value:.2f}" if value is not None else "" for part in figures.values() for value in part.values()]
    return f"| {name} | {' | '.join(cells)} |"


def rows(options: argparse.Namespace) -> Iterator[str]:
    """The table, a run a row."""
    check_start(options.start, "n")
    every = {split: read_truth(options.plain, split) for split in ("train", "val")}
    groups = {one.group for truths in every.values() for one in truths}
    if missing := [name for name in options.hold if name not in groups]:
        raise DatasetError(f"{options.plain} has no pictures of {', '.join(missing)} to hold")
    held = [one for truths in every.values() for one in truths if one.group in options.hold]
    known = [one for one in every["val"] if one.group not in options.hold]
    outs = {name: options.out / name.replace(" ", "-").replace(",", "").replace(":", "") for name in options.only}
    left = {name: out for name, out in outs.items() if not (out / "figures.json").exists()}
    sets = {  # all of them first: what is wrong is told before hours of training
        name: prepare(VARIANTS[name], options.data, options.plain, options.hold, out, options.rendered)
        for name, out in left.items()
    }
    for name, out in outs.items():
        if name in sets:
            weights = run(VARIANTS[name], sets[name], options.start, out, options.size, options.passes)
            figures = {"held": judge(weights, held), "known": judge(weights, known)}
            write_whole(out / "figures.json", json.dumps(figures).encode())
        yield row(name, json.loads((out / "figures.json").read_text()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    for name in ("--data", "--plain", "--start", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--rendered", type=Path, help="rendered frames, for the run that has them")
    parser.add_argument("--hold", nargs="+", default=["jai", "ganesh"], help="sets that judge and do not train")
    parser.add_argument("--passes", type=command.positive, default=3)
    parser.add_argument("--size", type=command.positive, default=416, help="picture size of the training, pixels")
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options = parser.parse_args(arguments)
    return command.report(lambda: rows(options))


if __name__ == "__main__":
    sys.exit(main())
