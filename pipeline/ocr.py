"""The engines that read a plate's picture. Each belongs to the thread that made it."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import easyocr
import numpy as np
from scipy.special import softmax

from pipeline.crops import resize
from pipeline.errors import WeightsError
from pipeline.plate_formats import ALPHABET, compact, identify
from pipeline.plate_geometry import stretch
from pipeline.plate_slots import CLASSES, EMPTY, SLOTS, decode, encode
from pipeline.plate_weights import READER
from pipeline.types import Floats, Image

_PLACES = ((0.0, 0.0), (-2.0, 0.0), (2.0, 0.0), (0.0, -1.5), (0.0, 1.5))  # pixels: as far as corners are wrong
_LEAST = 1e-6  # probability: so that no place alone rules a character out

# EasyOCR asks for memory pinned for a GPU, whether there is one or not
warnings.filterwarnings("ignore", "'pin_memory' argument is set as true", UserWarning)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What an engine reads on one picture.

    `characters` of the text with the confidence of each, 0 to 1; `slots` the probability of each class in each
    slot (SLOTS, CLASSES) for the vote, None where the text is that of no plate.
    """

    text: str
    characters: tuple[tuple[str, float], ...]
    slots: Floats | None

    @property
    def confidence(self) -> float:
        """That of the whole text, 0 to 1."""
        return float(np.prod([confidence for _, confidence in self.characters])) if self.characters else 0.0


class Engine(ABC):
    """Reads plates from the front, BGR, 192 x 64 pixels, as `plate_geometry.upright` makes them."""

    name: ClassVar[str]

    @abstractmethod
    def read(self, plate: Image) -> Reading: ...

    def read_closely(self, plate: Image) -> Reading:
        """Read one plate that is worth more time than others."""
        return self.read(plate)


class OwnEngine(Engine):
    """EasyOCR with the recogniser of ours as its user network; needs no connection.

    Args:
        folder: where the user network lies, its sums compared.

    Raises:
        WeightsError: the network knows other characters than the formats.
    """

    name = READER

    def __init__(self, folder: Path) -> None:
        self._reader = easyocr.Reader(
            ["ko"],
            gpu=False,
            recog_network=self.name,
            user_network_directory=str(folder),
            model_storage_directory=str(folder),
            download_enabled=False,
            detector=False,
            quantize=False,  # gains nothing on a network this small
            verbose=False,
        )
        if self._reader.character != ALPHABET:
            raise WeightsError(f"{folder} reads other characters than plates bear now: train it again")
        self._seen: list[Floats] = []
        # EasyOCR gives one confidence for the whole text; the vote needs those of all characters
        self._reader.recognizer.register_forward_hook(lambda *call: self._seen.append(call[2][0].numpy()))

    def read(self, plate: Image) -> Reading:
        text, slots = self._look(plate)
        return Reading(text, _confidences(slots), slots)

    def read_closely(self, plate: Image) -> Reading:
        """What it says of the plate in five places together: no corner is found exactly."""
        heard = [np.log(self._look(_moved(plate, x, y))[1] + _LEAST) for x, y in _PLACES]
        slots = softmax(np.mean(heard, axis=0), axis=1)
        characters = _confidences(slots)
        return Reading("".join(one for one, _ in characters), characters, slots)

    def _look(self, plate: Image) -> tuple[str, Floats]:
        """The text, and the probability of each class in each slot."""
        grey = stretch(np.asarray(cv2.cvtColor(plate, cv2.COLOR_BGR2GRAY), np.uint8))
        self._seen.clear()
        # no second attempt with more contrast: the picture has all the contrast it can have
        ((_, text, _),) = self._reader.recognize(grey, contrast_ths=0.0, reformat=False)
        return text, softmax(self._seen[0][::2], axis=1)


def _moved(plate: Image, x: float, y: float) -> Image:
    matrix = np.array([(1, 0, x), (0, 1, y)], np.float32)
    size = (plate.shape[1], plate.shape[0])
    moved = cv2.warpAffine(plate, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _confidences(slots: Floats) -> tuple[tuple[str, float], ...]:
    best = slots.argmax(axis=1)
    return tuple((decode([int(one)]), float(slots[slot, one])) for slot, one in enumerate(best) if one != EMPTY)


class StockEngine(Engine):
    """EasyOCR's own Korean and English models, which it downloads at first use into `folder`.

    Raises:
        WeightsError: they are not there and cannot be downloaded.
    """

    name = "easyocr ko+en"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._reader = easyocr.Reader(["ko", "en"], gpu=False, model_storage_directory=str(folder), verbose=False)
        except OSError as error:
            raise WeightsError(
                f"EasyOCR's stock models could not be downloaded into {folder} ({error}): "
                "connect once, or set HELMET_WATCH_PLATE_ENGINE=own"
            ) from error

    def read(self, plate: Image) -> Reading:
        """Lines from the top down, words from the left; the detector finds both."""
        words = self._reader.readtext(resize(plate, 2))
        middle = plate.shape[0]  # of the picture twice as large
        words.sort(key=lambda word: (np.mean([y for _, y in word[0]]) > middle, min(x for x, _ in word[0])))
        characters = tuple((one, float(confidence)) for _, text, confidence in words for one in compact(text))
        text = "".join(one for one, _ in characters)
        return Reading(text, characters, _as_slots(text, characters))


def _as_slots(text: str, characters: Sequence[tuple[str, float]]) -> Floats | None:
    """What a text says of the slots, the rest of each confidence spread over all classes."""
    kind = identify(text)
    if kind is None:
        return None
    try:
        classes = encode(kind, text)
    except ValueError:  # a district of syllables that are in none of our lists
        return None
    confidences = iter(confidence for _, confidence in characters)
    slots = np.zeros((SLOTS, CLASSES))
    for slot, one in enumerate(classes):
        sure = min(next(confidences), 0.999) if one != EMPTY else 0.99
        slots[slot] = (1 - sure) / CLASSES
        slots[slot, one] += sure
    return slots
