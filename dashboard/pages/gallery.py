"""The violations, one card each."""

from dashboard import cards
from dashboard.i18n import _
from db.cases import VIOLATIONS

cards.browse(
    _("Gallery"),
    VIOLATIONS,
    "gallery",
    _("No violation has been found yet. Hand in a clip on the page Analyse: what is found appears here."),
)
