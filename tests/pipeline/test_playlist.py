"""Which of several qualities is watched."""

import pytest

from pipeline.playlist import best_quality


def qualities(*about: str) -> str:
    lines = (f"#EXT-X-STREAM-INF:{words}\n\n# a word\n{number}.m3u8" for number, words in enumerate(about))
    return "\r\n".join(("#EXTM3U", "#EXT-X-VERSION:4", *lines))


@pytest.mark.parametrize(
    ("about", "best"),
    [
        (("BANDWIDTH=1,RESOLUTION=640x360", "BANDWIDTH=3,RESOLUTION=1920x1080", "BANDWIDTH=2,RESOLUTION=1280x720"), 1),
        (("BANDWIDTH=9,RESOLUTION=3840x2160", "RESOLUTION=1280x720,BANDWIDTH=2"), 1),
        (("BANDWIDTH=9,RESOLUTION=7680x4320", "BANDWIDTH=7,RESOLUTION=3840x2160"), 1),
        (("BANDWIDTH=2,RESOLUTION=720x1280", "BANDWIDTH=4,RESOLUTION=1080x1920"), 1),
        (("BANDWIDTH=2,RESOLUTION=1280x720", "AVERAGE-BANDWIDTH=9,BANDWIDTH=1,RESOLUTION=1280x720"), 0),
        (('BANDWIDTH=9,CODECS="mp4a.40.2"', "BANDWIDTH=1,RESOLUTION=3840x2160"), 1),
        (("BANDWIDTH=1", "BANDWIDTH=3", "BANDWIDTH=2"), 1),
        (("", f"BANDWIDTH=1,RESOLUTION={'9' * 5000}x1"), 1),
    ],
)
def test_the_best_quality_that_makes_sense(about: tuple[str, ...], best: int) -> None:
    assert best_quality(qualities(*about)) == f"{best}.m3u8"


@pytest.mark.parametrize("words", ["", "#EXTM3U\n#EXTINF:1,\n0.ts\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"])
def test_a_playlist_without_qualities(words: str) -> None:
    assert best_quality(words) is None
