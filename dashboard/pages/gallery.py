"""The violations, one card each."""

from dashboard import cards
from db.cases import VIOLATIONS

cards.browse(
    "Gallery", VIOLATIONS, "gallery", "No violation here. Hand in a clip on the page Analyse, or widen the filters."
)
