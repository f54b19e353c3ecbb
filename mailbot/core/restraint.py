"""How often anybody is answered: the last guard against a loop that no mark has given away.

Two programs that answer each other without any mark look like two people. What gives them away is that they go on: so
answers are counted, and over a limit none is sent. The mail is kept and shown to the organisers all the same, because
a person may be behind it; nothing it asks for is done, because nothing would be told. Answers that change nothing
("which meeting?", "you were signed up already") have a limit of their own, far lower: a person gets on, a loop does
not.
"""

from dataclasses import dataclass
from enum import StrEnum

from mailbot.core.model import Language, LetterKind
from mailbot.core.situation import Decision

ASKED_FOR = (LetterKind.STATUS, LetterKind.EXPORT, LetterKind.ERASURE)
"""Answers that change no place, but are what was asked for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Most answers; 0 is no limit."""

    per_address_day: int = 20
    unchanged_per_address_day: int = 4
    per_domain_hour: int = 10_000
    per_hour: int = 20_000


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answers there were until now."""

    to_address: int = 0
    """Within a day."""
    unchanged: int = 0
    """Of these, the ones that changed nothing."""
    to_domain: int = 0
    """To the address's domain, within an hour."""
    in_all: int = 0
    """To anybody, within an hour."""


class Restraint(StrEnum):
    """Which limit keeps a mail from being answered."""

    ADDRESS = "address"
    UNCHANGED = "unchanged"
    DOMAIN = "domain"
    ALL = "all"


def changes_nothing(decision: Decision) -> bool:
    """Whether an answer would leave everything as it was."""
    asked_for = any(letter.kind in ASKED_FOR for letter in decision.letters)
    return not (decision.withdrawn or decision.enrolled or decision.erase or asked_for)


def restraint(decision: Decision, answered: Answered, limits: Limits) -> Restraint | None:
    """Which limit, if any, is reached already by what was answered before this decision's letters."""
    if not decision.letters:
        return None
    reached = (
        (Restraint.ALL, answered.in_all, limits.per_hour),
        (Restraint.DOMAIN, answered.to_domain, limits.per_domain_hour),
        (Restraint.ADDRESS, answered.to_address, limits.per_address_day),
        (Restraint.UNCHANGED, answered.unchanged if changes_nothing(decision) else 0, limits.unchanged_per_address_day),
    )
    return next((which for which, count, most in reached if most and count >= most), None)


_WHY: dict[Language, dict[Restraint, str]] = {
    "it": {
        Restraint.ADDRESS: "già {} risposte in un giorno a questo indirizzo: forse è un programma. Nessuna risposta",
        Restraint.UNCHANGED: "già {} risposte in un giorno che non hanno cambiato nulla: forse è un programma, "
        "forse una persona che non capiamo. Nessuna risposta",
        Restraint.DOMAIN: "già {} risposte in un'ora a questo dominio. Nessuna risposta",
        Restraint.ALL: "già {} risposte in un'ora in tutto: il programma si è fermato. Nessuna risposta",
    },
    "en": {
        Restraint.ADDRESS: "{} answers to this address within a day: it may be a program. Not answered",
        Restraint.UNCHANGED: "{} answers within a day that changed nothing: it may be a program, or a person whom we "
        "do not understand. Not answered",
        Restraint.DOMAIN: "{} answers to this domain within an hour. Not answered",
        Restraint.ALL: "{} answers within an hour in all: the program has stopped. Not answered",
    },
}


def why(which: Restraint, limits: Limits, language: Language) -> str:
    """Why a mail was not answered, for the organisers."""
    most = {
        Restraint.ADDRESS: limits.per_address_day,
        Restraint.UNCHANGED: limits.unchanged_per_address_day,
        Restraint.DOMAIN: limits.per_domain_hour,
        Restraint.ALL: limits.per_hour,
    }
    return _WHY[language][which].format(most[which])
