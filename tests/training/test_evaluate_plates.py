"""What the evaluation of plates reads, counts and prints."""

import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import HelmetWatchError
from pipeline.plate_formats import CAR_7, MOTORCYCLE_2026
from pipeline.settings import ROOT
from pipeline.training.evaluate_plates import Result, character_accuracy, main, scores
from pipeline.training.plate_labels import Track, read_labels, without_damaged
from pipeline.types import Plate
from tests import plates


def written(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / name), np.full((20, 60, 3), 200, np.uint8))


def labels(folder: Path, *rows: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_every_picture_is_a_track_where_no_sequences_are_asked_for(tmp_path: Path) -> None:
    written(tmp_path, "a_1.png", "a_2.png")
    path = labels(tmp_path, "file,text", "a_1.png,12가 3456", "a_2.png,12가3456")
    assert [(one.name, one.text) for one in read_labels(path, sequences=False)] == [
        ("a_1.png", "12가3456"),
        ("a_2.png", "12가3456"),
    ]


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("file,text,sequence", ("x.png,12가3456,a", "y.png,12가3456,a", "z.png,1나2345,b")),
        ("file,text", ("a/1.png,12가3456", "a/2.png,12가3456", "b/1.png,1나2345")),
        ("file,text", ("a_01.png,12가3456", "a_02.png,12가3456", "b_01.png,1나2345")),
        ("file,text", ("a,12가3456", "b,1나2345")),
        ("file,text", ("a\\1.png,12가3456", "a\\2.png,12가3456", "b\\1.png,1나2345")),
    ],
    ids=["column", "folder", "name", "folder as file", "folder on Windows"],
)
def test_what_makes_a_sequence(tmp_path: Path, header: str, rows: tuple[str, ...]) -> None:
    names = [row.split(",")[0].replace("\\", "/") for row in rows]
    written(tmp_path, *(["a/1.png", "a/2.png", "b/1.png"] if names == ["a", "b"] else names))
    tracks = read_labels(labels(tmp_path, header, *rows), sequences=True)
    assert [(one.text, len(one.files)) for one in tracks] == [("12가3456", 2), ("1나2345", 1)]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (("picture,text", "a.png,1"), "columns file and text"),
        (("file,text",), "columns file and text"),
        (("file;text", "a.png;12가3456"), "columns .* separated by commas"),
        (("file,text", "gone.png,12가3456"), "no such picture"),
        (("file,text,sequence", "a.png,12가3456,1", "b.png,1나2345,1"), "has the texts"),
        (("file,text,sequence", "a.png,12가3456,1", "b.png,12가3456,"), "a.png has a sequence and b.png has none"),
        (("file,text", "a.png,12가3456", "b.png,12가3456"), "none are one track by their names"),
    ],
)
def test_labels_that_cannot_be_used_are_told(tmp_path: Path, rows: tuple[str, ...], reason: str) -> None:
    written(tmp_path, "a.png", "b.png")
    with pytest.raises(HelmetWatchError, match=reason):
        read_labels(labels(tmp_path, *rows), sequences=True)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("\ufefftext,file", "12가 3456,자른 것/하나 1.png"),
        ("Text , File", '"12가 3456", "자른 것/하나 1.png"'),
        ("file,text", unicodedata.normalize("NFD", "자른 것/하나 1.png,12가3456")),
        ("file,note,text", '자른 것/하나 1.png,"a, b",１２가·３４５６'),
    ],
)
def test_lists_of_others_are_read(tmp_path: Path, header: str, row: str) -> None:
    written(tmp_path, "자른 것/하나 1.png")
    path = labels(tmp_path, header, row, "", "," * header.count(","))  # an empty row as Excel leaves it
    (track,) = read_labels(path, sequences=False)
    assert (track.text, track.files) == ("12가3456", (tmp_path / "자른 것/하나 1.png",))
    absolute = labels(tmp_path, "file,text", f"{tmp_path}/자른 것/하나 1.png,12가3456")
    assert read_labels(absolute, sequences=True)[0].files == track.files


@pytest.mark.parametrize("row", [",12가3456", "a.png,", "a.png", "a.png, ", "a.png,12가,3456"])
def test_a_row_that_says_too_little_or_too_much_is_named(tmp_path: Path, row: str) -> None:
    written(tmp_path, "a.png", "b.png")
    with pytest.raises(HelmetWatchError, match=r"labels\.csv, line 3: a row needs a file and a text"):
        read_labels(labels(tmp_path, "file,text", "b.png,12가3456", row), sequences=True)


def test_korean_excel_is_told_to_save_as_utf_8(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes("file,text\na.png,12가3456\n".encode("cp949"))
    with pytest.raises(HelmetWatchError, match="save it as UTF-8"):
        read_labels(tmp_path / "labels.csv", sequences=False)


def test_frames_come_in_the_order_of_their_numbers_each_once(tmp_path: Path) -> None:
    names = [f"t.1/f{number}.png" for number in (10, 9, 2, 2)]
    written(tmp_path, *names)
    for rows in ([f"{name},12가3456" for name in names], ["t.1,12가3456"]):
        (track,) = read_labels(labels(tmp_path, "file,text", *rows), sequences=True)
        assert [file.name for file in track.files] == ["f2.png", "f9.png", "f10.png"]
    with pytest.raises(HelmetWatchError, match="is a folder: name its pictures"):
        read_labels(tmp_path / "labels.csv", sequences=False)


@pytest.mark.parametrize("rows", [("a/1.png,12가3456", "b/1.png,12가3456"), ("a,12가3456", "b,12가3456")])
def test_two_tracks_of_one_frame_may_be_of_one_plate(tmp_path: Path, rows: tuple[str, ...]) -> None:
    written(tmp_path, "a/1.png", "b/1.png")
    assert len(read_labels(labels(tmp_path, "file,text", *rows), sequences=True)) == 2


def test_a_folder_stands_for_all_pictures_in_it_and_below(tmp_path: Path) -> None:
    written(tmp_path, "a/1.png", "a/2.tif", "a/3.JPEG", "a/more/4.png")
    (tmp_path / "a/1.png").rename(tmp_path / "a/1.jfif")
    (track,) = read_labels(labels(tmp_path, "file,text", "a,12가3456"), sequences=True)
    assert [file.name for file in track.files] == ["1.jfif", "2.tif", "3.JPEG", "4.png"]


def test_folders_are_tracks_whatever_their_names(tmp_path: Path) -> None:
    written(tmp_path, "all/t.1/a.png", "all/t.2/a.png")
    tracks = read_labels(labels(tmp_path, "file,text", "all/t.1,12가3456", "all/t.2,12가3456"), sequences=True)
    assert [one.name for one in tracks] == ["all/t.1", "all/t.2"]


def test_what_is_no_picture_is_left_out_and_named(tmp_path: Path) -> None:
    written(tmp_path, "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:60])
    rows = ("a.png,12가3456", "b.png,12가3456")
    tracks, damaged = without_damaged(read_labels(labels(tmp_path, "file,text", *rows), sequences=False))
    assert [one.name for one in tracks] == ["a.png"]
    assert damaged == [tmp_path / "b.png"]
    (tmp_path / "a.png").write_text("")
    with pytest.raises(HelmetWatchError, match="none of the pictures can be read"):
        without_damaged(tracks)


def test_characters_are_counted_by_edits() -> None:
    assert character_accuracy("12가3456", "12가3456") == 1.0
    assert character_accuracy("12나3456", "12가3456") == pytest.approx(6 / 7)
    assert character_accuracy("112가3456", "12가3456") == pytest.approx(6 / 7)
    assert character_accuracy("", "12가3456") == 0.0


def test_figures_tell_sure_from_right() -> None:
    def result(text: str, probability: float, readable: bool) -> Result:
        track = Track("a", "12가3456", (Path("a"),))
        return Result(track, Plate(text, probability, readable, (), ()), 2, 0.02)

    found = scores([result("12가3456", 0.99, True), result("12나3456", 0.97, True), result("12가3456", 0.5, False)])
    assert found["exact_match"] == pytest.approx(2 / 3, abs=1e-4)
    assert (found["over_0.95"], found["over_0.95_and_right"], found["readable_and_right"]) == (2, 0.5, 0.5)
    assert found["ms_per_crop"] == 10.0


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    rows = []
    for kind, text in ((MOTORCYCLE_2026, "4두95871"), (CAR_7, "12나3456")):
        for number, crop in enumerate(plates.track(kind, text, 3, plates.view(28))):
            name = f"{text[-4:]}_{number}.png"
            cv2.imwrite(str(tmp_path / name), crop.image)
            rows.append(f"{name},{text},{text}")
    path = labels(tmp_path, "file,text,sequence", *rows)
    command = [sys.executable, "-m", "pipeline.training.evaluate_plates", "--labels", str(path), "--json"]
    done = subprocess.run([*command, "--sequences"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["plates"] == 2
    assert figures["exact_match"] == 1.0
    assert {"character_accuracy", "ms_per_crop", "single_frame_exact_match", "frames"} <= set(figures)


def test_a_long_track_is_read_as_a_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plate comes near at its end."""
    names = [f"far_{number}.png" for number in range(40)]
    written(tmp_path, *names)
    for number, crop in enumerate(plates.track(CAR_7, "12나3456", 3, plates.view(28)), len(names)):
        names.append(f"far_{number}.png")
        cv2.imwrite(str(tmp_path / names[-1]), crop.image)
    path = labels(tmp_path, "file,text", *(f"{name},12나3456" for name in names))
    for more, exact, frames in (([], 1.0, 43), (["--frames", "40"], 0.0, 40)):
        assert main(["--labels", str(path), "--sequences", "--json", *more]) == 0
        figures = json.loads(capsys.readouterr().out)
        assert (figures["exact_match"], figures["frames"]) == (exact, frames)


def test_a_missing_list_is_told_without_a_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.training.evaluate_plates", "--labels", str(tmp_path / "none.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1
    assert "none.csv cannot be read" in done.stderr
    assert "Traceback" not in done.stderr
