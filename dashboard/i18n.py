"""Every text that people read, in their language: gettext catalogues under `dashboard/locale`.

`make texts` brings the catalogues up to date with the code. A text is marked where it stands: `_` translates it at
once, `several` chooses the plural, `later` marks it for the catalogues where it is a constant.
"""

from __future__ import annotations

import io
import re
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

import streamlit as st
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "ko": "한국어"}
LOCALE = Path(__file__).parent / "locale"
_BETWEEN = "; "  # several words of the pipeline on one thing
_KEY = "lang"  # in the address, so that a link opens in the language it was sent in


def switch() -> None:
    """The choice of language; until somebody chooses, the address's or else the browser's."""
    browser = (st.context.locale or "").partition("-")[0]
    usual = browser if browser in LANGUAGES else "en"
    asked = st.query_params.get(_KEY, usual)
    st.session_state.setdefault(_KEY, asked if asked in LANGUAGES else usual)
    chosen = st.segmented_control(
        "Language · 언어",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key=_KEY,
        required=True,
        width="stretch",
    )
    # by hand: a bound widget would write the label, "한국어", into the address
    if chosen and chosen != usual:
        st.query_params[_KEY] = chosen
    else:
        st.query_params.pop(_KEY, None)


def language() -> str:
    return str(st.session_state.get(_KEY) or "en")


def _(text: str, /, **values: object) -> str:
    """A text in the viewer's language, `{name}` filled in."""
    return _filled(catalogue(language()).gettext(text), values)


def several(one: str, many: str, number: int, /, **values: object) -> str:
    """The same for a text that depends on a number, which may stand in it as `{n}`."""
    return _filled(catalogue(language()).ngettext(one, many, number), {"n": f"{number:,}", **values})


def later(text: str) -> str:
    """Mark a constant for the catalogues; whoever shows it translates it."""
    return text


@cache
def catalogue(name: str) -> NullTranslations:
    """The texts of a language, compiled as they are read; English ones are in the code."""
    path = LOCALE / name / "LC_MESSAGES" / "dashboard.po"
    if name not in LANGUAGES or not path.is_file():
        return NullTranslations()
    with path.open("rb") as file:
        texts = read_po(file, locale=name)
    compiled = io.BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format(**values) if values else text


# What the pipeline and the database say of a clip. They know no language, and their words are kept with the job.
_TOLD = (
    later("holds no frames"),
    later("no such file"),
    later("the file is empty: copy it from the camera once more"),
    later("is another file than the one handed in under this name: hand it in anew"),
    later("is no video, or is cut off so early that nothing of it can be read: copy it from the camera once more"),
    later("has no video in it, only sound or nothing"),
    later("its video is of a kind that cannot be read: convert it to H.264"),
    later("frames are {width} x {height} pixels, at most {most} a side can be read"),
    later("{path} is missing: restore it from the repository"),
    later("{path} is no weights manifest: {reason}"),
    later("{path} has the classes {found}, the product needs {needed}"),
    later("{path} is not what {manifest} names: restore it from the repository"),
    later("{path} does not match its SHA-256 sum in {manifest}: restore it from the repository"),
    later("{path} reads other characters than plates bear now: train it again"),
    later(
        "EasyOCR's stock models could not be downloaded into {path} ({reason}): "
        "connect once, or set HELMET_WATCH_PLATE_ENGINE=own"
    ),
    later("is none of {suffixes}: convert it to MP4"),
    later("a crop is no picture"),
    later("a crop cannot be decoded"),
    later("a crop is larger than {size} MB"),
    later("a crop is {width} x {height} pixels: 4 to {most} are accepted"),
    later("set HELMET_WATCH_OCR_URL and HELMET_WATCH_OCR_TOKEN to send plates to an OCR server"),
    later("HELMET_WATCH_OCR_URL is no address of a server: one looks like http://there:8600"),
    later("HELMET_WATCH_OCR_TOKEN cannot be sent: choose one of English letters and digits"),
    later("no answer from {url}: {reason}"),
    later("the server has lost or forgotten this capture, and its crops with it: the plate stays unread"),
    later("the crops are gone from the server's disk"),
    later("the crops are gone from the data folder"),
    later("internal error: {reason}"),
    later("the server does not say why"),
    later("the server confirmed something else"),
    later("a picture in the answer is none"),
    later("the server refused: {reason}"),
    later("the server cannot now: {reason}"),
    later("{url} does not answer as an OCR server"),
    later("is larger than {size} GB"),
    later("the picture could not be encoded"),
    later("at most {most} cases fit into one package"),
    later("case {case} is only just over: try again in a few seconds"),
    later("case {case} does not exist any more: choose anew"),
    later("case {case}: a picture or the clip is missing or broken"),
    later("the file's beginning is cut off: its first {seconds} s could not be read"),
    later("the file is cut off: only the first {seconds} s could be read"),
    later("the film has holes: for {seconds} s it holds no picture, first from {start} s on"),
    later("frames with damaged timestamps: {count} were left out"),
    later("number plates: {count} could not be read, the log has more"),
    later("the disk is full: free some space, then run it again"),
    later("{path} may not be read or written by this program: give it the right to"),
    later("the database is locked by another program: close that, then run it again"),
    later("{file} is not there any more: put it back, or start this program anew"),
    later("the database cannot be used: {reason}"),
    later("the database is of a newer version of Helmet Watch: install that, or name another data folder"),
    later("HELMET_WATCH_{name} cannot be used: {reason}"),
    later("HELMET_WATCH_DATABASE_URL needs a driver: install it ({reason})"),
    later(
        "HELMET_WATCH_DATABASE_URL is no address of a database: "
        "one looks like postgresql+psycopg://user:password@there/name"
    ),
    later("internal error, the log has more: {reason}"),
    later("the address names no server"),
    later("{host} is in a private network: name the network in HELMET_WATCH_PRIVATE_NETWORKS to allow it"),
    later("the address is too long or has spaces in it"),
    later("this is no address"),
    later("only {schemes} can be opened"),
    later("{host} cannot be found"),
    later("the connection was closed"),
    later("more than {most} redirects"),
    later("the server answers {status} {reason}"),
    later("a web address leads to {scheme}"),
    later("the server cannot be reached: {reason}"),
    later("the server's certificate is not trusted: {reason}"),
    later("the stream was cut off: {reason}"),
    later("the playlist is too large"),
    later("the broadcast is encrypted, which is not supported"),
    later("the server sends elsewhere, which is not followed"),
    later("the server refuses the log-in: check name and password"),
    later("stopped"),
    later("the stream holds no picture"),
    later("the server ended the stream"),
    later("no picture came for {seconds} s"),
    later("what the server sends is no video: check the address"),
    later("what the models saw in this clip is lost or of another version: analyse it again"),
    later("the stream on this page cannot be found at the moment"),
    later("there is no stream on this page"),
    later("this stream is being watched already"),
    later("{most} live sources are watched already: stop one first"),
    later("not everything was kept"),
    later("the clip waits or is being analysed: cancel that first"),
    later("cases of this clip were reviewed: that is kept for good"),
)


def translated(message: str) -> str:
    """What the pipeline or the database said, in the viewer's language; as it is where it is none of theirs."""
    for text in _TOLD:
        if found := _pattern(text).fullmatch(message):
            return _(text, **found.groupdict())
    one, *others = message.split(_BETWEEN)
    return _BETWEEN.join(map(translated, (one, *others))) if others else message


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text)), re.DOTALL)
