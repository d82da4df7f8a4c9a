"""What all tests share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db import engine
from pipeline.settings import ROOT, Settings

if TYPE_CHECKING:
    from tests.samples import Analysed

SHARED = ROOT.parent / "shared"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder of its own."""
    data = tmp_path / "data"
    data.mkdir()
    return Settings(data=data, device="cpu")


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which nothing is yet: to make its tables takes longer than most tests."""
    path = tmp_path_factory.mktemp("new") / "new.sqlite3"
    engine.sessions(f"sqlite:///{path}").kw["bind"].dispose()
    return path


@pytest.fixture
def sessions(settings: Settings, new_database: Path) -> sessionmaker[Session]:
    database = settings.data / "helmet_watch.sqlite3"
    if not database.exists():
        shutil.copy(new_database, database)
    return engine.sessions(settings.database)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Analysed:
    """The demo clip, analysed. All tests share it: whoever changes its data folder takes a copy."""
    from tests.samples import analyse_sample  # loads the models' libraries: other tests need not wait for them

    return analyse_sample(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def shared_clips() -> Path:
    """Real clips, which are no part of the repository."""
    clips = SHARED / "clips"
    if not clips.is_dir():
        pytest.skip(f"no real clips at {clips}")
    return clips
