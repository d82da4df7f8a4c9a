"""The suspects that stage 2 turned down: they show that it earns its time."""

from dashboard import cards
from dashboard.i18n import _
from db.cases import TURNED_DOWN

cards.browse(
    _("Turned down"),
    TURNED_DOWN,
    "turned-down",
    _("Stage 2 has turned down no suspect yet. Whom it turns down appears here, with what it looked at."),
)
