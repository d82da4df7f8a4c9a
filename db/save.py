"""What an analysis found, into the tables: all of it or nothing."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import ENDED, now
from db.models import Case, Job, JobState, Look, Parts, Sighting, Track
from db.outbox import to_send
from db.plates import set_plate
from pipeline import types
from pipeline.types import Analysis, Detection


def save(sessions: sessionmaker[Session], job_id: int, analysis: Analysis) -> list[int]:
    """Close a job with what it found; return the ids of its cases, in the order of the analysis.

    What earlier jobs found in the same clip is replaced: one motorcycle is one violation, however often
    the clip is analysed.
    """
    with sessions.begin() as session:
        job = session.get_one(Job, job_id)
        session.execute(delete(Job).where(Job.clip_id == job.clip_id, Job.id != job_id, Job.state.in_(ENDED)))
        track_ids = {track.id: _add_track(session, job_id, track) for track in analysis.tracks}
        rows = [_case(case, evidence, job, track_ids[case.track.id]) for case, evidence in analysis.cases]
        session.add_all(rows)
        session.flush()
        session.add_all(
            to_send(row.id, case.captured) for row, (case, _) in zip(rows, analysis.cases, strict=True) if case.captured
        )
        job.state, job.finished_at, job.message = JobState.DONE, now(), analysis.warning
        job.fraction, job.left_s, job.worker = 1.0, None, None
        job.width, job.height = analysis.width, analysis.height
        job.duration_s, job.frames, job.wall_s = analysis.duration_s, analysis.frames, analysis.wall_s
        job.stages, job.video = dict(analysis.stages), analysis.video
        job.violations = sum(case.confirmed for case, _ in analysis.cases)
        session.flush()
        return [row.id for row in rows]


def _add_track(session: Session, job_id: int, track: types.Track) -> int:
    row = Track(job_id=job_id, number=track.id, start_s=track.start_s, end_s=track.end_s)
    session.add(row)
    session.flush()
    session.execute(
        insert(Sighting),
        [
            {
                "track_id": row.id,
                "frame": one.frame,
                "time_s": one.time_s,
                **_sides(one.box),
                "confidence": one.confidence,
                "parts": [_part(part) for part in (*one.heads, *([one.plate] if one.plate else []))],
            }
            for one in track.sightings
        ],
    )
    return row.id


def _case(case: types.Case, evidence: types.Evidence, job: Job, track_id: int) -> Case:
    row = Case(
        outcome=case.verdict.outcome,
        clip_id=job.clip_id,
        job_id=job.id,
        track_id=track_id,
        happened_at=job.clip.added_at + timedelta(seconds=case.best.time_s),
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
    plate = (sighting.plate,) if sighting.plate else ()
    return Look(
        time_s=sighting.time_s,
        picture=picture,
        stage1=in_crop((rider, *sighting.heads, *plate)),
        stage2=in_crop(look.detections),
        says=look.says,
        confidence=look.confidence,
    )


def _part(one: Detection, look: types.Look | None = None) -> list[float]:
    box = one.box if look is None else one.box.shift(-look.region.x1, -look.region.y1).scale(look.scale)
    return [int(one.label), round(one.confidence, 3), *(round(side, 1) for side in box.as_tuple())]


def _sides(box: types.Box) -> dict[str, float]:
    return {"x1": box.x1, "y1": box.y1, "x2": box.x2, "y2": box.y2}
