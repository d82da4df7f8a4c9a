"""Stage 2's data set: rider crops, cut as the pipeline cuts them, hard negatives among them.

    python -m pipeline.training.rider_crops --data DATA.yaml --out CROPS [--weights FOLDER]

Stage 1 looks at every picture of a merged data set. What it takes for a rider is cut out, right or wrong: wrong
ones (pedestrians, background, half a bicycle) become crops without a rider in them. Labelled riders that it missed
are cut out too, and, for training, every rider a second time with its box a little off. Labels move along; what the
crop's edge cuts in two is ignored. Training names a crop in which stage 1 took a helmet for a bare head, or saw a
bare head where none is, several times.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
from tqdm import tqdm

from pipeline.crops import crop_rider
from pipeline.detect import WEAK_RIDER, distinct
from pipeline.errors import DatasetError
from pipeline.training import command
from pipeline.training.description import write_description
from pipeline.training.labels import Labelled
from pipeline.training.pictures import load, save_labelled
from pipeline.training.still import Eyes
from pipeline.training.truth import Truth, read_truth
from pipeline.types import Box, Crop, Detection, Image, Label, Sighting

_SAME_RIDER_IOU = 0.4
_WHOLE, _TRACE = 0.6, 0.15  # visible share from which a box is a label, and below which it is nothing
_FALSE_PER_PICTURE = 4
_MOST_PER_PICTURE = 4
_SURE_HEAD = 0.15  # stage 1's confidence in a false bare head from which its crop is a hard one
_HARD_TIMES = 3
_LEAST_SIDE = 10  # pixels: ultralytics learns by no smaller picture
_CROP = ".crop"
_OFF = 0.08  # largest shift of a box's side, share of the box


def cut(truth: Truth, image: Image, found: tuple[Detection, ...], train: bool, rng: random.Random) -> Iterator[Crop]:
    """The crops of one picture (BGR) with stage 1's detections in it, but for those too small to learn by."""
    for rider in _riders(truth, found, train, rng):
        crop = crop_rider(image, rider)
        if min(crop.image.shape[:2]) >= _LEAST_SIDE:
            yield crop


def _riders(truth: Truth, found: tuple[Detection, ...], train: bool, rng: random.Random) -> Iterator[Sighting]:
    seen = [one for one in distinct(found) if one.label is Label.RIDER and one.confidence >= WEAK_RIDER]
    real, _ = truth.of(Label.RIDER)
    wrong = 0
    for one in seen:
        right = any(one.box.iou(box) > _SAME_RIDER_IOU for box in real)
        wrong += not right
        if right or wrong <= _FALSE_PER_PICTURE:
            yield Sighting(0, 0.0, one.box, one.confidence)
    for box in real:
        missed = not any(one.box.iou(box) > _SAME_RIDER_IOU for one in seen)
        if missed or train:
            moved = box if missed else _off(box, rng)
            yield Sighting(0, 0.0, moved, 1.0)


def picture_name(path: Path) -> str:
    """The name of the picture that a crop, or a whole picture, comes from."""
    return path.stem.split(_CROP)[0]


def refuse_crops(data: Path, truths: Sequence[Truth]) -> None:
    """Stop where crops are taken for whole pictures.

    Raises:
        DatasetError: one of the pictures is a crop.
    """
    if crop := next((truth.path for truth in truths if _CROP in truth.path.stem), None):
        raise DatasetError(f"{data} holds rider crops, such as {crop.name}: name a data set of whole pictures")


def _off(box: Box, rng: random.Random) -> Box:
    dx, dy = box.width * _OFF, box.height * _OFF
    sides = zip(box.as_tuple(), (dx, dy, dx, dy), strict=True)
    return Box(*(side + rng.uniform(-most, most) for side, most in sides))


def labels_of(crop: Crop, truth: Truth) -> list[Labelled]:
    """The picture's labels in the crop's pixels; of an ignored region whatever the crop shows, often a small part."""
    height, width = crop.image.shape[:2]
    inside = []
    for label in truth.labels:
        visible = label.box.inside(crop.region)
        if visible >= _TRACE or (label.ignored and visible > 0):
            box = label.box.shift(-crop.region.x1, -crop.region.y1).scale(crop.scale).clip(width, height)
            inside.append(Labelled(label.label, box, label.ignored or visible < _WHOLE))
    return inside


def is_hard(crop: Crop, truth: Truth, found: tuple[Detection, ...]) -> bool:
    """Whether stage 1 saw a bare head on this crop where none is."""
    if Label.WITHOUT_HELMET not in truth.covers:
        return False
    bare = [label.box for label in truth.labels if label.label is Label.WITHOUT_HELMET or label.ignored]
    return any(
        one.label is Label.WITHOUT_HELMET
        and one.confidence >= _SURE_HEAD
        and one.box.inside(crop.region) > _WHOLE
        and not any(one.box.iou(box) > 0.3 or one.box.inside(box) > 0.5 for box in bare)
        for one in found
    )


def build(data: Path, eyes: Eyes, out: Path) -> Path:
    """Write the crops of a merged data set and return their data.yaml.

    Raises:
        DatasetError: it cannot be used as it is, or `out` holds something already.
    """
    command.refuse_used(out)
    rng = random.Random(0)  # noqa: S311
    folders: dict[str, list[str]] = {"train": [], "val": []}
    covers: dict[str, list[int]] = {}
    truths = {split: read_truth(data, split) for split in folders}  # what is wrong is told before anything is cut
    refuse_crops(data, [truth for own in truths.values() for truth in own])
    for split, names in folders.items():
        hard: list[str] = []
        for truth in tqdm(truths[split], unit="picture"):
            images = out / truth.group / split / "images"
            if (folder := f"{truth.group}/{split}/images") not in names:
                for kind in (images, images.with_name("labels")):
                    kind.mkdir(parents=True, exist_ok=True)
                names.append(folder)
            covers[truth.group] = sorted(int(label) for label in truth.covers)
            image = load(truth.path)
            found = eyes.first(image)
            crops = list(cut(truth, image, found, split == "train", rng))
            if split == "train" and len(crops) > _MOST_PER_PICTURE:
                crops = rng.sample(crops, _MOST_PER_PICTURE)  # else crowds would outweigh all other pictures
            for number, crop in enumerate(crops):
                path = images / f"{truth.path.stem}{_CROP}{number}.jpg"
                _write(crop, labels_of(crop, truth), path)
                if split == "train" and is_hard(crop, truth, found):
                    hard += [str(path.relative_to(out))] * (_HARD_TIMES - 1)
        if hard:
            (out / "hard.txt").write_text("".join(f"./{name}\n" for name in hard))
            names.append("hard.txt")
    return write_description(out, folders, covers)


def _write(crop: Crop, labels: list[Labelled], path: Path) -> None:
    if path.exists():
        raise DatasetError(f"two pictures of one set are called {picture_name(path)}: give one another name")
    save_labelled(path, crop.image, labels, cv2.IMWRITE_JPEG_QUALITY, 92)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data.yaml of a merged data set")
    parser.add_argument("--out", type=Path, required=True, help="folder of the crops")
    command.add_weights(parser)
    options = parser.parse_args(arguments)
    return command.report(lambda: [build(options.data, Eyes(command.settings_with(options.weights)), options.out)])


if __name__ == "__main__":
    sys.exit(main())
