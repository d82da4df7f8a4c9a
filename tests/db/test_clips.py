"""A clip that is taken out is gone, and nothing else is."""

import os
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import String, func, select
from sqlalchemy.orm import Session, sessionmaker

from db.clips import _FILES, Clips
from db.jobs import Jobs, now
from db.models import Action, Base, Case, Job
from db.reviews import Deed, Reviews
from db.save import save
from pipeline.errors import RefusedError
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import Evidence, Plate, PlateRead
from tests import factory
from tests.factory import queued, under_way


def analysed(settings: Settings, sessions: sessionmaker[Session], content: str) -> int:
    """An upload with one violation, every file of which is there, one of them shared with other such; its id."""
    store, numbers = FileStore(settings.files), count()

    def file(suffix: str = ".jpg") -> str:
        return store.put_content(f"{content} {next(numbers)}".encode(), suffix)

    settings.uploads.mkdir(exist_ok=True)
    upload = settings.uploads / f"{content * 64}.mp4"
    upload.write_bytes(content.encode())
    one = factory.case()
    read = PlateRead(0.1, 1, 1.0, "own", "1가23456", 0.9, (("1", 0.9),), 1.0)
    case = replace(
        one,
        looks=(store.put_content(b"shared", ".jpg"), *(file() for _ in one.looks[1:])),
        plate=file(),
        reading=Plate("1가23456", 0.5, readable=False, characters=(("1", 0.9),), reads=(read,)),
        read_pictures=((file(), file()),),
        captured=((file(".png"), 0.1),),
    )
    evidence = Evidence(file(), file(), file(".mp4"), 0.0, 0.0, 1.0)
    job_id = under_way(sessions, f"{content}.mp4", upload, content * 64)
    found = factory.analysis([(case, evidence)], video=file(".mp4"))
    save(sessions, job_id, replace(found, trace=file(".npz")), store)
    job = Jobs(sessions).get(job_id)
    assert job is not None
    return job.clip_id


def files(settings: Settings) -> set[Path]:
    return {path for folder in (settings.files, settings.uploads) for path in folder.rglob("*") if path.is_file()}


def rows(sessions: sessionmaker[Session]) -> dict[str, int]:
    with sessions() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_a_clip_is_taken_out_with_all_that_only_it_needs(settings: Settings, sessions: sessionmaker[Session]) -> None:
    analysed(settings, sessions, "a")
    before, all_rows = files(settings), rows(sessions)
    clip = analysed(settings, sessions, "b")
    assert len(files(settings)) == 2 * len(before) - 1  # one is shared
    Clips(sessions, settings).remove(clip)
    assert files(settings) == before
    assert rows(sessions) == all_rows
    Clips(sessions, settings).remove(clip)  # as a second click, or somebody else's
    assert files(settings) == before


def test_an_upload_stays_while_one_of_its_films_does(settings: Settings, sessions: sessionmaker[Session]) -> None:
    first, jobs = analysed(settings, sessions, "a"), Jobs(sessions)
    (upload,) = settings.uploads.iterdir()
    second, _ = jobs.add("a.mp4", upload, "a" * 64, 1)
    jobs.cancel(second.id)
    Clips(sessions, settings).remove(first)
    assert upload.exists()
    Clips(sessions, settings).remove(second.clip_id)
    assert files(settings) == set()


def test_no_column_that_names_a_file_is_forgotten() -> None:
    columns = (column for table in Base.metadata.sorted_tables for column in table.columns)
    texts = {column for column in columns if isinstance(column.type, String) and column.type.length == 80}
    named = {column for column in texts if column.name != "reviewer"}
    assert {column for _, query in _FILES for column in query.selected_columns} == named


def test_what_people_judged_stays(settings: Settings, sessions: sessionmaker[Session]) -> None:
    clip = analysed(settings, sessions, "a")
    assert Clips(sessions, settings).reviewed(clip) == 0
    with sessions() as session:
        (case_id,) = session.scalars(select(Case.id))
    Reviews(sessions).decide({case_id: 0}, Deed("Kim", Action.ACCEPT))
    before = files(settings)
    with pytest.raises(RefusedError, match="were reviewed"):
        Clips(sessions, settings).remove(clip)
    assert (files(settings), Clips(sessions, settings).reviewed(clip)) == (before, 1)


def test_a_clip_that_is_analysed_once_more_stays(settings: Settings, sessions: sessionmaker[Session]) -> None:
    clip = analysed(settings, sessions, "a")
    queued(Jobs(sessions), "a.mp4", settings.uploads / f"{'a' * 64}.mp4", "a" * 64)
    with pytest.raises(RefusedError, match="cancel that first"):
        Clips(sessions, settings).remove(clip)


def test_what_a_running_analysis_may_just_have_stored_stays(
    settings: Settings, sessions: sessionmaker[Session]
) -> None:
    """Of another copy of the film, say: its rows come at its end."""
    clip = analysed(settings, sessions, "a")
    pictures = {path for path in files(settings) if path.suffix == ".jpg"}
    old = pictures.pop()
    long_ago = (now() - timedelta(hours=1)).timestamp()
    os.utime(old, (long_ago, long_ago))
    jobs = Jobs(sessions)
    jobs.claim(queued(jobs, "copy.mp4"))
    with sessions.begin() as session:
        session.get_one(Job, 2).started_at = now() - timedelta(minutes=1)
    Clips(sessions, settings).remove(clip)
    assert pictures <= files(settings)
    assert old not in files(settings)
