import io
import os
from pathlib import Path

import pytest

from dashboard.text import clock, plain
from dashboard.upload import keep
from pipeline.errors import ClipError
from pipeline.settings import Settings


def test_an_upload_lies_under_the_name_of_its_content(settings: Settings) -> None:
    path, content = keep(io.BytesIO(b"frames"), "../../오토바이 🛵/x.MP4", settings)
    assert path == settings.uploads / f"{content}.mp4"
    assert path.read_bytes() == b"frames"
    assert keep(io.BytesIO(b"frames"), "other.mp4", settings) == (path, content)
    assert [one.name for one in settings.uploads.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".ts", ".mts", ".m2ts"])
def test_what_dashcams_write_is_taken_as_it_is(settings: Settings, suffix: str) -> None:
    path, content = keep(io.BytesIO(b"frames"), f"A{suffix.upper()}", settings)
    assert path == settings.uploads / f"{content}{suffix}"
    assert path.read_bytes() == b"frames"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [("a.exe", b"x", "none of"), ("a", b"x", "none of"), ("a.mp4", b"", "empty"), ("a.mp4", b"x" * 2000, "larger")],
)
def test_what_is_refused(settings: Settings, name: str, data: bytes, message: str) -> None:
    small = settings.model_copy(update={"max_upload_gb": 1e-6})
    with pytest.raises(ClipError, match=message):
        keep(io.BytesIO(data), name, small)
    assert not small.uploads.exists() or not list(small.uploads.iterdir())


def test_a_full_disk_leaves_nothing_half_written(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        keep(io.BytesIO(b"x"), "a.mp4", settings)
    assert not list(settings.uploads.iterdir())


def test_a_name_is_shown_and_does_nothing() -> None:
    assert plain("[a](javascript:x) **b** <b>\n# c") == r"\[a\]\(javascript\:x\) \*\*b\*\* \<b\> \# c"
    assert plain("오토바이") == "오토바이"


def test_places_in_a_clip() -> None:
    assert [clock(seconds) for seconds in (0, 7.9, 61, 3725)] == ["0:00", "0:07", "1:01", "1:02:05"]


def test_an_upload_is_on_the_disk_before_it_has_its_name(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def note(number: int) -> None:
        synced.append((os.fstat(number).st_size, [*settings.uploads.glob("*.mp4")]))

    monkeypatch.setattr(os, "fsync", note)
    keep(io.BytesIO(b"clip"), "clip.mp4", settings)
    assert synced == [(4, [])]
