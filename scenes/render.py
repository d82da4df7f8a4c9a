"""Starts Blender on a bundle. Frames that exist are not rendered again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from pipeline.errors import HelmetWatchError

SCRIPT = Path(__file__).with_name("blender.py")


def blender() -> str:
    """The path of Blender.

    Raises:
        HelmetWatchError: it is not installed.
    """
    path = shutil.which("blender")
    if path is None:
        raise HelmetWatchError("Blender is missing: install it, on Debian with `apt-get install blender python3-numpy`")
    return path


def render(folder: Path) -> None:
    """Render what is missing of the bundle in `folder`, to `folder/exr`.

    Raises:
        HelmetWatchError: Blender failed; its last words are in the message.
    """
    command = [
        blender(),
        "--background",
        "--factory-startup",
        "--python-exit-code",
        "1",
        "--python",
        str(SCRIPT),
        "--",
        str(folder),
    ]
    with (folder / "blender.log").open("wb") as log:
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False)  # noqa: S603
    if done.returncode:
        tail = (folder / "blender.log").read_text(errors="replace")[-1500:]
        raise HelmetWatchError(f"Blender failed on {folder}:\n{tail}")
