"""The real network through EasyOCR, on plates drawn by hand."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline import plate_formats as formats
from pipeline.errors import WeightsError
from pipeline.ocr import OwnEngine, StockEngine
from pipeline.plate_formats import PlateFormat
from pipeline.plate_slots import CLASSES, SLOTS, encode
from pipeline.plate_weights import READER, read_plate_manifest
from pipeline.plates import PlateReader
from pipeline.settings import ROOT, Settings
from pipeline.types import Image, PlateCrop
from tests.plates import crop

WEIGHTS = ROOT / "weights"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (formats.MOTORCYCLE_2026, "1가23456"),
        (formats.CAR_7, "12나3456"),
        (formats.CAR_8, "345모6677"),
    ],
)
def test_a_clear_plate_is_read_in_one_line_and_in_two(settings: Settings, kind: PlateFormat, text: str) -> None:
    (attempt,) = PlateReader(settings).attempts([PlateCrop(crop(kind, text), 0.0)])
    reading = attempt.reading
    assert reading.text == text
    assert "".join(one for one, _ in reading.characters) == text
    assert 0.5 < reading.confidence <= min(confidence for _, confidence in reading.characters)
    assert reading.slots is not None
    assert reading.slots.shape == (SLOTS, CLASSES)
    assert reading.slots.sum(axis=1) == pytest.approx(1.0, abs=1e-3)


def test_a_close_read_is_what_most_places_say(monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = (np.full((SLOTS, CLASSES), 1e-9) for _ in range(2))
    right[np.arange(SLOTS), encode(formats.MOTORCYCLE_2026, "1가23456")] = 0.7
    wrong[np.arange(SLOTS), encode(formats.MOTORCYCLE_2026, "7나99999")] = 0.99
    engine = OwnEngine(WEIGHTS / "plates")
    plate = np.zeros((64, 192, 3), np.uint8)
    plate[30:34, 90:100] = 255
    seen = []

    def look(picture: Image) -> tuple[str, np.ndarray]:
        seen.append(picture)
        return "", wrong if np.array_equal(picture, plate) else right

    monkeypatch.setattr(engine, "_look", look)
    reading = engine.read_closely(plate)
    assert reading.text == "".join(one for one, _ in reading.characters) == "1가23456"
    assert reading.slots is not None
    assert reading.slots.sum(axis=1) == pytest.approx(1.0)
    middles = sorted(float(np.average(np.arange(192), weights=one[:, :, 0].sum(axis=0))) for one in seen)
    assert middles == pytest.approx([92.5, 94.5, 94.5, 94.5, 96.5], abs=0.1)


def test_a_network_of_another_alphabet_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(WEIGHTS / "plates", tmp_path / "plates")
    (folder / f"{READER}.yaml").write_text((folder / f"{READER}.yaml").read_text().replace("0123", "1023"))
    with pytest.raises(WeightsError, match="other characters"):
        OwnEngine(folder)


def test_altered_and_missing_files_are_told(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS / "plates", tmp_path / "plates")
    assert read_plate_manifest(tmp_path)[0] == tmp_path / "plates"
    network = tmp_path / "plates" / f"{READER}.py"
    network.write_text(network.read_text() + "\n")
    with pytest.raises(WeightsError, match="does not match"):
        read_plate_manifest(tmp_path)
    network.unlink()
    with pytest.raises(WeightsError, match="is missing"):
        read_plate_manifest(tmp_path)


def test_stock_models_that_cannot_be_downloaded_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="could not be downloaded"):
        StockEngine(tmp_path)
