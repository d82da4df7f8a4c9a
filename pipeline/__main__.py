"""The command line: the same work as the dashboard's, without a browser.

python -m pipeline analyse CLIP... [--data DIR] [--json]
python -m pipeline bench CLIP
python -m pipeline soak URL [--minutes N] [--curve PNG]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any, NoReturn, Self

from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from db.engine import FORESEEN, explain, sessions
from db.jobs import Jobs, film_name
from db.models import JobState
from db.run import Result, run
from pipeline.bench import bench
from pipeline.errors import ClipError
from pipeline.settings import Settings, get_settings
from pipeline.store import FileStore
from pipeline.training import command
from pipeline.types import Analysis, Case, Evidence, Progress
from pipeline.video import films_in
from pipeline.weights import sha256

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining} {postfix}"
_TRACK_STEP_S = 0.1  # the document gives at most ten places of a track a second


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options, get_settings(options.data)))
    except FORESEEN as error:
        print(explain(error), file=sys.stderr)  # noqa: T201
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline")
    commands = parser.add_subparsers(required=True)
    analyse = commands.add_parser("analyse", help="find the violations of clips and keep them in the database")
    analyse.set_defaults(run=_analyse)
    analyse.add_argument("clips", nargs="+", type=Path, metavar="CLIP")
    analyse.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    bench = commands.add_parser("bench", help="say where the time goes, stage by stage")
    bench.set_defaults(run=_bench)
    bench.add_argument("clip", type=Path, metavar="CLIP")
    soak = commands.add_parser("soak", help="watch a stream for long, and tell how memory and threads do")
    soak.set_defaults(run=_soak)
    soak.add_argument("url", metavar="URL")
    soak.add_argument("--minutes", type=command.duration, default=60)
    soak.add_argument("--curve", type=command.picture, help="picture to draw, such as a .png")
    for each in (analyse, bench, soak):
        each.add_argument("--data", type=Path, help="folder of database, pictures and clips")
    return parser


def _analyse(options: argparse.Namespace, settings: Settings) -> int:
    jobs = Jobs(sessions(settings.database))
    store = FileStore(settings.files)
    documents, failed = [], False
    with _stdout_to_stderr(), _until_stopped() as stopped:
        results = ((clip, *one) for clip in options.clips for one in enumerate(_run(clip, jobs, settings, stopped)))
        for clip, film, result in results:
            if result.message or not result.analysis:
                failed = True
                name = film_name(str(clip), film)
                print(f"{name}: {result.message or result.state.value}", file=sys.stderr)  # noqa: T201
            if result.analysis:
                documents.append(_document(clip, film, result, result.analysis, store))
            if stopped.is_set():
                break
    if options.json:
        print(json.dumps(documents, ensure_ascii=False))  # noqa: T201
    else:
        for document in documents:
            print(_summary(document))  # noqa: T201
    return 2 if failed else 0


def _run(clip: Path, jobs: Jobs, settings: Settings, stopped: Event) -> Iterator[Result]:
    """Queue each film of a clip like an upload, and do the job at once, also one that waits already."""
    try:
        if not clip.is_file():
            yield Result(JobState.FAILED, "no such file")
            return
        jobs.mark_interrupted()  # one that a process left behind when it was killed is not under way
        content = sha256(clip)
        kept = next(settings.uploads.glob(f"{content}.*"), clip)  # it outlasts the card that the clip is on
        for film in range(films_in(clip)):
            queued, _ = jobs.add(clip.name, kept, content, film)
            yield _do(queued.id, film_name(clip.name, film), jobs, settings, stopped)
    except UnicodeEncodeError:
        yield Result(JobState.FAILED, "its name is not UTF-8: rename it")
    except (OSError, DBAPIError) as error:
        yield Result(JobState.FAILED, explain(error))


def _do(job_id: int, name: str, jobs: Jobs, settings: Settings, stopped: Event) -> Result:
    job = jobs.claim(job_id)
    if job is None:
        return Result(JobState.FAILED, "another process took the job: see the dashboard")
    with _Bar(name) as bar:
        return run(job, sessions(settings.database), settings, bar.show, stopped)


class _Bar:
    """A progress bar on standard error, from the first frame on."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._bar: tqdm[NoReturn] | None = None

    def show(self, progress: Progress) -> None:
        if self._bar is None:
            self._bar = tqdm(total=100, desc=self._title, bar_format=_BAR, file=sys.stderr)
        self._bar.set_postfix_str(f"{progress.stage}, {progress.fps:.0f} frames/s", refresh=False)
        self._bar.update(progress.fraction * 100 - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _document(clip: Path, film: int, result: Result, analysis: Analysis, store: FileStore) -> dict[str, Any]:
    """A film of a clip as the JSON document has it; times in seconds, boxes in pixels as x1, y1, x2, y2."""
    cases = [
        (case.confirmed, _case(id_, case, evidence, store))
        for id_, (case, evidence) in zip(result.case_ids, analysis.cases, strict=True)
    ]
    return {
        "clip": str(clip),
        "film": film + 1,
        "duration_s": round(analysis.duration_s, 3),
        "frames": analysis.frames,
        "wall_s": round(analysis.wall_s, 3),
        "stages": {name: round(seconds, 3) for name, seconds in analysis.stages.items()},
        "video": str(store.path(analysis.video)),
        "violations": [case for confirmed, case in cases if confirmed],
        "rejected": [case for confirmed, case in cases if not confirmed],
    }


def _case(id_: int, case: Case, evidence: Evidence, store: FileStore) -> dict[str, Any]:
    track = case.track
    places, due = [], 0.0
    for sighting in track.sightings:
        if sighting.time_s >= due:
            places.append([round(number, 3) for number in (sighting.time_s, *sighting.box.as_tuple())])
            due = sighting.time_s + _TRACK_STEP_S
    plate = case.reading if case.reading and case.reading.readable else None
    return {
        "id": id_,
        "outcome": case.verdict.outcome.value,
        "start_s": round(track.start_s, 3),
        "end_s": round(track.end_s, 3),
        "best_s": round(case.best.time_s, 3),
        "box": [round(side, 1) for side in case.best.box.as_tuple()],
        "track": places,
        "heads_without": case.heads_without,
        "heads_with": case.heads_with,
        "stage1": round(case.stage1, 3),
        "stage2": round(case.verdict.confidence, 3),
        "plate": {"text": plate.text, "confidence": round(plate.probability, 3)} if plate else None,
        "files": {
            "picture": str(store.path(evidence.picture)),
            "crop": str(store.path(evidence.crop)),
            "plate": str(store.path(case.plate)) if case.plate else None,
            "clip": str(store.path(evidence.clip)),
            "looks": [str(store.path(look)) for look in case.looks],
        },
    }


def _summary(document: dict[str, Any]) -> str:
    found, turned_down = len(document["violations"]), len(document["rejected"])
    lines = [
        f"{film_name(document['clip'], document['film'] - 1)}: {found} violations, {turned_down} suspects turned down"
        f" ({document['duration_s']:.1f} s of clip in {document['wall_s']:.1f} s)"
    ]
    lines += [
        f"  violation {one['id']} at {one['best_s']:.1f} s, stage 2 {one['stage2']:.0%},"
        f" plate {one['plate']['text'] if one['plate'] else 'not read'}: {one['files']['clip']}"
        for one in document["violations"]
    ]
    return "\n".join(lines)


def _bench(options: argparse.Namespace, settings: Settings) -> int:
    try:
        with _stdout_to_stderr():
            table = bench(options.clip, settings)
    except ClipError as error:
        print(f"{options.clip}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    print(table)  # noqa: T201
    return 0


def _soak(options: argparse.Namespace, settings: Settings) -> int:
    from db.soak import soak  # noqa: PLC0415 as a clip needs nothing of it

    with _stdout_to_stderr(), _until_stopped() as stopped:
        report = soak(options.url, settings, options.minutes, options.curve, stopped)
    print(report)  # noqa: T201
    return 0


@contextmanager
def _until_stopped() -> Iterator[Event]:
    """Set once somebody wants an end: the job under way closes first. Who cannot wait for it asks twice."""
    stopped = Event()

    def stop(number: int, _: object) -> None:
        stopped.set()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Send whatever libraries print, in Python or in C, to standard error: standard output is for results."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    sys.exit(main())
