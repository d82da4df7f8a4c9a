"""What leaves the system: complete, checkable, and nobody to be recognised but the accused."""

import csv
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from fpdf import FPDF
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import text, update
from sqlalchemy.orm import Session, sessionmaker
from streamlit.testing.v1 import AppTest

from dashboard import i18n
from dashboard.export import table
from dashboard.export.negatives import negatives, parts
from dashboard.export.package import SUMS, PackageError, Source, package
from dashboard.export.report import Page as Report
from dashboard.export.report import report
from dashboard.export.table import write
from dashboard.export.wording import HIDDEN, STILL_SEEN
from dashboard.export.wording import page as words
from db.cases import Cases
from db.models import Action, Case, Clip, Reason, SourceKind
from db.reviews import Deed, Reviews
from db.save import save
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.training.dataset import merge
from pipeline.types import Box, Evidence, Label
from tests import factory
from tests.dashboard.pages import Open, said
from tests.dashboard.serving import click, press
from tests.factory import BOARD, contrast, is_hidden, under_way

NAME = "=오토바이 (1) 🛵.mp4"


@pytest.fixture
def source(settings: Settings, sessions: sessionmaker[Session], tmp_path: Path) -> Source:
    """Two violations in a clip whose frames are a chessboard, the first reviewed twice."""
    store = FileStore(settings.files)
    picture = store.put_picture(BOARD)
    cases = []
    for id_ in (1, 2):
        clip = factory.write_clip(tmp_path / f"{id_}.mp4", [index / 10 for index in range(14)], lambda _: BOARD)
        one = factory.case(id_)
        crop = store.put_picture(BOARD[::2, ::2][: round(one.verdict.looks[0].region.height), :135])
        cases.append(
            (
                replace(one, looks=(crop,) * len(one.looks), plate=crop),
                Evidence(picture, picture, store.take(clip), 0.0, 0.0, 1.0),
            )
        )
    job_id = under_way(sessions, NAME, content="a" * 64)
    save(sessions, job_id, factory.analysis(cases, video=picture), store)
    reviews = Reviews(sessions)
    reviews.correct_plate({1: 0}, "김철수", "서울 강남 가 1234")
    reviews.decide({1: 1}, Deed("김철수", Action.ACCEPT))
    return Source(Cases(sessions), reviews, store, settings, lambda *_: True)


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "ko")


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package_is_complete_and_its_sums_are_right(source: Source) -> None:
    files = opened(package([1, 2], source, words))
    names = {"case.json", "clip.mp4", "frame.jpg", "plate.jpg", "report.pdf"} | {f"look-{n}.jpg" for n in range(1, 5)}
    assert files.keys() == {SUMS} | {f"case-{id_:06}/{name}" for id_ in (1, 2) for name in names}
    sums = dict(reversed(line.split("  ")) for line in files.pop(SUMS).decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_a_package_tells_no_sum_of_a_streams_address(source: Source, sessions: sessionmaker[Session]) -> None:
    """Whoever has it could try log-ins until one fits."""
    with sessions.begin() as session:
        session.execute(update(Clip).values(kind=SourceKind.STREAM, sha256="b" * 64))
        session.execute(update(Case).values(happened_at=datetime.now(UTC) - timedelta(hours=1)))
    files = opened(package([1], source, words))
    assert json.loads(files["case-000001/case.json"])["source"]["sha256"] is None
    case = source.cases.get(1)
    assert case is not None
    assert not any("b" * 64 in note for note in words(case, [], True).notes)


def test_the_facts_of_a_case(source: Source) -> None:
    facts = json.loads(opened(package([1], source, words))["case-000001/case.json"])
    assert facts["source"] == {"name": NAME, "sha256": "a" * 64, "film": 1}
    assert facts["plate"]["corrected"] == "서울 강남 가 1234"
    assert (facts["review"], facts["others_hidden"], facts["clip_included"]) == ("accepted", True, True)
    assert [(row["who"], row["what"]) for row in facts["history"]] == [("김철수", "plate"), ("김철수", "accept")]


@pytest.mark.parametrize("live", [False, True])
def test_of_a_clip_it_is_told_when_it_was_handed_in_not_when_it_happened(
    source: Source, sessions: sessionmaker[Session], open_page: Open, live: bool
) -> None:
    handed_in, happened = (datetime(2025, 4, 18, 9, minute, tzinfo=UTC) for minute in (0, 7))
    with sessions.begin() as session:
        session.execute(update(Clip).values(kind=SourceKind.STREAM if live else SourceKind.FILE, added_at=handed_in))
        session.execute(update(Case).values(happened_at=happened))
    told = "2025-04-18 09:07" if live else "Handed in 2025-04-18 09:00"
    files = opened(package([1], source, words))
    assert f"{told}:00 UTC" in PdfReader(io.BytesIO(files["case-000001/report.pdf"])).pages[0].extract_text()
    facts = json.loads(files["case-000001/case.json"])
    moments = (happened.isoformat(), None) if live else (None, handed_in.isoformat())
    assert (facts["happened_at"], facts["handed_in_at"]) == moments
    row = dict(zip(table.heads(), table.words()(source.cases.in_full([1])[0]), strict=True))
    cells = ("2025-04-18 09:07:00", None) if live else (None, "2025-04-18 09:00:00")
    assert (row["When"], row["Handed in"]) == cells
    for app in (open_page("gallery"), open_page("gallery", case="1")):
        assert told in said(app).splitlines()
        assert ("at 09:07:00" if live else "at 0:00") in said(app)


@pytest.mark.usefixtures("korean")
def test_the_report_is_one_page_and_its_korean_can_be_read(source: Source) -> None:
    pdf = PdfReader(io.BytesIO(opened(package([1], source, words))["case-000001/report.pdf"]))
    (only,) = pdf.pages
    text = only.extract_text()
    for part in ("헬멧을 쓰지 않은 탑승자", "서울 강남 가 1234", "김철수", "오토바이 (1)", "a" * 64, "인정"):
        assert part in text, text
    assert len(only.images) == 1 + 1 + 4
    fonts = only["/Resources"]["/Font"].values()
    assert all("/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts)  # embedded


def test_a_name_of_any_length_takes_a_report_no_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    measured = []
    width = FPDF.get_string_width

    def measure(pdf: FPDF, text: str) -> float:
        measured.append(len(text))
        return width(pdf, text)

    monkeypatch.setattr(FPDF, "get_string_width", measure)
    data = report(Report("", [("Source", "i" * 1500)], "", ["i" * 1500], []), 0, tmp_path)
    lines = PdfReader(io.BytesIO(data)).pages[0].extract_text().splitlines()
    assert [line[-2:] for line in lines if "i" * 50 in line] == ["i…", "i…"]
    assert sum(measured) < 1e6


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
def test_a_report_says_in_full_what_is_hidden_and_what_is_not(
    source: Source, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.setattr(i18n, "language", lambda: language)
    texts = {}
    for hidden in (True, False):
        files = opened(package([1], source, words, others_hidden=hidden))
        pdf = PdfReader(io.BytesIO(files["case-000001/report.pdf"]))
        texts[hidden] = " ".join(pdf.pages[0].extract_text().split())
    for promise in (i18n._(HIDDEN), i18n._(STILL_SEEN)):
        assert promise in texts[True]
        assert promise not in texts[False]


def test_nobody_else_is_seen_in_a_package(source: Source) -> None:
    files = opened(package([1], source, words))
    frame = cv2.imdecode(np.frombuffer(files["case-000001/frame.jpg"], np.uint8), cv2.IMREAD_COLOR)
    assert is_hidden(frame, Box(300, 0, 960, 540))
    assert is_hidden(frame, Box(160, 120, 190, 180)), "the upper part of the other rider reaches in"
    assert contrast(frame, Box(110, 200, 190, 280)) > 0.8
    look = cv2.imdecode(np.frombuffer(files["case-000001/look-1.jpg"], np.uint8), cv2.IMREAD_COLOR)
    assert is_hidden(look, Box(0, 0, 8, look.shape[0]))
    assert is_hidden(look, Box(80, 50, 115, 120))
    assert contrast(look, Box(25, 50, 65, 90)) > 0.6, "the accused head"
    assert contrast(look, Box(30, 60, 100, 160)) > 0.6  # JPEG has no mercy on single pixels


def test_what_is_hidden_in_a_look_follows_from_where_the_rider_was_then(
    source: Source, sessions: sessionmaker[Session]
) -> None:
    before = opened(package([1], source, words))
    with sessions.begin() as session:
        session.execute(text("UPDATE sightings SET x1 = x1 + 300, x2 = x2 + 300 WHERE frame = 0"))
    after = opened(package([1], source, words))
    same = [n for n in range(1, 5) if before[f"case-000001/look-{n}.jpg"] == after[f"case-000001/look-{n}.jpg"]]
    assert same == [2, 3, 4]


def test_everybody_is_seen_only_where_somebody_wants_that(source: Source) -> None:
    files = opened(package([1], source, words, others_hidden=False))
    assert files["case-000001/frame.jpg"] == source.store.path(source.cases.in_full([1])[0].picture).read_bytes()
    assert json.loads(files["case-000001/case.json"])["others_hidden"] is False


def test_a_clip_whose_beginning_is_not_known_stays_inside(source: Source, sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.execute(text("UPDATE cases SET picture_s = NULL, video_start_s = NULL, evidence_scale = NULL"))
    files = opened(package([1], source, words))
    assert not {"case-000001/clip.mp4", "case-000001/frame.jpg"} & files.keys()
    assert json.loads(files["case-000001/case.json"])["clip_included"] is False


def test_what_cannot_be_packed(source: Source) -> None:
    with pytest.raises(PackageError, match="case 99 does not exist any more"):
        package([1, 99], source, words)
    with pytest.raises(PackageError, match="at most"):
        package(range(101), source, words)


@pytest.mark.parametrize(("ago_s", "made"), [(-3600, False), (60, True)])
def test_a_live_case_is_packed_once_it_is_known_who_else_was_there(
    source: Source, sessions: sessionmaker[Session], ago_s: int, made: bool
) -> None:
    with sessions.begin() as session:
        session.execute(update(Clip).values(kind=SourceKind.CAMERA))
        session.execute(update(Case).values(happened_at=datetime.now(UTC) - timedelta(seconds=ago_s)))
    assert package([1], source, words, others_hidden=False)
    with nullcontext() if made else pytest.raises(PackageError, match="case 1 is only just over"):
        package([1], source, words)


def test_a_live_case_is_not_packed_while_somebody_around_it_is_under_way(
    source: Source, sessions: sessionmaker[Session]
) -> None:
    with sessions.begin() as session:
        session.execute(update(Clip).values(kind=SourceKind.CAMERA))
        session.execute(update(Case).values(happened_at=datetime.now(UTC) - timedelta(hours=1)))
    (case,) = source.cases.in_full([1])

    def behind(job_id: int, time_s: float) -> bool:
        assert job_id == case.job_id
        return time_s <= case.end_s + 0.5

    with pytest.raises(PackageError, match="case 1 is only just over"):
        package([1], replace(source, knows_all_until=behind), words)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize(
    ("lost", "damage"),
    [("picture", Path.unlink), ("video", Path.unlink), ("plate_crop", Path.unlink), ("picture", _cut), ("video", _cut)],
)
def test_a_package_is_whole_or_not_made_and_says_which_case_is_why(
    source: Source, lost: str, damage: Callable[[Path], None], hidden: bool
) -> None:
    damage(source.store.path(getattr(source.cases.in_full([1])[0], lost)))
    with pytest.raises(PackageError, match="case 1: a picture or the clip is missing or broken"):
        package([1, 2], source, words, hidden)


@pytest.mark.usefixtures("source", "open_page")
def test_a_full_disk_is_told_in_plain_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def prepare() -> None:
        from dashboard.export.panel import _made

        _made((1,), True)

    monkeypatch.setattr(zipfile.ZipFile, "write", full)
    app = AppTest.from_function(prepare, default_timeout=60).run()
    assert [error.value for error in app.error] == ["the disk is full\\: free some space, then run it again"]


def test_a_table_is_safe_to_open_and_keeps_its_korean() -> None:
    data = write(
        ("번호판",), [("서울 강남 가 1234",), ("=cmd|' /C calc'!A0",), ("+1",), ("-1",), ("@x",), ("\tx",), (-1,)]
    )
    assert data.startswith(b"\xef\xbb\xbf")
    rows = [row[0] for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))]
    assert rows == ["번호판", "서울 강남 가 1234", "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@x", "'\tx", "-1"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", "=+-@＝＋－＠")
@pytest.mark.parametrize("before", ["", "a;", 'a";', 'a;"', "a\t", "a\n", 'a"\n', 'a,";"'])
def test_no_cell_is_a_formula_wherever_a_sheet_parts_them(separator: str, start: str, before: str) -> None:
    """Excel parts cells as the country has it, and knows a quoted one only by a quote at its beginning."""
    data = write(("n", "name"), [(1, f"{before}{start}cmd")]).decode("utf-8-sig")
    rows = [*csv.reader(io.StringIO(data), delimiter=separator)]
    rows += [line.split(separator) for line in data.splitlines()] if separator != "," else []
    assert "cmd" in data
    assert not [cell for row in rows for cell in row if cell.startswith(start)]


def taught(source: Source) -> bytes:
    return negatives([1, 2], source.cases, source.reviews, source.store)


def test_hard_negatives_are_a_set_that_the_training_reads(source: Source, tmp_path: Path) -> None:
    source.reviews.decide({1: 2}, Deed("Kim", Action.DISMISS, Reason.HELMET))
    source.reviews.decide({2: 0}, Deed("Kim", Action.DISMISS, Reason.NO_RIDER))
    with zipfile.ZipFile(io.BytesIO(taught(source))) as archive:
        archive.extractall(tmp_path / "sets")
    merged = merge([tmp_path / "sets" / "hard_negatives.yaml"], tmp_path / "sets", tmp_path / "merged", None)
    assert yaml.safe_load(merged.read_text())["pictures"].keys() <= {"train", "val"}
    helmets = (tmp_path / "sets/hard_negatives/labels/case-000001-1.txt").read_text().splitlines()
    assert [int(line.split()[0]) for line in helmets] == [Label.RIDER, Label.WITH_HELMET]
    assert (tmp_path / "sets/hard_negatives/labels/case-000002-1.txt").read_text() == ""
    assert len(list((tmp_path / "merged").rglob("*.txt"))) == 8


def test_a_dismissal_that_was_taken_back_teaches_nothing(source: Source) -> None:
    source.reviews.decide({2: 0}, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    source.reviews.decide({2: 1}, Deed("Kim", Action.ACCEPT))
    source.reviews.decide({2: 2}, Deed("Kim", Action.DISMISS, Reason.HELMET))
    source.reviews.undo("Kim")
    source.reviews.undo("Kim")
    assert not [name for name in opened(taught(source)) if "case" in name]


def test_many_hard_negatives_come_in_parts_that_are_one_set(
    source: Source, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.export.negatives.MOST", 1)
    source.reviews.decide({1: 2, 2: 0}, Deed("Kim", Action.DISMISS, Reason.HELMET))
    zips = [negatives(part, source.cases, source.reviews, source.store) for part in parts(source.reviews)]
    assert [sorted({name.split("/")[-1][:11] for name in opened(one) if "case" in name}) for one in zips] == [
        ["case-000001"],
        ["case-000002"],
    ]
    app = open_page("gallery")
    app = app.segmented_control(key="gallery-review").set_value("dismissed").run()
    assert [one.label for one in app.get("download_button")] == ["CSV", "ZIP 1 of 2", "ZIP 2 of 2"]


def test_pictures_of_a_restored_folder_without_times_teach(source: Source) -> None:
    source.reviews.decide({1: 2}, Deed("Kim", Action.DISMISS, Reason.HELMET))
    for file in source.settings.files.rglob("*.jpg"):
        os.utime(file, (0, 0))
    assert [name for name in opened(taught(source)) if name.endswith(".jpg")]


def test_doubtful_cases_teach_nothing(source: Source) -> None:
    source.reviews.decide({1: 2, 2: 0}, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    assert not [name for name in opened(taught(source)) if "case" in name]


def test_only_what_teaches_is_counted_as_a_hard_negative(source: Source, open_page: Open) -> None:
    source.reviews.decide({1: 2}, Deed("Kim", Action.DISMISS, Reason.UNCLEAR))
    app = open_page("gallery")
    assert "0 cases dismissed as “Wears a helmet” or “No motorcycle rider”" in said(app)
    source.reviews.decide({2: 0}, Deed("Kim", Action.DISMISS, Reason.NO_RIDER))
    app = app.segmented_control(key="gallery-review").set_value("dismissed").run()
    assert "1 case dismissed as" in said(app)


def test_package_and_table_in_the_browser(source: Source, page: Page, tmp_path: Path) -> None:
    page.goto("/gallery")
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "view.csv")
    (_, *rows) = csv.reader(io.StringIO((tmp_path / "view.csv").read_text("utf-8-sig")))
    assert [(row[0], row[1]) for row in rows] == [("2", f"'{NAME}"), ("1", f"'{NAME}")]
    page.goto("/gallery?case=1")
    page.get_by_role("button", name="Evidence package").click()
    expect(page.get_by_text("Hide what is around the motorcycle")).to_be_visible()
    expect(page.get_by_text("Not hidden: what else is inside the box")).to_be_visible()
    page.get_by_role("button", name="Prepare").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download,").click()
    download.value.save_as(tmp_path / "package.zip")
    files = opened((tmp_path / "package.zip").read_bytes())
    assert json.loads(files["case-000001/case.json"])["others_hidden"] is True
    assert files["case-000001/report.pdf"].startswith(b"%PDF")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Evidence package").click()
    expect(page.get_by_role("button", name="Prepare")).to_be_visible()
    expect(page.get_by_role("button", name="Download,")).not_to_be_visible()


def test_a_package_is_made_anew_where_somebody_decided_meanwhile(source: Source, page: Page) -> None:
    page.goto("/gallery?case=2")
    click(page, "Evidence package")
    page.get_by_role("button", name="Prepare").click()
    expect(page.get_by_role("button", name="Download,")).to_be_visible()
    source.reviews.decide({2: 0}, Deed("Lee", Action.ACCEPT))
    expect(page.get_by_role("dialog")).to_be_hidden()
    click(page, "Evidence package")
    expect(page.get_by_role("button", name="Prepare")).to_be_visible()
    expect(page.get_by_role("button", name="Download,")).not_to_be_visible()


def test_no_key_reaches_the_case_beneath_the_dialog(source: Source, page: Page, server: str) -> None:
    page.context.add_cookies([{"name": "helmet_watch_reviewer", "value": "Kim", "url": server}])
    page.goto("/gallery?case=2")
    click(page, "Evidence package")
    expect(page.get_by_role("button", name="Prepare")).to_be_visible()
    for key in "jad":
        press(page, key)
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("1 of 2")).to_be_visible()
    assert [row.action for row in source.reviews.history(2)] == []
    press(page, "j")  # hears again
    expect(page.get_by_text("2 of 2")).to_be_visible()
