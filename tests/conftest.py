"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from db import engine
from pipeline.settings import ROOT, Settings

SHARED = ROOT.parent / "shared"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data folder of its own."""
    data = tmp_path / "data"
    data.mkdir()
    return Settings(data=data, device="cpu")


@pytest.fixture
def sessions(settings: Settings) -> sessionmaker[Session]:
    return engine.sessions(settings.database)


@pytest.fixture
def shared_clips() -> Path:
    """Real clips, which are no part of the repository."""
    clips = SHARED / "clips"
    if not clips.is_dir():
        pytest.skip(f"no real clips at {clips}")
    return clips
