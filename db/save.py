"""What an analysis found, into the tables: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, selectinload, sessionmaker

from db.engine import patient, write_alone
from db.jobs import ENDED, now
from db.models import Case, Job, JobState, Look, Parts, Sighting, Track
from db.outbox import crops_of, drop_crops, to_send
from db.plates import set_plate
from pipeline import types
from pipeline.occupants import occupants
from pipeline.store import FileStore
from pipeline.types import Analysis, Detection

_SAME_TIME_S = 0.3  # a rider may be missed in the very frame that showed it best the last time
_SAME_PLACE_IOU = 0.4  # other weights draw the box otherwise
_ACCUSED_AGAIN = 0.25  # of two tracks as close as that to a case, the one accused again is its rider
_LEAST_SIGHTINGS = 3  # of a head, before it counts


def save(sessions: sessionmaker[Session], job_id: int, analysis: Analysis, store: FileStore) -> list[int]:
    """Close a job with what it found; return the ids of its cases, in the order of the analysis.

    What earlier jobs found in the same clip is replaced: one motorcycle is one violation, however often
    the clip is analysed. But what a person has reviewed stays as that person saw it, evidence and all, and where the
    new analysis finds the same motorcycle again, the old case stands for it.

    Whether this succeeds or not, captures of this and of earlier analyses stay in the store only where they are in the
    outbox afterwards.
    """
    captures = {name for case, _ in analysis.cases for name in case.captures}

    def close(session: Session) -> list[int]:
        job = session.get_one(Job, job_id)
        captures.update(crops_of(session, job.clip_id))
        return _replace(session, job, analysis)

    try:
        return patient(write_alone)(sessions, close)  # alone: what is reviewed meanwhile would be replaced
    finally:
        drop_crops(sessions, store, captures)


def _replace(session: Session, job: Job, analysis: Analysis) -> list[int]:
    """What earlier jobs found by what this one did; the ids of its cases."""
    kept = _keep_reviewed(session, job)
    session.execute(delete(Job).where(Job.clip_id == job.clip_id, Job.id != job.id, Job.state.in_(ENDED)))
    heads = {case.track.id: (case.heads_without, case.heads_with) for case, _ in analysis.cases}
    again = same_motorcycles(kept, analysis.tracks, heads.keys())
    track_ids = {  # a rider whose kept case stands for it is there already
        track.id: _add_track(session, job.id, track, heads.get(track.id))
        for track in analysis.tracks
        if track.id not in again
    }
    rows = [
        again.get(case.track.id) or _case(case, evidence, job, track_ids[case.track.id], job.clip.added_at)
        for case, evidence in analysis.cases
    ]
    session.add_all(rows)
    session.flush()
    session.add_all(
        to_send(row.id, case.captured)
        for row, (case, _) in zip(rows, analysis.cases, strict=True)
        if case.captured and row not in kept
    )
    job.state, job.finished_at, job.message = JobState.DONE, now(), analysis.warning
    job.fraction, job.left_s, job.worker = 1.0, None, None
    job.width, job.height = analysis.width, analysis.height
    job.duration_s, job.frames, job.wall_s = analysis.duration_s, analysis.frames, analysis.wall_s
    job.stages, job.video, job.trace = dict(analysis.stages), analysis.video, analysis.trace
    session.flush()
    job.violations = sum(case.outcome is types.Outcome.CONFIRMED for case in {*rows, *kept})
    return [row.id for row in rows]


def save_track(sessions: sessionmaker[Session], job_id: int, track: types.Track) -> None:
    """Keep a rider of a live source who is no suspect."""
    with sessions.begin() as session:
        _add_track(session, job_id, track, None)


def save_later(sessions: sessionmaker[Session], job_id: int, track: types.Track) -> bool:
    """Keep where a rider of a live source was after what `save_track` or `save_case` kept; False if neither did yet."""
    kept = select(Track.id).where(Track.job_id == job_id, Track.number == track.id)
    with sessions.begin() as session:
        track_id = session.scalars(kept.order_by(Track.id.desc()).limit(1)).one_or_none()
        if track_id is not None:
            _add_sightings(session, track_id, track)
        return track_id is not None


def save_case(
    sessions: sessionmaker[Session], job_id: int, case: types.Case, evidence: types.Evidence, began: datetime
) -> int:
    """Keep a case of a live source, whose times count from `began`, as it happens; return its id."""
    with sessions.begin() as session:
        job = session.get_one(Job, job_id)
        track_id = _add_track(session, job_id, case.track, (case.heads_without, case.heads_with))
        row = _case(case, evidence, job, track_id, began)
        session.add(row)
        job.violations += case.confirmed
        session.flush()
        if case.captured:
            session.add(to_send(row.id, case.captured))
        return row.id


def _keep_reviewed(session: Session, job: Job) -> list[Case]:
    """The reviewed cases of a job's clip, moved over to that job with their tracks."""
    reviewed = (
        select(Case)
        .join(Job, Case.job_id == Job.id)
        .where(Case.clip_id == job.clip_id, Case.job_id != job.id, Case.version > 0, Job.state.in_(ENDED))
    )
    kept = list(session.scalars(reviewed.options(selectinload(Case.track))))
    for case in kept:
        case.job_id = case.track.job_id = job.id
        case.kept = True
    session.flush()
    return kept


def same_motorcycles(kept: Sequence[Case], tracks: Sequence[types.Track], accused: Set[int]) -> dict[int, Case]:
    """The kept case that a track shows again, by the track's id: it is in the same place at the same time.

    Whoever is not `accused` this time is a rival too, or the case would go to a neighbour who is.
    """
    rivals = [
        (alike + _ACCUSED_AGAIN * (track.id in accused), row, abs(track.id))
        for row, case in enumerate(kept)
        for track in tracks
        if (alike := _alike(case, track)) > _SAME_PLACE_IOU
    ]
    found: dict[int, Case] = {}
    for _, row, track_id in sorted(rivals, reverse=True):
        if track_id not in found and kept[row] not in found.values():
            found[track_id] = kept[row]
    return found


def _alike(case: Case, track: types.Track) -> float:
    """Overlap of the rider of a case, where it was seen best, with a track at that time."""
    nearest = min(track.sightings, key=lambda one: abs(one.time_s - case.best_s))
    if abs(nearest.time_s - case.best_s) > _SAME_TIME_S:
        return 0.0
    return nearest.box.iou(types.Box(case.x1, case.y1, case.x2, case.y2))


def _add_track(session: Session, job_id: int, track: types.Track, heads: tuple[int, int] | None) -> int:
    """`heads` without and with helmet as stage 2 counted them; where it did not look, stage 1's count."""
    without, with_ = heads or _heads(track)
    row = Track(
        job_id=job_id,
        number=track.id,
        start_s=track.start_s,
        end_s=track.end_s,
        heads_without=without,
        heads_with=with_,
    )
    session.add(row)
    session.flush()
    _add_sightings(session, row.id, track)
    return row.id


def _add_sightings(session: Session, track_id: int, track: types.Track) -> None:
    session.execute(
        insert(Sighting),
        [
            {
                "track_id": track_id,
                "frame": one.frame,
                "time_s": one.time_s,
                **_sides(one.box),
                "confidence": one.confidence,
                "parts": [_part(part) for part in one.parts],
            }
            for one in track.sightings
        ],
    )


def _heads(track: types.Track) -> tuple[int, int]:
    """Heads without and with helmet, each followed over time and counted as most of its sightings show it."""
    people = [one for one in occupants(track) if len(one.sightings) >= _LEAST_SIGHTINGS]
    bare = sum(one.bare_share > 0.5 for one in people)
    return bare, len(people) - bare


def _case(case: types.Case, evidence: types.Evidence, job: Job, track_id: int, began: datetime) -> Case:
    row = Case(
        outcome=case.verdict.outcome,
        clip_id=job.clip_id,
        job_id=job.id,
        track_id=track_id,
        happened_at=began + timedelta(seconds=case.best.time_s),
        start_s=case.track.start_s,
        end_s=case.track.end_s,
        best_s=case.best.time_s,
        **_sides(case.best.box),
        stage1=case.stage1,
        stage2=case.verdict.confidence,
        heads_without=case.heads_without,
        heads_with=case.heads_with,
        picture=evidence.picture,
        crop=evidence.crop,
        plate_crop=case.plate,
        video=evidence.clip,
        picture_s=evidence.picture_s,
        video_start_s=evidence.clip_start_s,
        evidence_scale=evidence.scale,
        looks=[_look(look, picture) for look, picture in zip(case.verdict.looks, case.looks, strict=True)],
    )
    if case.reading is not None:
        set_plate(row, case.reading, case.read_pictures)
    return row


def _look(look: types.Look, picture: str) -> Look:
    sighting = look.sighting

    def in_crop(found: tuple[Detection, ...]) -> Parts:
        return [_part(one, look) for one in found]

    rider = Detection(types.Label.RIDER, sighting.box, sighting.confidence)
    return Look(
        time_s=sighting.time_s,
        picture=picture,
        stage1=in_crop((rider, *sighting.parts)),
        stage2=in_crop(look.detections),
        says=look.says,
        confidence=look.confidence,
    )


def _part(one: Detection, look: types.Look | None = None) -> list[float]:
    box = one.box if look is None else one.box.shift(-look.region.x1, -look.region.y1).scale(look.scale)
    return [int(one.label), round(one.confidence, 3), *(round(side, 1) for side in box.as_tuple())]


def _sides(box: types.Box) -> dict[str, float]:
    return {"x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2}
