"""The list that says what stands on plates: a CSV with the columns file and text, for tracks also sequence."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import DatasetError
from pipeline.plate_formats import compact
from pipeline.training.description import pictures_of
from pipeline.training.pictures import size, spelled


@dataclass(frozen=True, slots=True)
class Track:
    name: str
    text: str
    files: tuple[Path, ...]


def read_labels(labels: Path, sequences: bool) -> list[Track]:
    """The tracks that a CSV names; each picture is one where no sequences are asked for.

    Raises:
        DatasetError: the file is no such list, or names pictures that are not there.
    """
    rows = _rows(labels)
    folders = {str(Path(row["file"]).parent) for row in rows}
    groups: dict[str, tuple[str, list[Path]]] = {}
    for row in rows:
        path = labels.parent / row["file"]
        name = _sequence(row, path, len(folders) > 1) if sequences else row["file"]
        text, known = groups.setdefault(name, (row["text"], []))
        if text != row["text"]:
            hint = ": say in a column `sequence` which files are one track" if sequences else ""
            raise DatasetError(f"{labels}: track {name} has the texts {text} and {row['text']}{hint}")
        known += _files(path, sequences)
    tracks = [Track(name, text, tuple(sorted(set(files), key=_in_order))) for name, (text, files) in groups.items()]
    if sequences:
        _refuse_scattered(labels, rows, tracks)
    return tracks


def _refuse_scattered(labels: Path, rows: Sequence[dict[str, str]], tracks: Sequence[Track]) -> None:
    """Frames of one track must not be judged as tracks of their own."""
    said = [row["file"] for row in rows if row["sequence"]]
    if silent := [row["file"] for row in rows if said and not row["sequence"]]:
        raise DatasetError(f"{labels}: {said[0]} has a sequence and {silent[0]} has none: say it of all")
    foldered = len({one.files[0].parent for one in tracks}) > 1
    single = all(len(one.files) == 1 for one in tracks)
    if single and not said and not foldered and len({one.text for one in tracks}) < len(tracks):
        raise DatasetError(
            f"{labels}: files have one text, and none are one track by their names: say in a column `sequence` "
            "which are"
        )


def _rows(labels: Path) -> list[dict[str, str]]:
    """Names and texts without what Excel and macOS add: spaces, empty rows, a mark in front, syllables in pieces."""
    try:
        with labels.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
            rows = [(reader.line_num, row) for row in reader if any("".join(one or "").strip() for one in row.values())]
    except UnicodeDecodeError as error:
        raise DatasetError(f"{labels} cannot be read: save it as UTF-8 ({error})") from error
    except (OSError, csv.Error) as error:
        raise DatasetError(f"{labels} cannot be read: {error}") from error
    if not rows or not {"file", "text"} <= set(reader.fieldnames):
        raise DatasetError(
            f"{labels} needs rows with the columns file and text, separated by commas; it has {reader.fieldnames}"
        )
    for line, row in rows:
        if None in row or not (row["file"] or "").strip() or not compact(row["text"] or ""):
            raise DatasetError(f"{labels}, line {line}: a row needs a file and a text, and no more than the columns")
    return [
        {
            "file": spelled(labels.parent, row["file"].strip()),
            "text": compact(row["text"]),
            "sequence": (row.get("sequence") or "").strip(),
        }
        for _, row in rows
    ]


def _files(path: Path, sequences: bool) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DatasetError(f"{path}: no such picture")
    files = list(pictures_of(path))
    if not sequences or not files:
        raise DatasetError(f"{path} is a folder: {'it holds no pictures' if sequences else 'name its pictures'}")
    return files


def _sequence(row: dict[str, str], path: Path, foldered: bool) -> str:
    if row["sequence"] or path.is_dir():
        return row["sequence"] or row["file"]
    return str(Path(row["file"]).parent) if foldered else re.sub(r"\d+(?=\D*$)", "#", row["file"])


def _in_order(file: Path) -> list[tuple[int, str]]:
    """As frames were numbered: 2 before 10."""
    return [(int(digits or 0), other) for other, digits in re.findall(r"(\D*)(\d*)", str(file))]


def without_damaged(tracks: Sequence[Track]) -> tuple[list[Track], list[Path]]:
    """Tracks without the files that cannot be read as pictures, and these."""
    damaged = [file for track in tracks for file in track.files if not _whole(file)]
    kept = [replace(one, files=tuple(file for file in one.files if file not in set(damaged))) for one in tracks]
    if not any(one.files for one in kept):
        raise DatasetError(f"none of the pictures can be read, such as {damaged[0]}")
    return [one for one in kept if one.files], damaged


def _whole(file: Path) -> bool:
    try:
        size(file)
    except DatasetError:
        return False
    return True
