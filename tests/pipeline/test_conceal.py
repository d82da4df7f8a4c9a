from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline import motion
from pipeline.conceal import Scene, Witness, conceal, conceal_clip
from pipeline.errors import ClipError
from pipeline.settings import Settings
from pipeline.types import Box, Label, Sighting, Track
from pipeline.video import Clip
from pipeline.video_writer import VideoWriter
from tests import factory
from tests.factory import BOARD, contrast, is_hidden


def accused(frames: int = 10, labels: tuple[Label, ...] = (Label.WITHOUT_HELMET,)) -> Track:
    return factory.track(1, frames, labels)


def witness(track: Track, *others: Sighting) -> Witness:
    return Witness(track, others, Settings())


def test_only_the_accused_motorcycle_is_seen() -> None:
    track = accused()
    one = track.sightings[0]
    image = conceal(BOARD, witness(track).scene(one.time_s))
    x1, y1, x2, y2 = (round(side) for side in one.box.as_tuple())
    assert np.array_equal(image[y1:y2, x1:x2], BOARD[y1:y2, x1:x2])
    for place in (Box(300, 0, 960, 540), Box(0, 0, 80, 540), Box(0, 320, 960, 540)):
        assert is_hidden(image, place)


def test_a_picture_without_a_scene_is_hidden_whole() -> None:
    assert is_hidden(conceal(BOARD, Scene()), Box(0, 0, 960, 540))


@pytest.mark.parametrize("upright", [False, True])
def test_what_is_hidden_is_too_coarse_for_a_face(upright: bool) -> None:
    """Patches of a third of a face are gone; the picture has 32 cells on its longer side."""
    patches = np.random.default_rng(0).integers(0, 256, (54, 96), np.uint8)
    image = np.kron(patches, np.ones((10, 10), np.uint8))[..., None].repeat(3, 2)
    image = np.ascontiguousarray(image.swapaxes(0, 1)) if upright else image
    assert conceal(image, Scene()).std() < 0.3 * image.std()


def test_of_a_piece_of_the_frame_the_same_is_seen_as_of_the_whole() -> None:
    """A crop half as large."""
    scene = Scene((Box(100, 100, 200, 300),), (Box(150, 100, 200, 150),), (Box(160, 110, 190, 140),))
    piece = cv2.resize(BOARD[40:520, 60:860], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_NEAREST)
    image = conceal(np.asarray(piece, np.uint8), scene.seen_from(Box(60, 40, 860, 520), 0.5))
    assert contrast(image, Box(20, 56, 70, 130)) > 0.9
    assert is_hidden(image, Box(46, 30, 70, 34))
    assert contrast(image, Box(50, 35, 65, 50)) > 0.9
    assert is_hidden(image, Box(71, 0, 400, 240))


def test_a_rider_who_reaches_in_is_hidden_but_not_the_accused_head() -> None:
    track = accused()
    one = track.sightings[0]
    other = factory.sighting(0, (), x=150)  # overlaps the right half of the accused
    image = conceal(BOARD, witness(track, other).scene(0))
    assert is_hidden(image, Box(165, 110, 200, 175))
    assert contrast(image, one.heads[0].box) > 0.9
    assert contrast(image, Box(110, 210, 135, 290)) > 0.9


def test_the_accused_plate_is_seen_also_where_another_rider_reaches_over_it() -> None:
    track = accused()
    plate, other = track.sightings[0].plate, factory.rider(y=200)
    assert plate is not None
    image = conceal(BOARD, witness(track, Sighting(0, 0.0, other.box, 0.9)).scene(0))
    assert contrast(image, plate.box) > 0.9
    assert is_hidden(image, Box(110, 245, 190, 280))


def test_a_rider_who_was_missed_for_a_moment_stays_hidden() -> None:
    other = factory.sighting(2, (), x=150)
    scene = witness(accused(), other).scene(0.4)
    assert is_hidden(conceal(BOARD, scene), Box(165, 110, 200, 175))
    assert not is_hidden(conceal(BOARD, witness(accused(), other).scene(0.8)), Box(165, 110, 200, 175))


def test_a_pillion_with_a_helmet_is_hidden_also_where_the_head_was_missed() -> None:
    track = accused(10, (Label.WITHOUT_HELMET, Label.WITH_HELMET))
    bare, helmet = track.sightings[5].heads
    missed = replace(track.sightings[5], heads=(bare,))
    track = Track(1, (*track.sightings[:5], missed, *track.sightings[6:]))
    image = conceal(BOARD, witness(track).scene(missed.time_s))
    own = Box(helmet.box.x1 + 12, helmet.box.y1, helmet.box.x2, helmet.box.y2)  # the heads nearly touch
    assert is_hidden(image, own)
    assert contrast(image, bare.box) > 0.9


def test_a_pillion_with_a_helmet_is_hidden_where_the_head_is_by_now() -> None:
    """The motorcycle moves, the pillion on it as well, and is missed in every other sighting."""
    track = accused(12)
    seen, places = [], []
    for row, one in enumerate(track.sightings):
        helmet = factory.head_of(factory.rider(), Label.WITH_HELMET, 0.6 + 0.03 * (row // 2))
        heads = (*one.heads, helmet) if row % 2 == 0 else one.heads
        moved_on = motion.moved(replace(one, heads=heads), one.box.shift(60 * row, 0))
        seen.append(moved_on)
        places.append(helmet.box.shift(60 * row, 0))
    eyes = witness(Track(1, tuple(seen)))
    for one, place in zip(seen, places, strict=True):
        assert is_hidden(conceal(BOARD, eyes.scene(one.time_s)), Box(place.x1 + 20, place.y1, place.x2, place.y2))


def test_a_head_that_was_lost_and_found_in_another_place_is_the_accused() -> None:
    """It is shown also where somebody else reaches in."""
    track = accused()
    one = factory.rider()
    elsewhere = replace(track.sightings[4], heads=(factory.head_of(one, Label.WITHOUT_HELMET, 0.9),))
    other = factory.sighting(4, (), x=150)
    eyes = witness(Track(1, (*track.sightings[:4], elsewhere, *track.sightings[5:])), other)
    assert contrast(conceal(BOARD, eyes.scene(elsewhere.time_s)), elsewhere.heads[0].box) > 0.9


def test_somebody_who_stood_behind_for_a_moment_is_hidden() -> None:
    track = accused()
    two = replace(track.sightings[4], heads=factory.sighting(4, (Label.WITHOUT_HELMET,) * 2).heads)
    own, other = (head.box for head in (track.sightings[4].heads[0], two.heads[1]))
    eyes = witness(Track(1, (*track.sightings[:4], two, *track.sightings[5:])))
    image = conceal(BOARD, eyes.scene(two.time_s))
    assert contrast(image, own) > 0.9
    assert is_hidden(image, Box(other.x1 + 12, other.y1, other.x2, other.y2))


def test_between_two_sightings_the_same_is_hidden_and_seen_as_in_them() -> None:
    """Stage 1 passes over every second frame of a clip; both people are bare, and one of them rides along."""
    track = accused()
    two = replace(track.sightings[4], heads=factory.sighting(4, (Label.WITHOUT_HELMET,) * 2).heads)
    own, other = (head.box for head in (track.sightings[4].heads[0], two.heads[1]))
    eyes = witness(Track(1, (*track.sightings[:4], two, *track.sightings[5:])))
    for time_s in (two.time_s - 0.04, two.time_s, two.time_s + 0.04):
        image = conceal(BOARD, eyes.scene(time_s))
        assert contrast(image, own) > 0.9
        assert is_hidden(image, Box(other.x1 + 12, other.y1, other.x2, other.y2)), time_s


def test_a_head_of_another_rider_is_hidden_wherever_it_is() -> None:
    """Above that rider's box, or low in it, as a child's: inside the accused's."""
    one, other = accused(), factory.sighting(0, (), x=150)
    heads = [
        replace(factory.head_of(factory.rider(150), Label.WITHOUT_HELMET), box=Box(172, y, 198, y + 25))
        for y in (60, 250)
    ]
    other = replace(other, box=Box(150, 120, 250, 300), heads=tuple(heads))
    tall = Track(1, tuple(replace(seen, box=Box(100, 50, 200, 300)) for seen in one.sightings))
    image = conceal(BOARD, witness(tall, other).scene(0))
    assert all(is_hidden(image, head.box) for head in heads)


def test_between_sightings() -> None:
    near, far = factory.sighting(0, x=100), factory.sighting(3, x=160)
    gone = factory.sighting(20, x=100)
    eyes = witness(Track(1, (near, far, gone)))
    between = eyes.seen(0.15)
    assert between is not None
    assert between.box.x1 == pytest.approx(130)
    for time_s in (-0.5, 1.0, 2.5):  # before, in a long gap, after
        assert eyes.seen(time_s) is None
        assert is_hidden(conceal(BOARD, eyes.scene(time_s)), Box(0, 0, 960, 540))


def test_a_clip_that_is_damaged_is_told_and_not_handed_on_in_part(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 96, 96, 3), np.uint8)
    with VideoWriter(tmp_path / "clip.mp4", 10) as writer:
        for index, image in enumerate(noise):
            writer.write(image, index / 10)
    content = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "clip.mp4").write_bytes(content[: len(content) // 2])
    with pytest.raises(ClipError):
        conceal_clip(tmp_path / "clip.mp4", tmp_path / "hidden.mp4", 0.0, 1.0, witness(accused()))


def test_a_clip_is_hidden_frame_by_frame(tmp_path: Path) -> None:
    """The clip begins at 0.7 s of its source and shows it half as large."""
    half = np.asarray(cv2.resize(BOARD, (480, 270), interpolation=cv2.INTER_NEAREST), np.uint8)
    source = factory.write_clip(tmp_path / "clip.mp4", [index / 10 for index in range(12)], lambda _: half)
    sightings = tuple(factory.sighting(frame, x=20.0 * frame) for frame in range(10, 16))
    conceal_clip(source, tmp_path / "hidden.mp4", 0.7, 0.5, witness(Track(1, sightings)))
    frames = list(Clip(tmp_path / "hidden.mp4", 4096).frames())
    assert [round(frame.time_s, 2) for frame in frames] == [round(index / 10, 2) for index in range(12)]
    for frame in frames:
        now = round((frame.time_s + 0.7) * 10)
        place = Box(10.0 * now + 8, 80, 10.0 * now + 42, 140)  # inside the accused's box, below the head
        assert is_hidden(frame.image, Box(300, 0, 480, 270))
        assert is_hidden(frame.image, place) == (now not in range(10, 16)), now
