"""A file of an older version, with people in it, brought up to date: what they know, and whom that concerns."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate
from mailbot.core.changes import GRACE, News, notices
from mailbot.core.model import MeetingStatus, Series
from tests import samples
from tests.store.making import NOW, SERIES, older

OLD_ROWS = """
INSERT INTO meeting VALUES ('sport', 'Incontro sport', '2024-03-12 17:00:00.000000', 90);
INSERT INTO meeting VALUES ('musei', 'Incontro musei', '2024-03-14 17:00:00.000000', 90);
INSERT INTO meeting VALUES ('gone', 'Incontro tolto', '2024-03-20 17:00:00.000000', 90);
INSERT INTO person VALUES (1, 'anna@posta.example', 'Anna', '', 'it');
INSERT INTO person VALUES (2, 'ugo@posta.example', 'Ugo', '', 'it');
INSERT INTO registration VALUES (1, 'sport', 1, 'confirmed', '2024-02-01 10:00:00.000000', NULL, 'sport.1', 2);
INSERT INTO registration VALUES (2, 'musei', 1, 'waiting', '2024-02-01 10:00:00.000000', NULL, 'musei.1', 0);
INSERT INTO registration VALUES (3, 'gone', 2, 'confirmed', '2024-02-01 10:00:00.000000', NULL, 'gone.2', 0);
INSERT INTO registration VALUES (4, 'sport', 2, 'cancelled', '2024-02-01 10:00:00.000000', '2024-02-02 10:00:00.000000',
    'sport.2', 1);
INSERT INTO history VALUES (1, 1, 'registered', '2024-02-01 10:00:00.000000', NULL);
"""


@pytest.fixture
def old(tmp_path: Path) -> SqlStore:
    """A store on a file that the version before editions has made, brought up to date."""
    older(tmp_path / "old.sqlite", "0002", OLD_ROWS)
    engine = open_engine(f"sqlite:///{tmp_path}/old.sqlite")
    assert migrate(engine, NOW) is not None
    return SqlStore(engine)


def told(store: SqlStore, series: Series) -> list[tuple[str, News]]:
    """Whom a start with this series leaves to be told what."""
    with store.work() as work:
        work.note_meetings(series, NOW)
    found = notices(store.knowledge(), GRACE, NOW)
    return [(notice.audience.meeting, notice.news) for notice in found]


def test_everybody_and_their_history_are_still_there(old: SqlStore) -> None:
    """As they were."""
    held = {(r.meeting, r.person.address, r.status.value, r.sequence) for r in old.registrations()}

    assert held == {
        ("sport", "anna@posta.example", "confirmed", 2),
        ("musei", "anna@posta.example", "waiting", 0),
        ("gone", "ugo@posta.example", "confirmed", 0),
        ("sport", "ugo@posta.example", "cancelled", 1),
    }
    assert len(old.knowledge().audiences) == 3
    old.close()


@pytest.mark.parametrize("status", MeetingStatus)
def test_what_changed_before_the_upgrade_is_told_to_nobody(old: SqlStore, status: MeetingStatus) -> None:
    """Links were not kept, those of cancelled and removed meetings were written to by hand."""
    sport = samples.meeting(join_url="https://zoom.example/j/whatever", status=status)

    assert told(old, samples.series(sport, SERIES.meetings[1])) == []
    assert told(old, samples.series(sport, SERIES.meetings[1])) == []
    old.close()


def test_what_changes_with_it_or_after_it_is_told(old: SqlStore) -> None:
    """A new time at the first start, and whatever changes from then on."""
    musei = samples.meeting("musei", 15)
    assert told(old, samples.series(samples.meeting(), musei)) == [("musei", News.CHANGED)]
    linked = samples.meeting(join_url="https://zoom.example/j/new")
    assert told(old, samples.series(linked, musei)) == [("musei", News.CHANGED), ("sport", News.CHANGED)]
    off = samples.meeting(status=MeetingStatus.CANCELLED)
    assert told(old, samples.series(off, musei)) == [("musei", News.CHANGED), ("sport", News.CALLED_OFF)]
    back = samples.meeting("gone", 20, starts_at=samples.meeting("gone", 20).starts_at + timedelta(hours=1))
    assert ("gone", News.ON_AFTER_ALL) in told(old, samples.series(off, musei, back))
    old.close()
