"""Riders, clips and what was found in them, made up for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import numpy as np
from sqlalchemy.orm import Session, sessionmaker

from db.jobs import Jobs
from db.save import save
from pipeline.crops import crop_rider
from pipeline.store import FileStore
from pipeline.types import (
    Analysis,
    Box,
    Case,
    Crop,
    Detection,
    Evidence,
    Image,
    Label,
    Look,
    Outcome,
    Says,
    Sighting,
    Suspect,
    Track,
    Verdict,
)

FRAME = np.full((540, 960, 3), 128, np.uint8)
# a chessboard of small squares: whatever is still seen of it has full contrast
BOARD = np.kron(np.indices((68, 120)).sum(0) % 2, np.ones((8, 8)))[:540, :960, None].repeat(3, 2).astype(np.uint8) * 255
STORE = FileStore(Path("/nowhere"))  # nothing of what is made up here is in it
GONE = Path("/nowhere/gone.mp4")
EVIDENCE = Evidence("p.jpg", "c.jpg", "v.mp4", 0.0, 0.0, 1.0)


def contrast(image: Image, box: Box) -> float:
    """1 where the chessboard is seen, 0 where nothing of it is left."""
    x1, y1, x2, y2 = (round(side) for side in box.as_tuple())
    return float(image[y1:y2, x1:x2].std() / 127.5)


def is_hidden(image: Image, box: Box) -> bool:
    return contrast(image, box) < 0.1


def rider(
    x: float = 100, y: float = 100, width: float = 100, height: float = 200, confidence: float = 0.9
) -> Detection:
    return Detection(Label.RIDER, Box(x, y, x + width, y + height), confidence)


def head_of(one: Detection, label: Label, across: float = 0.48, confidence: float = 0.8) -> Detection:
    """A head where a rider's head usually is; `across` from the left to the right edge of the rider, 0 to 1."""
    size = 0.2 * one.box.height
    x = one.box.x1 + across * one.box.width
    y = one.box.y1 + 0.156 * one.box.height
    return Detection(label, Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2), confidence)


def plate_of(one: Detection, confidence: float = 0.7) -> Detection:
    x, y = one.box.x1 + 0.45 * one.box.width, one.box.y1 + 0.64 * one.box.height
    return Detection(Label.PLATE, Box(x - 20, y - 7, x + 20, y + 7), confidence)


def sighting(
    frame: int, labels: Sequence[Label] = (Label.WITHOUT_HELMET,), fps: float = 10, x: float = 100
) -> Sighting:
    one = rider(x)
    heads = tuple(head_of(one, label, 0.3 + 0.4 * place) for place, label in enumerate(labels))
    return Sighting(frame, frame / fps, one.box, one.confidence, heads, plate_of(one))


def track(id_: int = 1, frames: int = 10, labels: Sequence[Label] = (Label.WITHOUT_HELMET,)) -> Track:
    return Track(id_, tuple(sighting(frame, labels) for frame in range(frames)))


def crop(one: Sighting) -> Crop:
    return crop_rider(FRAME, one)


def suspect(id_: int = 1, frames: int = 10) -> Suspect:
    one = track(id_, frames)
    return Suspect(one, tuple(crop(seen) for seen in one.sightings[::3]))


def look(says: Says, confidence: float = 0.8, seen: Sighting | None = None) -> Look:
    seen = seen or sighting(0)
    one = crop(seen)
    return Look(seen, one.region, one.scale, seen.heads, seen.heads, says, confidence if says is Says.BARE else 0.0)


def case(id_: int = 1, outcome: Outcome = Outcome.CONFIRMED, frames: int = 10) -> Case:
    one = suspect(id_, frames)
    says = Says.BARE if outcome is Outcome.CONFIRMED else Says.HELMET
    looks = tuple(look(says, 0.8, seen.sighting) for seen in one.crops)
    names = (f"{'0' * 64}.jpg",) * len(looks)
    return Case(one.track, Verdict(outcome, 0.8, looks), one.crops[0].sighting, 0.7, 1, 0, names, None)


def write_clip(
    path: Path,
    times_s: Sequence[float],
    picture: Callable[[int], Image] = lambda _: FRAME,
    codec: str = "libx264",
    rotation: int = 0,
    key_every: int = 250,
    pixel: Fraction = Fraction(1),
    mirrored: bool = False,
) -> Path:
    """A video with one picture per time; `rotation` as a phone notes it, `mirrored` after that from left to right, one
    in `key_every` frames a key frame, `pixel` the width of one by its height."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        height, width = picture(0).shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = key_every
        stream.codec_context.sample_aspect_ratio = pixel
        if path.suffix != ".avi" and codec != "mpeg2video":  # which have a fixed rate
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if rotation or mirrored:
            stream.set_display_rotation(rotation, hflip=mirrored)
        for index, time_s in enumerate(times_s):
            frame = av.VideoFrame.from_ndarray(picture(index), format="bgr24")
            frame.pts, frame.time_base = round(time_s * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_films(path: Path, shades: Sequence[int], frames: int = 45) -> Path:
    """A file with a film of each grey in it, as of a front and a rear camera: 64 x 64 pixels, 30 frames a second, every
    tenth of the first film a key frame, every ninth of the next, and so on."""
    with av.open(str(path), "w") as container:
        films = [container.add_stream("libx264", rate=30) for _ in shades]
        for place, film in enumerate(films):
            film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
            film.codec_context.gop_size, film.codec_context.max_b_frames = 10 - place, 0
        for index in range(frames):
            for film, shade in zip(films, shades, strict=True):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade, np.uint8), format="bgr24")
                frame.pts, frame.time_base = index, Fraction(1, 30)
                container.mux(film.encode(frame))
        for film in films:
            container.mux(film.encode(None))
    return path


def stamped(path: Path, stamps_s: list[float]) -> Path:
    """A clip at 30 frames a second whose container tells these times instead."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuvj420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        packets = []
        for index in range(len(stamps_s)):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="bgr24")
            frame.pts, frame.time_base = round(1000 * index / 30), Fraction(1, 1000)
            packets += stream.encode(frame)
        for packet, stamp_s in zip([*packets, *stream.encode(None)], stamps_s, strict=True):
            packet.pts = round(1000 * stamp_s)
            container.mux(packet)
    return path


def queued(jobs: Jobs, name: str, path: Path = GONE, content: str = "") -> int:
    """Queue a clip; the job's id. Without a sum of its `content` it is another clip than those of other names."""
    job, new = jobs.add(name, path, content or sha256(name.encode()).hexdigest())
    assert new
    return job.id


def under_way(sessions: sessionmaker[Session], name: str, path: Path = GONE, content: str = "") -> int:
    """Queue a clip and begin to analyse it; the job's id."""
    jobs = Jobs(sessions)
    job_id = queued(jobs, name, path, content)
    jobs.claim(job_id)
    return job_id


def analysis(cases: Sequence[tuple[Case, Evidence]], others: Sequence[Track] = (), video: str = "a.mp4") -> Analysis:
    """What was found in a clip of nine seconds: these suspects, and other riders."""
    tracks = (*(one.track for one, _ in cases), *others)
    return Analysis(960, 540, 9.0, 90, 4.5, {"detect": 2.0}, tracks, tuple(cases), video)


def analysis_of(*outcomes: Outcome) -> Analysis:
    """A suspect for each outcome, every other one with a plate, and a rider whose head nobody saw."""
    cases = [replace(case(id_, one), plate="n.jpg" if id_ % 2 else None) for id_, one in enumerate(outcomes)]
    return analysis([(one, EVIDENCE) for one in cases], [track(99, labels=())])


def done(sessions: sessionmaker[Session], content: str, *outcomes: Outcome) -> int:
    """A clip in which these suspects were found; its job's id."""
    job_id = under_way(sessions, f"{content}.mp4", content=content * 64)
    save(sessions, job_id, analysis_of(*outcomes), STORE)
    return job_id
