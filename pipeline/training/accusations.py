"""Bare heads as accusations: by stage 1 alone and after stage 2, head by head and rider by rider."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from pipeline.training.metrics import Counts, count, match
from pipeline.training.pictures import load
from pipeline.training.still import Eyes, Second, confirmed, suspects
from pipeline.training.truth import Truth
from pipeline.types import Detection, Label
from pipeline.weights import Thresholds

BARE = Label.WITHOUT_HELMET
_BARS = np.arange(0.05, 0.96, 0.01)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the models made of the pictures: all of stage 1, and all of stage 2 on stage 1's suspects."""

    truths: list[Truth]
    first: list[tuple[Detection, ...]]
    second: list[list[Second]]


def look(eyes: Eyes, truths: Sequence[Truth], stage: str, thresholds: Thresholds) -> Seen:
    """Run the models over the pictures; `thresholds` are stage 1's, by which it picks its suspects."""
    seen = Seen(list(truths), [], [])
    for truth in tqdm(truths, unit="picture"):
        image = load(truth.path)
        found = eyes.crop(image) if stage == "2" else eyes.first(image)
        seen.first.append(found)
        judged = stage == "both" and BARE in truth.covers
        seen.second.append(eyes.seconds(image, found, thresholds) if judged else [])
    return seen


def suspected(seen: Seen, first: Thresholds) -> list[list[Detection]]:
    """The bare heads in each picture that stage 1 alone would accuse."""
    return [[head for one in suspects(found, first) for head in one.bare_heads] for found in seen.first]


def accused(seen: Seen, second: Thresholds) -> list[list[Detection]]:
    """Those that are accused after stage 2."""
    return [[head for one in looks for head in confirmed(one, second)] for looks in seen.second]


def accusation_figures(truths: Sequence[Truth], heads: Sequence[Sequence[Detection]]) -> dict[str, Any]:
    counts = count(truths, heads, BARE)
    return {
        "true": counts.true,
        "false": counts.false,
        "missed": counts.missed,
        "precision": counts.precision,
        "recall": counts.recall,
        "false per 100 pictures": counts.false_per_100,
    }


def at_bars(seen: Seen, second: Thresholds) -> Iterator[tuple[Thresholds, Counts]]:
    """What is accused after stage 2, were its bar for bare heads another one; from the lowest bar up."""
    for bar in np.round(_BARS, 3).tolist():
        tried = second.model_copy(update={"without_helmet": bar})
        yield tried, count(seen.truths, accused(seen, tried), BARE)


def at_each_false(tried: Iterable[tuple[Thresholds, Counts]]) -> list[dict[str, float]]:
    """By the number of false accusations, the bar that leaves most true ones: so that weights can be compared."""
    best: dict[int, dict[str, float]] = {}
    for thresholds, counts in tried:
        if counts.true and counts.true >= best.get(counts.false, {"true": 0})["true"]:
            best[counts.false] = {"false": counts.false, "true": counts.true, "bar": thresholds.without_helmet}
    return [best[false] for false in sorted(best)]


def saved(alone: Counts, after: Counts) -> dict[str, float | None]:
    """The share of stage 1's false accusations that stage 2 removes, and of its true ones that it costs."""
    return {
        "false removed": 1 - after.false / alone.false if alone.false else None,
        "true lost": 1 - after.true / alone.true if alone.true else None,
    }


def riders(seen: Seen, alone: Sequence[Sequence[Detection]], second: Thresholds) -> dict[str, dict[str, int]]:
    """The same by rider, as a motorcycle is one violation however many heads show it: true where one of the heads that
    stage 1 accuses (`alone`) is bare, false where none is; nobody can tell of some."""
    figures = {"stage 1": {"true": 0, "false": 0}, "after stage 2": {"true": 0, "false": 0}}
    for i, looks in enumerate(seen.second):
        bare = {one.detection: one.true for one in match(seen.truths[i], alone[i], BARE)[0]} if looks else {}
        for one in looks:
            heads = [bare[head] for head in one.crop.sighting.bare_heads]
            if True not in heads and None in heads:
                continue
            kind = "true" if True in heads else "false"
            figures["stage 1"][kind] += 1
            figures["after stage 2"][kind] += bool(confirmed(one, second))
    return figures
