import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.training.sets import Picture, Split
from pipeline.training.split import split


def scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 255, (12, 16, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC)


def picture(path: Path, image: np.ndarray, side: Split | None = None) -> Picture:
    assert cv2.imwrite(str(path), image)
    return Picture(path, side, image.shape[1], image.shape[0], ())


def test_near_duplicates_fall_on_one_side(tmp_path: Path) -> None:
    pictures = []
    for seed in range(60):
        image = scene(seed)
        pictures.append(picture(tmp_path / f"{seed}.png", image))
        darker = cv2.convertScaleAbs(cv2.resize(image, (200, 150)), alpha=0.9)
        pictures.append(picture(tmp_path / f"{seed}_again.jpg", darker))
    sides = [one.split for one in split(pictures)]
    assert sides[::2] == sides[1::2]
    assert 2 <= sides[::2].count("val") <= 14, "a tenth of the scenes, give or take"
    assert sides == [one.split for one in split(pictures)], "the same way every time"


def test_a_split_that_the_set_brings_stays_unless_a_twin_lies_in_train(tmp_path: Path) -> None:
    pictures = [
        picture(tmp_path / "a.png", scene(1), "val"),
        picture(tmp_path / "b.png", scene(2), "val"),
        picture(tmp_path / "b_twin.jpg", scene(2), "train"),
        picture(tmp_path / "c.png", scene(3), "train"),
    ]
    assert [one.split for one in split(pictures)] == ["val", "train", "train", "train"]


def test_a_picture_that_its_camera_turned_and_its_upright_copy_are_one(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x112] = 6
    image = scene(1)
    upright = picture(tmp_path / "upright.jpg", image, "train")
    Image.fromarray(image[:, :, ::-1]).rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=turned)
    as_taken = Picture(tmp_path / "turned.jpg", "val", 320, 240, ())
    assert [one.split for one in split([upright, as_taken])] == ["train", "train"]


def test_two_scenes_of_16_bits_are_two(tmp_path: Path) -> None:
    grey = [cv2.cvtColor(scene(seed), cv2.COLOR_BGR2GRAY).astype(np.uint16) * 200 + 9000 for seed in (1, 2)]
    sides: tuple[Split, Split] = ("train", "val")
    pictures = [picture(tmp_path / f"{side}.png", one, side) for side, one in zip(sides, grey, strict=True)]
    assert [one.split for one in split(pictures)] == ["train", "val"]


def test_many_pictures_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = iter(np.random.default_rng(0).random((2000, 64)) < 0.5)
    monkeypatch.setattr("pipeline.training.split._hash", lambda _: next(hashes))
    pictures = [Picture(Path(f"{number}.jpg"), None, 320, 240, ()) for number in range(2000)]
    tracemalloc.start()
    split(pictures)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6, "a number for each two of them would be 32 MB, of 50,000 pictures 20 GB"


@pytest.mark.parametrize("names", [("1.png", "2.png", "3.png"), ("6.png", "33.png")])
def test_a_small_set_trains_and_judges(tmp_path: Path, names: tuple[str, ...]) -> None:
    pictures = [picture(tmp_path / name, scene(seed)) for seed, name in enumerate(names)]
    sides = [one.split for one in split(pictures)]
    assert set(sides) == {"train", "val"}
    assert min(sides.count("train"), sides.count("val")) == 1
    assert [one.split for one in split(pictures[:1])] in (["train"], ["val"]), "one scene is not torn"
