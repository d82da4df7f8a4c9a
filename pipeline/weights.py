"""The weight files and their manifest: what is checked before a model is loaded.

`weights/manifest.json` holds the class order and, per stage, the file and the OpenVINO model that a CPU runs, the
SHA-256 sum of each, the picture size they are run at and the thresholds that `python -m pipeline.training.calibrate`
chose. `python -m pipeline.training.ship` writes it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from pipeline.errors import WeightsError
from pipeline.types import CLASS_NAMES

MANIFEST = "manifest.json"
Parsed = TypeVar("Parsed", bound="Strict")


class Strict(BaseModel):
    """A file that is read, or a part of one: nothing in it changes, and nothing else stands in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Thresholds(Strict):
    """Least confidence at which a detection of a class counts, 0 to 1."""

    rider: float
    without_helmet: float
    with_helmet: float
    plate: float


FileName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\w[\w.-]*$")]  # of a file in the folder, no path


class StageWeights(Strict):
    file: FileName
    sha256: str
    openvino: Annotated[dict[FileName, str], Field(min_length=1)]  # the OpenVINO model's files and SHA-256 sums
    image_size: int
    thresholds: Thresholds


class Manifest(Strict):
    classes: tuple[str, ...]
    stage1: StageWeights
    stage2: StageWeights


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a weights folder.

    Raises:
        WeightsError: it is missing, is no manifest, or has another class order.
    """
    manifest = parse_manifest(folder / MANIFEST, Manifest)
    if manifest.classes != CLASS_NAMES:
        raise WeightsError(f"{folder / MANIFEST} has the classes {manifest.classes}, the product needs {CLASS_NAMES}")
    return manifest


def parse_manifest(path: Path, kind: type[Parsed]) -> Parsed:
    """A manifest of this kind.

    Raises:
        WeightsError: it is missing, or is none.
    """
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path} is missing: restore it from the repository") from error
    except ValidationError as error:
        raise WeightsError(f"{path} is no weights manifest: {error.errors()[0]['msg']}") from error


def checked(folder: Path, stage: StageWeights) -> Path:
    """The path of a stage's weight file, its sum compared with the manifest's.

    Raises:
        WeightsError: the file is missing or altered.
    """
    path = folder / stage.file
    check(path, stage.sha256)
    return path


def checked_openvino(folder: Path, stage: StageWeights) -> Path:
    """The folder of a stage's OpenVINO model, the sum of every file compared with the manifest's.

    Raises:
        WeightsError: a file is missing or altered, or one is there that the manifest does not name.
    """
    model = openvino_folder(folder / stage.file)
    for name, total in stage.openvino.items():
        check(model / name, total)
    extra = {path.name for path in model.iterdir()} - set(stage.openvino)
    if extra:
        raise WeightsError(f"{model} is not what {MANIFEST} names: restore it from the repository")
    return model


def openvino_folder(weights: Path) -> Path:
    """Where the OpenVINO model of a weight file lies (ultralytics knows it by the end of its name)."""
    return weights.with_name(f"{weights.stem}_openvino_model")


def check(path: Path, total: str | None) -> None:
    """Compare a file with its SHA-256 sum.

    Raises:
        WeightsError: it is missing or altered.
    """
    if not path.is_file():
        raise WeightsError(f"{path} is missing: restore it from the repository")
    if sha256(path) != total:
        raise WeightsError(f"{path} does not match its SHA-256 sum in {MANIFEST}: restore it from the repository")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
