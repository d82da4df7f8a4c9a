"""The command line as a shell sees it: exit status, standard output, standard error."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from db.engine import sessions
from db.jobs import Jobs
from db.models import Job, JobState
from pipeline.settings import ROOT, Settings
from pipeline.video import Clip
from pipeline.weights import sha256
from tests.factory import queued, write_clip, write_films


def pipeline(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "거리 🛵.mp4", [index / 30 for index in range(30)])


def test_good_clips_are_done_and_bad_ones_named(good: Path, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").touch()
    bad = [tmp_path / "text.mp4", tmp_path / "empty.mp4", tmp_path / "missing.mp4"]
    done = pipeline("analyse", bad[0], good, *bad[1:], "--data", settings.data, "--json")
    assert done.returncode == 2
    (document,) = json.loads(done.stdout)
    assert document["clip"] == str(good)
    assert document["frames"] == 30
    assert document["duration_s"] == pytest.approx(29 / 30, abs=0.01)
    assert (document["violations"], document["rejected"]) == ([], [])
    assert set(document["stages"]) >= {"decode", "detect", "track", "associate", "evidence"}
    lines = done.stderr.replace("\r", "\n").splitlines()
    for path, what in zip(bad, ("no video", "empty", "no such file"), strict=True):
        assert [line for line in lines if line.startswith(f"{path}: ") and what in line]
    assert any("%|" in line for line in lines)


def test_each_film_of_a_clip_is_analysed(settings: Settings, tmp_path: Path) -> None:
    clip = write_films(tmp_path / "both.avi", (60, 180), frames=30)
    done = pipeline("analyse", clip, "--data", settings.data, "--json")
    assert done.returncode == 0
    documents = json.loads(done.stdout)
    assert [(document["clip"], document["film"]) for document in documents] == [(str(clip), 1), (str(clip), 2)]
    shades = [next(Clip(Path(document["video"]), 4096).frames()).image.mean() for document in documents]
    assert shades == pytest.approx([60, 180], abs=8)
    assert [job.clip.name for job in Jobs(sessions(settings.database)).ended(9)] == ["both.avi (2)", "both.avi"]


def test_a_name_that_is_no_utf_8_is_told_and_the_next_clip_is_done(good: Path, settings: Settings) -> None:
    odd = Path(os.fsdecode(bytes(good.parent) + b"/\xff.mp4"))
    good.rename(odd)
    shutil.copy(odd, good)
    done = pipeline("analyse", odd, good, "--data", settings.data, "--json")
    assert done.returncode == 2
    assert "its name is not UTF-8: rename it" in done.stderr
    assert [document["clip"] for document in json.loads(done.stdout)] == [str(good)]


def test_all_is_well(good: Path, settings: Settings) -> None:
    done = pipeline("analyse", good, "--data", settings.data)
    assert done.returncode == 0
    assert "0 violations" in done.stdout


def test_an_upload_stays_the_file_of_its_clip(good: Path, settings: Settings) -> None:
    """A card on which the clip is as well may be taken out."""
    settings.uploads.mkdir()
    upload = Path(shutil.copy(good, settings.uploads / f"{sha256(good)}.mp4"))
    assert pipeline("analyse", good, "--data", settings.data).returncode == 0
    (job,) = Jobs(sessions(settings.database)).ended(9)
    assert (job.clip.name, Path(job.clip.path)) == (good.name, upload)


@pytest.mark.parametrize("left", [JobState.QUEUED, JobState.RUNNING])
def test_a_clip_that_waits_already_or_was_left_by_a_killed_process_is_done(
    good: Path, settings: Settings, left: JobState
) -> None:
    database = sessions(settings.database)
    job_id = queued(Jobs(database), "before.mp4", good, sha256(good))
    with database.begin() as session:
        session.execute(update(Job).values(state=left, worker=f"{os.getpid()} 1.0"))
    done = pipeline("analyse", good, "--data", settings.data)
    assert (done.returncode, "0 violations" in done.stdout) == (0, True)
    assert Jobs(database).open() == []
    assert (Jobs(database).get(job_id) is not None) == (left is JobState.QUEUED)


def test_where_the_time_goes(good: Path, settings: Settings) -> None:
    done = pipeline("bench", good, "--data", settings.data)
    assert done.returncode == 0
    assert "stage 1 only" in done.stdout
    assert "seconds of clip per second" in done.stdout
    assert not list(settings.data.glob("*.sqlite3"))


def test_a_clip_that_cannot_be_measured_is_named(settings: Settings, tmp_path: Path) -> None:
    done = pipeline("bench", tmp_path / "missing.mp4", "--data", settings.data)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, f"{tmp_path / 'missing.mp4'}: no such file")


def cut_short(
    settings: Settings, clips: list[Path], cut: Callable[[subprocess.Popen[str], Job], object]
) -> tuple[int, str, Job]:
    """Analyse long clips and cut in when the first one runs: exit status, standard error, the first one's job."""
    command = [sys.executable, "-m", "pipeline", "analyse", *map(str, clips), "--data", str(settings.data)]
    jobs = Jobs(sessions(settings.database))
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 240
        while not (jobs.open() and jobs.open()[0].stage) and time.monotonic() < until:
            time.sleep(0.1)
        cut(process, jobs.open()[0])
        _, told = process.communicate(timeout=240)
    job = jobs.get(1)
    assert job is not None
    return process.returncode, told, job


def long_clip(path: Path) -> Path:
    return write_clip(path, [index / 30 for index in range(1500)])


def test_who_presses_control_c_leaves_an_interrupted_job_and_no_traceback(settings: Settings, tmp_path: Path) -> None:
    clips = [long_clip(tmp_path / "a.mp4"), tmp_path / "next.mp4"]
    status, told, job = cut_short(settings, clips, lambda process, _: process.send_signal(signal.SIGINT))
    assert (status, job.state) == (2, JobState.INTERRUPTED)
    assert told.splitlines()[-1] == f"{clips[0]}: interrupted", "and the next clip is not begun"
    assert "Traceback" not in told


def test_a_clip_that_somebody_cancels_elsewhere_was_not_analysed(settings: Settings, tmp_path: Path) -> None:
    jobs = Jobs(sessions(settings.database))
    clip = long_clip(tmp_path / "a.mp4")
    status, told, job = cut_short(settings, [clip], lambda _, job: jobs.cancel(job.id))
    assert (status, job.state) == (2, JobState.CANCELLED)
    assert told.splitlines()[-1] == f"{clip}: cancelled"


def test_a_folder_that_cannot_be_written_is_told(good: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = pipeline("analyse", good, "--data", tmp_path / "file")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
