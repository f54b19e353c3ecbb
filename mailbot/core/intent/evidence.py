"""The clues in words that a person understands, in the series' language."""

from mailbot.core.intent.heard import Hearing
from mailbot.core.intent.mentions import Mention
from mailbot.core.model import Doubt, Language, Series

_DEEDS: dict[str, dict[Language, str]] = {
    "joined": {"it": "si iscrive", "en": "signs up"},
    "left": {"it": "si ritira", "en": "withdraws"},
    "moved": {"it": "si sposta", "en": "moves"},
    "all": {"it": "tutti gli incontri ancora in programma", "en": "all the meetings still to come"},
}
_DOUBTS: dict[Doubt, dict[Language, str]] = {
    Doubt.UNNAMED: {"it": "non dice quale incontro", "en": "does not say which meeting"},
    Doubt.NO_SUCH_DATE: {"it": "in quel giorno non c'è nessun incontro", "en": "there is no meeting on that day"},
    Doubt.OVER: {"it": "l'incontro c'è già stato", "en": "the meeting is over"},
    Doubt.CONTRADICTION: {"it": "gli indizi si contraddicono", "en": "the clues contradict each other"},
    Doubt.SEVERAL: {"it": "può trattarsi di più incontri", "en": "it may be one of several meetings"},
}
_REQUESTS: dict[str, dict[Language, str]] = {
    "link": {"it": "chiede di nuovo il collegamento", "en": "asks for the link again"},
    "status": {"it": "chiede a che cosa è iscritto", "en": "asks what they are signed up for"},
    "export": {"it": "chiede copia dei dati", "en": "asks for a copy of the data"},
    "erase": {"it": "chiede la cancellazione dei dati", "en": "asks to be erased"},
}
LONGEST = 90
LONGEST_QUESTION = 400


def of(deed: str, series: Series, why: tuple[Mention, ...]) -> tuple[str, ...]:
    """What is done, and each clue for it."""
    return (_DEEDS[deed][series.language], *_clues(series, why))


def doubt(of_what: Doubt, series: Series, why: tuple[Mention, ...]) -> tuple[str, ...]:
    """Why the sender is asked, and the clues that led there."""
    return (_DOUBTS[of_what][series.language], *_clues(series, why))


def requests(own: Hearing, subject: Hearing, tongue: Language) -> tuple[str, ...]:
    """Each thing asked for beside places, with the words that ask for it."""
    return tuple(
        f"«{one.clause.text[:LONGEST]}»: {_REQUESTS[name][tongue]}"
        for one in (*own.heard, *subject.heard)
        for name in sorted(one.requests)
    )


def nothing(own: Hearing, tongue: Language) -> tuple[str, ...]:
    """Why a person must read it."""
    asked = question(own)
    if asked:
        return (f"{'una domanda' if tongue == 'it' else 'a question'}: «{asked[:LONGEST]}»",)
    return ("nessuna richiesta che il bot sappia trattare" if tongue == "it" else "nothing that the bot can do",)


def calendar(partstat: str, uid: str, tongue: Language) -> str:
    """A calendar's answer."""
    return f"{'risposta del calendario' if tongue == 'it' else 'calendar reply'}: {partstat}, {uid[:LONGEST]}"


def question(own: Hearing) -> str:
    """The sentences that a person must answer."""
    return ", ".join(own.questions())[:LONGEST_QUESTION]


def _clues(series: Series, why: tuple[Mention, ...]) -> tuple[str, ...]:
    said: dict[str, None] = {}
    for mention in why:
        meetings = [m for m in series.meetings if m.code in mention.codes]
        goal = ", ".join(f"{m.sector} ({m.starts_at:%d/%m})" for m in meetings) or "-"
        said[f"«{mention.found.words}» → {goal}"] = None
    return tuple(said)
