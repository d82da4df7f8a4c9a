"""Picture files as the training side reads them: in colours, upright, and whole."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Files

from pipeline.errors import DatasetError
from pipeline.types import Image


def load(path: Path) -> Image:
    """A picture (BGR), turned upright; grey, transparent and 16-bit ones too.

    Raises:
        DatasetError: it is none, or damaged.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DatasetError(f"{path} cannot be read as a picture: mend it or take it out")
    return np.asarray(image, np.uint8)


def size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as `load` gives it.

    Raises:
        DatasetError: it is none, damaged or far too large. OpenCV fills in grey for what a file lacks; Pillow tells.
    """
    try:
        with Files.open(path) as image:
            image.load()
    except Files.DecompressionBombError as error:
        raise DatasetError(f"{path} is too large: make it smaller or take it out ({error})") from error
    except (OSError, ImportError, SyntaxError) as error:  # ultralytics looks for a HEIF reader, Pillow for a syntax
        raise DatasetError(f"{path} cannot be read as a picture: mend it or take it out") from error
    height, width = load(path).shape[:2]
    return width, height
