"""The flow on a single picture: what the product would say of each rider had it seen only this."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.associate import associate
from pipeline.crops import crop_rider
from pipeline.detect import above, sift
from pipeline.mirror import look_twice
from pipeline.settings import Settings
from pipeline.track import Tracked
from pipeline.types import NO_PICTURE, Crop, Detection, Image, Label, Look, Says, Sighting
from pipeline.verify import SAME_HEAD_IOU, read
from pipeline.weights import Manifest, Thresholds, read_manifest
from pipeline.yolo import Yolo

# the least confidence kept, so that thresholds can be chosen afterwards and precision curves are whole
FLOOR = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Second:
    """A rider with a bare head to stage 1, and all that stage 2 found on the crop (boxes in its pixels). The crop's own
    picture is not kept: of thousands of suspects they would fill the memory."""

    crop: Crop
    found: tuple[Detection, ...]


class Eyes:
    """Both models. They belong to the thread that made them."""

    def __init__(self, settings: Settings) -> None:
        self.manifest: Manifest = read_manifest(settings.weights)
        self._stage1 = Yolo(self.manifest.stage1, settings)
        self._stage2 = Yolo(self.manifest.stage2, settings)

    def first(self, image: Image) -> tuple[Detection, ...]:
        """All that stage 1 finds in a picture (BGR)."""
        return self._stage1.detect(image, FLOOR)

    def seconds(self, image: Image, found: tuple[Detection, ...], thresholds: Thresholds) -> list[Second]:
        """All that stage 2 finds on the crops of the suspects that stage 1 picks in a picture (BGR)."""
        crops = [crop_rider(image, one) for one in suspects(found, thresholds)]
        return [Second(replace(crop, image=NO_PICTURE), self.crop(crop.image)) for crop in crops]

    def crop(self, image: Image) -> tuple[Detection, ...]:
        """All that stage 2 finds in a picture that is a crop already (BGR)."""
        return look_twice(self._stage2, image, FLOOR)


def suspects(found: tuple[Detection, ...], thresholds: Thresholds) -> list[Sighting]:
    """The riders of one picture that show a bare head; those below the threshold keep theirs from being charged."""
    kept = sift(found, thresholds)
    riders = tuple(enumerate(one for one in above(kept, thresholds) if one.label is Label.RIDER))
    sightings = associate(0, 0.0, kept, Tracked(riders, hidden=()))
    return [sighting for sighting in sightings.values() if sighting.bare_heads]


def confirmed(second: Second, thresholds: Thresholds) -> list[Detection]:
    """The bare heads of a suspect that stage 2 confirms, in stage 1's boxes with stage 2's confidence."""
    look: Look = read(second.crop, second.found, thresholds)
    if look.says is not Says.BARE:
        return []
    bare = [head for head in look.heads if head.label is Label.WITHOUT_HELMET]
    kept = []
    for head in second.crop.sighting.bare_heads:
        seen = [one.confidence for one in bare if one.box.iou(head.box) > SAME_HEAD_IOU]
        if seen:
            kept.append(Detection(head.label, head.box, max(seen)))
    return kept
