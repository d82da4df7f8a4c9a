"""The evidence of cases as one ZIP: pictures, clip, report, the facts as JSON, and a sum of every file."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2

from dashboard.export.report import Words, report
from db.cases import AROUND_S, Cases, as_seen, detections
from db.models import Case, Look, Review, Sighting, SourceKind
from db.reviews import Reviews
from pipeline.conceal import Witness, conceal, conceal_clip, conceal_frame
from pipeline.errors import ClipError, HelmetWatchError
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Box, Image, Label, Track
from pipeline.weights import sha256

SUMS = "SHA256SUMS"  # `sha256sum -c SHA256SUMS` checks a package
MOST = 100  # cases in one package


class PackageError(HelmetWatchError):
    """A package cannot be made; the message is for people."""


class _LostError(HelmetWatchError):
    """A file is gone from the data folder, or is not what it was."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the evidence lies."""

    cases: Cases
    reviews: Reviews
    store: FileStore
    settings: Settings
    knows_all_until: Callable[[int, float], bool]  # of a live source's job and time: `Streams.knows_all_until`


def package(ids: Sequence[int], source: Source, words: Words, others_hidden: bool = True) -> bytes:
    """The package of some cases. `others_hidden`: as `pipeline.conceal` does.

    Raises:
        PackageError: too many cases, one that is only just over or does not exist any more, or one whose pictures or
            clip are missing.
        OSError: the disk is full.
    """
    if len(ids) > MOST:
        raise PackageError(f"at most {MOST} cases fit into one package")
    cases = source.cases.in_full(ids)
    if gone := set(ids) - {case.id for case in cases}:
        raise PackageError(f"case {min(gone)} does not exist any more: choose anew")
    with tempfile.TemporaryDirectory(prefix="helmet-watch-") as scratch:
        root = Path(scratch)
        for case in cases:
            if others_hidden and _is_fresh(case, source):
                raise PackageError(f"case {case.id} is only just over: try again in a few seconds")
            try:
                _write_case(case, root / f"case-{case.id:06}", source, words, others_hidden)
            except (ClipError, _LostError) as error:
                raise PackageError(f"case {case.id}: a picture or the clip is missing or broken") from error
        files = sorted(path for path in root.rglob("*") if path.is_file())
        sums = "".join(f"{sha256(path)}  {path.relative_to(root).as_posix()}\n" for path in files)
        (root / SUMS).write_text(sums, "utf-8")
        target = root / "package.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in (root / SUMS, *files):
                archive.write(path, path.relative_to(root).as_posix())
        return target.read_bytes()


def _is_fresh(case: Case, source: Source) -> bool:
    """Whether others around it in a live source may not be kept yet, and so could not be hidden.

    It may be watched by another process, which cannot be asked: then time has to do.
    """
    settings = source.settings
    began = case.happened_at - timedelta(seconds=case.best_s)
    known_s = case.end_s + settings.evidence_margin_s + settings.live_track_s + settings.lost_after_s
    too_early = datetime.now(UTC) < began + timedelta(seconds=known_s)
    return case.clip.kind is not SourceKind.FILE and (
        too_early or not source.knows_all_until(case.job_id, case.end_s + AROUND_S)
    )


def _write_case(case: Case, folder: Path, source: Source, words: Words, others_hidden: bool) -> None:
    folder.mkdir()
    history = source.reviews.history(case.id)
    if others_hidden:
        _concealed(case, folder, source)
    else:
        _as_it_is(case, folder, source.store)
    facts = _facts(case, history, others_hidden, (folder / "clip.mp4").exists())
    (folder / "case.json").write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", "utf-8")
    (folder / "report.pdf").write_bytes(report(words(case, history, others_hidden), len(case.looks), folder))


def _as_it_is(case: Case, folder: Path, store: FileStore) -> None:
    names = {"frame.jpg": case.picture, "clip.mp4": case.video}
    names |= {f"look-{number}.jpg": look.picture for number, look in enumerate(case.looks, 1)}
    if case.plate_crop:
        names["plate.jpg"] = case.plate_crop
    for name, stored in names.items():
        _copy(store, stored, folder / name)


def _concealed(case: Case, folder: Path, source: Source) -> None:
    """The same with everybody else hidden. What is not known to be where in the source stays inside."""
    rows = source.cases.sightings(case.track_id)
    track = Track(case.track.number, tuple(as_seen(row) for row in rows))
    witness = Witness(track, source.cases.others_around(case), source.settings)
    scale = case.evidence_scale
    if scale is not None and case.picture_s is not None and case.video_start_s is not None:
        frame = _read(source.store, case.picture)
        _save(folder / "frame.jpg", conceal_frame(frame, case.picture_s, scale, witness))
        video = _whole(source.store, case.video)
        conceal_clip(video, folder / "clip.mp4", case.video_start_s, scale, witness)
    for number, look in enumerate(case.looks, 1):
        _save(folder / f"look-{number}.jpg", _look(look, rows, witness, source.store))
    if case.plate_crop:
        _copy(source.store, case.plate_crop, folder / "plate.jpg")


def _look(look: Look, rows: Sequence[Sighting], witness: Witness, store: FileStore) -> Image:
    """A crop that stage 2 looked at. Its region of the frame follows from the rider's box in both."""
    picture = _read(store, look.picture)
    frame = next((row for row in rows if row.time_s == look.time_s), None)
    crop = next((one.box for one in detections(look.stage1) if one.label is Label.RIDER), None)
    if frame is None or crop is None or crop.height < 1:
        return conceal(picture, witness.scene(float("inf")))
    scale = crop.height / (frame.y2 - frame.y1)
    left, top = frame.x1 - crop.x1 / scale, frame.y1 - crop.y1 / scale
    region = Box(left, top, left + picture.shape[1] / scale, top + picture.shape[0] / scale)
    return conceal(picture, witness.scene(look.time_s).seen_from(region, scale))


def _facts(case: Case, history: Sequence[Review], others_hidden: bool, has_clip: bool) -> dict[str, Any]:
    """Times in seconds of the source, boxes in pixels of its frames as x1, y1, x2, y2.

    When it happened is known of a live source alone; of a clip only when it was handed in.
    """
    return {
        "case": case.id,
        "made_at": _at(datetime.now(UTC)),
        "others_hidden": others_hidden,
        "clip_included": has_clip,
        "source": {"name": case.clip.name, "sha256": case.clip.file_sha256, "film": case.clip.film + 1},
        "handed_in_at": _at(case.handed_in_at),
        "happened_at": _at(None if case.handed_in_at else case.happened_at),
        "start_s": round(case.start_s, 3),
        "end_s": round(case.end_s, 3),
        "best_s": round(case.best_s, 3),
        "box": [round(side, 1) for side in (case.x1, case.y1, case.x2, case.y2)],
        "outcome": case.outcome.value,
        "stage1": round(case.stage1, 3),
        "stage2": round(case.stage2, 3),
        "looks": [
            {"time_s": round(look.time_s, 3), "says": look.says.value, "confidence": round(look.confidence, 3)}
            for look in case.looks
        ],
        "heads_without": case.heads_without,
        "heads_with": case.heads_with,
        "plate": {"read": case.plate_text, "confidence": case.plate_confidence, "corrected": case.plate_corrected},
        "motorcycle": case.motorcycle,
        "review": case.review.value,
        "history": [
            {
                "at": _at(row.at),
                "who": row.reviewer,
                "what": row.action.value,
                "reason": row.reason.value if row.reason else None,
                "note": row.note,
                "before": row.before,
                "after": row.after,
            }
            for row in history
        ],
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _whole(store: FileStore, name: str) -> Path:
    """A stored file, if it still is what it was: its name is the sum of its content."""
    path = store.path(name)
    if not path.is_file() or sha256(path) != path.stem:
        raise _LostError(name)
    return path


def _read(store: FileStore, name: str) -> Image:
    _whole(store, name)
    picture = store.picture(name)
    if picture is None:
        raise _LostError(name)
    return picture


def _copy(store: FileStore, name: str, target: Path) -> None:
    target.write_bytes(_whole(store, name).read_bytes())


def _save(path: Path, image: Image) -> None:
    if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 92]):
        raise OSError("the picture could not be encoded")
