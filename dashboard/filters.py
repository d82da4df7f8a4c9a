"""The filters above the cards, the order and the page. The session remembers them, and the address says them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, resources
from dashboard.address import Choice
from dashboard.i18n import _, language, later
from dashboard.review import View
from dashboard.text import brief, day_start, told_apart
from db.cases import NOT_DISMISSED, VIOLATIONS, Filter, Sort
from db.models import ReviewState
from pipeline.types import Outcome

_NAME = 24  # letters of a clip's name: its end, which often tells two cameras apart, is in view
ALL = "all"  # an option of its own: a field that holds None is shown as empty
_PLATES = {
    ALL: (later("With or without"), None),
    "with": (later("With plate"), True),
    "without": (later("Without plate"), False),
}
_STATES = {
    "open or accepted": (later("Not dismissed"), NOT_DISMISSED),
    "open": (later("To review"), (ReviewState.OPEN,)),
    "accepted": (later("Accepted"), (ReviewState.ACCEPTED,)),
    "dismissed": (later("Dismissed"), (ReviewState.DISMISSED,)),
    ALL: (later("All"), tuple(ReviewState)),
}
_SORTS = {
    Sort.NEWEST: later("Newest first"),
    Sort.OLDEST: later("Oldest first"),
    Sort.SUREST: later("Surest first"),
    Sort.LEAST_SURE: later("Least sure first"),
}
_PAGE_SIZES = (12, 24, 48)
_WIDTH = 230  # pixels
_PAGING = 330  # pixels: seven numbers between two arrows
_LONGEST = 32  # letters of a number plate
_STEP = 5  # per cent, between two of stage 2's confidences to filter by
OF_CASES = ("review", "source", "order", "days", "least", "plate", "number", "size")
OF_PLATES = ("source", "number")


def recall(key: str, names: Collection[str] = OF_CASES) -> None:
    """Set the filters, the order and the page to what the address asks for, if it asks; `names` are those that it has.

    After a change of a filter, the order or the size of a page, the first page is shown.
    """
    if _chosen(key) != st.session_state.get(f"{key}-before"):
        st.session_state[f"{key}-page"] = 1
    address.recall([_choices(key)[name] for name in (*names, "page")])


def keep(key: str, names: Collection[str] = OF_CASES) -> None:
    """Write what `recall` knows into the address."""
    address.keep([_choices(key)[name] for name in (*names, "page")])
    st.session_state[f"{key}-before"] = _chosen(key)


def _choices(key: str) -> dict[str, Choice]:
    every = (
        Choice("review", f"{key}-review", "open or accepted", address.one_of(_STATES)),
        Choice("source", f"{key}-source", ALL, _source),
        Choice("order", f"{key}-order", Sort.NEWEST, address.one_of(Sort)),
        Choice("days", f"{key}-days", (), address.days, address.say_days),
        Choice("least", f"{key}-least", 0, address.one_of(range(0, 101, _STEP))),
        Choice("plate", f"{key}-plate", ALL, address.one_of(_PLATES)),
        Choice("number", f"{key}-number", "", _number),
        Choice("size", f"{key}-size", _PAGE_SIZES[0], address.one_of(_PAGE_SIZES)),
        Choice("page", f"{key}-page", 1, address.whole),
    )
    return {one.name: one for one in every}


def _chosen(key: str) -> dict[str, Any]:
    return {name: st.session_state.get(one.key) for name, one in _choices(key).items() if name != "page"}


def _number(said: str) -> str:
    return said[:_LONGEST]


def _source(said: str) -> int | None:
    return address.one_of(_sources())(said)


def view(outcomes: tuple[Outcome, ...], key: str) -> View:
    """The cases that are wanted, in their order."""
    chosen = _chosen(key)
    since, before = span(chosen["days"])
    wanted = Filter(
        outcomes,
        clip_id=None if chosen["source"] == ALL else chosen["source"],
        since=since,
        before=before,
        least_confidence=chosen["least"] / 100,
        with_plate=_PLATES[chosen["plate"]][1],
        plate=chosen["number"] if outcomes == VIOLATIONS else "",
        reviews=_STATES[chosen["review"]][1] if outcomes == VIOLATIONS else tuple(ReviewState),
    )
    return View(wanted, chosen["order"])


def choose(outcomes: tuple[Outcome, ...], key: str) -> None:
    """Let the viewer choose which cases to see."""
    with _row(key):
        if outcomes == VIOLATIONS:  # no plate of others is read
            _choose_number(key)
        choose_source(_sources(), f"{key}-source", _WIDTH)
        of_clips = _("Of a clip: when it was handed in. When it was filmed is not known.")
        st.date_input(_("Days"), key=f"{key}-days", help=of_clips, persist_state="session", width=240)
        st.slider(
            _("Stage 2 at least"),
            0,
            100,
            step=_STEP,
            format="%d %%",
            key=f"{key}-least",
            persist_state="session",
            width=200,
        )
        _choose_one(_("Plate"), _PLATES, lambda choice: _(_PLATES[choice][0]), f"{key}-plate", 200)
        if outcomes == VIOLATIONS:
            st.segmented_control(
                _("Review"),
                list(_STATES),
                format_func=lambda choice: _(_STATES[choice][0]),
                key=f"{key}-review",
                required=True,
                wrap=True,
                persist_state="session",
            )


def choose_plates(key: str) -> Filter:
    """Let the viewer choose which plates to see, of violations reviewed or not."""
    with _row(key):
        _choose_number(key)
        source = choose_source(_sources(), f"{key}-source", _WIDTH)
    return Filter(clip_id=source, plate=st.session_state[f"{key}-number"], reviews=tuple(ReviewState))


def _row(key: str) -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="bottom", key=f"filters-{key}")


def _sources() -> dict[int, str]:
    return {clip.id: clip.name for clip in resources.cases().sources()}


def _choose_number(key: str) -> None:
    st.text_input(
        _("Number plate"),
        max_chars=_LONGEST,
        type="search",
        placeholder=_("all or part of it"),
        key=f"{key}-number",
        persist_state="session",
        width=_WIDTH,
    )


def choose_source(sources: Mapping[int, str], key: str, width: int) -> int | None:
    """Let the viewer choose one of these sources; None for all of them."""
    if st.session_state[key] not in sources:  # it may have been deleted since
        st.session_state[key] = ALL
    names = told_apart({id_: brief(name, _NAME) for id_, name in sources.items()})
    chosen = _choose_one(
        _("Source"),
        [ALL, *sources],
        lambda id_: names[id_] if isinstance(id_, int) else _("All sources"),
        key,
        width,
    )
    return chosen if isinstance(chosen, int) else None


def _choose_one(
    label: str,
    options: Iterable[Any],
    say: Callable[[Any], str],
    key: str,
    width: int,
    visibility: Literal["visible", "collapsed"] = "visible",
) -> Any:
    """A box to choose from, whose choice the session keeps under `key`.

    It is a new one in every language: the browser tells the label of what is chosen, in the language it has seen.
    """
    shown = f"{key}-{language()}"

    def take() -> None:
        st.session_state[key] = st.session_state[shown]

    st.session_state[shown] = st.session_state[key]
    return st.selectbox(
        label, list(options), format_func=say, key=shown, on_change=take, label_visibility=visibility, width=width
    )


def choose_size(key: str) -> int:
    """Let the viewer choose how many cards a page has."""
    size = st.segmented_control(
        _("Cards per page"),
        _PAGE_SIZES,
        key=f"{key}-size",
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    return size or _PAGE_SIZES[0]


def turn_to(place: int, key: str) -> None:
    """Let the page be shown that holds this place of the view."""
    st.session_state[f"{key}-page"] = place // st.session_state[f"{key}-size"] + 1


def choose_page(pages: int, key: str) -> int:
    """Let the viewer turn the pages."""
    page, turns = f"{key}-page", f"{key}-turns"
    number: int = min(max(st.session_state[page], 1), pages)
    st.session_state[page] = number
    if pages == 1:
        return number
    if st.session_state.get(f"{key}-paging-{st.session_state.setdefault(turns, 0)}", number) != number:
        # the page was turned by other means: a new widget shows it, as Streamlit warns of one whose value is set
        st.session_state[turns] += 1
    paging = f"{key}-paging-{st.session_state[turns]}"

    def turn() -> None:
        st.session_state[page] = st.session_state[paging]

    # told its width: beside others it finds none, and shows one number alone
    st.pagination(pages, default=number, key=paging, on_change=turn, width=_PAGING)
    return number


def choose_order(key: str) -> None:
    _choose_one(_("Order"), _SORTS, lambda sort: _(_SORTS[sort]), f"{key}-order", 180, "collapsed")


def offer_to_clear(key: str) -> None:
    """Where nothing fits the filters: the way back to everything."""
    st.button(_("Clear the filters"), key=f"{key}-clear", icon=":material/close:", on_click=clear, args=(key,))


def clear(key: str) -> None:
    """Let every case be seen again."""
    every = {"source": ALL, "days": (), "least": 0, "plate": ALL, "number": "", "review": ALL}
    for name, value in every.items():
        st.session_state[f"{key}-{name}"] = value


def span(days: Sequence[date]) -> tuple[datetime | None, datetime | None]:
    """The first moment of the first day and that after the last, in the viewer's zone; no days are all days."""
    return (day_start(days[0]), day_start(days[-1] + timedelta(days=1))) if days else (None, None)
