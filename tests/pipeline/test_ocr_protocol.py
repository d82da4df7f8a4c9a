"""Pictures that come from elsewhere: measured by their header before anything of them is decoded."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.errors import HelmetWatchError
from pipeline.ocr_protocol import MAX_SIDE, MIN_SIDE, to_image


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

    monkeypatch.setattr(cv2, "imdecode", decode)


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
