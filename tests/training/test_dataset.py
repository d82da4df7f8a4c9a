import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.errors import DatasetError
from pipeline.training import dataset
from pipeline.training.dataset import main, merge
from pipeline.training.sets import read_spec
from pipeline.training.truth import read_truth
from pipeline.types import Box, Label


def change(file: Path, **changes: object) -> Path:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))
    return file


def test_a_set_comes_out_as_it_went_in_with_contact_sheets(street_set: Path, tmp_path: Path) -> None:
    data = merge([street_set], tmp_path / "root", tmp_path / "out", None)
    train, val = read_truth(data, "train"), read_truth(data, "val")
    assert (len(train), len(val)) == (8, 4)
    assert [int(one.label) for one in train[0].labels] == [0, 1, 3, 0, 2]
    assert not any(one.ignored for truth in train for one in truth.labels)
    assert len(list((tmp_path / "out/sheets").glob("street_*.jpg"))) == 4


def test_what_a_set_does_not_cover_is_ignored_in_training_and_recorded(street_set: Path, tmp_path: Path) -> None:
    data = merge([change(street_set, covers=["rider", "with helmet"])], tmp_path / "root", tmp_path / "out", None)
    truth = read_truth(data, "train")[0]
    everywhere = Box(0, 0, 160, 120)
    assert truth.of(Label.WITHOUT_HELMET)[1][0].iou(everywhere) > 0.99
    assert truth.of(Label.PLATE)[1][0].iou(everywhere) > 0.99
    assert truth.of(Label.RIDER)[1] == []
    assert truth.covers == {Label.RIDER, Label.WITH_HELMET}
    val = read_truth(data, "val")[0]
    assert not any(one.ignored for one in val.labels), "val is judged by covers, not by regions"


def test_a_second_look_beside_the_file_of_a_set_applies(street_set: Path, tmp_path: Path) -> None:
    label = (tmp_path / "root/street/train/labels/s0.txt").read_text().splitlines()[1].split()
    row = f"s0.png,{float(label[1]):.3f},{float(label[2]):.3f},with helmet\n"
    street_set.with_suffix(".csv").write_text("file,x,y,label\n" + row)
    data = merge([street_set], tmp_path / "root", tmp_path / "out", None)
    first = next(one for one in read_truth(data, "train") if one.path.stem == "s0")
    assert [int(one.label) for one in first.labels] == [0, 2, 3, 0, 2]


def test_a_head_that_a_second_look_found_is_trained_on_and_not_judged_by(street_set: Path, tmp_path: Path) -> None:
    plain = merge([street_set], tmp_path / "root", tmp_path / "plain", None)
    names = [truth.path.name for split in ("train", "val") for truth in read_truth(plain, split)]
    rows = "".join(f"{name},0.5,0.9,without helmet,0.05,0.05\n" for name in names)
    street_set.with_suffix(".csv").write_text("file,x,y,label,width,height\n" + rows)
    data = merge([street_set], tmp_path / "root", tmp_path / "out", None)
    added = {
        split: [truth.labels[-1] for truth in read_truth(data, split)] for split in ("train", "val")
    }  # fmt: skip
    assert {(one.label, one.ignored) for one in added["train"]} == {(Label.WITHOUT_HELMET, False)}
    assert {(one.label, one.ignored) for one in added["val"]} == {(Label.WITHOUT_HELMET, True)}


def test_a_swapped_order_is_refused_and_its_sheets_are_there_to_see(
    street_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(street_set, names=["number plate", "without helmet", "with helmet", "rider"])
    root, out = str(tmp_path / "root"), tmp_path / "out"
    assert main(["--root", root, "--out", str(out), "--set", str(street_set)]) == 1
    assert "street: its classes look mixed up" in capsys.readouterr().err
    assert len(list((out / "sheets").glob("street_*.jpg"))) == 4
    change(street_set, names=["rider", "without helmet", "with helmet", "number plate"])
    assert main(["--root", root, "--out", str(out), "--set", str(street_set)]) == 0, "the same command, mended"


def test_a_teacher_needs_somebody_who_vouches_for_motorcycles(
    street_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ["--root", str(tmp_path / "root"), "--out", str(tmp_path / "out"), "--set", str(street_set)]
    with pytest.raises(SystemExit):
        main([*paths, "--teacher", str(tmp_path)])
    assert "--teacher needs --coco" in capsys.readouterr().err


def test_the_file_of_a_set_that_the_help_shows_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(str(dataset.__doc__).split("knows more):\n")[1])
    spec = read_spec(tmp_path / "mine.yaml")
    assert (spec.name, spec.map["Dog"], len(spec.covers)) == ("mine", None, 3)


def test_a_folder_with_something_in_it_is_not_written_into(street_set: Path, tmp_path: Path) -> None:
    merge([street_set], tmp_path / "root", tmp_path / "out", None)
    with pytest.raises(DatasetError, match="is not empty"):
        merge([street_set], tmp_path / "root", tmp_path / "out", None)


def test_pictures_of_one_name_keep_their_own_labels(street_set: Path, tmp_path: Path) -> None:
    images = tmp_path / "root/street/train/images"
    (images / "s0.bmp").write_bytes((images / "s1.png").read_bytes())
    data = merge([street_set], tmp_path / "root", tmp_path / "out", None)
    names = [truth.path.name for truth in read_truth(data, "train")]
    assert len(names) == 9
    assert len({Path(name).stem for name in names}) == 9


def test_two_files_of_one_set_are_refused(street_set: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="two files are of a set called street"):
        merge([street_set, street_set], tmp_path / "root", tmp_path / "out", None)


def test_a_set_to_leave_out_has_to_be_one(street_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = ["--root", str(tmp_path / "root"), "--out", str(tmp_path / "out"), "--set", str(street_set)]
    assert main([*paths, "--without", "streets"]) == 1
    assert "there is no set streets to leave out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_who_stops_a_command_gets_no_traceback(
    street_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.training.dataset.split", stop)
    paths = ["--root", str(tmp_path / "root"), "--out", str(tmp_path / "out"), "--set", str(street_set)]
    assert main(paths) == 130
    assert capsys.readouterr().err.endswith("stopped\n")


def test_a_path_that_is_no_utf8_is_told_as_it_is() -> None:
    told = "import os; from pipeline.training.command import report; report(lambda: [os.fsdecode(b'/\\xff')])"
    strict = os.environ | {"PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run([sys.executable, "-c", told], env=strict, check=True, capture_output=True, timeout=60)
    assert done.stdout == b"/\xff\n"
