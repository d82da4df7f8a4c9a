import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.store import FileStore
from tests.factory import FRAME


def test_what_is_stored_comes_back_once(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    name = store.put_picture(FRAME)
    assert store.put_picture(FRAME) == name
    image = cv2.imread(str(store.path(name)))
    assert image is not None
    assert np.abs(image.astype(int) - FRAME).max() < 4
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1


def test_every_capture_has_a_file_of_its_own(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    names = [store.put_capture(FRAME) for _ in range(2)]
    store.delete(names[0])
    picture = store.picture(names[1])
    assert picture is not None
    assert (picture == FRAME).all()


def test_a_picture_that_is_gone_or_broken_is_none(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    name = store.put_picture(FRAME)
    picture = store.picture(name)
    assert picture is not None
    assert picture.shape == FRAME.shape
    store.path(name).write_bytes(b"no picture")
    assert store.picture(name) is None
    store.delete(name)
    assert store.picture(name) is None


def test_finished_files_are_taken_over(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    with store.scratch() as folder:
        (folder / "clip.mp4").write_bytes(b"content")
        name = store.take(folder / "clip.mp4")
    assert store.path(name).read_bytes() == b"content"
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "a.jpg", "0" * 64, f"{'0' * 64}.jpg/..", f"{'0' * 64}.JPG\n"])
def test_only_names_of_its_own_are_paths(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        FileStore(tmp_path).path(name)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path / "files")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        store.put_picture(FRAME)
    assert not list((tmp_path / "files").iterdir())


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or a power cut leaves a name without content, of crops that were said to be stored."""
    store, synced = FileStore(tmp_path / "files"), []

    def note(number: int) -> None:
        synced.append((os.fstat(number).st_size, [*(tmp_path / "files").glob("*/*.png")]))

    monkeypatch.setattr(os, "fsync", note)
    store.put_content(b"crop", ".png")
    (tmp_path / "clip.mp4").write_bytes(b"clip")
    store.take(tmp_path / "clip.mp4")
    assert [size for size, _ in synced] == [4, 4]
    assert [len(named) for _, named in synced] == [0, 1]
