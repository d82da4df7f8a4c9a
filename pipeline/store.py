"""Pictures and clips as files named by their content, so that nothing is stored twice and no name is trusted.

What is deleted again has an owner, and is shared with nobody.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np

from pipeline.types import Image
from pipeline.weights import sha256

UNFINISHED = "unfinished-"  # folders that begin so hold what is not whole yet
_FORGOTTEN_S = 24 * 3600.0
_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{2,4}")


class FileStore:
    """A folder of files named `<SHA-256>.<suffix>`, in 256 subfolders.

    Raises:
        OSError: a file cannot be written, for instance because the disk is full. Nothing half-written stays.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Where a stored file lies.

        Raises:
            ValueError: this is no name that the store gave.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"no name of a stored file: {name!r}")
        return self._folder / name[:2] / name

    def picture(self, name: str) -> Image | None:
        """A stored picture (BGR); None where it is gone from the folder, or broken.

        Raises:
            ValueError: this is no name that the store gave.
        """
        picture = cv2.imread(str(self.path(name)))
        return None if picture is None else np.asarray(picture, np.uint8)

    def put_picture(self, image: Image) -> str:
        """Store a BGR picture as JPEG and return its name."""
        return self._put(image, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90])

    def put_capture(self, image: Image) -> str:
        """Store a BGR picture as it is, as PNG, in a file of its own, and return its name."""
        return self._put(image, ".png", [], secrets.token_hex())

    def put_content(self, content: bytes, suffix: str, owner: str = "") -> str:
        """Store a file's content and return its name; equal contents of two owners are two files."""
        name = f"{hashlib.sha256(owner.encode() + content).hexdigest()}{suffix}"
        with self.scratch() as scratch:
            (scratch / "content").write_bytes(content)
            self._move(scratch / "content", name)
        return name

    def delete(self, name: str) -> None:
        """Delete a stored file, whether it is there or not."""
        self.path(name).unlink(missing_ok=True)

    def _put(self, image: Image, suffix: str, options: list[int], owner: str = "") -> str:
        done, data = cv2.imencode(suffix, image, options)
        if not done:
            raise OSError("the picture could not be encoded")
        return self.put_content(data.tobytes(), suffix, owner)

    def take(self, path: Path) -> str:
        """Move a finished file (its suffix in lower case) into the store and return its name."""
        name = f"{sha256(path)}{path.suffix}"
        self._move(path, name)
        return name

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for unfinished files on the same disk, gone afterwards."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=UNFINISHED) as folder:
            yield Path(folder)

    @contextmanager
    def all_or_none(self, names: Collection[str]) -> Iterator[None]:
        """Delete these files if the block fails, also those that it has added to `names`: they have no other owner."""
        try:
            yield
        except BaseException:
            for name in names:
                self.delete(name)
            raise

    def _move(self, path: Path, name: str) -> None:
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file:
            os.fsync(file.fileno())  # else a power cut leaves a name without content
        path.replace(target)


def sweep(folder: Path) -> None:
    """Delete what killed processes left unfinished."""
    for left, _ in forgotten(folder):
        shutil.rmtree(left, ignore_errors=True)


def forgotten(folder: Path) -> Iterator[tuple[Path, int]]:
    """What killed processes left unfinished, with its size. What was touched within a day may be at work still."""
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):  # somebody else sweeps as well
            files = [one.stat() for one in left.iterdir()]
            touched = max(one.st_mtime for one in (left.stat(), *files))
            if time.time() - touched > _FORGOTTEN_S:
                yield left, sum(one.st_size for one in files)
