"""The suspects that stage 2 turned down: they show that it earns its time."""

from dashboard import cards
from db.cases import TURNED_DOWN

cards.browse(
    "Turned down",
    TURNED_DOWN,
    "turned-down",
    "Nobody here: stage 2 has turned down no suspect yet, or the filters are too narrow.",
)
