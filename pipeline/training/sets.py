"""One labelled set of pictures as people have it, read into the project's classes.

A small YAML file per set says where its pictures and labels lie, what its own classes are called and which of
the project's classes it labels. Reading VOC and COCO is `supervision`'s work.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import ParseError

import supervision as sv
import yaml
from pydantic import Field, ValidationError
from ultralytics.data.utils import IMG_FORMATS

from pipeline.errors import DatasetError
from pipeline.training.cvat import read_cvat
from pipeline.training.declared import declared_sizes
from pipeline.training.description import PICTURES, pictures_of
from pipeline.training.formats import read_coco, read_voc, read_yolo
from pipeline.training.labels import IGNORED, Labelled, numbered
from pipeline.training.pictures import garbled, size
from pipeline.training.second_look import Findings, corrected, empty, found, nobody, unused
from pipeline.types import CLASS_NAMES, Box, Label
from pipeline.weights import Strict

Split = Literal["train", "val"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file, the split it belongs to (None: not decided) and what is labelled in it.

    `found`: heads that the set does not label; `empty`: places that look like a rider's head and are none.
    """

    path: Path
    split: Split | None
    width: int
    height: int
    labels: tuple[Labelled, ...]
    found: tuple[Labelled, ...] = ()
    empty: tuple[Box, ...] = ()


class Part(Strict):
    """A folder of pictures and the folder or file of its annotations, relative to the set's folder."""

    images: str
    annotations: str


class SetSpec(Strict):
    """The file of one set."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    origin: str
    licence: str
    format: Literal["yolo", "voc", "coco", "cvat"]
    names: tuple[str, ...] | str | None = Field(
        None,
        description="YOLO only: the set's own classes in its own order, or its data.yaml, classes.txt or obj.names",
    )
    map: dict[str, Label | None] = Field(description="Its class names to ours; null: not one of ours")
    covers: tuple[Label, ...] = Field(description="Classes that are labelled wherever they can be seen")
    gaps: tuple[Label, ...] = Field((), description="Covered classes of which some are missing")
    heads_anywhere: bool = Field(False, description="Heads of people on foot are labelled too")
    plates_beside: bool = Field(False, description="Boxes of number plates lie beside them: they are drawn anew")
    trusted: bool = Field(False, description="Its boxes look odd but somebody has made sure of its classes")
    parts: dict[Literal["train", "val", "all"], Part] = Field(min_length=1)


def _label(name: str | None) -> Label | None:
    if name is None:
        return None
    if name not in CLASS_NAMES:
        raise DatasetError(f"“{name}” is none of the project's classes ({', '.join(CLASS_NAMES)})")
    return Label(CLASS_NAMES.index(name))


def read_spec(path: Path) -> SetSpec:
    """A set's file.

    Raises:
        DatasetError: it cannot be read, or names a class that the project does not have.
    """
    try:
        raw = yaml.safe_load(path.read_bytes())
        raw["map"] = {str(own): _label(ours) for own, ours in raw["map"].items()}
        for key in {"covers", "gaps"} & raw.keys():
            raw[key] = [_label(name) for name in raw[key]]
        spec = SetSpec.model_validate(raw)
        if extra := [label.title for label in spec.gaps if label not in spec.covers]:
            raise DatasetError(f"gaps are of covered classes, and covers does not name {extra}")
        return spec
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{path}: not the file of a set ({error!r})") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise DatasetError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except DatasetError as error:
        raise DatasetError(f"{path}: {error}") from error


def read_set(spec: SetSpec, folder: Path, findings: Findings) -> Iterator[Picture]:
    """Every picture of a set, its classes mapped to ours, boxes clipped to the picture.

    A class of its own whose name begins with “ignored ” marks regions where the class of the rest of the name may be.

    Raises:
        DatasetError: a folder is missing, the labels use a class that the set's file does not name or do not fit
            their pictures, or a second look was at what is not there or may be one of several.
    """
    names = set()
    for split, part in spec.parts.items():
        for path, width, height, own in _labelled(spec, folder, part):
            seen = findings.get(path.name, [])
            if seen and path.name in names:
                raise DatasetError(
                    f"{spec.name}: several pictures are called {path.name}, and a second look was at one of them: "
                    "give each a name of its own"
                )
            if lost := unused(own, width, height, seen):
                raise DatasetError(f"{spec.name}: a second look at {path} was at {lost[0].at}, where it labels nothing")
            nowhere = empty(width, height, seen)
            labels = tuple(corrected(label, width, height, seen) for label in own if not nobody(label, nowhere))
            side, more = None if split == "all" else split, found(width, height, seen)
            yield Picture(path, side, width, height, labels, more, nowhere)
            names.add(path.name)
    if strange := sorted(findings.keys() - names):
        raise DatasetError(f"{spec.name}: a second look was at {strange[0]}, which it does not hold")


def _labelled(spec: SetSpec, folder: Path, part: Part) -> Iterator[tuple[Path, int, int, list[Labelled]]]:
    """Every picture of a part, its width and height, and what the set itself labels in it."""
    source = _load(spec, folder, part)
    sizes = declared_sizes(spec.format, folder / part.images, folder / part.annotations)
    ours = _ours(spec, source.classes)
    for path, detections in ((Path(name), one) for name, one in source.annotations.items()):
        if not path.exists():
            raise DatasetError(f"{spec.name}: {path} has labels and is not there: put it back or take them out")
        width, height = size(path)
        if sizes.get(path.resolve(), (width, height)) != (width, height):
            raise DatasetError(f"{spec.name}: the labels of {path} are of another size than the picture")
        own = []
        shape = (width, height) if spec.format == "yolo" else (1, 1)  # its numbers are shares
        # COCO's boxes around many, not one by one, and what VOC's authors could hardly tell themselves
        doubtful = detections.data.get("iscrowd", detections.data.get("difficult", [0] * len(detections)))
        for xyxy, class_id, doubt in zip(detections.xyxy.tolist(), detections.class_id.tolist(), doubtful, strict=True):
            (label, ignored), box = ours[class_id], Box(*xyxy).scale(*shape)
            x, y = box.center
            if not (0 <= x <= width and 0 <= y <= height):
                raise DatasetError(f"{spec.name}: a box of {path} lies outside it: mend its labels or take it out")
            if spec.format != "yolo" and 0 < max(xyxy) <= 1:
                raise DatasetError(f"{spec.name}: the boxes of {path} are in shares of it: here they have to be pixels")
            if label is not None and box.clip(width, height).area > 0:
                own.append(Labelled(label, box.clip(width, height), ignored or bool(doubt)))
        yield path, width, height, own


def _ours(spec: SetSpec, classes: Sequence[str]) -> list[tuple[Label | None, bool]]:
    """Our class of each of the set's own, and whether it marks ignored regions."""
    plain = [name.removeprefix(IGNORED) for name in classes]
    if unknown := [name for name in plain if name not in spec.map]:
        raise DatasetError(
            f"{spec.name}: the classes {unknown} are not in its map: name one of {list(CLASS_NAMES)} or null"
        )
    return [(spec.map[name], name != own) for name, own in zip(plain, classes, strict=True)]


def _load(spec: SetSpec, folder: Path, part: Part) -> sv.DetectionDataset:
    images, annotations = folder / part.images, folder / part.annotations
    for path in (images, annotations):
        if not path.exists():
            raise DatasetError(f"{spec.name}: {path} is missing")
    if named := next(filter(garbled, pictures_of(images)), None):
        raise DatasetError(f"{spec.name}: the name of {named} is not UTF-8: give it another")
    try:
        source = _read(spec, folder, images, annotations)
    except KeyError as error:
        raise DatasetError(f"{spec.name}: {annotations} cannot be read: {error} is missing in it") from error
    except (ValueError, TypeError, AttributeError, IndexError, OSError, ParseError, yaml.YAMLError) as error:
        raise DatasetError(f"{spec.name}: {annotations} cannot be read: {error}") from error
    read = [Path(path) for path in source.image_paths]
    if spec.format in {"yolo", "voc"}:
        _refuse_stray(spec, folder, images)
        _refuse_unread(spec, images, annotations, {path.name for path in read})
    _refuse_strange(spec, [path for path in read if path.suffix[1:].lower() not in IMG_FORMATS])
    if not source.annotations:
        raise DatasetError(f"{spec.name}: no pictures in {images}")
    return source


def _read(spec: SetSpec, folder: Path, images: Path, annotations: Path) -> sv.DetectionDataset:
    match spec.format:
        case "voc":
            return read_voc(images, annotations)
        case "coco":
            return read_coco(images, annotations)
        case "cvat":
            return read_cvat(images, annotations)
        case "yolo":
            return read_yolo(images, annotations, _own_names(spec, folder))


def _refuse_stray(spec: SetSpec, folder: Path, images: Path) -> None:
    own = {folder / part.images for part in spec.parts.values()}
    if stray := next((path for path in pictures_of(images) if path.parent not in own), None):
        raise DatasetError(f"{spec.name}: {stray} is in no part (pictures in folders below are parts of their own)")


def _refuse_unread(spec: SetSpec, images: Path, annotations: Path, read: set[str]) -> None:
    """A picture that nobody has labelled yet must not be learned as one in which there is nothing."""
    suffix = {"yolo": ".txt", "voc": ".xml"}[spec.format]
    pictures = sorted(path for path in images.iterdir() if path.suffix[1:].lower() in PICTURES)
    bare = [path for path in pictures if not (annotations / f"{path.stem}{suffix}").exists()]
    if bare:
        wanted = f"{bare[0].stem}{suffix}"
        known = {_alike(path.name): path.name for path in annotations.iterdir()}
        if near := known.get(_alike(wanted)):
            raise DatasetError(
                f"{spec.name}: {near} is spelled otherwise than the picture {bare[0].name} (its case, or Hangul in "
                f"pieces): rename it to {wanted}"
            )
        raise DatasetError(
            f"{spec.name}: {len(bare)} pictures without a label file, the first {bare[0].name}: label them or take "
            "them out (an empty file says that there is nothing in a picture)"
        )
    _refuse_strange(spec, [path for path in pictures if path.name not in read])


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _refuse_strange(spec: SetSpec, pictures: Sequence[Path]) -> None:
    """Those that one of the readers, or training itself, would pass over without a word."""
    if pictures:
        raise DatasetError(
            f"{spec.name}: {pictures[0].name} is of a kind that is not read here: save it as JPEG or PNG"
        )


def _own_names(spec: SetSpec, folder: Path) -> list[str]:
    """The set's classes in its own order: its file's, or those of a data.yaml or of a list, a name a line."""
    if isinstance(spec.names, tuple):
        return list(spec.names)
    if spec.names is None:
        raise DatasetError(f"{spec.name}: YOLO labels hold numbers only: `names` must say what they mean")
    path = folder / spec.names
    if path.suffix not in {".yaml", ".yml"}:
        return [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    names = numbered(yaml.safe_load(path.read_bytes())["names"])
    return [names.get(number, f"class {number}") for number in range(max(names, default=-1) + 1)]
