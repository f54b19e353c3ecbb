"""The phrases that evidence is made of, in each language of a series."""

from mailbot.core.intent.clauses import Source
from mailbot.core.intent.heard import Stance
from mailbot.core.model import Doubt, Language

Phrase = dict[Language, str]

DEEDS: dict[str, Phrase] = {
    "joined": {"it": "si iscrive", "en": "signs up"},
    "left": {"it": "si ritira", "en": "withdraws"},
    "moved": {"it": "si sposta", "en": "moves"},
    "all": {"it": "tutti gli incontri ancora in programma", "en": "all the meetings still to come"},
}
DOUBTS: dict[Doubt, Phrase] = {
    Doubt.UNNAMED: {"it": "non dice quale incontro", "en": "does not say which meeting"},
    Doubt.NO_SUCH_DATE: {"it": "in quel giorno non c'è nessun incontro", "en": "there is no meeting on that day"},
    Doubt.OVER: {"it": "l'incontro c'è già stato", "en": "the meeting is over"},
    Doubt.CONTRADICTION: {"it": "gli indizi si contraddicono", "en": "the clues contradict each other"},
    Doubt.SEVERAL: {"it": "può trattarsi di più incontri", "en": "it may be one of several meetings"},
}
REQUESTS: dict[str, Phrase] = {
    "link": {"it": "chiede di nuovo il collegamento", "en": "asks for the link again"},
    "status": {"it": "chiede a che cosa è iscritto", "en": "asks what they are signed up for"},
    "export": {"it": "chiede copia dei dati", "en": "asks for a copy of the data"},
    "erase": {"it": "chiede la cancellazione dei dati", "en": "asks to be erased"},
}
SOURCES: dict[Source, Phrase] = {
    Source.OWN: {"it": "nel testo", "en": "in the text"},
    Source.SUBJECT: {"it": "nell'oggetto", "en": "in the subject"},
    Source.QUOTE: {"it": "dal messaggio citato", "en": "from the quoted message"},
    Source.MARK: {"it": "segnato nel messaggio citato", "en": "marked in the quoted message"},
    Source.SIGNATURE: {"it": "dalla firma", "en": "from the signature"},
    Source.NAME: {"it": "dal nome di chi scrive", "en": "from the sender's name"},
    Source.ADDRESS: {"it": "dall'indirizzo di chi scrive", "en": "from the sender's address"},
}
SET_ASIDE: dict[Stance, Phrase] = {
    Stance.DECLINED: {"it": "escluso", "en": "ruled out"},
    Stance.EXCEPTED: {"it": "escluso", "en": "ruled out"},
    Stance.LEFT: {"it": "lasciato", "en": "left"},
    Stance.HELD: {"it": "già suo, non lo chiede ora", "en": "already theirs, not asked for now"},
    Stance.OTHERS: {
        "it": "non conta: riguarda altri, o altro",
        "en": "does not count: about others or otherwise",
    },
}
REASONS: dict[str, Phrase] = {
    "only weekday": {"it": "l'unico {day}", "en": "the only {day}"},
    "wrong weekday": {"it": "ma è un altro giorno della settimana", "en": "but it is another day of the week"},
    "near": {"it": "scritto quasi così", "en": "nearly spelt so"},
    "being": {"it": "per quello che è", "en": "for what they are"},
    "theme": {"it": "per argomento", "en": "by theme"},
}
TAKES: dict[bool, Phrase] = {False: {"it": "lascia", "en": "leaves"}, True: {"it": "prende", "en": "takes"}}
UNKNOWN_DAY: Phrase = {"it": "in quel giorno non c'è nessun incontro", "en": "there is no meeting on that day"}
QUESTION: Phrase = {"it": "una domanda", "en": "a question"}
NOTHING: Phrase = {"it": "nessuna richiesta che il bot sappia trattare", "en": "nothing that the bot can do"}
CUT_SHORT: Phrase = {
    "it": "il testo è lungo: il seguito non è stato letto",
    "en": "the text is long: what follows was not read",
}
RUNNER_UP: Phrase = {
    "it": "altrimenti: {goal}, per «{words}», {source}",
    "en": "otherwise: {goal}, for «{words}», {source}",
}
DAYS: dict[Language, list[str]] = {
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica".split(),
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
}
MONTHS: dict[Language, list[str]] = {
    "it": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split()),
    "en": ("January February March April May June July August September October November December".split()),
}
