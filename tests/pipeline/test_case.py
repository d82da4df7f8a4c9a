from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.case import capture_plate, close_case, with_own_plates
from pipeline.ocr_protocol import to_image
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Image, Label, Outcome, Says, Verdict
from tests.factory import case, look, sighting, suspect

BARE, HELMET = Label.WITHOUT_HELMET, Label.WITH_HELMET


def verdict(*said: Says) -> Verdict:
    looks = tuple(look(says, 0.5 + place / 10, sighting(3 * place)) for place, says in enumerate(said))
    return Verdict(Outcome.CONFIRMED, 0.8, looks)


def test_a_case_is_best_seen_where_stage_2_is_surest_of_a_bare_head(settings: Settings) -> None:
    case = close_case(suspect(), verdict(Says.BARE, Says.BARE, Says.HELMET), FileStore(settings.files))
    assert case.best.frame == 3
    assert case.stage1 == 0.8


def test_heads_are_counted_in_the_middle_of_the_looks(settings: Settings) -> None:
    seen = verdict(Says.BARE, Says.BARE, Says.BARE)
    bare, helmet = sighting(0, (BARE, HELMET)).heads
    heads = ((bare, helmet), (bare, helmet), (bare, helmet, helmet))
    looks = tuple(replace(one, heads=found) for one, found in zip(seen.looks, heads, strict=True))
    case = close_case(suspect(), replace(seen, looks=looks), FileStore(settings.files))
    assert (case.heads_without, case.heads_with) == (1, 1)


def test_the_pictures_go_to_the_store(settings: Settings) -> None:
    one = suspect()
    plates = tuple(replace(crop, image=crop.image[:20, :40]) for crop in one.crops[:2])
    store = FileStore(settings.files)
    case = close_case(replace(one, plates=plates), verdict(Says.BARE), store)
    assert len(case.looks) == len(one.crops)
    assert all(store.path(name).is_file() for name in case.looks)
    assert case.plate is not None
    assert store.path(case.plate).is_file()


def test_plates_from_when_stage_2_sees_a_helmet_are_not_the_suspects() -> None:
    """Somebody whose helmet stage 1 takes for hair has come out under the suspect's id."""
    one = suspect(frames=12)  # looked at in the frames 0, 3, 6 and 9
    plates = tuple(replace(one.crops[0], sighting=sighting(frame)) for frame in range(12))
    seen = verdict(Says.BARE, Says.BARE, Says.NOTHING, Says.HELMET)
    own = with_own_plates(replace(one, plates=plates), seen).plates
    assert [plate.sighting.frame for plate in own] == list(range(8))


def test_only_crops_that_the_ocr_server_accepts_are_captured(settings: Settings) -> None:
    store = FileStore(settings.files)
    frame = suspect().crops[0]
    crops = [replace(frame, image=frame.image[:high, :wide]) for high, wide in ((3, 40), (40, 3), (4, 4), (20, 40))]
    captured = capture_plate(case(), crops, store).captured
    assert [to_image(store.path(name).read_bytes()).shape[:2] for name, _ in captured] == [(4, 4), (20, 40)]


def test_a_capture_that_is_not_stored_whole_leaves_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    put = FileStore.put_capture

    def until_full(store: FileStore, image: Image) -> str:
        if stored():
            raise OSError(28, "No space left on device")
        return put(store, image)

    def stored() -> list[Path]:
        return list(settings.files.glob("*/*.png"))

    monkeypatch.setattr(FileStore, "put_capture", until_full)
    with pytest.raises(OSError, match="No space"):
        capture_plate(case(), suspect().crops, FileStore(settings.files))
    assert not stored()
