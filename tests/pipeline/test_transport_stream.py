"""MPEG transport streams, as dashcams write them: no index, a clock that starts anywhere and wraps after 26 hours."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipeline.analyse import analyse
from pipeline.settings import Settings
from pipeline.types import Frame, Image
from pipeline.video import Clip
from tests.factory import write_clip

FPS = 30
WRAP_S = 2**33 / 90_000
BLOBS = cv2.resize(np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8), (64, 64))


def passing(index: int) -> Image:
    """Something that moves, so that each picture is made from others and differs from them."""
    return np.roll(BLOBS, 3 * index, axis=1)


def recorded(path: Path, frames: int, first_s: float = 1.4, codec: str = "libx264", key_every: int = 250) -> Path:
    times = [first_s + index / FPS for index in range(frames)]
    return write_clip(path, times, passing, codec, key_every=key_every)


def assert_evenly_spaced(frames: list[Frame], count: int) -> None:
    assert [frame.time_s for frame in frames] == pytest.approx([index / FPS for index in range(count)], abs=0.002)


def assert_read_from_any_place(path: Path, count: int) -> None:
    """What is read from a place is, to the pixel, what a reading from the beginning brings there."""
    clip = Clip(path, 4096)
    frames = list(clip.frames())
    assert_evenly_spaced(frames, count)
    assert (clip.cut_off, clip.left_out, clip.missed_s) == (False, 0, 0.0)
    for place in (1, 2, count // 3, count // 2, count - 2, count - 1):
        first = next(clip.frames(frames[place].time_s - 0.001))
        assert first.time_s == frames[place].time_s
        assert np.array_equal(first.image, frames[place].image)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video", "mpeg4"])
def test_it_is_read_from_any_place(tmp_path: Path, codec: str) -> None:
    """The key frames are eight seconds apart, with frames between them that come in another order than they show."""
    assert_read_from_any_place(recorded(tmp_path / "a.ts", 400, codec=codec), 400)


def test_its_times_are_to_the_last_bit_those_of_the_same_clip_in_mp4(tmp_path: Path) -> None:
    """Rules compare times: which crops lie 0.2 s apart must not depend on where a clock starts."""
    clips = [recorded(tmp_path / "a.ts", 100, first_s=1.4), recorded(tmp_path / "a.mp4", 100, first_s=0.0)]
    times = [[frame.time_s for frame in Clip(clip, 4096).frames()] for clip in clips]
    assert times[0] == times[1]


def test_the_clock_may_wrap(tmp_path: Path) -> None:
    assert_read_from_any_place(recorded(tmp_path / "a.ts", 400, first_s=WRAP_S - 6), 400)


@pytest.mark.parametrize("second_s", [1.4, 5000.0, 1000.0])
def test_recordings_joined_end_to_end_are_one(tmp_path: Path, second_s: float) -> None:
    """`copy /b`, whatever the clock of the second one says: the same again, later, or earlier."""
    first_s = 1.4 if second_s == 1.4 else 3000.0
    parts = [recorded(tmp_path / "1.ts", 60, first_s), recorded(tmp_path / "2.ts", 60, second_s)]
    path = tmp_path / "a.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    clip = Clip(path, 4096)
    frames = list(clip.frames())
    assert clip.left_out in (0, 2), "only where the clock was set back are two left out until that is sure"
    assert_evenly_spaced(frames, 120 - clip.left_out)
    assert not clip.cut_off


def test_a_recording_that_lost_its_power_gives_what_there_is(tmp_path: Path) -> None:
    content = recorded(tmp_path / "whole.ts", 400, key_every=30).read_bytes()
    path = tmp_path / "a.ts"
    path.write_bytes(content[: len(content) // 2 + 77])
    frames = list(Clip(path, 4096).frames())
    assert 160 < len(frames) < 240
    whole = frames[:-4]  # of the last ones some come in before those that they follow
    assert_evenly_spaced(whole, len(whole))


def test_a_recording_that_begins_between_key_frames_says_what_is_missing(settings: Settings, tmp_path: Path) -> None:
    whole = recorded(tmp_path / "whole.ts", 100, key_every=60)
    with av.open(str(whole)) as container:
        second = [packet.pos for packet in container.demux(video=0) if packet.pos][1]
    path = tmp_path / "a.ts"
    path.write_bytes(whole.read_bytes()[second:])
    clip = Clip(path, 4096)
    assert_evenly_spaced(list(clip.frames()), 40)
    assert (clip.cut_off, clip.missed_s) == (False, pytest.approx(59 / FPS, abs=0.1))
    warning = analyse(path, settings).warning
    assert warning == f"the file's beginning is cut off: its first {clip.missed_s:.1f} s could not be read"


def test_a_first_picture_without_a_timestamp_shifts_no_other_when_it_is_read_again(tmp_path: Path) -> None:
    """Else boxes from the first reading are drawn beside their riders."""
    path = recorded(tmp_path / "a.ts", 24, key_every=8)
    content = bytearray(path.read_bytes())
    flags = content.index(b"\0\0\1\xe0") + 7
    content[flags] &= 0x3F  # neither when it is shown nor when it is decoded
    path.write_bytes(content)
    clip = Clip(path, 4096)
    first, again = list(clip.frames()), list(clip.frames())
    assert_evenly_spaced(first, 24)
    assert [one.time_s for one in again] == [one.time_s for one in first]
    assert all(np.array_equal(one.image, other.image) for one, other in zip(again, first, strict=True))
    assert next(clip.frames(first[12].time_s - 0.001)).time_s == first[12].time_s
