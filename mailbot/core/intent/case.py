"""One mail under reading, and the answers that every rule may give about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from mailbot.core.intent import evidence, marks
from mailbot.core.intent.calendar import NOBODY, Calendar
from mailbot.core.intent.choose import Choice
from mailbot.core.intent.heard import Hearing, Stance
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import Codes, Sectors
from mailbot.core.model import Doubt, Intent, Message, Outcome, Series


@dataclass(frozen=True)
class Case:
    """One mail under reading."""

    message: Message
    series: Series
    calendar: Calendar
    words: Sectors
    lexicon: Lexicon
    own: Hearing
    subject: Hearing

    @property
    def requests(self) -> frozenset[str]:
        """What is asked for beside places: in the own words, else in a subject beside which nobody signs up."""
        said = self.own.requests or (frozenset() if self.own.says("joins") else self.subject.requests)
        return said or (frozenset({"link"}) if self._lacks_link() else frozenset())

    def _lacks_link(self) -> bool:
        """Whether somebody who is signed up, and names no other meeting, asks for the link."""
        taken = self.own.mentions(Stance.TAKEN)
        return self.own.has("held") and self.own.has("link_wanted") and not any(m.named for m in taken)

    @cached_property
    def quoted(self) -> Choice:
        """The ONE meeting of the quoted or forwarded mail, where it speaks of one alone."""
        return marks.quoted_meeting(self.message, self.calendar, self.words, self.lexicon)

    @cached_property
    def organisation(self) -> Choice:
        """The meeting of the sender's organisation."""
        return marks.organisation(self.message, self.own, self.calendar, self.words, self.lexicon)

    def settled(self, choice: Choice) -> Choice:
        """A choice between several that the ONE quoted meeting, where it is among them, settles."""
        if choice.doubt is not Doubt.SEVERAL:
            return choice
        quoted = self.quoted
        fits = bool(quoted.codes) and any(quoted.codes <= m.codes for m in choice.why)
        return Choice(quoted.codes, None, (*choice.why, *quoted.why)) if fits else choice

    def to_come(self, code: str) -> bool:
        """Whether a meeting has not begun."""
        meeting = self.series.meeting(code)
        return meeting is not None and meeting.is_to_come(self.calendar.at)

    def act(self, deed: str, why: Iterable[Mention], register: Codes = NOBODY, cancel: Codes = NOBODY) -> Intent:
        """Does what is wanted; ``deed`` and ``why`` tell it in words."""
        return Intent(
            Outcome.ACT,
            register=tuple(sorted(register)),
            cancel=tuple(sorted(cancel)),
            evidence=evidence.of(deed, tuple(why), self.calendar, (self.own, self.subject)),
        )

    def ask(self, doubt: Doubt, why: Iterable[Mention]) -> Intent:
        """Asks the sender."""
        said = evidence.doubt(doubt, tuple(why), self.calendar, (self.own, self.subject))
        return Intent(Outcome.ASK, doubt=doubt, evidence=said)

    def ask_if_over(self, choice: Choice) -> Intent | None:
        """Asks where a meeting that is wanted has begun."""
        return None if all(self.to_come(code) for code in choice.codes) else self.ask(Doubt.OVER, choice.why)
