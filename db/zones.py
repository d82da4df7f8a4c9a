"""When cases happened by the clocks of a time zone, told in SQL: SQLite knows no zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, case, cast, extract

from db.models import Case


def local_s(zone: ZoneInfo, first: datetime, last: datetime) -> ColumnElement[int]:
    """Seconds on the zone's clocks since 1970 at which a case happened; exact between `first` and `last`."""
    *changes, (_, final) = offsets(zone, first, last)
    utc_s = cast(extract("epoch", Case.happened_at), Integer)
    if not changes:
        return utc_s + final
    return utc_s + case(*((Case.happened_at < until, offset) for until, offset in changes), else_=final)


def offsets(zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[tuple[datetime, int]]:
    """How far a zone's clocks are ahead of UTC between two moments, seconds, each with the moment until which."""

    def ahead(moment: datetime) -> int:
        return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())

    while first < last:
        following = min(first + timedelta(days=1), last)
        if ahead(following) != ahead(first):
            early, late = floor(first.timestamp()), ceil(following.timestamp())  # clocks change at a second between
            while late - early > 1:
                middle = (early + late) // 2
                if ahead(datetime.fromtimestamp(middle, UTC)) == ahead(first):
                    early = middle
                else:
                    late = middle
            yield datetime.fromtimestamp(late, UTC), ahead(first)
        first = following
    yield last, ahead(last)
