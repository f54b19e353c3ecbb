"""The mails that a letter offers at one tap: ``mailto:`` links whose subjects the reader understands (RFC 6068).

Whoever reads the text alone cannot tap: for them there are the same wishes as short words to reply with.

A subject says the wish, the day and the sector in plain words, so that ``core.intent`` reads it as it reads a person's,
and the person sees what they are about to send. The same words stand in ``List-Unsubscribe``.
"""

from dataclasses import dataclass
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mailbot.core.model import Language, Meeting, Proposal
from mailbot.core.writing import dates
from mailbot.core.writing.mime import one_line, reply_subject

LONGEST = 60
"""Characters of a sector; a header line must hold the whole link (RFC 5322 section 2.1.1)."""

_JOIN: dict[Language, str] = {"it": "Iscrizione all'incontro di {}", "en": "Please register me for the meeting on {}"}
_LEAVE: dict[Language, str] = {
    "it": "Disdico l'iscrizione all'incontro di {}",
    "en": "Please cancel my registration for the meeting on {}",
}
_MOVE: dict[Language, tuple[str, str]] = {
    "it": ("Cambio incontro", "Vorrei spostarmi dall'incontro di {} a quello di: "),
    "en": ("Another meeting", "Please switch me from {} to: "),
}
_JOINING: dict[Language, str] = {"it": "Mi iscrivo per {}", "en": "Register me for {}"}
_LEAVING: dict[Language, str] = {"it": "Disdico {}", "en": "Cancel {}"}
_EXPORT: dict[Language, str] = {"it": "Vorrei una copia dei miei dati", "en": "Please send me a copy of my data"}
_CONFIRM: dict[Language, str] = {"it": "Confermo la richiesta {}", "en": "I confirm the request {}"}
_APPROVE: dict[Language, str] = {"it": "Approvo la risposta n. {} {}", "en": "I approve answer no. {} {}"}
_REJECT: dict[Language, str] = {"it": "Non inviare la risposta n. {} {}", "en": "Do not send answer no. {} {}"}
_APPROVE_ALL: dict[Language, str] = {
    "it": "Approvo tutte e {} le risposte elencate {}",
    "en": "I approve all {} answers listed {}",
}
_ERASE: dict[Language, str] = {"it": "Cancellate i miei dati", "en": "Please delete my data"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """One-tap mails to our address, in one language. ``join`` … are ``mailto:`` links, ``joining`` … words."""

    address: str
    language: Language
    zone: ZoneInfo

    def join(self, meeting: Meeting) -> str:
        """Signs up for a meeting."""
        return self._link(_JOIN[self.language].format(self.named(meeting)))

    def leave(self, meeting: Meeting) -> str:
        """Gives a place up."""
        return self._link(_LEAVE[self.language].format(self.named(meeting)))

    def move(self, meeting: Meeting) -> str:
        """Begins a mail that changes this meeting for another, which the person names at its end."""
        subject, body = _MOVE[self.language]
        return self._link(subject, body.format(self.named(meeting)))

    def export(self) -> str:
        """Asks for a copy of one's data."""
        return self._link(_EXPORT[self.language])

    def erase(self) -> str:
        """Asks for erasure."""
        return self._link(_ERASE[self.language])

    def confirm(self, code: str) -> str:
        """Confirms what was asked about (``core.trust`` reads it)."""
        return self._link(self.confirming(code))

    def confirming(self, code: str) -> str:
        """What to reply to confirm it."""
        return _CONFIRM[self.language].format(code)

    def joining(self, meeting: Meeting) -> str:
        """What to reply to sign up."""
        return _JOINING[self.language].format(self._briefly(meeting))

    def leaving(self, meeting: Meeting) -> str:
        """What to reply to give a place up."""
        return _LEAVING[self.language].format(self._briefly(meeting))

    def erasing(self) -> str:
        """What to reply to have one's data erased."""
        return _ERASE[self.language]

    def approve(self, proposal: Proposal) -> str:
        """For the organisers: sends what waits (``core.approval`` reads it)."""
        return self._link(self.approving(proposal))

    def approving(self, proposal: Proposal) -> str:
        """What to reply to send it."""
        return _APPROVE[self.language].format(proposal.id, proposal.approve)

    def reject(self, proposal: Proposal) -> str:
        """For the organisers: does not send it, and undoes what was done."""
        return self._link(self.rejecting(proposal))

    def rejecting(self, proposal: Proposal) -> str:
        """What to reply not to send it."""
        return _REJECT[self.language].format(proposal.id, proposal.reject)

    def approve_all(self, mandate: str, count: int) -> str:
        """For the organisers: sends all that one mail lists."""
        return self._link(self.approving_all(mandate, count))

    def approving_all(self, mandate: str, count: int) -> str:
        """What to reply to send all of it."""
        return _APPROVE_ALL[self.language].format(count, mandate)

    def answer(self, address: str, subject: str) -> str:
        """For the organisers: begins an answer to a mail that a person must read."""
        return f"mailto:{quote(address, safe='@+')}?subject={quote(reply_subject(subject), safe='')}"

    def named(self, meeting: Meeting) -> str:
        """A meeting by day, hour and sector, as no other of the series is."""
        start = meeting.starts_at.astimezone(self.zone)
        when = f"{dates.short_day(start, self.language)}, ore {dates.hour(start, self.language)}"
        if self.language == "en":
            when = f"{dates.short_day(start, 'en')} {dates.at_hour(start, 'en')}"
        return f"{when} ({one_line(meeting.sector, LONGEST)})"

    def _briefly(self, meeting: Meeting) -> str:
        day = dates.short_day(meeting.starts_at.astimezone(self.zone), self.language)
        return f"{day} ({one_line(meeting.sector, LONGEST)})"

    def _link(self, subject: str, body: str = "") -> str:
        written = f"&body={quote(body, safe='')}" if body else ""
        return f"mailto:{quote(self.address, safe='@+')}?subject={quote(subject, safe='')}{written}"
