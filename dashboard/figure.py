"""A figure with its number of cases, to look at and to take away as a picture or as a table."""

from __future__ import annotations

from html import escape

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.i18n import _

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for one at the start of a cell


def card(title: str, cases: str, figure: go.Figure, table: pd.DataFrame, key: str) -> None:
    """Show a figure. `cases` says how many it counts; `key` names its files."""
    figure.update_layout(
        title={
            "text": escape(title, quote=False),
            "subtitle": {"text": escape(cases, quote=False)},
            "x": 0,
            "xanchor": "left",
        },
        margin={"l": 8, "r": 8, "t": 76, "b": 8},
        height=figure.layout.height or 360,
        legend={"orientation": "h", "y": -0.3 if figure.layout.xaxis.title.text else -0.15, "traceorder": "normal"},
        dragmode=False,
    )
    with st.container(border=True):
        st.plotly_chart(figure, key=key, config=_picture(key), alt=f"{title}: {cases}")
        st.download_button(
            _("Table (CSV)"),
            csv(table),
            f"{key}.csv",
            "text/csv",
            key=f"{key}-csv",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def nothing(title: str, hint: str) -> None:
    """The place of a figure that has no cases yet."""
    with st.container(border=True):
        st.markdown(f"**{title}**")
        st.caption(hint)


def csv(table: pd.DataFrame) -> bytes:
    """The table as Excel opens it, whatever its language; nothing in it is taken for a formula."""
    texts = table.select_dtypes(exclude="number").columns
    safe = table.assign(**{name: table[name].map(_harmless) for name in texts})
    return safe.to_csv(index=False).encode("utf-8-sig")


def short(name: str, most: int = 28) -> str:
    """A file name as plotly shows it: no longer than this, and no markup in it taken for any."""
    return escape(name if len(name) <= most else f"{name[: most // 2]}…{name[-(most // 2 - 1) :]}")


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _picture(key: str) -> dict[str, object]:
    """Plotly's own button, which makes a picture that is large enough for a report."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": key, "width": 1200, "height": 600, "scale": 2},
    }
