"""Which meetings a clause speaks of: by date, by sector, by turn or hour, by place in the list.

Words that both could claim go to the date first, then to the turn or hour, to the order ("il primo"), and to the sector
last. A turn, hour or time of day narrows what stands beside it. A sector counts as *named* where the words around it
ask for a meeting ("quello dei musei"); else it is what the sender is ("siamo un museo").
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from mailbot.core.intent import dates, hours, sectors
from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.found import Found, at_cue
from mailbot.core.intent.hours import KEYS
from mailbot.core.intent.lexicon import Cue, Lexicon
from mailbot.core.intent.sectors import Sectors

NEAR = 9
"""Words before a sector among which a word for "meeting" makes it one that is asked for."""
_LEADS = frozenset(
    (
        "fra tra among a al allo alla ai agli alle all per sul sullo sulla sui sugli sulle su con coi for to about on "
        "at with da dal dalla dai dalle dagli from off of"
    ).split()
)
_OF_OURS = frozenset(
    "questo questa nostro nostra nostri nostre mio mia codesto codesta suddetto suddetta our my".split()
)
_ORDERS = frozenset("one_before_last last first next_one order_2 order_3 order_4 order_5 last_two next_two".split())
_BEHIND = frozenset("meeting meetings session sessions event call one evening talk webinar date slot incontro".split())


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a clause that speak of meetings."""

    found: Found
    clause: Clause
    named: bool
    """The meeting is named ("quello dei musei"), rather than what the sender is ("siamo un museo")."""

    @property
    def codes(self) -> frozenset[str]:
        """The meetings it may mean."""
        return self.found.codes

    @property
    def by_date(self) -> bool:
        """Whether a day, an hour or an order names it."""
        return self.found.by not in ("sector", "theme")

    def elsewhere(self, joins: bool) -> bool:
        """Whether it is another event's: a day with an hour at which no meeting begins, and nobody who joins."""
        return self.found.note == "other hour" and not joins

    @property
    def narrows(self) -> bool:
        """Whether it only tells apart what other words name: a turn, an hour, a time of day."""
        return self.found.by in KEYS


def find(
    clause: Clause, calendar: Calendar, words: Sectors, lexicon: Lexicon, last_day: date | None = None
) -> list[Mention]:
    """The mentions of a clause, in order; ``last_day`` is what "the day after" counts from."""
    found = dates.find(clause, calendar, lexicon, last_day)
    turns = () if clause.has("partitive") else hours.turns(clause, calendar, words)
    keys = (*turns, *hours.hours(clause, calendar, lexicon))
    narrowers = [item for item in keys if _apart(item, found)]
    found += [item for item in _orders(clause, calendar) if _apart(item, [*found, *narrowers])]
    found += [item for item in sectors.find(clause, words) if _apart(item, [*found, *narrowers])]
    # Two turns or two times of day in one clause tell apart nothing that stands beside them.
    clear = [n for n in narrowers if len({o.codes for o in narrowers if o.by == n.by}) == 1]
    found = [_narrowed(item, clear, clause, calendar) for item in found] + narrowers
    return [
        Mention(item, clause, item.by not in ("sector", "theme") or _is_named(clause, item, words.small))
        for item in sorted(found, key=lambda item: item.start)
    ]


def _apart(item: Found, others: list[Found]) -> bool:
    return all(item.end <= other.start or item.start >= other.end for other in others)


def _orders(clause: Clause, calendar: Calendar) -> Iterator[Found]:
    """The first, the last, the last but one, the next: in the order of their starts."""
    if clause.groups.isdisjoint(_ORDERS) and not clause.has("partitive"):
        return
    whole, to_come = calendar.in_order, calendar.to_come
    wanted = {
        "one_before_last": whole[-2] if len(whole) > 1 else None,
        "last": whole[-1],
        "first": whole[0],
        "next_one": to_come[0] if to_come else None,
        **{f"order_{n}": whole[n - 1] if len(whole) >= n else None for n in (2, 3, 4, 5)},
    }
    if clause.has("partitive"):
        # "Di quelli che restano, il secondo": counted among those alone.
        among = to_come if clause.has("remaining") else whole
        wanted |= {f"item_{n}": among[n - 1] if len(among) >= n else None for n in range(1, 7)}
    taken: set[int] = set()
    for group, meeting in wanted.items():
        for cue in clause.spans(group):
            place = set(range(cue.start, cue.end))
            if meeting is None or place & taken or _is_a_turn(clause, cue):
                continue
            taken |= place
            yield at_cue(clause, cue, frozenset({meeting.code}), "order")
    for group, two in (("last_two", whole[-2:]), ("next_two", to_come[:2])):
        for cue in clause.spans(group):
            codes = frozenset(meeting.code for meeting in two)
            yield at_cue(clause, cue, codes, "order", "together")


def _is_a_turn(clause: Clause, cue: Cue) -> bool:
    turns = clause.spans("turn_1", "turn_2", "turn_3")
    return any(turn.start < cue.end and cue.start < turn.end and turn.end > cue.end - 1 for turn in turns)


def last_day(found: list[Mention], calendar: Calendar) -> date | None:
    """The day of the last of these mentions that has one."""
    days = calendar.days_of(found[-1].codes) if found else []
    return days[0] if days else None


def _narrowed(item: Found, keys: list[Found], clause: Clause, calendar: Calendar) -> Found:
    """A mention that fits several meetings, told apart by a turn, a time of day or an hour beside it."""
    if len(item.codes) < 2:
        hour = hours.hour_behind(clause, item.end)
        starts = {calendar.local(m).hour for m in calendar.series.meetings if m.code in item.codes}
        other = item.by in ("date", "weekday") and hour is not None and not {hour, hour + 12} & starts
        return replace(item, note="other hour") if other and starts else item
    if not item.kin:
        return item
    best = item.codes
    for key in sorted(keys, key=lambda key: KEYS.index(key.by)):
        if best & key.codes and len(best) > 1:
            best &= key.codes
    return replace(item, codes=best, note="" if len(best) == 1 and item.note == "several" else item.note)


def _is_named(clause: Clause, item: Found, small: frozenset[str]) -> bool:
    """Whether a sector is asked for: a word for "meeting" stands shortly before or right behind it."""
    first = max(0, item.start - NEAR)
    meeting = max((c.end for c in clause.spans("meeting") if first <= c.start < item.start), default=-1)
    being = max((c.end for c in clause.spans("being") if first <= c.start < item.start), default=-1)
    if meeting > being:
        return True
    if set(clause.words[item.end : item.end + 3]) & _BEHIND or any(
        cue.start == item.end for cue in clause.spans("meeting")
    ):
        return True
    if any(0 <= item.start - cue.end <= 1 for cue in clause.spans("join", "leave", "held")):
        return True
    if set(clause.words[max(0, item.start - 2) : item.start]) & _OF_OURS:
        return False
    others = (*clause.words[: item.start], *clause.words[item.end :])
    if clause.whole and all(word in small for word in others):
        return True
    lead = set(clause.words[max(0, item.start - 3) : item.start]) & _LEADS
    joined = any(cue.end <= item.start for cue in clause.spans("join", "join_weak", "leave", "move", "held"))
    return bool(lead) and being < 0 and (joined or item.start <= 2)
