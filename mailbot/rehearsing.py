"""What `mailbot rehearse` does: the real mailbox, read only, through the same reading as the daemon's; and the count.

It goes on where it can: a mail that meets a fault of ours is told and counted, a server that hangs up is asked again
from there on, and who breaks it off gets the count of what was read.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from mailbot.console import one_line
from mailbot.core.model import ALL, Outcome, Series
from mailbot.core.understanding import Understood
from mailbot.explaining import progress
from mailbot.ports import Arrival, Mailbox, MailboxTrouble

MOST_TROUBLES = 6
"""How often in a row the server may fail without handing over a mail: more often than a mail is asked for in vain."""
MOST_NAMED = 20
"""Mails for a person that the count names."""
_MEANS = {
    Outcome.ACT: "what is wanted is clear, and would be done",
    Outcome.ASK: "would be asked which meeting",
    Outcome.ATTENTION: "left to a person, and told so",
    Outcome.IGNORE: "written by machines, not answered",
}


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One mail of the mailbox."""

    name: str
    """The folder and its number in there."""
    understood: Understood | None
    """None where reading it met a fault of ours."""
    fault: str = ""


def rehearsed(mailbox: Mailbox, first: date, read: Callable[[Arrival], Understood]) -> Iterator[Rehearsed]:
    """Every mail that the server got on the day ``first`` or later.

    Args:
        mailbox: the mailbox; nothing in it is changed.
        first: the day.
        read: understands one mail.

    Raises:
        MailboxTrouble: it cannot be reached, or fails again and again.
    """
    mailbox.open()
    left = mailbox.uids_after(0, first)
    with progress(len(left), f"{len(left)} mails") as bar:
        troubles = 0
        while left:
            try:
                for arrival in mailbox.fetch(left):
                    yield _one(f"{mailbox.folder}/{arrival.uid}", arrival, read)
                    left, troubles = [uid for uid in left if uid > arrival.uid], 0
                    bar.update(1)
                return
            except MailboxTrouble:
                troubles += 1
                if troubles == MOST_TROUBLES:
                    raise
                mailbox.open()


@contextmanager
def counted(series: Series, say: Callable[[str], None]) -> Iterator[Callable[[Rehearsed], None]]:
    """Counts mails, and says the count at the end, whatever the end is: who breaks off has seen a part."""
    tally = Tally()
    try:
        yield tally.count
    except BaseException:
        if tally.total:
            say(tally.in_words(series))
        raise
    say(tally.in_words(series))


def _one(name: str, arrival: Arrival, read: Callable[[Arrival], Understood]) -> Rehearsed:
    try:
        return Rehearsed(name, read(arrival))
    except Exception as fault:  # noqa: BLE001  # whatever it is, it is one mail's, and the rest are told
        return Rehearsed(name, None, f"{type(fault).__name__}: {fault}")


class Tally:
    """Counts what the mails would come to."""

    def __init__(self) -> None:
        self.faults = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._kinds: Counter[str] = Counter()
        self._deeds: Counter[tuple[str, str]] = Counter()
        self._requests: Counter[str] = Counter()
        self._for_a_person: list[str] = []
        self._answered: set[str] = set()

    def count(self, mail: Rehearsed) -> None:
        """One more mail."""
        understood = mail.understood
        if understood is None:
            self.faults += 1
            return
        message, intent = understood.message, understood.intent
        self._outcomes[intent.outcome] += 1
        self._deeds.update(("register", code) for code in intent.register)
        self._deeds.update(("cancel", code) for code in intent.cancel)
        self._requests.update(intent.requests)
        if intent.outcome is Outcome.IGNORE:
            self._kinds[message.origin.kind] += 1
        elif message.reply_to is not None:
            self._answered.add(message.reply_to.address)
        if intent.attention:
            why = intent.question or next(iter(intent.evidence), "")
            who = message.reply_to.address if message.reply_to else "nobody that can be answered"
            self._for_a_person.append(one_line(f"{mail.name} from {who}: {why}")[:160])

    @property
    def total(self) -> int:
        """How many mails were counted."""
        return self._outcomes.total() + self.faults

    def in_words(self, series: Series) -> str:
        """All of it, a short page that ends with the outcomes in one line."""
        rows = [f"  {each:<9} {self._outcomes[each]:>6}  {_MEANS[each]}{self._machines(each)}" for each in Outcome]
        rows += [f"  {'fault':<9} {self.faults:>6}  met a fault of mailbot's own, and would be set aside"] * bool(
            self.faults
        )
        rows += [f"{len(self._answered)} address(es) would be written to"]
        codes = [meeting.code for meeting in series.meetings]
        width = max(map(len, codes))
        rows += ["by meeting"]
        rows += [
            f"  {code:<{width}}  register {self._deeds['register', code]}, cancel {self._deeds['cancel', code]}"
            for code in codes
        ]
        rows += [f"  cancel everything {everything}"] if (everything := self._deeds["cancel", ALL]) else []
        asked = ", ".join(f"{request} {count}" for request, count in sorted(self._requests.items()))
        rows += [f"asked for besides: {asked}"] if asked else []
        rows += [f"for a person to read: {len(self._for_a_person)}"] if self._for_a_person else []
        rows += [f"  {line}" for line in self._for_a_person[:MOST_NAMED]]
        rows += [f"  … and {more} more"] if (more := len(self._for_a_person) - MOST_NAMED) > 0 else []
        told = ", ".join(f"{outcome} {self._outcomes[outcome]}" for outcome in Outcome)
        fault = f", fault {self.faults}" if self.faults else ""
        rows += [f"{self.total} mail(s): {told}{fault}"]
        return "\n".join(rows)

    def _machines(self, outcome: Outcome) -> str:
        kinds = ", ".join(f"{kind} {count}" for kind, count in self._kinds.most_common())
        return f": {kinds}" if outcome is Outcome.IGNORE and kinds else ""
