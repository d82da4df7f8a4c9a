"""No text is missing in any language: none unmarked in the code, none untranslated, none left out of a page."""

import ast
import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from dashboard import i18n, stills
from pipeline.settings import ROOT
from pipeline.types import Label, Outcome
from tests.dashboard.pages import MARKUP, WORD, Bracketed, Found, Open, shown, untranslated
from tests.factory import FRAME

KEYWORDS = {"_": None, "several": (1, 2), "later": None}
OTHERS = sorted(set(i18n.LANGUAGES) - {"en"})
Message = str | tuple[str, ...]


def marked() -> set[Message]:
    """Every text that the code marks."""
    found = [row[2] for row in extract_from_dir(ROOT / "dashboard", keywords=KEYWORDS)]
    found += [row[1] for row in extract_from_file("python", ROOT / "streamlit_app.py", keywords=KEYWORDS)]
    return set(found)


def test_every_text_is_marked_where_babel_finds_it() -> None:
    """Babel does not look into the braces of an f-string, nor for one mark inside another."""
    calls = (
        node
        for path in [ROOT / "streamlit_app.py", *(ROOT / "dashboard").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS
    )
    texts = {arg.value for call in calls for arg in call.args[:1] if isinstance(arg, ast.Constant)}
    found = {one if isinstance(one, str) else one[0] for one in marked()}
    assert len(texts) > 100
    assert texts - found == set()


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("name", OTHERS)
def test_every_marked_text_is_translated(name: str) -> None:
    path = i18n.LOCALE / name / "LC_MESSAGES" / "dashboard.po"
    with path.open("rb") as file:
        texts = read_po(file, locale=name)
    entries = {message.id: message for message in texts if message.id}
    assert marked() - set(entries) == set(), "run `make texts`"
    assert set(entries) - marked() == set(), "run `make texts`"
    for original, message in entries.items():
        originals = [original] if isinstance(original, str) else list(original)
        translated = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(translated), f"not translated: {original}"
        assert not message.fuzzy, original
        assert {frozenset(holes(text)) for text in translated} <= {frozenset(holes(text)) for text in originals}, (
            original
        )


def test_no_particle_depends_on_what_is_filled_in() -> None:
    """Which of 은 and 는, of 이 and 가 is right is known only when the word before it is."""
    with (i18n.LOCALE / "ko" / "LC_MESSAGES" / "dashboard.po").open("rb") as file:
        texts = [str(message.string) for message in read_po(file, locale="ko") if message.id]
    assert len(texts) > 100
    hanging = re.compile(r"\}[*’]*(?:[은는이가을를과와](?=[\s(])|\(으\)|으?로(?=\s))")
    assert list(filter(hanging.search, texts)) == []


# what people read of Streamlit's calls: the first argument of these, and these arguments wherever they stand
SAYS = {
    *("title", "header", "subheader", "markdown", "caption", "write", "text", "info", "success", "warning", "error"),
    *("button", "download_button", "link_button", "popover", "expander", "spinner", "toast", "metric", "checkbox"),
    *("toggle", "radio", "selectbox", "multiselect", "slider", "select_slider", "text_input", "text_area", "pills"),
    *("number_input", "date_input", "file_uploader", "segmented_control", "form_submit_button", "dialog"),
    *("tabs", "badge", "status", "progress", "html"),
}
ARGUMENTS = {
    *("label", "help", "caption", "alt", "placeholder", "text", "title", "name", "hovertemplate", "hovertext"),
    *("xaxis_title", "yaxis_title", "page_title"),
}
SAME_EVERYWHERE = {"Helmet Watch", "Language · 언어"}


def unmarked(source: str) -> Iterator[str]:
    """Texts in some code that people read and that nobody marked, after the number of their line."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if ast.unparse(node.func).startswith(("_log.", "Thread")):
            continue
        read = [one.value for one in node.keywords if one.arg in ARGUMENTS]
        if called in SAYS:
            read += node.args[:1]
        for argument in read:
            for text in literals(argument):
                letters = MARKUP.sub("", text).strip()
                if WORD.search(letters) and letters not in SAME_EVERYWHERE:
                    yield f"{argument.lineno}: {text}"


def literals(node: ast.expr) -> Iterator[str]:
    """The literal texts of an expression, without those that are handed on to a call."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from literals(part.value if isinstance(part, ast.FormattedValue) else part)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from literals(one)
            yield from literals(other)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            for part in parts:
                yield from literals(part)


@pytest.mark.parametrize(
    "path", [*sorted((ROOT / "dashboard").rglob("*.py")), ROOT / "streamlit_app.py"], ids=lambda path: path.stem
)
def test_every_text_that_people_read_is_marked(path: Path) -> None:
    assert list(unmarked(path.read_text())) == []


def test_an_unmarked_text_is_found() -> None:
    code = """
st.info(f"Found {n} riders", help=_("x"))
st.button(_("Go"), help="Goes" if n else _("Stays"), icon=":material/flag:")
st.markdown(f":red[{n}] **{name}** :material/flag:")
"""
    assert list(unmarked(code)) == ["2: Found ", "2:  riders", "3: Goes"]


ERRORS = {
    *("ClipError", "WeightsError", "StreamError", "MistakenError", "RefusedError", "PackageError", "ServerAwayError"),
    *("CaptureRefusedError", "CaptureLostError", "_CropsGoneError"),
}


def test_what_the_pipeline_says_of_a_clip_is_known() -> None:
    """Its words are kept with the job, so they are translated where they are shown."""
    for path in (*ROOT.glob("pipeline/*.py"), *ROOT.glob("db/*.py"), *ROOT.glob("dashboard/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                if isinstance(node.args[0], ast.Call):
                    continue  # the words of another error
                message = "".join(
                    part.value if isinstance(part, ast.Constant) else "7"
                    for part in (node.args[0].values if isinstance(node.args[0], ast.JoinedStr) else [node.args[0]])
                )
                assert any(i18n._pattern(text).fullmatch(message) for text in i18n._TOLD), f"{path}: {message}"


def test_several_words_on_one_clip_are_translated_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "ko")
    words = [
        "the file's beginning is cut off: its first 2.5 s could not be read",
        "the file is cut off: only the first 3.0 s could be read",
        "frames with damaged timestamps: 4 were left out",
        "number plates: 2 could not be read, the log has more",
    ]
    translated = [i18n.translated(word) for word in words]
    assert not set(translated) & set(words)
    assert i18n.translated("; ".join(words)) == "; ".join(translated)
    assert i18n.translated("a word; of nobody") == "a word; of nobody"


PAGES = [path.stem for path in sorted((ROOT / "dashboard" / "pages").glob("*.py"))]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("full", [False, True], ids=["empty", "full"])
def test_every_text_of_a_page_is_translated(
    page: str, full: bool, open_page: Open, found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    if full:
        found(Outcome.CONFIRMED, Outcome.CONFIRMED, Outcome.REJECTED, Outcome.UNSURE)
    monkeypatch.setattr(i18n, "catalogue", lambda _: Bracketed())
    app = open_page(page)
    assert not app.exception
    texts = list(shown(app))
    assert any("⟦" in text for text in texts)
    assert [text for text in texts if untranslated(text)] == []


def test_the_switch_changes_the_language(open_page: Open) -> None:
    app = open_page("gallery")
    assert app.title[0].value == "Gallery"
    app.segmented_control(key="lang").set_value("ko").run()
    assert app.title[0].value == "위반 갤러리"


def test_boxes_on_pictures_are_named_in_the_viewers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [[Label.WITHOUT_HELMET.value, 0.8, 100, 200, 140, 240]]

    def picture(language: str) -> bytes:
        monkeypatch.setattr(i18n, "language", lambda: language)
        return stills.marked(FRAME, parts, 0).tobytes()

    assert picture("en") != picture("ko")
    monkeypatch.setattr(i18n, "catalogue", lambda _: NullTranslations())
    assert picture("en") == picture("ko"), "by nothing else"
