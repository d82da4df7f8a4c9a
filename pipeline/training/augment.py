"""What training does to a picture before the network sees it, and how often it shows each."""

from __future__ import annotations

import copy
import random
from typing import Any

import albumentations as A  # noqa: N812
import cv2
from ultralytics.data.dataset import YOLODataset

from pipeline.errors import DatasetError
from pipeline.types import Label

BARE_OFTEN = 3  # times that a pass shows a picture with a bare head: they are few, and all turns on them


def camera(stage: int) -> list[Any]:
    """What cameras, weather and lamps do to a picture: shaken, out of focus, far away, dark, hazy, glaring, tinted,
    noisy, compressed.

    Stage 1 sees much of it, as it has to find riders by night and in fog. Stage 2 does not: as much of it cost true
    accusations and spared no false ones. It sees more that is coarse, as most crops of far riders are small, while most
    of the training crops are near ones.
    """
    area_then_linear = {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_LINEAR}
    shaken, soft = A.MotionBlur(blur_limit=(3, 11)), [A.GaussianBlur(blur_limit=(3, 7)), A.Defocus(radius=(1, 3))]
    if stage == 1:
        return [
            A.OneOf([A.MotionBlur(blur_limit=(5, 17)), shaken, *soft], p=0.35),
            A.Downscale(scale_range=(0.35, 0.8), interpolation_pair=area_then_linear, p=0.15),
            _light(darkest=320, bright=0.45, flat=-0.75, p=0.4),
            A.RGBShift(40, 25, 40, p=0.15),
            _noise(0.08, 0.7, 0.15, p=0.25),
            A.ToGray(p=0.05),
            A.ImageCompression(quality_range=(15, 85), p=0.15),
        ]
    return [
        A.OneOf([shaken, *soft], p=0.2),
        A.Downscale(scale_range=(0.12, 0.8), interpolation_pair=area_then_linear, p=0.4),
        _light(darkest=260, bright=0.2, flat=-0.4, p=0.25),
        _noise(0.05, 0.5, 0.12, p=0.15),
        A.ToGray(p=0.05),
        A.ImageCompression(quality_range=(25, 85), p=0.1),  # seldom: short runs without found more bare heads
    ]


def _light(darkest: int, bright: float, flat: float, p: float) -> Any:
    """Too little or too much of it; the contrast goes down as far as `flat`, as in fog."""
    tone = A.RandomBrightnessContrast((-0.45, bright), (flat, 0.2))
    return A.OneOf([A.RandomGamma(gamma_limit=(130, darkest)), tone], p=p)


def _noise(hue: float, most: float, spread: float, p: float) -> Any:
    """Of a sensor in little light."""
    sensor = A.ISONoise(color_shift=(0.01, hue), intensity=(0.1, most))
    return A.OneOf([sensor, A.GaussNoise(std_range=(0.02, spread))], p=p)


class Dataset(YOLODataset):  # type: ignore[misc]
    """Pictures with bare heads more often than others, and of varying aspect ratio: a square one was most likely
    squeezed from 4:3 or wider on export."""

    im_files: list[str]

    def __init__(self, *args: Any, bare_often: int, **kwargs: Any) -> None:
        self.bare_often = bare_often
        super().__init__(*args, **kwargs)

    def get_labels(self) -> list[dict[str, Any]]:
        """Raises DatasetError where ultralytics would pass over a picture, for a reason that it prints."""
        named = set(self.im_files)
        try:
            labels: list[dict[str, Any]] = super().get_labels()
        except RuntimeError as error:
            raise DatasetError(f"no picture can be learned by: {error}") from error
        if lost := sorted(named.difference(self.im_files)):
            raise DatasetError(
                f"{len(lost)} pictures cannot be learned by, such as {lost[0]}, for the reasons printed above: mend "
                "them or take them out"
            )
        bare = [label for label in labels if (label["cls"] == Label.WITHOUT_HELMET).any()]
        labels += [copy.deepcopy(label) for label in bare for _ in range(self.bare_often - 1)]
        self.im_files = [label["im_file"] for label in labels]
        return labels

    def get_image_and_label(self, index: int) -> dict[str, Any]:
        label: dict[str, Any] = super().get_image_and_label(index)
        if self.augment and random.random() < 0.5:  # noqa: S311
            height, width = label["resized_shape"]
            if width == height:
                height = round(height * random.uniform(0.56, 1.0))  # noqa: S311
            elif random.random() < 0.5:  # noqa: S311
                width = round(width * random.uniform(0.8, 1.0))  # noqa: S311
            else:
                height = round(height * random.uniform(0.8, 1.0))  # noqa: S311
            label["img"] = cv2.resize(label["img"], (width, height), interpolation=cv2.INTER_AREA)
            label["resized_shape"] = (height, width)
        return label
