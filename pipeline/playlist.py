"""Broadcasts (HLS) that come in several qualities: which of them is watched.

As lenient as FFmpeg: the m3u8 package fails at playlists without a bandwidth, or of odd numbers, which FFmpeg plays.
"""

from __future__ import annotations

import re

_MOST_LINES = 1080  # more show no plate better and cost much; where a picture stands upright, its width counts
_QUALITY = "#EXT-X-STREAM-INF:"
_SIZE = re.compile(r"[:,]\s*RESOLUTION=(\d{1,6})x(\d{1,6})")
_BANDWIDTH = re.compile(r"[:,]\s*BANDWIDTH=(\d{1,12})")


def best_quality(playlist: str) -> str | None:
    """Where the sharpest pictures are that make sense, as the playlist says it; None where it has no qualities.

    FFmpeg would read all of them at once and show the first.
    """
    found = []
    about = ""
    for line in map(str.strip, playlist.splitlines()):
        if line.startswith(_QUALITY):
            about = line
        elif about and line and not line.startswith("#"):
            found.append((_lines(about), _bandwidth(about), line))
            about = ""
    with_pictures = [one for one in found if one[0]] or found  # the others may be sound alone
    return max(with_pictures, key=lambda one: _worth(*one[:2]))[2] if found else None


def _worth(lines: int, bandwidth: int) -> tuple[bool, int, int]:
    fits = lines <= _MOST_LINES
    return fits, lines if fits else -lines, bandwidth


def _lines(about: str) -> int:
    size = _SIZE.search(about)
    return min(map(int, size.groups())) if size else 0


def _bandwidth(about: str) -> int:
    bandwidth = _BANDWIDTH.search(about)
    return int(bandwidth[1]) if bandwidth else 0
