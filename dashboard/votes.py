"""The looks of stage 2 at a suspect and their vote, as the class demo shows them, and what they lack to accuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from dashboard import resources, stored
from dashboard.figure import projected
from dashboard.i18n import _
from dashboard.stills import drawn, fitted, framed
from dashboard.text import OUTCOMES, SAYS
from db.models import Case, Look
from pipeline.palette import COLORS, NEUTRAL
from pipeline.types import Label, Outcome, Says
from pipeline.verify import needed

_SAYS_COLORS = {
    Says.BARE: COLORS[Label.WITHOUT_HELMET],
    Says.HELMET: COLORS[Label.WITH_HELMET],
    Says.NOTHING: NEUTRAL,
}


def show(case: Case) -> None:
    """The looks of stage 2 side by side, and what they add up to."""
    whole = resources.cases().get(case.id)
    looks = whole.looks if whole is not None else []
    _looks(looks)
    counts = {says: sum(look.says is says for look in looks) for says in SAYS}
    _bars(counts, f"demo-vote-{case.id}")
    _verdict(case, counts[Says.BARE], len(looks))


def _looks(looks: Sequence[Look]) -> None:
    grid = st.grid(min_column_width=160)
    for look in looks:
        word = SAYS[look.says]
        picture = drawn(look, stage=2)
        with grid.cell():
            if picture is None:
                stored.lost()
            else:
                st.image(framed(fitted(picture), _SAYS_COLORS[look.says]), channels="BGR", width="stretch", alt=_(word))
            sure = f"  \n{look.confidence:.0%}" if look.says is not Says.NOTHING else ""
            st.markdown(f"**{_(word)}**{sure}")


def _bars(counts: Mapping[Says, int], key: str) -> None:
    bars = [
        go.Bar(
            x=[count],
            y=[""],
            orientation="h",
            name=_(SAYS[says]),
            marker_color=_SAYS_COLORS[says],
            text=[str(count) if count else ""],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"size": 30},
        )
        for says, count in counts.items()
    ]
    figure = go.Figure(bars).update_layout(barmode="stack", height=190)
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    projected(figure, key, _("The vote of all looks"))


def _verdict(case: Case, bare: int, looks: int) -> None:
    said = _(
        "{outcome}: {bare} of {all} looks say bare head, {needed} are needed to accuse",
        outcome=_(OUTCOMES[case.outcome]),
        bare=bare,
        all=looks,
        needed=votes_needed(looks),
    )
    if case.outcome is Outcome.CONFIRMED:
        st.error(said, icon=":material/gavel:")
    else:
        st.success(said + lack(bare, looks, case.stage2), icon=":material/shield:")


def votes_needed(looks: int) -> int:
    """How many of so many looks have to say bare before anybody is accused."""
    return needed(looks, resources.settings().min_looks)


def lack(bare: int, looks: int, sure: float) -> str:
    """What the looks lack that accuse nobody although enough of them say bare; nothing where too few do."""
    return _(", but all together are only {sure} sure", sure=f"{sure:.0%}") if bare >= votes_needed(looks) else ""
