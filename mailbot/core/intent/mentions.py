"""Which meetings a clause speaks of: by date, by sector, by turn or hour, by place in the list, or all of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mailbot.core.intent import dates, sectors
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.dates import Calendar, Found
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.sectors import Sectors

NEAR = 10
"""Words before a sector among which a word for "meeting" makes it one that is asked for."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of a clause that speaks of meetings."""

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


def find(clause: Clause, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> list[Mention]:
    """The mentions of a clause, in order."""
    found = dates.find(clause.plain, clause.text, calendar, lexicon)
    found += [item for item in _orders(clause.plain, calendar, lexicon) if _apart(item, found)]
    sector = [item for item in sectors.find(clause.plain, words, lexicon) if _apart(item, found)]
    found = _narrowed([*found, *sector], clause.plain, calendar, lexicon)
    return [
        Mention(item, clause, item.by not in ("sector", "theme") or _is_named(clause.plain, item, lexicon))
        for item in sorted(found, key=lambda item: item.start)
    ]


def _apart(item: Found, others: list[Found]) -> bool:
    return all(item.end <= other.start or item.start >= other.end for other in others)


def _orders(plain: str, calendar: Calendar, lexicon: Lexicon) -> Iterator[Found]:
    """The first, the last, the last but one, the next: in the order of their starts."""
    whole = sorted(calendar.series.meetings, key=lambda m: (m.starts_at, m.code))
    to_come = calendar.to_come()
    for group, meeting in (
        ("one_before_last", whole[-2] if len(whole) > 1 else None),
        ("last", whole[-1]),
        ("first", whole[0]),
        ("next_one", to_come[0] if to_come else None),
    ):
        for match in lexicon.groups[group].finditer(plain):
            if meeting is not None and not _is_a_turn(plain, match.end()):
                yield Found(match.start(), match.end(), frozenset({meeting.code}), "order", match[0])


def _is_a_turn(plain: str, end: int) -> bool:
    return plain[end : end + 7].strip().startswith(("turno", "slot"))


def _narrowed(found: list[Found], plain: str, calendar: Calendar, lexicon: Lexicon) -> list[Found]:
    """Mentions that fit several meetings, told apart by a turn, a time of day or an hour beside them."""
    keys = [*_turns(plain, calendar, lexicon), *dates.hours(plain, calendar)]
    narrowed = []
    for item in found:
        fitting = [item.codes & key.codes for key in keys if item.codes & key.codes]
        best = min(fitting, key=len, default=item.codes) if len(item.codes) > 1 else item.codes
        narrowed.append(replace(item, codes=best, note="" if len(best) == 1 and item.note == "several" else item.note))
    alone = [key for key in keys if len(key.codes) == 1 and not found and key.by == "turn"]
    hour = [
        key
        for key in keys
        if len(key.codes) == 1 and not found and key.by == "hour" and key.words.startswith(("delle", "il turno"))
    ]
    return narrowed or alone or hour


def _turns(plain: str, calendar: Calendar, lexicon: Lexicon) -> Iterator[Found]:
    """Turns of one sector or one day, counted by hour; mornings, afternoons and evenings."""
    meetings = calendar.to_come()
    for number, pattern in enumerate(lexicon.turns):
        for match in pattern.finditer(plain):
            codes: set[str] = set()
            for key in ("sector", "day"):
                groups: dict[object, list[str]] = {}
                for meeting in meetings:
                    groups.setdefault(meeting.sector if key == "sector" else calendar.day(meeting), []).append(
                        meeting.code
                    )
                codes |= {members[number] for members in groups.values() if 1 < len(members) > number}
            if codes:
                yield Found(match.start(), match.end(), frozenset(codes), "turn", match[0])
    for group, first, last in (("morning", 0, 12), ("afternoon", 12, 18), ("evening", 18, 24)):
        for match in lexicon.groups[group].finditer(plain):
            codes = {m.code for m in meetings if first <= m.starts_at.astimezone(calendar.series.timezone).hour < last}
            if codes and not plain[: match.start()].endswith(("buon ", "buona ", "good ")):
                yield Found(match.start(), match.end(), frozenset(codes), "time", match[0])


def _is_named(plain: str, item: Found, lexicon: Lexicon) -> bool:
    """Whether a sector is asked for: a word for "meeting" stands shortly before or right behind it."""
    before = " ".join(plain[: item.start].split()[-NEAR:])
    after = " ".join(plain[item.end :].split()[:3])
    being = [match.end() for match in lexicon.groups["being"].finditer(before)]
    meeting = [match.end() for match in lexicon.groups["meeting"].finditer(before)]
    if meeting and (not being or max(meeting) > max(being)):
        return True
    if re.match(r"(meetings?|sessions?|event|call|one|evening|group|talk|webinar)\b", after):
        return True
    joined = [match.end() for match in lexicon.groups["join"].finditer(before)]
    asked = re.search(
        r"\b(?:a|al|allo|alla|ai|agli|alle|all|per|sul|sullo|sulla|sui|sugli|sulle|con|for|to|about|on)(?: \w+){0,2}$",
        before,
    )
    return bool(asked) and not being and (bool(joined) or len(before.split()) <= 2)
