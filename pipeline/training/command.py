"""What command lines have in common, those of the training above all."""

from __future__ import annotations

import argparse
import io
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

from pipeline.errors import DatasetError, HelmetWatchError, WeightsError
from pipeline.settings import Settings, get_settings

_HIGHEST = 200  # pixels of a character; the memory that drawing takes grows with their square


def parser(about: str | None) -> argparse.ArgumentParser:
    """One whose help is the module's docstring, line for line."""
    return argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_weights(to: argparse.ArgumentParser) -> None:
    to.add_argument("--weights", type=Path, help="folder with a manifest.json; without: the shipped one")


def settings_with(weights: Path | None) -> Settings:
    """The settings, with another weights folder if one was named."""
    settings = get_settings()
    return settings.model_copy(update={"weights": weights}) if weights else settings


def present(path: Path) -> Path:
    """The path of weights that are there: of a file that is not, ultralytics would ask its server.

    Raises:
        WeightsError: they are missing, or no weights.
    """
    if not path.exists():
        raise WeightsError(f"{path}: there is no such file")
    if not is_zipfile(path):  # torch keeps weights in one; neither half a download nor a pointer to a file is
        raise WeightsError(f"{path} is no weight file, or not all of it")
    return path


def network(path: Path) -> Any:
    """The weights of a detector as ultralytics' model.

    Raises:
        WeightsError: they are missing, none of a detector, or not to be found by ultralytics.
    """
    from ultralytics import YOLO  # noqa: PLC0415 loads torch

    name = str(present(path))
    if path.suffix.lower() != ".pt" or name != name.strip().replace("'", ""):  # it would look for another file
        raise WeightsError(f"{path} needs a name that ends in .pt, and a path without ' and without spaces at its ends")
    try:
        model = YOLO(name)
        detects = model.task == "detect" and len(model.names) == model.model.model[-1].nc
    except (TypeError, AttributeError, KeyError, RuntimeError, UnpicklingError):  # whatever else torch keeps in a file
        detects = False
    if not detects:
        raise WeightsError(f"{path} does not hold the weights of a detector")
    refuse_failed(path, model.model)
    return model


def refuse_failed(path: Path, model: Any) -> None:
    """Refuse weights that are no numbers, which would find nothing without a word."""
    if not all(one.isfinite().all() for one in model.state_dict().values()):
        raise WeightsError(f"{path} holds weights that are no numbers: its training failed, try a lower --rate")


def refuse_used(folder: Path, besides: str = "") -> None:
    """Refuse a folder to write into that holds something already, `besides` what is called so.

    Raises:
        DatasetError: it does.
    """
    if folder.exists() and any(path.name != besides for path in folder.iterdir()):
        raise DatasetError(f"{folder} is not empty: name a new folder")


def share(text: str) -> float:
    """An option between 0 and 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def positive(text: str) -> int:
    """An option that is a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def seed(text: str) -> int:
    """An option that chance starts from."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not a whole number, 0 or above")
    return int(text)


def height(text: str) -> float:
    """An option that says how high characters are drawn, pixels."""
    value = float(text)
    if not 1 <= value <= _HIGHEST:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {_HIGHEST} pixels")
    return value


def duration(text: str) -> float:
    """An option that says how long, in whatever unit."""
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is none: a number above 0")
    return value


def picture(text: str) -> Path:
    """An option that names a picture to draw, checked before hours of work for it."""
    from matplotlib.figure import Figure  # noqa: PLC0415 only where a picture is wanted

    path = Path(text)
    if path.suffix[1:] not in Figure().canvas.get_supported_filetypes() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text} cannot be drawn: name a .png in a folder that is there")
    return path


def report(lines: Callable[[], Iterable[object]]) -> int:
    """Print what a command tells, line by line as it comes; its exit status: 1 with an error's line on stderr,
    130 where somebody stopped it."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # a path that is no UTF-8 goes out as it is
    try:
        for line in lines():
            print(line, flush=True)  # noqa: T201
    except (HelmetWatchError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)  # noqa: T201
        return 130  # as shells have it
    return 0
