"""What each person deserves, told as naively as possible: no database, no letters, a dictionary a meeting."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from mailbot.core.model import Meeting, Series
from tests.loops.world import DAY, HOUR, MINUTE


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
    knows: datetime
    """The start that they were last told."""
    promoted_at: datetime | None = None
    told_at: datetime | None = None


@dataclass
class Oracle:
    """The town's secretary, who forgets nothing and does one thing after the other."""

    meetings: dict[str, Meeting]
    places: dict[str, dict[str, Place]] = field(default_factory=lambda: {"sport": {}, "musei": {}})
    """By meeting and person; who queues stands in the order in which they came."""
    answers: dict[str, int] = field(default_factory=dict)
    promotions: list[tuple[str, str]] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)
    starts: dict[str, list[tuple[datetime, datetime]]] = field(default_factory=lambda: {"sport": [], "musei": []})
    """Of each meeting: from when on it was to start when."""
    reminders: set[tuple[str, str, timedelta, datetime]] = field(default_factory=set)
    """Whom, of which meeting, how long before, and for which start."""
    digests: list[date] = field(default_factory=list)

    def noted(self, at: datetime) -> None:
        """A configuration is taken over."""
        for code, meeting in self.meetings.items():
            if not self.starts[code] or self.starts[code][-1][1] != meeting.starts_at:
                self.starts[code].append((at, meeting.starts_at))

    def handled(self, wish: Wish, at: datetime) -> None:
        """A mail is answered."""
        if not wish.answered:
            return
        self.answers[wish.who] = self.answers.get(wish.who, 0) + 1
        if wish.join and self._to_come(wish.join, at) and self.status(wish.who, wish.join) in ("", "cancelled"):
            queue = self.places[wish.join]
            queue.pop(wish.who, None)  # whoever comes back comes last
            # Where there is room for everybody nobody is overtaken: those who wait get theirs at the next ring.
            free = self.meetings[wish.join].capacity is None or (
                self._has_room(wish.join) and not any(place.status == "waiting" for place in queue.values())
            )
            queue[wish.who] = Place("confirmed" if free else "waiting", at, self.meetings[wish.join].starts_at)
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
        """The bell rings: free places are given, changes are told, reminders and the digest fall due."""
        for code, meeting in self.meetings.items():
            self._fill(code, at)
            for who, place in self.places[code].items():
                if place.status != "cancelled" and self._must_be_told(place, code, at):
                    self.notices.append((who, code))
                    place.knows, place.told_at = meeting.starts_at, at
            passed = [before for before in (DAY, HOUR) if meeting.starts_at - before <= at < meeting.starts_at]
            if passed:
                moment = meeting.starts_at - min(passed)
                self.reminders |= {
                    (who, code, min(passed), meeting.starts_at)
                    for who, place in self.places[code].items()
                    if place.status == "confirmed" and place.since < moment
                    if place.promoted_at is None or place.promoted_at < moment
                    if place.told_at is None or place.told_at < moment
                    if place.knows == meeting.starts_at
                }
        local = at.astimezone(series.timezone)
        if local.time() >= time(7, 30) and (not self.digests or self.digests[-1] < local.date()):
            self.digests.append(local.date())

    def _must_be_told(self, place: Place, code: str, at: datetime) -> bool:
        """Ten minutes after what they know ceased to be true, half an hour before either start at the latest."""
        meeting = self.meetings[code]
        since = None
        for noted_at, start in reversed(self.starts[code]):
            if start == place.knows:
                break
            since = noted_at
        if since is None or at >= meeting.ends_at:
            return False
        coming = [start for start in (place.knows, meeting.starts_at) if start + meeting.duration > since]
        return at >= min([since + MINUTE * 10, *(max(since, start - MINUTE * 30) for start in coming)])

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
                place.status, place.promoted_at, place.knows = "confirmed", at, self.meetings[code].starts_at
                self.promotions.append((who, code))
