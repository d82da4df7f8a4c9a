"""A figure: with its number of cases, to take away as a picture or as a table, or large, for a projector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.export.table import write
from dashboard.i18n import _
from dashboard.text import brief
from pipeline.palette import ACCUSED

_LEAST_BARS = 6  # a single bar does not fill its figure
_DATES = 4  # that have room beside each other on a phone
_MOST_READ = 12  # rows of a table that are read aloud
_DAY_MS = 24 * 3600 * 1000


def card(title: str, cases: str, figure: go.Figure, table: pd.DataFrame, key: str) -> None:
    """Show a figure. `cases` says how many it counts; `key` names its files."""
    figure.update_layout(
        title={
            "text": escape(title, quote=False),
            "subtitle": {"text": escape(cases, quote=False).replace(" · ", "<br>")},  # each fits on a phone
            "x": 0,
            "xanchor": "left",
        },
        margin={"l": 8, "r": 8, "t": 76 + 16 * cases.count(" · "), "b": 8},
        height=figure.layout.height or 360,
        legend={"orientation": "h", "y": -0.3 if figure.layout.xaxis.title.text else -0.15, "traceorder": "normal"},
        dragmode=False,
    )
    with st.container(border=True, height="stretch"):  # as high as the one beside it
        st.plotly_chart(figure, key=key, config=_picture(key), alt=f"{title}: {cases}. {_reading(table)}")
        st.download_button(
            _("Table (CSV)"),
            write(list(table.columns), table.itertuples(index=False)),
            f"{key}.csv",
            "text/csv",
            key=f"{key}-csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def nothing(title: str, hint: str) -> None:
    """The place of a figure that has no cases yet."""
    with st.container(border=True, height="stretch"):  # as high as the one beside it
        st.markdown(f"**{title}**")
        st.caption(hint)


def shares(title: str, number: str, parts: Mapping[str, tuple[int, str]], key: str, hint: str) -> None:
    """A ring of shares; the numbers stand with the names, so that nobody has to find them by colour."""
    counts = [count for count, _color in parts.values()]
    if not sum(counts):
        nothing(title, hint)
        return
    ring = go.Pie(
        labels=[f"{name}: {count:,}" for name, (count, _color) in parts.items()],
        values=counts,
        marker_colors=[color for _count, color in parts.values()],
        hole=0.55,
        sort=False,
        direction="clockwise",
        text=[f"{count / sum(counts):.0%}" if count else "" for count in counts],
        textinfo="text",
        textfont_size=16,
        insidetextorientation="horizontal",
        hovertemplate="%{label} (%{percent})<extra></extra>",
    )
    table = pd.DataFrame({title: list(parts), _("Number"): counts})
    card(title, number, go.Figure(ring), table, key)


def across(names: Sequence[str], counts: Sequence[int], color: str) -> go.Figure:
    """Bars from left to right, the first on top; two of one name stay two."""
    rows = list(range(len(names)))
    bars = go.Bar(x=list(counts), y=rows, orientation="h", marker_color=color, text=[f"{n:,}" for n in counts])
    bars.update(hovertext=[short(name, 80) for name in names], hovertemplate="%{hovertext}: %{x:,}<extra></extra>")
    figure = go.Figure(bars).update_layout(height=max(360, 110 + 30 * len(rows)))
    lowest = max(len(rows), _LEAST_BARS) - 0.5
    figure.update_yaxes(tickvals=rows, ticktext=[short(name) for name in names], range=[lowest, -0.5])
    return figure.update_xaxes(**whole(max(counts)))


def whole(most: int) -> dict[str, Any]:
    """An axis of whole numbers from nought to `most`."""
    return {"rangemode": "tozero", "tickformat": ",d", "dtick": 1 if most <= 5 else None}


def by_hour(counts: Sequence[int]) -> go.Figure:
    bars = go.Bar(
        x=list(range(24)), y=list(counts), marker_color=ACCUSED, hovertemplate="%{x}:00 · %{y:,}<extra></extra>"
    )
    figure = go.Figure(bars).update_xaxes(range=[-0.5, 23.5], dtick=3, ticksuffix=":00")
    return figure.update_yaxes(**whole(max(counts)))


def by_date(counts: Mapping[date, int], length: int) -> go.Figure:
    """Bars of `length` days that begin on these dates."""
    first = [pd.Timestamp(day) for day in counts]
    bars = go.Bar(x=first, y=list(counts.values()), marker_color=ACCUSED, width=0.85 * length * _DAY_MS)
    bars.update(hovertemplate="%{x|%Y-%m-%d} · %{y:,}<extra></extra>")
    figure = go.Figure(bars).update_yaxes(**whole(max(counts.values(), default=0)))
    if first:
        room = pd.Timedelta(days=2 * length)
        since, until = first[0] - room, first[-1] + room
        apart = 1 + (until - since).days // length // _DATES  # bars: plotly itself names Sundays below those of weeks
        named = pd.date_range(first[0], first[-1], freq=f"{apart * length}D")
        figure.update_xaxes(type="date", range=[since, until], tickformat="%Y-%m-%d", tickvals=named)
    return figure


def projected(figure: go.Figure, key: str, alt: str) -> None:
    """A plot with letters that the last row can read."""
    figure.update_layout(
        font_size=20,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        legend={
            "orientation": "h",
            "y": 1.05,
            "yanchor": "bottom",  # it grows upwards where it takes more lines, and the plot makes room
            "maxheight": 0.6,
            "font": {"size": 20},
            "traceorder": "normal",
        },
        dragmode=False,
    )
    figure.update_xaxes(tickfont_size=18, title_font_size=20)
    figure.update_yaxes(tickfont_size=18, title_font_size=20)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


def _reading(table: pd.DataFrame) -> str:
    """The first rows of a table in words, for those who hear a figure."""
    told = table if len(table) <= _MOST_READ else table[table.iloc[:, 1:].any(axis=1)].head(_MOST_READ)
    rows = told.to_dict("records")
    return "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows)


def short(name: str, most: int = 28) -> str:
    """A file name as plotly shows it: no longer than this, and no markup in it taken for any."""
    return escape(brief(name, most), quote=False)  # plotly shows the entities of quotes as they are


def _picture(key: str) -> dict[str, object]:
    """Plotly's own button, which makes a picture that is large enough for a report."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": key, "width": 1200, "height": 600, "scale": 2},
    }
