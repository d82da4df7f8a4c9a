from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from pipeline.errors import DatasetError
from pipeline.training.poor import KINDS, poor
from pipeline.training.truth import read_truth
from pipeline.types import Label
from tests.training.conftest import draw_street

PATCHES = np.random.default_rng(1).integers(0, 255, (90, 120, 3), np.uint8)
STREET = cv2.resize(PATCHES, (960, 720), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A set of two pictures that labels riders and plates, in an order of its own."""
    for name in ("one", "two"):
        draw_street(tmp_path / "street" / "images", name, 1)
    file = tmp_path / "data.yaml"
    names = ["number plate", "rider", "with helmet", "without helmet"]
    file.write_text(yaml.safe_dump({"path": str(tmp_path), "val": "street/images", "names": names}))
    return file


def seen(kind: str, seed: int = 0) -> np.ndarray:
    return KINDS[kind](STREET, np.random.default_rng(seed)).astype(float)


def test_each_kind_takes_away_what_it_is_named_for() -> None:
    assert seen("night").mean() < seen("dark").mean() < STREET.mean() / 2
    assert seen("fog").std() < STREET.std() / 2
    assert (seen("glare") > 250).mean() > 2 * (STREET > 250).mean()
    across, down = (np.abs(np.diff(seen("shaken"), axis=axis)).mean() for axis in (1, 0))
    assert across < 0.7 * down
    assert max(KINDS["blocky"](STREET, np.random.default_rng()).shape) == 640, "as coarse as stage 1 sees it"
    assert seen("far").shape == STREET.shape


def test_a_lean_and_noise_are_by_chance_and_the_same_again() -> None:
    for kind in ("dark", "night", "shaken"):
        assert (seen(kind) == seen(kind)).all()
        assert (seen(kind) != seen(kind, seed=1)).any()


def test_the_labels_stay_with_their_pictures_in_the_projects_order(data: Path, tmp_path: Path) -> None:
    before = read_truth(data, "val")
    written = poor(data, tmp_path / "poor")
    assert [file.parent.name for file in written] == list(KINDS)
    for file in written:
        after = read_truth(file, "val")
        assert [truth.path.stem for truth in after] == [truth.path.stem for truth in before]
        for one, other in zip(after, before, strict=True):
            assert one.covers == other.covers
            assert [len(one.of(label)[0]) for label in Label] == [len(other.of(label)[0]) for label in Label]


def test_what_is_there_already_is_not_mixed_with_it(data: Path, tmp_path: Path) -> None:
    (tmp_path / "poor").mkdir()
    (tmp_path / "poor" / "mine.txt").touch()
    with pytest.raises(DatasetError, match="not empty"):
        poor(data, tmp_path / "poor")
