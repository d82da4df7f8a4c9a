from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from db.zones import offsets

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")


def test_offsets_change_with_the_clocks() -> None:
    found = list(offsets(NEW_YORK, datetime(2026, 1, 1, 5, 30, 1, 7, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)))
    assert [until for until, _ in found[:2]] == [
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
    ]
    assert [offset for _, offset in found] == [-5 * 3600, -4 * 3600, -5 * 3600]
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(offsets(SEOUL, moment, moment)) == [(moment, 9 * 3600)]
