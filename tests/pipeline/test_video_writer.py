import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.settings import ROOT
from pipeline.video import Clip
from pipeline.video_writer import VideoWriter
from tests.factory import FRAME

MAX_SIDE = 4096


def test_what_is_written_plays_in_a_browser_at_once(tmp_path: Path) -> None:
    """H.264, 4:2:0, the index before the pictures, odd sides cut, times kept."""
    path = tmp_path / "out.mp4"
    times = [0.0, 0.1, 0.15, 0.4]
    with VideoWriter(path, 30) as writer:
        for time_s in times:
            writer.write(FRAME[:539, :959], time_s)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (958, 538)
    assert [frame.time_s for frame in Clip(path, MAX_SIDE).frames()] == pytest.approx(times, abs=0.001)


def test_colours_survive_writing(tmp_path: Path) -> None:
    path = tmp_path / "red.mp4"
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 2] = 200
    with VideoWriter(path, 30) as writer:
        writer.write(red, 0.0)
    assert np.abs(next(Clip(path, MAX_SIDE).frames()).image.astype(int) - red).mean() < 8


_NO_ROOM = """
import resource, sys
import numpy as np
from pathlib import Path
from pipeline.video_writer import VideoWriter

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # as on a full disk, not a byte can be written
writer, noise = VideoWriter(Path(sys.argv[1]), 10), np.random.default_rng(0).integers(0, 255, (540, 960, 3), np.uint8)
try:
    for index in range(int(sys.argv[2])):
        writer.write(noise, index / 10)
    writer.close()
except OSError as error:
    print(error)
writer.close()
print("goes on")
"""


@pytest.mark.parametrize("frames", [1, 60])
def test_a_video_that_finds_no_room_does_not_end_the_process(tmp_path: Path, frames: int) -> None:
    command = [sys.executable, "-c", _NO_ROOM, str(tmp_path / "video.mp4"), str(frames)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "File too large" in done.stdout
    assert "goes on" in done.stdout


def test_a_folder_whose_name_looks_like_a_protocol_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder may be called by a time of day."""
    monkeypatch.chdir(tmp_path)
    Path("10:30").mkdir()
    with VideoWriter(Path("10:30") / "clip.mp4", 10) as video:
        video.write(FRAME, 0.0)
    assert Clip(Path("10:30") / "clip.mp4", MAX_SIDE).info.width == FRAME.shape[1]
