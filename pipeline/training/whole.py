"""Files that are written whole or not at all: a cut in between, or a full disk, leaves what was there before."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Beside the old file first."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def save_whole(path: Path, save: Callable[[io.BytesIO], object]) -> None:
    """What torch saves: to the disk itself it would not say that this is full."""
    written = io.BytesIO()
    save(written)
    write_whole(path, written.getbuffer())
