"""From an upload to a queued clip: streamed to disk under the name of its content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from pipeline.errors import ClipError
from pipeline.settings import Settings
from pipeline.store import UNFINISHED
from pipeline.video import SUFFIXES

_CHUNK = 1 << 20


def keep(file: BinaryIO, name: str, settings: Settings) -> tuple[Path, str]:
    """Write an upload into the data folder; return its path and the SHA-256 sum of its content.

    The path is made of the sum and a known suffix: nothing of the name that the browser sent gets into it.

    Raises:
        ClipError: of no known kind, empty, or too large.
        OSError: it cannot be written, for instance because the disk is full. Nothing half-written stays.
    """
    suffix = suffix_of(name)
    settings.uploads.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory(dir=settings.uploads, prefix=UNFINISHED) as folder:
        part = Path(folder) / "upload"
        with part.open("wb") as target:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                if size > settings.max_upload_gb * 2**30:
                    raise too_large(settings)
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())  # else a power cut leaves a queued clip without content
        if not size:
            raise ClipError("the file is empty: copy it from the camera once more")
        path = settings.uploads / f"{digest.hexdigest()}{suffix}"
        part.replace(path)
    return path, digest.hexdigest()


def suffix_of(name: str) -> str:
    """The suffix of a clip's name.

    Raises:
        ClipError: it is none that clips have.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise ClipError(f"is none of {', '.join(SUFFIXES)}: convert it to MP4")
    return suffix


def too_large(settings: Settings) -> ClipError:
    """What is wrong with a clip that is."""
    return ClipError(f"is larger than {settings.max_upload_gb:g} GB")
