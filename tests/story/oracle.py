"""What each person deserves, told as naively as possible: no database, no letters, a dictionary a meeting."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from mailbot.core.model import Meeting, Series
from tests.loops.world import DAY, HOUR


@dataclass(frozen=True)
class Wish:
    """What a mail plainly wants."""

    who: str
    leave: str = ""
    join: str = ""
    answered: bool = True
    """Whether a person wrote it."""


@dataclass
class Place:
    """Somebody's place in a meeting, or in the queue before it."""

    status: str
    since: datetime
    promoted_at: datetime | None = None


@dataclass
class Oracle:
    """The town's secretary, who forgets nothing and does one thing after the other."""

    meetings: dict[str, Meeting]
    places: dict[str, dict[str, Place]] = field(default_factory=lambda: {"sport": {}, "musei": {}})
    """By meeting and person; who queues stands in the order in which they came."""
    answers: dict[str, int] = field(default_factory=dict)
    promotions: list[tuple[str, str]] = field(default_factory=list)
    reminders: set[tuple[str, str, timedelta, datetime]] = field(default_factory=set)
    """Whom, of which meeting, how long before, and for which start."""
    digests: list[date] = field(default_factory=list)

    def handled(self, wish: Wish, at: datetime) -> None:
        """A mail is answered."""
        if not wish.answered:
            return
        self.answers[wish.who] = self.answers.get(wish.who, 0) + 1
        if wish.join and self._to_come(wish.join, at) and self.status(wish.who, wish.join) in ("", "cancelled"):
            queue = self.places[wish.join]
            queue.pop(wish.who, None)  # whoever comes back comes last
            free = self._has_room(wish.join) and not any(place.status == "waiting" for place in queue.values())
            queue[wish.who] = Place("confirmed" if free else "waiting", at)
        if (
            wish.leave
            and self._to_come(wish.leave, at)
            and self.status(wish.who, wish.leave) in ("confirmed", "waiting")
        ):
            place = self.places[wish.leave][wish.who]
            had_place, place.status = place.status == "confirmed", "cancelled"
            if had_place:
                self._fill(wish.leave, at)

    def rung(self, at: datetime, series: Series) -> None:
        """The bell rings: free places are given, reminders and the digest fall due."""
        for code, meeting in self.meetings.items():
            self._fill(code, at)
            passed = [before for before in (DAY, HOUR) if meeting.starts_at - before <= at < meeting.starts_at]
            if passed:
                moment = meeting.starts_at - min(passed)
                self.reminders |= {
                    (who, code, min(passed), meeting.starts_at)
                    for who, place in self.places[code].items()
                    if place.status == "confirmed" and place.since < moment
                    if place.promoted_at is None or place.promoted_at < moment
                }
        local = at.astimezone(series.timezone)
        if local.time() >= time(7, 30) and (not self.digests or self.digests[-1] < local.date()):
            self.digests.append(local.date())

    def status(self, who: str, code: str) -> str:
        """Where somebody stands; empty where they never asked."""
        place = self.places[code].get(who)
        return place.status if place else ""

    def _to_come(self, code: str, at: datetime) -> bool:
        return at < self.meetings[code].starts_at

    def _has_room(self, code: str) -> bool:
        capacity = self.meetings[code].capacity
        return capacity is None or sum(p.status == "confirmed" for p in self.places[code].values()) < capacity

    def _fill(self, code: str, at: datetime) -> None:
        for who, place in self.places[code].items():
            if place.status == "waiting" and self._has_room(code) and self._to_come(code, at):
                place.status, place.promoted_at = "confirmed", at
                self.promotions.append((who, code))
