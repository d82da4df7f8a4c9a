"""What is left behind goes, and nothing else."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from db import tidy
from db.__main__ import main
from db.jobs import Jobs, now
from db.models import Job, JobState, Received
from db.tidy import StrangeDatabaseError
from pipeline.settings import Settings, get_settings
from pipeline.store import FileStore
from tests.factory import queued


def aged(path: Path, days: float) -> Path:
    then = datetime.now().astimezone() - timedelta(days=days)
    os.utime(path, (then.timestamp(),) * 2)
    return path


@pytest.fixture
def kept(settings: Settings, sessions: sessionmaker[Session]) -> set[Path]:
    """An upload, an annotated video and two crops that the OCR server still has to read, all named by rows."""
    store = FileStore(settings.files)
    video, *crops = [
        store.put_content(content, suffix) for content, suffix in ((b"v", ".mp4"), (b"1", ".png"), (b"2", ".png"))
    ]
    settings.uploads.mkdir()
    upload = settings.uploads / f"{'a' * 64}.webm"
    upload.write_bytes(b"upload")
    job = queued(Jobs(sessions), "clip.webm", upload, "a" * 64)
    with sessions.begin() as session:
        session.execute(update(Job).where(Job.id == job).values(video=video))
        session.add(Received(key="k", crops=[(crop, 0.1) for crop in crops], received_at=now()))
    return {aged(path, 30) for path in (upload, *map(store.path, (video, *crops)))}


def left(settings: Settings, days: float) -> set[Path]:
    """A stored file and an upload that no row names."""
    file = FileStore(settings.files).path(FileStore(settings.files).put_content(b"left", ".jpg"))
    upload = settings.uploads / f"{'b' * 64}.mp4"
    upload.write_bytes(b"left")
    return {aged(path, days) for path in (file, upload)}


def unneeded(sessions: sessionmaker[Session], settings: Settings) -> set[Path]:
    return {path for path, _ in tidy.unneeded(sessions, settings)}


@pytest.mark.usefixtures("kept")
def test_what_no_row_names_is_left_behind_and_the_rest_is_needed(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    gone = left(settings, 2)
    aged(settings.data / "helmet_watch.sqlite3", 30)
    by_hand = settings.uploads / f"{'d' * 64}.mp4.bak"
    by_hand.write_bytes(b"somebody's own")
    aged(by_hand, 30)
    assert unneeded(sessions, settings) == gone


def test_of_a_folder_without_files_nothing_is_left_behind(settings: Settings, sessions: sessionmaker[Session]) -> None:
    assert unneeded(sessions, settings) == set()


@pytest.mark.usefixtures("kept")
def test_an_upload_is_kept_whose_clip_was_last_read_from_elsewhere(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    jobs = Jobs(sessions)
    claimed = jobs.claim()
    assert claimed is not None
    jobs.end(claimed.id, JobState.DONE)
    queued(jobs, "clip.webm", Path("/card/clip.webm"), "a" * 64)
    assert unneeded(sessions, settings) == set()


@pytest.mark.usefixtures("kept")
def test_what_a_job_may_still_name_is_left_alone(settings: Settings, sessions: sessionmaker[Session]) -> None:
    gone = left(settings, 2)
    jobs = Jobs(sessions)
    job = queued(jobs, "long.mp4", Path("long.mp4"), "c" * 64)
    jobs.claim(job)
    assert jobs.claim() is not None, "another runs beside it, and began later"
    with sessions.begin() as session:
        session.execute(update(Job).where(Job.id == job).values(started_at=now() - timedelta(days=3)))
    assert unneeded(sessions, settings) == set()
    with sessions.begin() as session:
        session.execute(update(Job).where(Job.id == job).values(started_at=now()))
    assert unneeded(sessions, settings) == gone
    for path in gone:
        aged(path, 0.5)
    assert unneeded(sessions, settings) == set()


@pytest.mark.usefixtures("kept")
def test_what_a_job_stores_anew_or_deletes_meanwhile_is_left_alone(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    """A cancelled job that runs again finds the same pictures."""
    store = FileStore(settings.files)
    for content in (b"1", b"2", b"3"):
        aged(store.path(store.put_content(content, ".jpg")), 2)
    found = tidy.unneeded(sessions, settings)
    first, _ = next(found)
    anew, gone = {store.path(store.put_content(content, ".jpg")) for content in (b"1", b"2", b"3")} - {first}
    gone.unlink()
    assert list(found) == []
    assert anew.is_file()


@pytest.mark.usefixtures("kept")
def test_what_a_killed_process_left_unfinished_is_not_needed(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    old, upload, young = (
        parent / f"unfinished-{name}"
        for parent, name in ((settings.files, "old"), (settings.uploads, "upload"), (settings.uploads, "young"))
    )
    for folder, days in ((old, 2), (upload, 2), (young, 0.5)):
        folder.mkdir()
        (folder / "video.mp4").write_bytes(b"half")
        aged(folder / "video.mp4", days)
        aged(folder, days)
    assert list(tidy.unneeded(sessions, settings)) == [(old, 4), (upload, 4)]


def test_against_another_folders_database_nothing_is_deleted(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    settings.uploads.mkdir()
    left(settings, 30)
    with pytest.raises(StrangeDatabaseError, match="names none of the 2 files"):
        unneeded(sessions, settings)


@pytest.mark.usefixtures("sessions")
def test_the_command_tells_first_and_deletes_when_told(
    settings: Settings, kept: set[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unfinished = settings.files / "unfinished-x"
    unfinished.mkdir()
    (unfinished / "video.mp4").write_bytes(b"half")
    aged(unfinished / "video.mp4", 2)
    gone = {*left(settings, 2), aged(unfinished, 2)}
    monkeypatch.setenv("HELMET_WATCH_DATA", str(settings.data))
    get_settings.cache_clear()
    for arguments, said in (
        ([], "3 files, 0.0 MB, not needed any more (--delete deletes them)"),
        (["--delete"], "3 files, 0.0 MB, deleted"),
        ([], "0 files, 0.0 MB, not needed any more"),
    ):
        monkeypatch.setattr(sys, "argv", ["db", "tidy", *arguments])
        assert main() == 0
        assert capsys.readouterr().out.strip() == said
    get_settings.cache_clear()
    assert not any(path.exists() for path in gone)
    assert all(path.exists() for path in kept)


def test_a_folder_that_is_not_there_is_told_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HELMET_WATCH_DATA", str(tmp_path / "dtata"))
    get_settings.cache_clear()
    monkeypatch.setattr(sys, "argv", ["db", "tidy", "--delete"])
    assert main() == 2
    get_settings.cache_clear()
    assert "dtata: no such folder" in capsys.readouterr().err
    assert not (tmp_path / "dtata").exists()
