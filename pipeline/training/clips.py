"""The product on clips whose violations somebody has counted."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from pipeline.analyse import analyse
from pipeline.errors import ClipError, DatasetError
from pipeline.settings import Settings
from pipeline.video import films_in


def clips(folder: Path, settings: Settings) -> dict[str, Any]:
    """Violations found, missed and false per clip, in all its films, and the clips that cannot be read.

    A clip's truth is a number, so the figures are of numbers.

    Raises:
        DatasetError: there is no truth.json, it says something else, or none of its clips can be read.
    """
    figures: dict[str, Any] = {}
    damaged: dict[str, ClipError] = {}
    with tempfile.TemporaryDirectory() as scratch:  # the evidence is not wanted
        aside = settings.model_copy(update={"data": Path(scratch)})
        for name, there in _violations(folder / "truth.json").items():
            try:
                films = [analyse(folder / name, aside, film=film) for film in range(films_in(folder / name))]
            except ClipError as error:
                damaged[str(folder / name)] = error
                continue
            cases = [case for film in films for case, _ in film.cases]
            said = sum(case.confirmed for case in cases)
            figures[name] = {"suspects": len(cases), "confirmed": said}
            if there is not None:
                counts = {"found": min(there, said), "missed": max(there - said, 0), "false": max(said - there, 0)}
                figures[name] |= counts
    if damaged and not figures:
        path, why = next(iter(damaged.items()))
        raise DatasetError(f"none of the clips can be read: {path} {why}")
    return figures | {"left out, cannot be read": list(damaged)}


def _violations(file: Path) -> dict[str, int | None]:
    """How many there are in each clip; None where nobody has counted."""
    try:
        truth = {name: about["violations"] for name, about in json.loads(file.read_bytes()).items()}
        if any(there is not None and (not isinstance(there, int) or there < 0) for there in truth.values()):
            raise ValueError("violations have to be whole numbers or null")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f'{file} has to say {{"clip.mp4": {{"violations": 1}}, ...}} ({error!r})') from error
    if missing := [name for name in truth if not (file.parent / name).is_file()]:
        raise DatasetError(f"{file} names {missing[0]}, which is not in {file.parent}")
    return truth
