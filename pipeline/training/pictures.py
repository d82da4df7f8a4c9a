"""Picture files as the training side reads them: in colours, upright, and whole."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Files

from pipeline.errors import DatasetError
from pipeline.training.labels import Labelled, save_labels
from pipeline.types import Image


def load(path: Path) -> Image:
    """A picture (BGR), turned upright; grey, transparent and 16-bit ones too.

    Raises:
        DatasetError: it is none, or damaged.
        OSError: it is not there.
    """
    image = decoded(path, cv2.IMREAD_COLOR)
    if image is None:
        raise DatasetError(f"{path} cannot be read as a picture: mend it or take it out")
    return image


def decoded(path: Path, how: int) -> Image | None:
    """A picture as `cv2.imread` reads it with this flag; None where it is none.

    Raises:
        OSError: it is not there.
    """
    data = np.fromfile(path, np.uint8)  # cv2.imread crashes on a garbled name
    image = cv2.imdecode(data, how) if data.size else None
    return None if image is None else np.asarray(image, np.uint8)


def save(path: Path, image: Image, *how: int) -> None:
    """Write a picture (BGR or grey) of the kind that its name ends with, `how` as `cv2.imwrite` has it.

    Raises:
        OSError: it cannot be written; cv2.imwrite would not say that a disk is full.
    """
    path.write_bytes(cv2.imencode(path.suffix, image, how)[1].tobytes())


def save_labelled(path: Path, image: Image, labels: Iterable[Labelled], *how: int) -> None:
    """The same, and its label file, as `save_labels` has it."""
    save(path, image, *how)
    height, width = image.shape[:2]
    save_labels(path, labels, width, height)


def garbled(path: Path) -> bool:
    """Whether its name is no UTF-8, as of archives made on Windows: nothing of that name can be written or learned."""
    return str(path).encode(errors="replace").decode() != str(path)


def spelled(folder: Path, name: str) -> str:
    """A file's name as its folder has it: macOS takes Hangul in names to pieces, and a list may have it whole, or the
    other way round; lists from Windows have backslashes between folders."""
    plain = name.replace("\\", "/")
    spellings = (name, plain, *(unicodedata.normalize(form, plain) for form in ("NFC", "NFD")))
    return next((one for one in spellings if (folder / one).exists()), name)


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
