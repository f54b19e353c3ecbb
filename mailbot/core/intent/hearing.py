"""What a text says: clause by clause, then sentence by sentence, then as a whole.

``deeds`` hears what each clause does and ``stances`` how it speaks of its meetings; ``sentences`` then lets deeds,
questions, exceptions and corrections reach across clauses.
"""

from datetime import date

from mailbot.core.intent import clauses, mentions, sentences
from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.clauses import Clause, Source
from mailbot.core.intent.deeds import hear_clause
from mailbot.core.intent.heard import Heard, Hearing
from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.sectors import Sectors

SHORT_MAIL = 30
"""Words of a mail in which a mention and courtesies are a wish."""


def hear(text: str, calendar: Calendar, words: Sectors, lexicon: Lexicon, source: Source = Source.OWN) -> Hearing:
    """What a text says, clause by clause."""
    by_sentence: dict[int, list[Clause]] = {}
    parts = clauses.split(text, lexicon, source)
    brief = sum(len(clause.words) for clause in parts) <= SHORT_MAIL and not any(c.has("offer") for c in parts)
    for clause in parts:
        by_sentence.setdefault(clause.sentence, []).append(clause)
    heard: list[Heard] = []
    last_day: date | None = None
    for members in by_sentence.values():
        said: list[Heard] = []
        for clause in members:
            found = mentions.find(clause, calendar, words, lexicon, last_day)
            said.append(hear_clause(clause, found, lexicon, brief=brief, last=clause is members[-1]))
            last_day = mentions.last_day(found, calendar) or last_day
        heard += sentences.heard_together(said)
    return Hearing(tuple(sentences.corrected(heard)), text, clauses.is_cut_short(text, parts))
