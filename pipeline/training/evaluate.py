"""Figures of the shipped weights on a labelled data set.

    python -m pipeline.training.evaluate --data DATA.yaml --stage 1|2|both --json [--curve CURVE.png]
    python -m pipeline.training.evaluate --data DATA.yaml --stage clip --json
    python -m pipeline.training.evaluate --clips FOLDER --json

Per class: average precision, and precision and recall at the shipped thresholds. Bare heads as accusations, and the
riders accused: by stage 1 alone and after stage 2, which speaks by the product's own rule, and what other bars for bare
heads would leave, so that weights can be compared at the same number of false accusations. A class is judged only in
pictures whose set covers it (`covers` in DATA.yaml; without it, the classes that it names); in one without a label
file there is nothing. `--stage 2` takes a data set of rider crops; `--stage clip` makes of each picture a short clip in
which the camera comes nearer, and tells whom the product as a whole accuses. FOLDER holds clips and a truth.json:
{"clip.mp4": {"violations": 1}, ...}, null where they were not counted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pipeline.detect import above, distinct
from pipeline.errors import DatasetError
from pipeline.settings import Settings
from pipeline.training import command
from pipeline.training.accusations import (
    BARE,
    Seen,
    accusation_figures,
    accused,
    at_bars,
    at_each_false,
    look,
    riders,
    saved,
    suspected,
)
from pipeline.training.approach import approach
from pipeline.training.clips import clips
from pipeline.training.description import read_description
from pipeline.training.metrics import average_precision, count, curve
from pipeline.training.rider_crops import refuse_crops
from pipeline.training.still import Eyes
from pipeline.training.truth import Truth, read_split
from pipeline.types import Label
from pipeline.weights import Thresholds


def classes(seen: Seen, thresholds: Thresholds) -> dict[str, Any]:
    """Per class: AP50, AP50-95, and precision and recall at the thresholds."""
    kept = [distinct(above(found, thresholds)) for found in seen.first]
    figures: dict[str, Any] = {}
    for label in Label:
        precision = average_precision(seen.truths, seen.first, label)
        counts = count(seen.truths, kept, label)
        figures[label.title] = {
            "objects": precision.objects,
            "ap50": precision.ap50,
            "ap50_95": precision.ap50_95,
            "precision": counts.precision,
            "recall": counts.recall,
        }
    known = [figure for figure in figures.values() if figure["ap50"] is not None]
    for name in ("ap50", "ap50_95"):
        figures[f"mean {name}"] = float(np.mean([figure[name] for figure in known])) if known else None
    return figures


def evaluate(eyes: Eyes, truths: Sequence[Truth], stage: str, curve_file: Path | None) -> dict[str, Any]:
    """All figures of a data set, ready for JSON."""
    first, second = eyes.manifest.stage1.thresholds, eyes.manifest.stage2.thresholds
    seen = look(eyes, truths, stage, first)
    figures: dict[str, Any] = {
        "pictures": len(truths),
        "classes": classes(seen, second if stage == "2" else first),
    }
    if stage == "2":
        return figures
    alone = suspected(seen, first)
    figures["accusations"] = {"stage 1": accusation_figures(truths, alone)}
    curves = {"stage 1": curve(truths, suspected(seen, _ALL), BARE)}
    if stage == "both":
        after = accused(seen, second)
        figures["accusations"]["after stage 2"] = accusation_figures(truths, after)
        figures["accusations"]["stage 2"] = saved(count(truths, alone, BARE), count(truths, after, BARE))
        figures["accusations"]["after stage 2, at other bars"] = at_each_false(at_bars(seen, second))
        figures["accused riders"] = riders(seen, alone, second)
        curves["after stage 2"] = curve(truths, accused(seen, _ALL), BARE)
    if curve_file:
        draw(curves, curve_file)
    return figures


_ALL = Thresholds(rider=0.1, without_helmet=0.01, with_helmet=0.1, plate=1)


def draw(curves: dict[str, np.ndarray[Any, Any]], file: Path) -> None:
    """Precision over recall of the accusations, as a picture."""
    figure = Figure(figsize=(6, 5))
    axes = figure.subplots()
    for name, rows in curves.items():
        axes.plot(rows[:, 2], rows[:, 1], label=name)
    axes.set(xlabel="recall", ylabel="precision", title="Bare heads as accusations", xlim=(0, 1), ylim=(0, 1.01))
    axes.grid(visible=True)
    axes.legend()
    figure.savefig(file, dpi=120)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = command.parser(__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--data", type=Path, help="data.yaml of a YOLO data set")
    what.add_argument("--clips", type=Path, help="folder of clips and truth.json")
    parser.add_argument("--split", help="of the data set; without: val, or test where there is no val")
    parser.add_argument("--only", nargs="*", help="sets (folders) of the data set to take; without: all")
    parser.add_argument("--stage", choices=("1", "2", "both", "clip"), default="both")
    command.add_weights(parser)
    parser.add_argument("--curve", type=command.picture, help="picture of the precision-recall curve to write")
    parser.add_argument("--json", action="store_true", help="print JSON; without: lines")
    options = parser.parse_args(arguments)
    if options.curve and (options.clips or options.stage in ("2", "clip")):
        parser.error("--curve is of accusations in whole pictures: it needs --data, and --stage 1 or both")
    return command.report(lambda: _evaluate(options))


def _evaluate(options: argparse.Namespace) -> Iterable[str]:
    settings = command.settings_with(options.weights)
    figures = clips(options.clips, settings) if options.clips else _judge(options, settings)
    return [json.dumps(figures, indent=1)] if options.json else _lines(figures)


def _judge(options: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """The figures of a split, and which of its pictures they are not of."""
    data = read_description(options.data)
    split = options.split or ("test" if data.names("test") and not data.names("val") else "val")
    reading = read_split(data, split)
    groups = {truth.group for truth in reading.truths}
    if missing := set(options.only or ()) - groups:
        raise DatasetError(f"{options.data}: {split} has no pictures of {', '.join(sorted(missing))}")
    only = set(options.only or groups.union(map(data.group, reading.damaged)))
    about = {
        "split": split,
        "without a label file": sum(data.group(path) in only for path in reading.unlabelled),
        "left out, cannot be read": [str(path) for path in reading.damaged if data.group(path) in only],
    }
    truths = [truth for truth in reading.truths if truth.group in only]
    if options.stage != "2":
        refuse_crops(options.data, truths)
    if options.stage == "clip":
        return about | {"as clips": approach(truths, settings)}
    return about | evaluate(Eyes(settings), truths, options.stage, options.curve)


def _lines(figures: dict[str, Any], depth: int = 0) -> Iterator[str]:
    for key, value in figures.items():
        if isinstance(value, dict):
            yield "  " * depth + key
            yield from _lines(value, depth + 1)
        elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
            yield "  " * depth + key
            yield from ("  " * (depth + 1) + ", ".join(f"{name} {one}" for name, one in row.items()) for row in value)
        else:
            text = f"{value:.3f}" if isinstance(value, float) else value
            yield f"{'  ' * depth}{key}: {text}"


if __name__ == "__main__":
    sys.exit(main())
