"""The violations, one card each."""

from dashboard import cards
from dashboard.i18n import _
from db.cases import VIOLATIONS

cards.browse(
    _("Gallery"),
    VIOLATIONS,
    "gallery",
    _("No violation here. Hand in a clip on the page Analyse, or widen the filters."),
)
