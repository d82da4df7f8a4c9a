"""The weight files of the plate reader and their manifest, checked before anything is loaded.

`weights/plates/manifest.json` holds the SHA-256 sum of every file and what was calibrated;
`python -m pipeline.training.ship_plates` writes it.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.weights import MANIFEST, Strict, check, parse_manifest

PLATES = "plates"  # their folder in that of the weights
READER = "plate_reader"  # EasyOCR's user network: .py, .yaml, .pth
CORNERS = "corners.pt"
UPSCALER = "upscaler.pt"
FILES = (f"{READER}.py", f"{READER}.yaml", f"{READER}.pth", CORNERS, UPSCALER)


class Calibration(Strict):
    """Chosen by `python -m pipeline.training.calibrate_plates` on rendered tracks.

    `floor` is what a read can say against a character at most: one wrong read must not outvote many. n reads of one
    track are worth n to the power of `together`: they are wrong together. The logit of the probability times `slope`
    plus `offset` is the calibrated one. Below `threshold` a plate is not readable.
    """

    floor: float
    together: float
    slope: float
    offset: float
    threshold: float


class PlateManifest(Strict):
    files: dict[str, str]
    calibration: Calibration


def read_plate_manifest(weights: Path) -> tuple[Path, PlateManifest]:
    """The folder of the plate reader's files inside the weights folder, every sum compared, and its manifest.

    Raises:
        WeightsError: a file is missing or altered.
    """
    folder = weights / PLATES
    manifest = parse_manifest(folder / MANIFEST, PlateManifest)
    for name in FILES:
        check(folder / name, manifest.files.get(name))
    return folder, manifest
