"""A live source with riders that are made up, and a stage 2 that says what it is told: who is gone, who is accused."""

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import repeat
from math import inf
from operator import itemgetter
from threading import Condition
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.live import _verify, _write
from pipeline.settings import Settings
from pipeline.source import Source, ToWrite
from pipeline.types import Case, Crop, Frame, Image, Label, Look, Outcome, Says, Suspect, Verdict
from pipeline.verify import Verifier, vote
from tests import factory

FPS = 10
BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET
STREET = np.random.default_rng(0).integers(0, 255, (540, 960, 3), np.uint8)


class Told:
    """Stage 2, which says of all crops of a suspect the next of these words."""

    bar = 0.45

    def __init__(self, says: Iterable[Says]) -> None:
        self._says = iter(says)

    def verify(self, suspect: Suspect) -> Verdict:
        says = next(self._says)
        return vote(tuple(factory.look(says, 0.8, crop.sighting) for crop in suspect.crops), 2, self.bar)


class Eyes(Verifier):
    """Stage 2, which sees these heads on every motorcycle, from the left to the right."""

    bar = 0.45

    def __init__(self, settings: Settings, *labels: Label) -> None:
        self._settings, self._labels = settings, labels

    def look(self, crop: Crop) -> Look:
        seen = sorted(crop.sighting.heads, key=lambda head: head.box.x1)
        heads = tuple(replace(head, label=label) for head, label in zip(seen, self._labels, strict=False))
        return replace(factory.look(Says.NOTHING, seen=crop.sighting), heads=heads)


class Stage:
    """A stage without a thread: its work is done at once, or when somebody says so."""

    def __init__(self, work, at_once: bool = True) -> None:
        self._work, self._at_once = work, at_once
        self._waiting = []

    def submit(self, item) -> Future:
        future = Future()
        self._waiting.append((future, item))
        if self._at_once:
            self.work_off()
        return future

    def work_off(self) -> None:
        while self._waiting:
            future, item = self._waiting.pop(0)
            future.set_result(self._work(item))


class Scene(Source):
    """A source with a clock that is set by hand, and what it had written."""

    def __init__(
        self,
        settings: Settings,
        says: Iterable[Says] = repeat(Says.BARE),
        at_once: bool = True,
        eyes: Eyes | None = None,
    ) -> None:
        self.clock_s = 0.0
        self.written: list[ToWrite] = []
        self.stage2 = Stage(partial(_verify, eyes or Told(says)), at_once)
        plates, writer = Stage(itemgetter(0)), Stage(self.written.append)
        super().__init__(settings, 0.4, None, self.stage2, plates, writer, Condition())

    def now_s(self) -> float:
        return self.clock_s

    def play(
        self,
        start_s: float,
        end_s: float,
        label: Label | None,
        lag_s: float = 0.1,
        image: Image = STREET,
        x: int = 100,
        pillion: Label | None = None,
    ) -> None:
        """Frames with one rider, or nobody, each analysed so long after it was taken."""
        one = factory.rider(x)
        found = (one, factory.head_of(one, label)) if label is not None else ()
        if pillion is not None:
            found += (factory.head_of(one, pillion, across=0.9),)
        for index in range(round(start_s * FPS), round(end_s * FPS)):
            self.clock_s = index / FPS + lag_s
            self.see(Frame(index, index / FPS, image), found)
            self.look_after()

    @property
    def cases(self) -> list[Case]:
        return [one.case for one in self.written if one.case]


@pytest.mark.parametrize("lag_s", [0.1, 0.7, 1.3, 4.0])
def test_a_rider_who_is_hidden_is_one_case_however_late_the_analysis_is(settings: Settings, lag_s: float) -> None:
    scene = Scene(settings)
    scene.play(0.0, 3.0, BARE, lag_s)
    scene.play(3.0, 5.3, None, lag_s)
    scene.play(5.3, 7.0, BARE, lag_s)
    scene.play(7.0, 10.5, None, lag_s)
    (written,) = scene.written
    assert written.case is not None
    assert len(written.track.sightings) == (3.0 + 1.7) * FPS


def test_a_rider_is_gone_where_no_more_frames_come(settings: Settings) -> None:
    scene = Scene(settings)
    scene.play(0.0, 2.0, BARE)
    scene.clock_s = 11.5
    scene.look_after()
    assert not scene.written, "the camera may only have stalled"
    scene.clock_s = 12.5
    scene.look_after()
    assert [case.confirmed for case in scene.cases] == [True]


@pytest.mark.parametrize(
    ("x", "image", "riders"), [(110, STREET, 1), (400, STREET, 2), (110, STREET[..., ::-1] // 3, 2)]
)
def test_who_waits_while_the_camera_stalls_is_one_case(settings: Settings, x: int, image: Image, riders: int) -> None:
    """But not who stands elsewhere afterwards, or in other clothes."""
    scene = Scene(settings)
    scene.play(0.0, 3.0, BARE)
    for scene.clock_s in np.arange(3.0, 9.0, 0.5):
        scene.look_after()
    scene.play(9.0, 9.4, None, image=image)  # what stood there is not found at once
    scene.play(9.4, 12.0, BARE, image=image, x=x)
    scene.play(12.0, 15.0, None)
    assert [case.confirmed for case in scene.cases] == [True] * riders


def test_a_rider_is_gone_also_where_every_frame_comes_late(settings: Settings) -> None:
    scene = Scene(settings)
    scene.play(0.0, 2.0, BARE)
    for scene.clock_s in (5.0, 8.0, 11.0):
        scene.see(Frame(round(scene.clock_s * FPS), scene.clock_s, STREET), ())
        scene.look_after()
    assert [case.confirmed for case in scene.cases] == [True]
    assert scene._collector.since_s() == inf, "nobody is waited for"


def test_frames_that_wait_for_the_analysis_are_no_gap(settings: Settings) -> None:
    """As after stage 2 held up the watch: the rider may be in them."""
    scene = Scene(settings)
    scene.play(0.0, 2.0, BARE)
    scene.clock_s = 6.0
    scene.put(Frame(60, 5.9, STREET))
    scene.look_after()
    assert not scene.written


def test_where_the_picture_is_cut_the_next_rider_is_another_one(settings: Settings) -> None:
    """Also one who looks alike, in the same place."""
    rng = np.random.default_rng(0)
    scenes = np.kron(rng.integers(0, 255, (2, 18, 32, 3)), np.ones((1, 30, 30, 1))).astype(np.uint8)
    scenes[:, 100:300, 100:200] = STREET[100:300, 100:200]
    scene = Scene(settings)
    for number, image in enumerate(scenes):
        scene.play(3.0 * number, 3.0 * number + 3.0, BARE, image=image)
    scene.play(6.0, 9.5, None, image=scenes[1])
    assert [case.track.end_s for case in scene.cases] == [2.9, 5.9]


def test_a_late_verdict_marks_nobody_who_came_with_another_picture(settings: Settings) -> None:
    scene = Scene(settings, at_once=False)
    small = STREET[:480, :640].copy()
    scene.play(0.0, 2.0, BARE)
    scene.play(2.0, 2.5, HELMET, image=small)
    before = scene.marks(2.4)
    scene.stage2.work_off()
    assert [case.confirmed for case in scene.cases] == [True]
    assert scene.marks(2.4) == before
    assert before[0].text == "rider 2"


@pytest.mark.parametrize(
    ("says", "outcomes"),
    [
        ([Says.HELMET] * 3 + [Says.BARE], [Outcome.REJECTED] * 3 + [Outcome.UNSURE]),
        ([Says.HELMET, Says.BARE, Says.HELMET, Says.BARE], [Outcome.REJECTED, Outcome.UNSURE] * 2),
        ([Says.NOTHING, Says.BARE, Says.BARE], [Outcome.REJECTED, Outcome.UNSURE, Outcome.CONFIRMED]),
        ([Says.BARE], [Outcome.CONFIRMED]),
    ],
)
def test_nobody_is_accused_for_waiting_in_view(settings: Settings, says: list[Says], outcomes: list[Outcome]) -> None:
    """Whom stage 2 turned down it sees again, but all its looks so far vote together."""
    scene = Scene(settings.model_copy(update={"live_track_s": 1.0}), says)
    scene.play(0.0, 4.5, BARE)
    assert [case.verdict.outcome for case in scene.cases] == outcomes
    assert scene.trouble is None


@pytest.mark.parametrize(("x", "cases"), [(100, 0), (400, 1)])
def test_who_waits_in_view_and_takes_the_helmet_off_is_no_suspect(settings: Settings, x: int, cases: int) -> None:
    """However long that was ago; somebody else, bare from the first on, is one."""
    scene = Scene(settings.model_copy(update={"live_track_s": 2.5}))
    scene.play(0.0, 2.0, HELMET)
    scene.play(2.0, 9.0, BARE, x=x)
    assert len(scene.cases) == cases


@pytest.mark.parametrize(("driver", "pillion", "confirmed"), [(BARE, HELMET, False), (HELMET, BARE, True)])
def test_who_takes_the_helmet_off_is_not_accused_either_where_a_pillion_is_a_suspect(
    settings: Settings, driver: Label, pillion: Label, confirmed: bool
) -> None:
    """Stage 2 is asked about the pillion alone, whatever it sees of the driver."""
    settings = settings.model_copy(update={"live_track_s": 2.5})
    scene = Scene(settings, eyes=Eyes(settings, driver, pillion))
    scene.play(0.0, 3.0, HELMET)
    scene.play(3.0, 9.0, BARE, pillion=BARE)
    assert scene.trouble is None
    assert any(case.confirmed for case in scene.cases) == confirmed


def test_who_was_just_judged_and_goes_is_no_suspect_without_crops(settings: Settings) -> None:
    scene = Scene(settings.model_copy(update={"live_track_s": 1.0, "min_sightings": 1}), [Says.HELMET])
    scene.play(0.0, 1.2, BARE)
    assert len(scene.cases) == 1
    scene.play(1.2, 5.0, None)
    assert len(scene.cases) == 1
    assert scene.trouble is None


@pytest.mark.parametrize("label", [BARE, HELMET])
def test_where_a_rider_is_after_it_was_kept_is_kept_as_well(settings: Settings, label: Label) -> None:
    """Somebody who waits at the crossing has to be hidden in the evidence of whoever passes."""
    scene = Scene(settings.model_copy(update={"live_track_s": 1.0}))
    scene.play(0.0, 5.0, label)
    scene.play(5.0, 8.5, None)
    assert [one.later for one in scene.written] == [False] + [True] * (len(scene.written) - 1)
    frames = [one.frame for written in scene.written for one in written.track.sightings]
    assert frames == list(range(50))


@pytest.mark.parametrize("shape", [(2, 8000, 3), (8000, 2, 3), (3, 2000, 3), (49, 8000, 3), (1, 1, 3)])
def test_pictures_as_thin_as_a_thread_are_shown(settings: Settings, shape: tuple[int, int, int]) -> None:
    """Else one such stream hides the list of all streams, and the button that stops it."""
    scene = Scene(settings)
    scene.put(Frame(0, 0.0, np.zeros(shape, np.uint8)))
    assert scene.preview(640) is not None


@pytest.mark.parametrize("trouble", [OSError("no space left on device"), None])
def test_whoever_stops_does_not_wait_for_ever_for_a_full_disk(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, trouble: OSError | None
) -> None:
    """A queue of riders who cannot be kept, each tried for long, held the Stop button for minutes."""
    monkeypatch.setattr("pipeline.source._PATIENCE_S", 0.05)
    scene, kept = Scene(settings), []
    scene.keeper, scene.trouble = SimpleNamespace(keep_track=kept.append), trouble
    scene._finished.set()
    scene._begin(factory.track())
    scene.close()
    _write(None, ToWrite(scene, factory.track(), None))
    assert len(kept) == (trouble is None)


def test_when_it_began_follows_the_clock_of_the_machine(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(settings)
    scene.clock_s = 60.0
    today = datetime(2026, 11, 1, 8, tzinfo=UTC)
    monkeypatch.setattr("pipeline.source.datetime", SimpleNamespace(now=lambda _: today))
    assert scene.began() == today - timedelta(minutes=1)
    today += timedelta(hours=1)
    assert scene.began() == today - timedelta(minutes=1)
