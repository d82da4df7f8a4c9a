import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
import yaml
from PIL import Image
from ultralytics import YOLO
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel

from pipeline.errors import DatasetError, WeightsError
from pipeline.training.dataset import merge
from pipeline.types import CLASS_NAMES


def command(data: Path, start: Path, out: Path, hours: float) -> list[str]:
    """In a process of its own, as it is used: ultralytics reads its settings when it is imported."""
    paths = ["--data", str(data), "--start", str(start), "--out", str(out)]
    size = ["--size", "64", "--batch", "4", "--hours", str(hours)]
    return [sys.executable, "-m", "pipeline.training.train", "--stage", "1", "--model", "n", *paths, *size]


def test_a_run_that_was_cut_off_goes_on_and_ends_in_time(street_set: Path, tmp_path: Path) -> None:
    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    start, out = tmp_path / "start.pt", tmp_path / "run"
    YOLO("yolo11n.yaml").save(start)

    with subprocess.Popen(command(data, start, out, hours=1), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        give_up = time.monotonic() + 300
        while not (out / "weights" / "last.pt").exists() or _record(out)["epochs"] < 2:
            assert run.poll() is None, run.stderr and run.stderr.read().decode()
            assert time.monotonic() < give_up
            time.sleep(0.1)
        run.kill()
    cut_off = _record(out)
    assert not cut_off["finished"]

    with pytest.raises(subprocess.CalledProcessError) as refused:
        other = [*command(data, start, out, hours=1), "--rate", "0.01"]
        subprocess.run(other, check=True, capture_output=True, text=True, timeout=300)
    assert f"{out} began with other settings (lr0)" in refused.value.stderr

    label = next((data.parent / "street" / "train" / "labels").glob("*.txt"))
    kept = label.read_text()
    label.write_text("")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        subprocess.run(command(data, start, out, hours=1), check=True, capture_output=True, text=True, timeout=300)
    assert f"has changed since {out} began" in refused.value.stderr
    label.write_text(kept)

    subprocess.run(command(data, start, out, hours=0.0001), check=True, capture_output=True, timeout=300)
    ended = _record(out)
    assert ended["finished"]
    assert yaml.safe_load((out / "args.yaml").read_text())["close_mosaic"] > 1, "as it was last"
    assert cut_off["epochs"] < ended["epochs"] <= cut_off["epochs"] + 2, "it goes on, and the time is up at once"
    assert ended["seconds"] > cut_off["seconds"]
    assert len(ended["data_sha256"]) == len(ended["start_sha256"]) == 64

    model = YOLO(out / "weights" / "last.pt").model
    assert tuple(model.names[i] for i in sorted(model.names)) == CLASS_NAMES, "ignored regions are no classes"
    assert all(torch.isfinite(weight).all() for weight in model.state_dict().values())


def _record(out: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((out / "run.json").read_text())
        return record
    except (FileNotFoundError, json.JSONDecodeError):  # not there yet, or just being written
        return {"epochs": 0}


def test_a_run_is_finished_once_its_last_pass_is_saved_and_says_so_to_who_wants_another(
    street_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.training.train import settings_of, train
    from pipeline.training.trainer import Trainer

    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    start, out = tmp_path / "start.pt", tmp_path / "run"
    YOLO("yolo11n.yaml").save(start)
    look = Trainer.final_eval

    def train_it(start: Path | None = start, passes: int = 1) -> Path:
        return train(settings_of(1, "n", 64, 4, 0.001, "cpu"), [], data, start, out, passes=passes)

    def cut_off(trainer: Trainer) -> None:
        look(trainer)
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "final_eval", cut_off)
    with pytest.raises(KeyboardInterrupt):
        train_it()
    last = train_it()
    assert last == out / "weights" / "last.pt"
    with pytest.raises(WeightsError, match="is finished: to train longer, name a new --out"):
        train_it(passes=2)
    with pytest.raises(WeightsError, match="began with other weights to start from"):
        train_it(start=None)
    label = next((data.parent / "street" / "train" / "labels").glob("*.txt"))
    label.write_text("")
    with pytest.raises(DatasetError, match="has changed since"):
        train_it()
    (out / "run.json").unlink()
    with pytest.raises(WeightsError, match="no record of its run"):
        train_it()
    assert sorted(path.name for path in last.parent.iterdir()) == ["best.pt", "last.pt"]


def test_a_disk_that_is_full_costs_a_pass_and_not_the_run(
    street_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.training.train import settings_of, train

    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    out, write, passes = Path(), Path.write_bytes, settings_of(1, "n", 64, 4, 0.001, "cpu")  # in the run's folder
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")

    def fill_up(path: Path, content: bytes) -> int:
        if _record(out)["epochs"]:
            write(path, content[:1000])
            raise OSError("No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        train(passes, [], data, None, out, passes=2)
    monkeypatch.setattr(Path, "write_bytes", write)
    train(passes, [], data, None, out, passes=2)
    assert _record(out)["epochs"] == 2


def test_a_run_goes_on_where_ultralytics_has_mended_a_picture(street_set: Path, tmp_path: Path) -> None:
    """It writes JPEGs anew that end with something else, as many phones' do."""
    from pipeline.training.train import settings_of, train

    picture = tmp_path / "root/street/train/images/s0.png"
    Image.open(picture).save(picture.with_suffix(".jpg"))
    picture.unlink()
    with picture.with_suffix(".jpg").open("ab") as file:
        file.write(b"SEFT")
    data, out = merge([street_set], tmp_path / "root", tmp_path / "data", None), tmp_path / "run"
    passes = settings_of(1, "n", 64, 4, 0.001, "cpu")
    train(passes, [], data, None, out, passes=1)
    assert not (data.parent / "street/train/images/s0.jpg").is_symlink()
    assert train(passes, [], data, None, out, passes=1) == out / "weights" / "last.pt"


@pytest.mark.parametrize(
    "changes", [{"names": list(CLASS_NAMES[::-1])}, {"path": "."}, {"val": []}, {"names": list(CLASS_NAMES[:2])}]
)
def test_a_data_set_that_training_would_take_for_another_is_refused(
    street_set: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    from pipeline.training.train import data_sum

    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    assert len(data_sum(data)) == 64
    data.write_text(yaml.safe_dump(yaml.safe_load(data.read_text()) | changes))
    with pytest.raises(DatasetError, match="is no merged data set"):
        data_sum(data)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--model", "ns", "invalid choice: 'ns'"),
        ("--hours", "nan", "nan is none: a number above 0"),
        ("--rate", "7", "7 is not between 0 and 1"),
        ("--batch", "0", "0 is not a whole number above 0"),
        ("--size", "x", "x is not a whole number above 0"),
        ("--device", "99", "99 is not to be had here: name cpu"),
    ],
)
def test_options_that_no_run_can_have_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, says: str
) -> None:
    from pipeline.training.train import main

    whole = [*command(tmp_path / "data.yaml", tmp_path / "start.pt", tmp_path / "run", 1)[3:], option, value]
    with pytest.raises(SystemExit):
        main(whole)
    assert says in capsys.readouterr().err


def test_a_run_that_never_began_leaves_no_folder(street_set: Path, tmp_path: Path) -> None:
    from pipeline.training.train import settings_of, train

    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    with pytest.raises(ValueError, match="99"):
        train(settings_of(1, "n", 64, 4, 0.001, "99"), [], data, None, tmp_path / "run", passes=1)
    assert not (tmp_path / "run").exists()


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    from pipeline.training.train import check_start

    start = tmp_path / "start.pt"
    YOLO("yolo11n.yaml").save(start)
    check_start(start, "n")
    with pytest.raises(WeightsError, match="is no YOLO11s"):
        check_start(start, "s")
    with pytest.raises(WeightsError, match="no such file"):
        check_start(tmp_path / "yolo11n.pt", "n")
    YOLO("yolov8n.yaml").save(start)
    with pytest.raises(WeightsError, match="is no YOLO11n"):
        check_start(start, "n")


@pytest.mark.parametrize(("processor", "numbers"), [("AVX512", torch.bfloat16), ("AVX2", torch.float32)])
def test_numbers_are_short_where_the_processor_has_such(
    monkeypatch: pytest.MonkeyPatch, processor: str, numbers: torch.dtype
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: processor)
    assert {one.dtype for one in begun_on_cpu().predict(torch.zeros(1, 3, 64, 64))["feats"]} == {numbers}


def test_a_run_takes_all_cores_whichever_module_loaded_ultralytics_first() -> None:
    torch.set_num_threads(1)
    begun_on_cpu()
    assert torch.get_num_threads() == os.cpu_count()


def begun_on_cpu() -> DetectionModel:
    """A model as it is when the first batch comes."""
    from pipeline.training import trainer

    model = DetectionModel("yolo11n.yaml", nc=4, verbose=False)
    model.args = get_cfg()
    trainer.begin(cast("trainer.Trainer", SimpleNamespace(model=model, device=torch.device("cpu"), run={})))
    return model


def shown(images: Path, often: int) -> Any:
    """The pictures that training shows of a folder."""
    from pipeline.training.augment import Dataset
    from pipeline.training.train import settings_of

    return Dataset(
        img_path=str(images),
        imgsz=64,
        augment=True,
        hyp=get_cfg(overrides=settings_of(1, "n", 64, 4, 0.001, "cpu")),
        task="detect",
        data={"names": dict(enumerate(CLASS_NAMES)), "channels": 3},
        bare_often=often,
    )


def test_a_picture_that_ultralytics_would_pass_over_is_told(street_set: Path, tmp_path: Path) -> None:
    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    images = data.parent / "street" / "train" / "images"
    for lost, path in enumerate(sorted(images.iterdir()), 1):
        path.unlink()
        Image.new("RGB", (9, 9)).save(path)
        says = rf"{lost} pictures cannot .*s0\.png" if lost < 8 else "(?s)no picture can .* <10 pixels"
        with pytest.raises(DatasetError, match=says):
            shown(images, 1)


def test_pictures_with_bare_heads_are_shown_three_times(street_set: Path, tmp_path: Path) -> None:
    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    labels = sorted((data.parent / "street" / "train" / "labels").glob("*.txt"))
    labels[0].write_text("2 0.5 0.5 0.1 0.1\n")
    seen = {often: shown(data.parent / "street" / "train" / "images", often) for often in (1, 3)}
    assert len(seen[1]) == len(labels)
    assert len(seen[3]) == 3 * (len(labels) - 1) + 1
    counts = Counter(Path(one["im_file"]).stem for one in seen[3].labels)
    assert counts.pop(labels[0].stem) == 1
    assert set(counts.values()) == {3}


def test_a_picture_without_a_label_file_is_told(street_set: Path, tmp_path: Path) -> None:
    from pipeline.training.train import data_sum

    data = merge([street_set], tmp_path / "root", tmp_path / "data", None)
    (tmp_path / "data" / "street" / "train" / "labels" / "s3.txt").unlink()
    with pytest.raises(DatasetError, match=r"s3\.png has no label file .*s3\.txt: if nothing is in it, write an empty"):
        data_sum(data)
