"""The meetings of a series by day, as seen at a moment.

Every clue of time ends here: on which meetings does this day, weekday, week or month fall. What lies ahead goes before
what is over: "giovedì" is the next Thursday with a meeting, "il 21" the next 21st.
"""

from datetime import date, datetime, timedelta

from mailbot.core.model import Meeting, Series

TWO_WEEKS = timedelta(days=14)
NOBODY: frozenset[str] = frozenset()


class Calendar:
    """The meetings by day. Made for each mail, since each is judged from its own moment."""

    def __init__(self, series: Series, at: datetime) -> None:
        """Takes the series, and the moment from which "domani" and "is over" are judged."""
        self.series = series
        self.at = at
        self.today = at.astimezone(series.timezone).date()
        """The day of the moment, where the meetings are."""
        self.in_order = tuple(sorted(series.meetings, key=lambda m: (m.starts_at, m.code)))
        """All meetings as they begin."""
        self.to_come = series.to_come(at)
        """Those that have not begun."""
        self._starts = {m.code: m.starts_at.astimezone(series.timezone) for m in series.meetings}
        days: dict[date, set[str]] = {}
        for code, start in self._starts.items():
            days.setdefault(start.date(), set()).add(code)
        self._on = {day: frozenset(codes) for day, codes in days.items()}

    @property
    def days(self) -> frozenset[frozenset[str]]:
        """The meetings of each day that has any."""
        return frozenset(self._on.values())

    @property
    def codes_to_come(self) -> frozenset[str]:
        """The codes of those that have not begun."""
        return frozenset(meeting.code for meeting in self.to_come)

    def day(self, meeting: Meeting) -> date:
        """The day of a meeting."""
        return self._starts[meeting.code].date()

    def local(self, meeting: Meeting) -> datetime:
        """When a meeting begins, by the clocks of its place."""
        return self._starts[meeting.code]

    def days_of(self, codes: frozenset[str]) -> list[date]:
        """The days of these meetings, in the order of the series."""
        return [start.date() for code, start in self._starts.items() if code in codes]

    def on(self, day: date) -> frozenset[str]:
        """The meetings of a day."""
        return self._on.get(day, NOBODY)

    def day_number(self, number: int) -> frozenset[str]:
        """The meetings on the next day with this number that has one; else on one that is over."""
        days = [self.day(m) for m in self.to_come if self.day(m).day == number]
        if days:
            return self.on(min(days))
        over = [day for day in self._on if day.day == number]
        return self.on(max(over)) if over else NOBODY

    def weekday(self, number: int) -> frozenset[str]:
        """The meetings on this weekday: the next one's, or of both within two weeks."""
        days = sorted({self.day(m) for m in self.to_come if self.day(m).weekday() == number})
        soon = [day for day in days if day <= self.today + TWO_WEEKS] or days[:1]
        return NOBODY.union(*map(self.on, soon))

    def weekday_in(self, number: int, first: int, last: int) -> frozenset[str]:
        """The meetings on the one day with this weekday between ``first`` and ``last`` days from today."""
        days = (self.today + timedelta(days=n) for n in range(first, last + 1))
        return NOBODY.union(*(self.on(day) for day in days if day.weekday() == number))

    def week(self, weeks: int) -> frozenset[str]:
        """The meetings to come of this week (0), next week (1)."""
        monday = self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=weeks)
        return frozenset(m.code for m in self.to_come if monday <= self.day(m) < monday + timedelta(days=7))

    def month(self, number: int) -> frozenset[str]:
        """The meetings to come of a month; else those that were in it."""
        inside = frozenset(code for code, start in self._starts.items() if start.month == number)
        return inside & self.codes_to_come or inside

    def falls_on(self, codes: frozenset[str], weekday: int) -> bool:
        """Whether any of these meetings is on this weekday (0 is Monday)."""
        return any(day.weekday() == weekday for day in self.days_of(codes))
