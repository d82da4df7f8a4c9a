"""What is installed."""

import pytest

from pipeline.settings import ROOT


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_python_gets_the_versions_that_the_tests_have_seen(file: str) -> None:
    """A newer PyAV for newer Pythons alone could open no clip."""
    lines = (ROOT / file).read_text().splitlines()
    pinned = [line.partition("==")[0] for line in lines if "==" in line]
    assert pinned
    assert len(pinned) == len(set(pinned))
