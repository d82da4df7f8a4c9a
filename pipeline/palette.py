"""One colour per class, the same everywhere, told apart by colour-blind people too.

Okabe and Ito, Color Universal Design, 2008.
"""

from pipeline.types import Label, Outcome

COLORS = {
    Label.RIDER: "#56B4E9",
    Label.WITHOUT_HELMET: "#D55E00",
    Label.WITH_HELMET: "#009E73",
    Label.PLATE: "#F0E442",
}
ACCUSED = COLORS[Label.WITHOUT_HELMET]
CLEARED = COLORS[Label.WITH_HELMET]
NEUTRAL = "#AAAAAA"  # neither, or not known
AGREED, DISAGREED = "#0072B2", "#CC79A7"
OUTCOME_COLORS = {Outcome.CONFIRMED: ACCUSED, Outcome.REJECTED: CLEARED, Outcome.UNSURE: NEUTRAL}
