"""A teacher fills in what a set does not label.

Where it is sure, its box becomes a label; where it is not, the box becomes an ignored region, so that training
learns neither that something is there nor that nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.errors import WeightsError
from pipeline.mirror import both_ways, merged
from pipeline.plate_corners import CornerFinder
from pipeline.plate_weights import CORNERS, read_plate_manifest
from pipeline.settings import Settings
from pipeline.training import command
from pipeline.training.labels import Labelled
from pipeline.training.pictures import load
from pipeline.training.redraw import redrawn
from pipeline.training.second_look import nobody
from pipeline.training.sets import Picture, SetSpec
from pipeline.types import HEADS, Box, Detection, Image, Label
from pipeline.weights import read_manifest
from pipeline.yolo import Yolo, device

SIZES = (640, 960)

# mean confidences over the looks; chosen on contact sheets of what each let through
SURE = {Label.RIDER: 0.5, Label.WITHOUT_HELMET: 0.5, Label.WITH_HELMET: 0.5, Label.PLATE: 0.45}
DOUBT = 0.08
# an unlabelled object of a class that a set labels with gaps: more likely a gap than a mistake above this
GAP = 0.4
SAME_OBJECT_IOU = 0.3

# COCO's classes
PERSON, BICYCLE, MOTORCYCLE = 0, 1, 3
_COCO = {PERSON: "person", BICYCLE: "bicycle", MOTORCYCLE: "motorcycle"}
COCO_DOUBT, COCO_SURE, COCO_CERTAIN = 0.1, 0.3, 0.6


class Teacher:
    """Looks at a picture four times: at two sizes, plain and mirrored.

    A detection counts with the mean confidence of the four looks, so what only one of them saw is never sure.

    Args:
        weights: a folder with a manifest, whose stage 1 is the teacher.
        coco: weights in COCO's classes: a rider is taken for sure only where this one sees a motorcycle.

    Raises:
        WeightsError: the files are missing or others.
    """

    def __init__(self, weights: Path, coco: Path, settings: Settings) -> None:
        stage = read_manifest(weights).stage1
        beside = settings.model_copy(update={"weights": weights})
        self._eyes = [Yolo(stage.model_copy(update={"image_size": size}), beside) for size in SIZES]
        self._coco, self._device = command.network(coco), device(settings)
        if [self._coco.names.get(number) for number in _COCO] != list(_COCO.values()):
            raise WeightsError(f"{coco} does not know COCO's classes, which --coco needs")
        self._corners = CornerFinder(read_plate_manifest(settings.weights)[0] / CORNERS)

    def fill_in(self, picture: Picture, spec: SetSpec) -> Picture:
        """The picture with what the teacher adds to its labels."""
        if set(spec.covers) == set(Label) and not (spec.gaps or spec.heads_anywhere or spec.plates_beside):
            return picture
        image = load(picture.path)
        looks = self._looks(image)
        if spec.plates_beside:
            picture = replace(picture, labels=redrawn(image, picture.labels, looks, self._corners, judge=False))
        found = merged(looks, DOUBT)
        vehicles = [] if Label.RIDER in spec.covers else self._vehicles(image)
        riders = [label.box for label in picture.labels if label.label is Label.RIDER]
        added: list[Labelled] = []
        for detection in sorted(found, key=lambda d: (d.label is not Label.RIDER, -d.confidence)):
            known = (*picture.labels, *added)
            if any(_same(detection, label) for label in known) or nobody(detection, picture.empty):
                continue
            verdict = judge(detection, spec, vehicles, riders)
            if verdict is not None:
                added.append(verdict)
                if verdict.label is Label.RIDER:
                    riders.append(verdict.box)
        kept = [on_foot(label, riders) if spec.heads_anywhere else label for label in picture.labels]
        return replace(picture, labels=(*kept, *added))

    def redraw(self, picture: Picture) -> Picture:
        """A picture to judge by with its plates where they are."""
        image = load(picture.path)
        return replace(picture, labels=redrawn(image, picture.labels, self._looks(image), self._corners, judge=True))

    def sees_cyclists(self, picture: Picture) -> bool:
        """Whether people and a bicycle are in a picture, and neither a motorcycle nor a labelled rider."""
        if any(label.label is Label.RIDER and not label.ignored for label in picture.labels):
            return False
        image = load(picture.path)
        return cyclists_only([(cls, confidence) for cls, _box, confidence in self._vehicles(image, PERSON)])

    def _looks(self, image: Image) -> list[tuple[Detection, ...]]:
        return [look for eye in self._eyes for look in both_ways(eye, image, DOUBT / 2)]

    def _vehicles(self, image: Image, *others: int) -> list[tuple[int, Box, float]]:
        classes = [BICYCLE, MOTORCYCLE, *others]
        boxes = self._coco.predict(
            image, imgsz=640, conf=COCO_DOUBT, classes=classes, device=self._device, verbose=False
        )[0].boxes
        rows = zip(boxes.cls.tolist(), boxes.xyxy.tolist(), boxes.conf.tolist(), strict=True)
        return [(int(cls), Box(*xyxy), conf) for cls, xyxy, conf in rows]


def judge(
    detection: Detection,
    spec: SetSpec,
    vehicles: Sequence[tuple[int, Box, float]],
    riders: Sequence[Box],
) -> Labelled | None:
    """What a detection that no label explains becomes: a label, an ignored region, or nothing."""
    label, box, confidence = detection.label, detection.box, detection.confidence
    ignored = Labelled(label, box, ignored=True)
    if label in spec.covers:
        return ignored if label in spec.gaps and confidence >= GAP else None
    sure = confidence >= SURE[label]
    if label is Label.RIDER:
        motorcycle = max((c for cls, b, c in vehicles if cls == MOTORCYCLE and b.inside(box) > 0.5), default=0.0)
        bicycle = max((c for cls, b, c in vehicles if cls == BICYCLE and b.inside(box) > 0.5), default=0.0)
        if bicycle >= COCO_SURE and motorcycle < COCO_DOUBT:
            return None
        sure = sure and motorcycle >= COCO_SURE
    elif label in HEADS:
        sure = sure and any(box.inside(rider) > 0.5 for rider in riders)
    return Labelled(label, box) if sure else ignored


def cyclists_only(seen: Sequence[tuple[int, float]]) -> bool:
    """Whether the classes and confidences of COCO's eyes are those of people on bicycles, and of no motorcycle."""
    surest = {cls: max((conf for c, conf in seen if c == cls), default=0.0) for cls in (PERSON, BICYCLE, MOTORCYCLE)}
    return surest[PERSON] >= COCO_SURE and surest[BICYCLE] >= COCO_CERTAIN and surest[MOTORCYCLE] < COCO_SURE


def on_foot(label: Labelled, riders: Sequence[Box]) -> Labelled:
    """A head that sits on no rider is nobody's to judge by."""
    if label.label in HEADS and not any(label.box.inside(rider) > 0.5 for rider in riders):
        return replace(label, ignored=True)
    return label


def _same(detection: Detection, label: Labelled) -> bool:
    """One object: the same class, or both heads, in the same place."""
    alike = label.label is detection.label or (label.label in HEADS and detection.label in HEADS)
    return alike and label.box.iou(detection.box) > SAME_OBJECT_IOU
