import gc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
import pytest
from av.stream import Disposition
from av.video.frame import VideoFrame

from pipeline.errors import ClipError
from pipeline.types import Image
from pipeline.video import Clip, films_in
from pipeline.video_writer import VideoWriter
from tests.factory import FRAME, stamped, write_clip, write_films

EVEN = [index / 30 for index in range(45)]
MAX_SIDE = 4096


def corner_mark(_: int) -> Image:
    """A dark picture, white in the upper left corner."""
    image = np.zeros((120, 200, 3), np.uint8)
    image[:40, :40] = 255
    return image


def small(_: int) -> Image:
    return np.full((64, 64, 3), 90, np.uint8)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx264"),
        ("a.mkv", "libx265"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.avi", "libx264"),
        ("a.ts", "libx264"),
        ("a.mts", "libx264"),
        ("a.m2ts", "libx265"),
    ],
)
def test_every_container_is_read_to_its_end(tmp_path: Path, name: str, codec: str) -> None:
    clip = Clip(write_clip(tmp_path / name, EVEN, small, codec), MAX_SIDE)
    frames = list(clip.frames())
    assert len(frames) == len(EVEN)
    assert not clip.cut_off
    assert clip.missed_s == 0
    assert clip.info.fps == pytest.approx(30, abs=0.5)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts"])
def test_each_film_of_a_recording_is_read_by_itself(tmp_path: Path, name: str) -> None:
    """Many dashcams write the front and the rear camera into one file."""
    path = write_films(tmp_path / name, (60, 180))
    assert films_in(path) == 2
    for film, shade in enumerate((60, 180)):
        clip = Clip(path, MAX_SIDE, film)
        frames = list(clip.frames())
        assert len(frames) == 45
        assert not clip.cut_off
        assert all(abs(float(frame.image.mean()) - shade) < 5 for frame in frames)
        later = next(clip.frames(1.2))
        assert later.time_s == pytest.approx(1.2, abs=0.002)
        assert abs(float(later.image.mean()) - shade) < 5


def test_a_film_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no video in it"):
        Clip(write_clip(tmp_path / "a.mp4", EVEN, small), MAX_SIDE, 1)


def test_a_still_beside_a_film_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("mjpeg", rate=30) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        for index, stream in enumerate([*streams, streams[0], streams[0]]):
            frame = av.VideoFrame.from_ndarray(small(index), format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
    assert len(av.open(str(path)).streams.video) == 2
    assert films_in(path) == 1


def test_times_are_those_of_the_container(tmp_path: Path) -> None:
    """Variable frame rate, and a first frame that is not at zero."""
    times = [0.5, 0.53, 0.6, 0.9, 0.933, 2.0]
    clip = Clip(write_clip(tmp_path / "vfr.mp4", times, small), MAX_SIDE)
    assert [frame.time_s for frame in clip.frames()] == pytest.approx([time - 0.5 for time in times], abs=0.002)


@pytest.mark.parametrize(
    ("rotation", "mirrored", "corner"),
    [
        (0, False, "upper left"),
        (90, False, "lower left"),
        (180, False, "lower right"),
        (-90, False, "upper right"),
        (0, True, "upper right"),
        (90, True, "lower right"),
        (180, True, "lower left"),
        (-90, True, "upper left"),
    ],
)
def test_rotated_and_mirrored_phone_video_stands_upright(
    tmp_path: Path, rotation: int, mirrored: bool, corner: str
) -> None:
    """The container's angle counts counter-clockwise, as FFmpeg has it."""
    phone = write_clip(tmp_path / "phone.mp4", EVEN[:5], corner_mark, rotation=rotation, mirrored=mirrored)
    clip = Clip(phone, MAX_SIDE)
    assert (clip.info.width, clip.info.height) == ((200, 120) if rotation % 180 == 0 else (120, 200))
    for frame in clip.frames():
        corners = {
            "upper left": frame.image[:20, :20],
            "upper right": frame.image[:20, -20:],
            "lower left": frame.image[-20:, :20],
            "lower right": frame.image[-20:, -20:],
        }
        assert max(corners, key=lambda name: corners[name].mean()) == corner


def test_pictures_leave_memory_at_once(tmp_path: Path) -> None:
    """Each held megabytes and a thread of FFmpeg's until garbage was collected."""
    clip = Clip(write_clip(tmp_path / "a.mp4", EVEN, small), MAX_SIDE)
    gc.collect()
    gc.disable()
    try:
        held = [(_held(), psutil.Process().num_threads()) for _ in clip.frames()]
    finally:
        gc.enable()
    pictures, threads = zip(*held, strict=True)
    assert max(pictures) < len(EVEN) / 3  # at its end the decoder gives several at once
    assert max(threads) == threads[0]


def _held() -> int:
    return sum(isinstance(one, VideoFrame) for one in gc.get_objects())


@pytest.mark.parametrize(("rotation", "size"), [(0, (320, 120)), (90, (120, 320))])
def test_pixels_that_are_wider_than_high_are_made_square(tmp_path: Path, rotation: int, size: tuple[int, int]) -> None:
    """As recorders of AVCHD write 1440 x 1080 for a picture that is 1920 wide."""
    wide = write_clip(tmp_path / "wide.mp4", EVEN[:5], corner_mark, rotation=rotation, pixel=Fraction(8, 5))
    clip = Clip(wide, MAX_SIDE)
    assert (clip.info.width, clip.info.height) == size
    assert next(clip.frames()).image.shape[1::-1] == size


def test_pixels_of_a_shape_that_no_camera_has_are_taken_for_square(tmp_path: Path) -> None:
    clip = Clip(write_clip(tmp_path / "wide.mp4", EVEN[:5], corner_mark, pixel=Fraction(200)), MAX_SIDE)
    assert (clip.info.width, clip.info.height) == (200, 120)


def test_a_part_can_be_read_from_the_middle(tmp_path: Path) -> None:
    clip = Clip(write_clip(tmp_path / "a.mp4", EVEN, small), MAX_SIDE)
    times = [frame.time_s for frame in clip.frames(start_s=1.0)]
    assert times == pytest.approx(EVEN[30:], abs=0.002)


def test_a_part_can_be_read_although_the_index_names_no_key_frame(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [0, 0.1, 0.2, 0.3])
    content = bytearray(path.read_bytes())
    entry = content.index(b"stss") + 12
    content[entry : entry + 4] = b"\x7f\xff\xff\xff"
    path.write_bytes(content)
    assert [frame.time_s for frame in Clip(path, 4096).frames(0.15)] == pytest.approx([0.2, 0.3])


@pytest.mark.parametrize(("fps", "step"), [(15, 1), (20, 2), (24, 2), (25, 2), (29.97, 2), (60, 4)])
def test_frames_between_may_be_passed_over(tmp_path: Path, fps: float, step: int) -> None:
    times = [index / fps for index in range(60)]
    clip = Clip(write_clip(tmp_path / "a.mp4", times, small), MAX_SIDE)
    frames = list(clip.frames(every_s=1 / 15))
    assert [frame.index for frame in frames] == list(range(0, 60, step))
    assert [frame.time_s for frame in frames] == pytest.approx(times[::step], abs=0.002)
    assert clip.times == pytest.approx(times, abs=0.002), "those between are known as well"


@pytest.mark.parametrize(("place", "stamp_s"), [(0, 3600), (1, 3600), (20, 3600), (43, 3600), (20, 0.7)])
def test_a_damaged_timestamp_costs_one_frame(tmp_path: Path, place: int, stamp_s: float) -> None:
    clip = Clip(stamped(tmp_path / "a.mkv", [*EVEN[:place], stamp_s, *EVEN[place + 1 :]]), MAX_SIDE)
    for _ in range(2):
        assert len(list(clip.frames())) == len(EVEN) - 1
        assert clip.times[-1] == pytest.approx(EVEN[-1], abs=0.04)
        assert clip.left_out == 1
        assert not clip.cut_off


def test_a_clip_goes_on_where_its_clock_was_set_back(tmp_path: Path) -> None:
    """As in two recordings that were joined byte by byte."""
    parts = [stamped(tmp_path / name, EVEN).read_bytes() for name in ("a.mkv", "b.mkv")]
    path = tmp_path / "joined.mkv"
    path.write_bytes(b"".join(parts))
    clip = Clip(path, MAX_SIDE)
    steps = np.diff([frame.time_s for frame in clip.frames()])
    assert len(steps) > 2 * len(EVEN) - 5
    assert steps == pytest.approx(1 / 30, abs=0.005)
    assert clip.left_out == 2 * len(EVEN) - 1 - len(steps)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_clip_goes_on_where_its_clock_was_set_forward(tmp_path: Path, name: str) -> None:
    """By more than MP4 has room for, in which the annotated video is written."""
    times = [*EVEN[:20], *(50_000 + time_s for time_s in EVEN[20:])]
    clip = Clip(write_clip(tmp_path / name, times, small), MAX_SIDE)
    again = tmp_path / "again.mp4"
    with VideoWriter(again, clip.info.fps) as writer:
        for frame in clip.frames():
            writer.write(frame.image, frame.time_s)
    assert clip.times == pytest.approx(EVEN, abs=0.005)
    assert (clip.cut_off, clip.left_out) == (False, 0)
    assert Clip(again, MAX_SIDE).info.duration_s == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize(
    ("times", "holes"),
    [
        ([*EVEN[:20], *(3 + time_s for time_s in EVEN[20:])], [(19 / 30, 3 + 20 / 30)]),
        ([*EVEN[:20], *(1.5 + time_s for time_s in EVEN[20:])], []),
        ([5.0 * index for index in range(20)], []),
        ([5.0 * index + 60 * (index > 8) for index in range(20)], [(40, 105)]),
        ([0.0], []),
    ],
    ids=["hole", "stutter", "slow", "slow with a hole", "one picture"],
)
def test_a_hole_is_long_and_longer_than_usual(
    tmp_path: Path, times: list[float], holes: list[tuple[float, float]]
) -> None:
    clip = Clip(write_clip(tmp_path / "a.mp4", times, small), MAX_SIDE)
    list(clip.frames())
    assert [pytest.approx(hole, abs=0.01) for hole in holes] == clip.holes


def test_what_was_overwritten_in_the_middle_of_a_file_is_a_hole(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.ts", [index / 10 for index in range(150)], corner_mark)
    data = bytearray(path.read_bytes())
    third = len(data) // 3 // 188 * 188  # whole packets
    data[third : 2 * third] = bytes(third)
    path.write_bytes(data)
    clip = Clip(path, MAX_SIDE)
    list(clip.frames())
    [(start_s, end_s)] = clip.holes
    assert (start_s, end_s) == (pytest.approx(5, abs=1), pytest.approx(10, abs=1.5))


def test_a_picture_every_half_hour_is_a_clip(tmp_path: Path) -> None:
    times = [1800.0 * index for index in range(5)]
    clip = Clip(write_clip(tmp_path / "a.mp4", times, small), MAX_SIDE)
    assert [frame.time_s for frame in clip.frames()] == pytest.approx(times)


def test_a_4k_frame_is_read(tmp_path: Path) -> None:
    clip = Clip(write_clip(tmp_path / "4k.mp4", EVEN[:2], lambda _: np.zeros((2160, 3840, 3), np.uint8)), MAX_SIDE)
    assert next(clip.frames()).image.shape == (2160, 3840, 3)


def test_a_clip_whose_size_changes_keeps_the_first(tmp_path: Path) -> None:
    """As recorders of calls and screens write it; boxes are pixels of one frame size."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 200, 120, "yuvj420p"
        container.start_encoding()
        for index, factor in enumerate((1, 1, 2, 2)):
            packet = av.Packet(cv2.imencode(".jpg", corner_mark(0).repeat(factor, 0).repeat(factor, 1))[1].tobytes())
            packet.stream, packet.time_base = stream, Fraction(1, 30)
            packet.pts = packet.dts = index
            container.mux(packet)
    images = [frame.image for frame in Clip(path, MAX_SIDE).frames()]
    assert [image.shape for image in images] == [(120, 200, 3)] * 4
    assert [(image[5:35, 5:35].mean() > 240, image[50:, 50:].mean() < 15) for image in images] == [(True, True)] * 4


@pytest.mark.parametrize(("kind", "codec"), [("mkv", "libx264"), ("avi", "mpeg4"), ("avi", "libx264")])
def test_a_file_cut_off_in_the_middle_is_read_as_far_as_it_goes(tmp_path: Path, kind: str, codec: str) -> None:
    rng = np.random.default_rng(0)
    whole = write_clip(
        tmp_path / f"whole.{kind}",
        [index / 30 for index in range(150)],
        lambda _: rng.integers(0, 255, (96, 96, 3), np.uint8),
        codec,
    )
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    clip = Clip(cut, MAX_SIDE)
    assert 20 < len(list(clip.frames())) < 130
    assert clip.cut_off


def with_longer_sound(path: Path, first_s: float) -> Path:
    """Two seconds of film that begin at `first_s`, and six of sound."""
    with av.open(str(path), "w") as container:
        film, sound = container.add_stream("mjpeg", rate=15), container.add_stream("pcm_s16le", rate=8000)
        film.width, film.height, film.pix_fmt = 64, 64, "yuvj420p"
        for second in range(6):
            heard = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.int16), layout="mono")
            heard.sample_rate, heard.pts = 8000, round(8000 * (first_s + second))
            container.mux(sound.encode(heard))
            for index in range(15 * second, 15 * (second + 1) if second < 2 else 0):
                seen = av.VideoFrame.from_ndarray(small(index), format="bgr24")
                seen.pts, seen.time_base = round(15 * first_s) + index, Fraction(1, 15)
                container.mux(film.encode(seen))
        container.mux(film.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
@pytest.mark.parametrize("first_s", [0, 600])
def test_a_clip_with_longer_sound_that_begins_late_is_whole(tmp_path: Path, name: str, first_s: float) -> None:
    """As one of the files that a longer recording was split into."""
    clip = Clip(with_longer_sound(tmp_path / name, first_s), MAX_SIDE)
    assert len(list(clip.frames())) == 30
    assert not clip.cut_off
    assert clip.info.duration_s == pytest.approx(2, abs=0.1)


def test_what_is_told_of_all_streams_is_not_held_against_the_film(tmp_path: Path) -> None:
    path = with_longer_sound(tmp_path / "a.mkv", 0)
    path.write_bytes(path.read_bytes().replace(b"DURATION", b"NOTHING_"))
    clip = Clip(path, MAX_SIDE)
    assert len(list(clip.frames())) == 30
    assert not clip.cut_off


@pytest.mark.parametrize("first_s", [0, 600])
def test_a_clip_with_longer_sound_may_be_cut_off_all_the_same(tmp_path: Path, first_s: float) -> None:
    path = with_longer_sound(tmp_path / "a.mkv", first_s)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 10])
    clip = Clip(path, MAX_SIDE)
    assert 0 < len(list(clip.frames())) < 15
    assert clip.cut_off


@pytest.mark.parametrize("times", [[0, 4, 8, 12], [0, 5, 10, 10.1], [0]])
def test_the_last_picture_of_a_slow_clip_is_shown_for_long(tmp_path: Path, times: list[float]) -> None:
    path = tmp_path / "slow.mp4"
    with VideoWriter(path, 0.25) as writer:
        for time_s in times:
            writer.write(FRAME, time_s)
    clip = Clip(path, MAX_SIDE)
    assert [frame.time_s for frame in clip.frames()] == pytest.approx(times, abs=0.001)
    assert not clip.cut_off


@pytest.mark.parametrize("fps", [15, 0.25])
def test_half_a_clip_is_cut_off_however_slow_it_is(tmp_path: Path, fps: float) -> None:
    path, noise = tmp_path / "half.mp4", np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    with VideoWriter(path, fps) as writer:
        for index in range(30):
            writer.write(np.roll(noise, 7 * index, 1), index / fps)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    clip = Clip(path, MAX_SIDE)
    assert 5 < len(list(clip.frames())) < 25
    assert clip.cut_off


def text(path: Path) -> None:
    path.write_text("no video at all")


def audio(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def cover(path: Path) -> None:
    """The picture on a song counts as a stream of video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        stream.disposition = Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(small(0), format="bgr24")
        frame.pts, frame.time_base = 0, Fraction(1, 30)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def unknown_codec(path: Path) -> None:
    write_clip(path, EVEN, small)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"xyz1"))


def no_frames(path: Path) -> None:
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        container.start_encoding()


def wide(path: Path) -> None:
    with av.open(str(path), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 20_000, 32, "yuvj420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 20_000, 3), np.uint8), format="bgr24")
        picture.pts, picture.time_base = 0, Fraction(1, 30)
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def playlist(path: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile {path.parent / 'secret.mp4'}\n")


def live_playlist(path: Path) -> None:
    path.write_text(f"#EXTM3U\n#EXTINF:1,\n{path.parent / 'secret.mp4'}\n#EXT-X-ENDLIST\n")


def without_index(path: Path) -> None:
    whole = write_clip(path.with_name("whole.mp4"), EVEN, small)
    path.write_bytes(whole.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "empty"),
        (text, "no video"),
        (audio, "only sound"),
        (cover, "only sound"),
        (unknown_codec, "convert it"),
        (no_frames, "no (frames|video)"),
        (wide, "20000 x 32"),
        (playlist, "no video"),
        (live_playlist, "no video"),
        (without_index, "cut off"),
    ],
)
def test_bad_input_is_told_apart(tmp_path: Path, make: Callable[[Path], object], message: str) -> None:
    write_clip(tmp_path / "secret.mp4", EVEN, small)
    path = tmp_path / "bad.mp4"
    make(path)
    assert films_in(path) == 1
    with pytest.raises(ClipError, match=message):
        Clip(path, MAX_SIDE)


@pytest.mark.parametrize("name", ["오토바이 🛵.mp4", "concat:a|b.mp4", "%d %s.mp4", "-i.mp4", 'a\' "b".mp4'])
def test_any_file_name_is_just_a_name(tmp_path: Path, name: str) -> None:
    plain = write_clip(tmp_path / "plain.mp4", EVEN, small)
    path = plain.rename(tmp_path / name)
    assert len(list(Clip(path, MAX_SIDE).frames())) == len(EVEN)
