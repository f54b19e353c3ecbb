"""What a reload would set going: who would be told what of the series as it stands in the file, and when.

It compares the file, the editions that the daemon has taken over, and what people were last told; ``core.changes`` says
what follows, as it does in the daemon. Nothing is stored and nothing sent. Links are not shown: they are for those
registered.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import groupby

from mailbot.adapters.store import SqlStore
from mailbot.config import Config
from mailbot.console import plain
from mailbot.core.changes import Edition, Knowledge, News, Notice, notices
from mailbot.core.model import RegistrationStatus, Series
from mailbot.core.places import promotions
from mailbot.core.situation import Standing
from mailbot.parts import open_present_store

_ALL = 1_000_000
_STANDING = {RegistrationStatus.CONFIRMED: "registered", RegistrationStatus.WAITING: "waiting"}


def plan(config: Config, at: datetime, *, names: bool) -> Iterator[str]:
    """The plan of a reload at the moment ``at``, line by line; with ``names`` the addresses too.

    Raises:
        StoreTrouble: there is no database yet, or it cannot be read.
    """
    with closing(open_present_store(config)) as store:
        yield from planned(store, config.to_series(), config.changes.grace, at, names=names)


def planned(store: SqlStore, series: Series, grace: timedelta, at: datetime, *, names: bool) -> Iterator[str]:
    """The same, of a series over an open store."""
    known = store.knowledge()
    after = known.with_series(series, at)
    before, then = notices(known, grace, at), notices(after, grace, at)
    standings, letters = store.standings(series), 0
    for code in after.editions:
        told = [notice for notice in then if notice.audience.meeting == code]
        undone = any(notice.audience.meeting == code for notice in before) and not told
        meeting = series.meeting(code)
        moved = promotions(meeting, standings.get(code, Standing()), at) if meeting else ()
        changed = after.editions[code] != known.editions.get(code)
        if not (told or undone or moved or changed):
            continue
        yield f"{code}: {plain(after.editions[code][-1].title)}"
        if changed:
            words = _compared(known.editions.get(code, ()), after.editions[code][-1])
            yield f"  in the file, not taken over yet: {words}"
        for _, group in groupby(told, key=lambda notice: (notice.was.id, notice.due_at, _news(notice, series))):
            alike = list(group)
            letters += sum(each.audience.count for each in alike)
            yield f"  {_counted(alike)} would be told {_when(alike[0], series, at)}: {_news(alike[0], series)}"
            if names:
                yield from (f"    {plain(r.person.address)}" for each in alike for r in store.to_tell(each, _ALL))
        if undone:
            yield "  what was to be told is undone: nobody is told"
        elif changed and not told:
            yield f"  {_why_nobody(code, after, at)}"
        if moved:
            letters += len(moved)
            yield f"  {len(moved)} who wait would get a place, and be told at once"
            yield from (f"    {plain(r.person.address)}" for r in moved if names)
    yield f"{letters} letter(s) would go out" if letters else "nobody would be told anything"


def _compared(known: Sequence[Edition], new: Edition) -> str:
    """What differs in the file."""
    if not known:
        return "a new meeting"
    last = known[-1]
    if new.off or last.off:
        return "called off" if not last.off else "back on" if not new.off else "no change for anybody"
    differences = (
        ("another title", last.title != new.title),
        ("another start", last.starts_at != new.starts_at),
        ("another length", last.duration != new.duration),
        ("another link", last.relinked_in(new)),
    )
    return ", ".join(words for words, differs in differences if differs) or "no change for anybody"


def _counted(alike: Sequence[Notice]) -> str:
    return " and ".join(f"{each.audience.count} {_STANDING[each.audience.status]}" for each in alike)


def _when(notice: Notice, series: Series, at: datetime) -> str:
    if notice.due_at <= at:
        return "at once"
    return f"on {notice.due_at.astimezone(series.timezone):%a %d %b at %H:%M}"


def _news(notice: Notice, series: Series) -> str:
    was, now = notice.was, notice.now
    if notice.news is News.CALLED_OFF:
        return f"{_time(was, series)} is called off"
    relinked = notice.audience.status is RegistrationStatus.CONFIRMED and was.relinked_in(now)
    said = [f"{_time(was, series)} -> {_time(now, series)}"] if was.moved_in(now) else []
    said += ["another link"] if relinked and notice.news is News.CHANGED else []
    said += [f"it takes place after all, {_time(now, series)}"] if notice.news is News.ON_AFTER_ALL else []
    return ", ".join(said)


def _time(edition: Edition, series: Series) -> str:
    start, end = (moment.astimezone(series.timezone) for moment in (edition.starts_at, edition.ends_at))
    return f"{start:%a %d %b %Y %H:%M}-{end:%H:%M}"


def _why_nobody(code: str, after: Knowledge, at: datetime) -> str:
    if not any(audience.meeting == code for audience in after.audiences):
        return "nobody is registered"
    if after.editions[code][-1].ends_at <= at:
        return "nobody would be told: it is over; if the day is wrong, correct it"
    return "nobody would be told: it is nothing that they have to know"
