"""Watching for long: what went wrong is told, and before hours are spent."""

from ipaddress import ip_network

import pytest

from db import soak
from pipeline.__main__ import main
from pipeline.errors import HelmetWatchError
from pipeline.settings import Settings
from tests.streaming import WebServer


def test_a_page_that_is_no_stream_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "_EVERY_S", 0.2)
    here = settings.model_copy(update={"private_networks": (ip_network("127.0.0.0/8"),)})
    with WebServer({"/": b"<html></html>"}) as server, pytest.raises(HelmetWatchError, match="no video"):
        soak.soak(server.url("/"), here, 1.0, None)


@pytest.mark.parametrize(
    "options", [("--minutes", "nan"), ("--minutes", "-1"), ("--curve", "a.docx"), ("--curve", "nowhere/a.png")]
)
def test_what_could_not_be_done_in_the_end_is_refused_at_once(
    options: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["soak", "http://127.0.0.1:9/", *options])
    assert options[1] in capsys.readouterr().err
