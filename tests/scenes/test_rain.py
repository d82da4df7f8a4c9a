"""The clip in the rain and its truth, as they lie in the repository. Needs no Blender."""

import json
from pathlib import Path

import av

CLIP = Path(__file__).parents[2] / "samples" / "rain.mp4"


def test_nobody_in_it_is_to_be_accused() -> None:
    truth = json.loads(CLIP.with_suffix(".json").read_text(encoding="utf-8"))
    assert truth["violations"] == []
    assert truth["riders"]
    assert all(person["helmet"] for rider in truth["riders"] for person in rider["people"])
    assert all(head["helmet"] for frame in truth["frames"] for rider in frame["riders"] for head in rider["heads"])
    with av.open(str(CLIP)) as file:
        assert len(list(file.decode(video=0))) == len(truth["frames"])
