"""What the dashcam's side and the OCR server say to each other."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from io import BytesIO
from typing import Annotated

import cv2
import numpy as np
from PIL.ImageFile import ImageFile
from PIL.ImageOps import exif_transpose
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter

from pipeline.errors import HelmetWatchError
from pipeline.types import Image, Plate, PlateFound, PlateRead

MAX_CROPS = 30
MAX_CROP_BYTES = 4 << 20
MIN_SIDE, MAX_SIDE = 4, 2048  # pixels of a crop
_SCAN, _MOST_SCANS = b"\xff\xda", 500  # a JPEG goes over its picture once a scan: ten are usual, and cost 12 bytes each
KEY = r"^[0-9a-f]{64}$"
NO_CAPTURE = "no such capture"  # tells a 404 of the server from one of a wrong address, or of a proxy before it

Share = Annotated[float, Field(ge=0, le=1)]
Characters = Annotated[list[tuple[Annotated[str, Field(max_length=4)], Share]], Field(max_length=64)]
_READ = TypeAdapter(PlateRead)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stored(_Message):
    """The server's word that it has a capture, on its disk."""

    key: Annotated[str, Field(pattern=KEY)]
    stored: bool = True


class ReadResult(_Message):
    """One attempt; `crop` and `picture` are JPEG in base 64."""

    time_s: FiniteFloat
    frames: Annotated[int, Field(ge=1, le=MAX_CROPS)]
    quality: Share
    engine: Annotated[str, Field(max_length=32)]
    text: Annotated[str, Field(max_length=64)]
    confidence: Share
    characters: Characters
    weight: Share
    crop: str
    picture: str


class PlateResult(_Message):
    """What all attempts agree on."""

    text: Annotated[str, Field(max_length=32)]
    probability: Share
    readable: bool
    characters: Characters
    reads: Annotated[list[ReadResult], Field(max_length=MAX_CROPS + 1)]


class Answer(_Message):
    """How far a capture is: no result yet, a result, or why there is none."""

    key: Annotated[str, Field(pattern=KEY)]
    done: bool
    result: PlateResult | None = None
    error: str | None = None


class Health(_Message):
    status: str
    waiting: int
    free_bytes: int


def check_token(word: str) -> None:
    """See that a word can be sent as a token.

    Raises:
        HelmetWatchError: it cannot.
    """
    if not word.isascii() or not word.isprintable() or word != word.strip():
        raise HelmetWatchError("HELMET_WATCH_OCR_TOKEN cannot be sent: choose one of English letters and digits")


def key_of(crops: Iterable[bytes], times_s: Iterable[float]) -> str:
    """What a capture is known by: the SHA-256 sum over its crops and times."""
    total = hashlib.sha256()
    for crop, time_s in zip(crops, times_s, strict=True):
        total.update(hashlib.sha256(crop).digest())
        total.update(f"{time_s:.6f}".encode())
    return total.hexdigest()


def to_image(content: bytes) -> Image:
    """A picture that came from elsewhere, PNG or JPEG, as BGR.

    Raises:
        HelmetWatchError: it is none, or too large.
    """
    if len(content) > MAX_CROP_BYTES:
        raise HelmetWatchError(f"a crop is larger than {MAX_CROP_BYTES >> 20} MB")
    # not OpenCV: some PNGs of a few bytes make it take 4 GB, others end the whole process
    picture = _opened(content)
    width, height = picture.size
    if max(width, height) > MAX_SIDE or min(width, height) < MIN_SIDE:
        raise HelmetWatchError(f"a crop is {width} x {height} pixels: {MIN_SIDE} to {MAX_SIDE} are accepted")
    if content.count(_SCAN) > _MOST_SCANS:
        raise HelmetWatchError("a crop cannot be decoded")
    try:
        deep = picture.mode == "I;16"  # of which `convert` makes white
        shallow = picture.point(lambda value: value / 256, "L") if deep else picture
        upright = exif_transpose(shallow).convert("RGB")
    except Exception as error:  # each kind of damage raises another error in PIL
        raise HelmetWatchError("a crop cannot be decoded") from error
    return np.asarray(cv2.cvtColor(np.asarray(upright), cv2.COLOR_RGB2BGR), np.uint8)


def _opened(content: bytes) -> ImageFile:
    """A picture of which only the header was read: 31 kB can be 1.5 GB when they are decoded."""
    # no PIL.Image.open: ultralytics replaces it by one that installs a package where it sees no picture
    kind = PngImageFile if content.startswith(b"\x89PNG") else JpegImageFile
    try:
        return kind(BytesIO(content))
    except (SyntaxError, ValueError, OSError) as error:
        raise HelmetWatchError("a crop is no picture") from error


def to_result(found: PlateFound) -> PlateResult:
    plate = found.plate
    reads = [
        ReadResult(**asdict(one) | {"text": one.text[:64]}, crop=_to_text(crop), picture=_to_text(picture))
        for one, (crop, picture) in zip(plate.reads, found.pictures, strict=True)
    ]
    return PlateResult(
        text=plate.text,
        probability=plate.probability,
        readable=plate.readable,
        characters=list(plate.characters),
        reads=reads,
    )


def from_result(result: PlateResult) -> PlateFound:
    """What the server found, its pictures decoded.

    Raises:
        HelmetWatchError: a picture is none.
    """
    reads = tuple(_READ.validate_python(one.model_dump(exclude={"crop", "picture"})) for one in result.reads)
    plate = Plate(result.text, result.probability, result.readable, tuple(result.characters), reads)
    return PlateFound(plate, tuple((_from_text(one.crop), _from_text(one.picture)) for one in result.reads))


def _to_text(image: Image) -> str:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not done:
        raise HelmetWatchError("the picture could not be encoded")
    return base64.b64encode(data.tobytes()).decode()


def _from_text(text: str) -> Image:
    try:
        return to_image(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise HelmetWatchError("a picture in the answer is none") from error
