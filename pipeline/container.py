"""What the container of a clip tells of its film."""

from __future__ import annotations

import re

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from pipeline.clock import Stamp
from pipeline.errors import ClipError

_TAG = re.compile(r"(\d{1,4}):(\d\d):(\d\d\.?\d*)")  # a time in Matroska


def films_of(container: InputContainer) -> list[VideoStream]:
    """The streams that move, as of a front and a rear camera: the cover of a recording counts as video too."""
    films = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    return films[:1] + [film for film in films[1:] if film.frames != 1]  # a still is none beside another film


def film_of(container: InputContainer, number: int) -> VideoStream:
    """One of its films, counted from 0.

    Raises:
        ClipError: it is not there, or nobody knows how to read it.
    """
    films = films_of(container)
    if number >= len(films):
        raise ClipError("has no video in it, only sound or nothing")
    film = films[number]
    if film.codec_context is None:
        raise ClipError("its video is of a kind that cannot be read: convert it to H.264")
    return film


def duration_of(container: InputContainer, film: VideoStream, begins: Stamp) -> tuple[float, bool]:
    """How many seconds the film lasts, 0 is unknown, and whether that is told of it, not only of the longest stream.

    Matroska tells when its longest stream ends, wherever its clock began; of a single one only a tag tells, if any.
    """
    whole_s = (container.duration or 0) / av.time_base
    alone = len(container.streams) == 1
    if not container.format.name.startswith("matroska"):
        # of an AVI without its end FFmpeg guesses how long it is now: its header tells how long it was
        length = film.frames if container.format.name == "avi" else film.duration
        own_s = float((length or 0) * (film.time_base or 0))
        return own_s or whole_s, alone or own_s > 0
    tags = (tag for name, tag in film.metadata.items() if name.startswith("DURATION"))  # some name a language as well
    tag = _TAG.fullmatch(next(tags, ""))
    ends_s = 3600 * int(tag[1]) + 60 * int(tag[2]) + float(tag[3]) if tag else whole_s
    return max(ends_s - float(begins), 0.0), alone or tag is not None
