"""Numbers, times and names as people read them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from dashboard.i18n import _, later, translated
from db.models import Case
from pipeline.types import Label, Outcome, Says

_CLASSES = {
    Label.RIDER: later("rider"),
    Label.WITHOUT_HELMET: later("without helmet"),
    Label.WITH_HELMET: later("with helmet"),
    Label.PLATE: later("number plate"),
}
SAYS = {Says.BARE: later("a bare head"), Says.HELMET: later("a helmet"), Says.NOTHING: later("nothing to be sure of")}
OUTCOMES = {
    Outcome.CONFIRMED: later("Confirmed"),
    Outcome.REJECTED: later("Rejected"),
    Outcome.UNSURE: later("Unsure"),
}
# OWASP, CSV injection: what begins so may be run; a sheet that parts cells at semicolons begins one there as well
_FORMULA = re.compile(r"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n\x22]))(?=[=+\-@＝＋－＠])")  # also their wide forms
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")
_LINK = re.compile(r"(?<=http:)(?=//)|(?<=https:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)  # escaped or not
_JOINER = "\u2060"  # is not seen, and keeps a line from being broken there


def plain(text: str) -> str:
    """A text that may hold anything, so that Markdown shows it as it is and nothing else happens."""
    return _MARKDOWN.sub(r"\\\1", _LINK.sub(_JOINER, text.replace("\n", " ").replace("\r", " ")))


def about(word: str, what: str) -> str:
    """A button's word with what the button is about, which is only heard: those of many rows look alike.

    Not for popovers: Streamlit names them by the label as it is written.
    """
    return f"{word} *{plain(what.strip())}*"


def told(message: str) -> str:
    """What the pipeline or the database said, in the viewer's language and as `plain` has it."""
    return plain(translated(message))


def brief(name: str, most: int) -> str:
    """A file name no longer than this, its beginning and its end."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2 - 1) :]}"


def told_apart(names: Mapping[int, str]) -> dict[int, str]:
    """The names by id; of those that look alike all but the first get a number, as the browser tells them apart by
    their look alone."""
    alike: Counter[str] = Counter()
    apart: dict[str, int] = {}
    for id_, name in sorted(names.items()):
        shown = name
        while shown in apart:  # by another clip's own name as well
            alike[name] += 1
            shown = f"{name} ({alike[name] + 1})"
        apart[shown] = id_
    return {id_: shown for shown, id_ in apart.items()}


def harmless(cell: Any) -> Any:
    """A cell of a table that a spreadsheet opens: no text in it is run as a formula."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


def class_name(label: Label) -> str:
    return _(_CLASSES[label])


def clock(seconds: float) -> str:
    """A place in a clip: 0:07, 12:31, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def at(case: Case, seconds: float) -> str:
    """A moment of a case's source as people look for it: a place in a clip, of a live source the time of day."""
    return exactly(case, seconds).rpartition(".")[0]


def exactly(case: Case, seconds: float) -> str:
    """The same to a hundredth of a second, which tells frames apart: 0:07.40."""
    if case.handed_in_at is not None:
        return f"{clock(seconds)}.{int(seconds * 100 + 1e-6) % 100:02}"  # 0.29 * 100 is less than 29
    return moment(case, seconds).strftime("%H:%M:%S.%f")[:-4]


def moment(case: Case, seconds: float) -> datetime:
    """When that was, in the viewer's zone; known of live sources alone."""
    return (case.happened_at + timedelta(seconds=seconds - case.best_s)).astimezone(zone())


def zone() -> ZoneInfo:
    """The viewer's time zone, as the browser tells it; UTC where it names none that there is, such as Etc/Unknown."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def local(moment: datetime) -> str:
    """A time in the viewer's zone."""
    return moment.astimezone(zone()).strftime("%Y-%m-%d %H:%M")


def second(moment: datetime) -> str:
    """A time in the viewer's zone, to the second, with the zone: for live sources, and for what leaves the system."""
    return moment.astimezone(zone()).strftime("%Y-%m-%d %H:%M:%S %Z")


def when(case: Case, say: Callable[[datetime], str] = local) -> str:
    """When a case happened; of a clip nobody knows more than when it was handed in."""
    if case.handed_in_at is None:
        return say(case.happened_at)
    return _("Handed in {time}", time=say(case.handed_in_at))


def day_start(day: date) -> datetime:
    """Midnight of a day in the viewer's zone, in UTC."""
    return datetime.combine(day, time(), zone()).astimezone(UTC)
