"""Pictures that come from elsewhere: measured by their header before anything of them is decoded."""

from __future__ import annotations

import resource
import struct
import zlib
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest
from PIL.Image import Exif, fromarray

from pipeline.errors import HelmetWatchError
from pipeline.ocr_protocol import MAX_SIDE, MIN_SIDE, PlateResult, ReadResult, from_result, to_image


def encoded(height: int, width: int, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, np.full((height, width, 3), 90, np.uint8))[1].tobytes()


def png(side: int, *before: bytes) -> bytes:
    """A black PNG, one bit a pixel; `before` are chunks that come first."""
    rows = zlib.compress((b"\0" * (1 + (side + 7) // 8)) * side, 9)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + b"".join((*before, header, chunk(b"IDAT", rows), chunk(b"IEND", b"")))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decoding fails the test."""

    def decode(*_: Any) -> None:
        pytest.fail("decoded")

    monkeypatch.setattr("pipeline.ocr_protocol.exif_transpose", decode)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("size", [(MIN_SIDE, MIN_SIDE), (MIN_SIDE, MAX_SIDE), (20, 40)])
def test_pictures_of_either_kind_come_back(suffix: str, size: tuple[int, int]) -> None:
    image = to_image(encoded(*size, suffix))
    assert image.shape == (*size, 3)
    assert abs(image.astype(int) - 90).max() < 4


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(
    "content",
    [encoded(20, MAX_SIDE + 1), encoded(MIN_SIDE - 1, 20, ".jpg"), png(9_000), png(30_000)],
    ids=["wide", "flat", "large", "so large that PIL warns of it"],
)
def test_what_is_too_large_or_too_small_is_refused_before_it_is_decoded(content: bytes) -> None:
    with pytest.raises(HelmetWatchError, match=r"a crop is \d+ x \d+ pixels: 4 to 2048 are accepted"):
        to_image(content)


@pytest.mark.usefixtures("undecoded")
@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", encoded(20, 40, ".webp"), encoded(20, 40, ".bmp"),
     png(20, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 50_000_000)))],
    ids=["nothing", "text", "half a PNG", "half a JPEG", "WebP", "BMP", "a text that grows"],
)  # fmt: skip
def test_what_is_neither_png_nor_jpeg_is_refused(content: bytes) -> None:
    with pytest.raises(HelmetWatchError, match="a crop is no picture"):
        to_image(content)


@pytest.mark.usefixtures("undecoded")
def test_a_picture_that_is_drawn_again_and_again_is_not_decoded() -> None:
    """Three hundred thousand scans fit into 4 MB, and take a minute."""
    flat = np.full((64, 64, 3), 90, np.uint8)
    content = cv2.imencode(".jpg", flat, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    scan = content[content.rindex(b"\xff\xda") : -2]
    with pytest.raises(HelmetWatchError, match="cannot be decoded"):
        to_image(content[:-2] + scan * 1000 + content[-2:])


def test_a_header_without_its_picture_is_refused() -> None:
    with pytest.raises(HelmetWatchError, match="cannot be decoded"):
        to_image(png(20)[:45])


def test_a_piece_that_calls_itself_larger_than_the_file_takes_no_memory_of_its_size() -> None:
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HelmetWatchError, match="cannot be decoded"):
        to_image(png(20)[:33] + struct.pack(">I", 4_000_000_000) + b"IDAT" + b"\0" * 50)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 1_000_000


def test_a_moving_png_with_a_second_header_ends_no_process() -> None:
    whole = png(20)
    header, rest = whole[:33], whole[33:]
    frame = struct.pack(">IIIIIHHBB", 0, 20, 20, 0, 0, 0, 0, 0, 0)
    end = chunk(b"fcTL", frame) + header[8:] + chunk(b"fdAT", b"\0\0\0\1" + zlib.compress(b"\0" * 80))
    content = header + chunk(b"acTL", struct.pack(">II", 2, 0)) + rest[:-12] + end + rest[-12:]
    assert to_image(content).shape == (20, 20, 3)


def test_a_picture_comes_back_upright_and_in_its_colours() -> None:
    seen = np.zeros((20, 40, 3), np.uint8)
    seen[:10] = 10, 100, 200
    tag = Exif()
    tag[0x0112] = 6  # to be turned clockwise
    out = BytesIO()
    fromarray(seen[..., ::-1].copy()).save(out, "PNG", exif=tag)
    assert (to_image(out.getvalue()) == cv2.rotate(seen, cv2.ROTATE_90_CLOCKWISE)).all()
    grey = cv2.imencode(".png", seen[..., 0].astype(np.uint16) * 256)[1].tobytes()
    assert (to_image(grey) == seen[..., :1]).all()


@pytest.mark.parametrize("text", ["", "abc", "!!!!", "٣٣٣٣"])
def test_a_picture_in_an_answer_that_is_none_is_told(text: str) -> None:
    """As any other error would end the round of the outbox for all captures behind it."""
    shares = {"quality": 1.0, "confidence": 1.0, "weight": 1.0}
    read = ReadResult(time_s=0, frames=1, engine="own", text="", characters=[], crop=text, picture=text, **shares)
    with pytest.raises(HelmetWatchError, match="picture"):
        from_result(PlateResult(text="", probability=0, readable=False, characters=[], reads=[read]))
