"""The plate networks' data and training: what stands on a plate is in its label, and training goes on where it was."""

import argparse
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import cv2
import numpy as np
import pytest
import torch

from pipeline.errors import DatasetError, HelmetWatchError
from pipeline.plate_corners import FIND_HEIGHT, FIND_WIDTH
from pipeline.plate_formats import identify
from pipeline.plate_geometry import READ_HEIGHT, READ_WIDTH
from pipeline.plate_slots import SLOTS, decode
from pipeline.training import calibrate_plates, plate_data, plate_tracks, train_plates, typefaces
from pipeline.training.plate_data import Surroundings, write_chunk, write_patches
from pipeline.training.plate_pictures import Drawn
from pipeline.training.plate_tasks import TASKS
from pipeline.training.plate_tracks import write
from pipeline.training.plate_views import see
from pipeline.training.train_plates import main, pace, train
from pipeline.upscale import FACTOR
from tests import plates


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    try:
        typefaces.hangul()
    except HelmetWatchError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("plates")
    rng = np.random.default_rng(1)
    cv2.imwrite(str(folder / "street.jpg"), rng.integers(0, 255, (240, 320, 3), np.uint8))
    around = Surroundings([folder / "street.jpg"])
    (folder / "large").mkdir()
    write_chunk(folder / "large" / "1.npz", around, (1,), 24)
    (folder / "patches").mkdir()
    write_patches(folder / "patches" / "1.npz", around, (1,), 8)
    write(folder / "tracks", around, 2, 3, 12.0, 1.0, 1)
    return folder


def test_a_chunk_holds_plates_with_their_texts_and_corners(data: Path) -> None:
    with np.load(data / "large" / "1.npz") as chunk:
        assert chunk["find"].shape == (24, FIND_HEIGHT, FIND_WIDTH)
        assert chunk["read"].shape == (24, READ_HEIGHT, READ_WIDTH)
        assert chunk["slots"].shape == (24, SLOTS)
        texts = [decode([int(one) for one in row]) for row in chunk["slots"]]
        corners, read = chunk["corners"], chunk["read"]
    assert all(identify(text) is not None for text in texts)
    assert np.all(corners[:, 1, 0] > corners[:, 0, 0])
    assert np.all(corners[:, 3, 1] > corners[:, 0, 1])
    assert read.std(axis=(1, 2)).min() > 5


def test_patches_are_the_same_place_small_and_large(data: Path) -> None:
    with np.load(data / "patches" / "1.npz") as file:
        small, large = file["small"], file["large"]
    assert large.shape[1:] == (small.shape[1] * FACTOR, small.shape[2] * FACTOR)


def test_a_bent_plate_bows_between_its_corners() -> None:
    plate = Drawn(np.ones((110, 520), np.float32), 0.8)
    black = np.zeros((40, 80), np.uint8)
    tops = []
    for bend in (0.0, -0.2):
        rng = np.random.default_rng(1)
        seen = see(plate, 520 / 110, plates.view(40, bend=bend), black, rng)
        left, right = seen.corners[0, 0], seen.corners[1, 0]
        columns = (seen.image[:, int(left + (right - left) * share)] for share in (0.03, 0.5, 0.97))
        tops.append([int(np.argmax(column > 100)) for column in columns])
    (flat_left, flat, flat_right), (left, middle, right) = tops
    assert middle - flat >= 5
    assert abs(flat_left - left) <= 2
    assert abs(flat_right - right) <= 2


def test_tracks_lie_on_disk_with_their_labels(data: Path) -> None:
    rows = (data / "tracks" / "labels.csv").read_text().splitlines()
    assert rows[0] == "file,text,sequence"
    assert len(rows) == 1 + 2 * 3
    assert all((data / "tracks" / row.split(",")[0]).is_file() for row in rows[1:])


def options(data: Path, out: Path, minutes: float = 1e-4) -> argparse.Namespace:
    return argparse.Namespace(
        out=out, data=data, val=data, start=None, minutes=minutes, batch=8, rate=1e-3, judge_every=1000
    )


@pytest.mark.parametrize(("option", "value"), [("--size", "nan"), ("--size", "1e9"), ("--size", "0"), ("--seed", "-1")])
def test_tracks_that_cannot_be_drawn_are_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    drawn = ["--out", str(tmp_path / "tracks"), "--around", str(data / "street.jpg"), "--count", "1", "--frames", "1"]
    assert plate_tracks.main([*drawn, "--size", "12", "--seed", "3"]) == 0
    with pytest.raises(SystemExit):
        plate_tracks.main([*drawn, option, value])
    assert f"{value} is not " in capsys.readouterr().err


@pytest.mark.parametrize(("task", "folder"), [("reader", "large"), ("corners", "large"), ("upscaler", "patches")])
def test_training_moves_weights_and_goes_on_where_it_was_cut_off(
    data: Path, tmp_path: Path, task: str, folder: str
) -> None:
    train(TASKS[task], options(data / folder, tmp_path))
    first = torch.load(tmp_path / "state.pt", weights_only=True)
    assert first["step"] >= 1
    train(TASKS[task], options(data / folder, tmp_path, first["spent"] / 60 + 1e-4))
    second = torch.load(tmp_path / "state.pt", weights_only=True)
    assert second["step"] > first["step"]
    moved = [not torch.equal(second["network"][name], one) for name, one in first["network"].items()]
    assert any(moved)
    TASKS[task].network().load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))


def test_a_finished_run_stays_as_it_is(data: Path, tmp_path: Path) -> None:
    ran = options(data / "large", tmp_path)
    before = train(TASKS["corners"], ran).read_bytes()
    assert train(TASKS["corners"], ran).read_bytes() == before


def test_a_disk_that_is_full_leaves_the_weights_of_before(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, write = train(TASKS["corners"], options(data / "large", tmp_path)), Path.write_bytes
    before = weights.read_bytes()

    def fill_up(path: Path, content: bytes) -> int:
        write(path, content[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(train_plates, "_SAVE_EVERY_S", 0.0)
    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        train(TASKS["corners"], options(data / "large", tmp_path, 1.0))
    assert weights.read_bytes() == before


def test_the_learning_rate_rises_and_comes_down_to_its_end() -> None:
    steps = [pace(share / 100) for share in range(101)]
    assert steps[0] < 0.1
    assert max(steps) == pytest.approx(1.0, abs=0.01)
    assert steps[-1] == 1e-3
    assert all(later <= before for before, later in itertools.pairwise(steps[4:]))


def test_bad_input_is_told_in_a_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chunks, empty = str(data / "large"), tmp_path / "empty"
    empty.mkdir()
    (damaged := tmp_path / "damaged").mkdir()
    (damaged / "1.npz").write_bytes((data / "large" / "1.npz").read_bytes()[:1000])
    torch.save(TASKS["corners"].network().state_dict(), tmp_path / "corners.pt")

    def told(*more: str, data: str = chunks, val: str = chunks, out: str = "out") -> str:
        places = ["--data", data, "--val", val, "--out", str(tmp_path / out), "--minutes", "0.0001", "--batch", "8"]
        assert main(["reader", *places, *more]) == 1
        line = capsys.readouterr().err.strip()
        assert len(line.splitlines()) == 1
        return line

    assert "plate_data" in told(data=str(empty))
    assert "plate_data" in told(val=str(tmp_path / "nowhere"))
    assert "take it out" in told(data=str(damaged))
    assert "read" in told(data=str(data / "patches"))
    assert "smaller --batch" in told("--batch", "25")
    assert "another network" in told("--start", str(tmp_path / "corners.pt"))
    assert "no such file" in told("--start", str(tmp_path / "none.pt"))
    train(TASKS["corners"], options(data / "large", tmp_path / "corners"))
    assert "another network" in told(out="corners")
    torch.save([1], tmp_path / "corners" / "state.pt")
    assert "another network" in told(out="corners")
    train(TASKS["reader"], options(data / "large", tmp_path / "reader"))
    assert "other weights to start from" in told("--start", str(tmp_path / "reader" / "weights.pt"), out="reader")


def test_where_no_street_is_there_to_put_plates_into(tmp_path: Path) -> None:
    (tmp_path / "street.jpg").write_text("none")
    with pytest.raises(DatasetError, match="no picture there that can be read"):
        Surroundings([tmp_path])
    with pytest.raises(DatasetError, match="nowhere is missing"):
        Surroundings([tmp_path / "nowhere"])


@pytest.mark.parametrize("name", ["street.JPG", "street.png", "below/street.jpeg"])
def test_streets_may_be_pictures_of_any_kind(tmp_path: Path, name: str) -> None:
    (tmp_path / "below").mkdir()
    cv2.imwrite(str(tmp_path / name), np.full((240, 320, 3), 77, np.uint8))
    assert Surroundings([tmp_path]).draw(np.random.default_rng(1)).size


def test_the_name_of_a_street_may_be_garbled(tmp_path: Path) -> None:
    picture = cv2.imencode(".png", np.full((240, 320, 3), 77, np.uint8))[1]
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff.png")).write_bytes(picture.tobytes())
    (tmp_path / "empty.png").touch()
    assert Surroundings([tmp_path]).draw(np.random.default_rng(1)).size


def test_too_few_tracks_choose_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate_plates.main(["--labels", str(data / "tracks" / "labels.csv")]) == 1
    assert capsys.readouterr().err == "2 tracks are too few to choose by: 20 at least\n"


def test_streets_of_a_pixel_are_left_out(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "pixel.png"), np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(DatasetError, match="no picture there that can be read"):
        Surroundings([tmp_path])
    cv2.imwrite(str(tmp_path / "small.png"), np.zeros((2, 2, 3), np.uint8))
    assert all(Surroundings([tmp_path]).draw(np.random.default_rng(seed)).size for seed in range(20))


def test_chunks_of_the_other_kind_are_not_taken_for_those_that_were_asked_for(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "large" / "001-0000.npz").hardlink_to(data / "large" / "1.npz")
    whole = ["--out", str(data / "large"), "--around", str(data / "street.jpg"), "--chunks", "1"]
    assert plate_data.main(whole) == 0
    assert plate_data.main([*whole, "--patches"]) == 1
    assert "001-0000.npz is there and of the other kind (--patches): name a new --out" in capsys.readouterr().err


def test_tracks_for_which_the_disk_is_full_are_told(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "write_bytes", Mock(side_effect=OSError("No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, Surroundings([data / "street.jpg"]), 1, 2, 12.0, 1.0, 1)
