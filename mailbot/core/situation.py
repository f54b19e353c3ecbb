"""The facts that a decision may look at, and what a decision is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailbot.core.model import Attachment, Language, Letter, Outcome, Person, Place, Registration


@dataclass(frozen=True, slots=True)
class Standing:
    """How full a meeting is."""

    confirmed: int = 0
    waiting: tuple[Registration, ...] = ()
    """Those who wait, first come first."""


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts that a decision may look at."""

    registrations: tuple[Registration, ...] = ()
    """Those of whoever has the address that is answered, withdrawn ones included."""
    attendee_registrations: tuple[Registration, ...] = ()
    """Those of the person whom the sender signs up in their stead."""
    standings: Mapping[str, Standing] | None = None
    """By meeting code; a meeting that is missing is empty."""
    export: Attachment | None = None
    """Everything held on the person, where they asked for it."""
    person: Person | None = None
    """Who stands behind the address that is answered, where known."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody as a mail presents them; empty fields leave what is known of them."""

    address: str
    name: str
    organisation: str
    language: Language


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A place that is to be taken or waited for."""

    person: Newcomer
    place: Place


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that follows from one mail."""

    outcome: Outcome
    attention: bool = False
    why: str = ""
    """Where a person must read the mail: why, in words."""
    withdrawn: tuple[Registration, ...] = ()
    enrolled: tuple[Enrolment, ...] = ()
    promoted: tuple[Registration, ...] = ()
    """From the waiting list to a place."""
    erase: bool = False
    """Erase what is held on the address that is answered, once all else is done."""
    letters: tuple[Letter, ...] = ()
    """The reply first."""
    awaits: str = ""
    """Where nothing is done until the sender confirms: the code that confirms it."""
    restrained: str = ""
    """Where a limit keeps the mail from being answered: which (``core.restraint``)."""
