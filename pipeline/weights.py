"""The weight files and their manifest: what is checked before a model is loaded.

`weights/manifest.json` holds the class order and, per stage, the file, its SHA-256 sum, the picture size it
was trained for and the thresholds that `python -m pipeline.training.calibrate` chose.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import WeightsError
from pipeline.types import CLASS_NAMES

MANIFEST = "manifest.json"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Thresholds(_Strict):
    """Least confidence at which a detection of a class counts, 0 to 1."""

    rider: float
    without_helmet: float
    with_helmet: float
    plate: float


class StageWeights(_Strict):
    file: str
    sha256: str
    image_size: int
    thresholds: Thresholds


class Manifest(_Strict):
    classes: tuple[str, ...]
    stage1: StageWeights
    stage2: StageWeights


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a weights folder.

    Raises:
        WeightsError: it is missing, is no manifest, or has another class order.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_text())
    except OSError as error:
        raise WeightsError(f"{path} is missing: restore it from the repository") from error
    except ValidationError as error:
        raise WeightsError(f"{path} is no weights manifest: {error.errors()[0]['msg']}") from error
    if manifest.classes != CLASS_NAMES:
        raise WeightsError(f"{path} has the classes {manifest.classes}, the product needs {CLASS_NAMES}")
    return manifest


def checked(folder: Path, stage: StageWeights) -> Path:
    """The path of a stage's weight file, its sum compared with the manifest's.

    Raises:
        WeightsError: the file is missing or altered, or its name leaves the folder.
    """
    path = folder / stage.file
    if path.parent != folder or not path.is_file():
        raise WeightsError(f"{path} is missing: restore it from the repository")
    if sha256(path) != stage.sha256:
        raise WeightsError(f"{path} does not match its SHA-256 sum in {MANIFEST}: restore it from the repository")
    return path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
