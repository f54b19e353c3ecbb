"""Automatic answers that carry no mark but their wording.

A subject that begins as one is enough. In the body two different signs (``phrases``) are asked for, because people
write of being away too: "sono fuori sede il 21, vengo il 22" has one. And there must be little beside the signs: an
automatic answer says nothing else, while whoever is away and wants something says that too, in words no list can hold.
What sounds like a person who was invited (a wish, a plan, a regret) speaks against a machine in any case; only an
answer that calls itself automatic outweighs it. A person who answers such a mail has "Re:" before its subject.
"""

import re

from mailbot.core.model import Kind, Origin
from mailbot.core.reading import marks
from mailbot.core.reading.phrases import (
    AUTOMATIC,
    AWAY,
    BULK,
    CONFIRM,
    FORMULA,
    GREETING,
    HELD,
    INSTEAD,
    MEANWHILE,
    ONESELF,
    PERSON,
    PROMISE,
    RECEIVED,
    SELF,
    SIGNS,
    SPEAKS_OF,
    STEMS,
    THANKS,
    TICKET,
)

_SUBJECT = re.compile(
    r"^\W{0,3}(?:risposta automatica|autorisposta|risponditore(?: automatico)?|messaggio automatico|"
    r"auto(?:matic(?:ally)?)?[- ]?(?:re(?:ply|sponse)|risposta)|out[- ]of[- ](?:the[- ])?office"
    r"(?=\s*(?:auto|re\b|message|notice|[^\w\s]|$))|"
    r"automatic reply|abwesenheits\w+|automatische (?:antwort|rückantwort)|autoantwort|"
    r"réponse automatique|message d'absence|respuesta autom[aá]tica|auto:|vacation (?:reply|notice|message))"
    r"(?=\s*(?:$|[^\w\s?!]|re\b|fwd?\b|aw\b|from\b|by\b|da\b|di\b|per\b|von\b|de\b)|(?<=:))",
    re.IGNORECASE,
)
"""A subject that says of itself that a program wrote it."""
_AWAY_SUBJECT = re.compile(
    r"^\W{0,3}(?:.{0,40} (?:è|is) )?(?:fuori (?:dall'|dal )?(?:ufficio|sede|stanza)|(?:sono )?assen(?:te|za)(?: dall'ufficio)?|"
    r"in (?:ferie|vacanza|maternità|congedo|malattia)|ferie|chiusura (?:uffici\w?|estiva|natalizia)|ufficio chiuso|"
    r"abwesend\w*|nicht im büro|im urlaub|absence|absente?|hors du bureau|en congés?|fuera de (?:la )?oficina|fuera de|ausente|ausencia|de vacaciones|"
    r"(?:i am |i'm )?(?:currently )?(?:away|out of(?: (?:the )?office)?|on (?:annual |maternity |parental |sick )?(?:leave|holiday|vacation)))\b"
    r"(?=\s*(?:$|[:(\[–-]|re\b|fino|dall?[\s'’]|until|till|from|ufficio|du bureau|per (?:ferie|malattia|maternità|lutto)|bis\b|jusqu|hasta))",
    re.IGNORECASE,
)
"""A subject that a person away may write too, but hardly with such words behind it."""
_AWAY_BEFORE_SUBJECT = re.compile(r"^.{4,60}?(?::|\bre:)\s{0,3}\S", re.IGNORECASE)
_ACKNOWLEDGING_SUBJECT = re.compile(
    r"^\W{0,3}(?:abbiamo ricevuto|we(?:'ve| have) received|(?:conferma|avviso) (?:di )?(?:avvenuta )?ricezione|ricevuta?:|"
    r"(?:message|e-?mail|request|enquiry|messaggio|richiesta) (?:received|ricevut[oa])|(?:thank you|thanks) for (?:contacting|your (?:message|e-?mail|enquiry|request))|"
    r"grazie per (?:averci|il (?:tuo|suo|vostro) messaggio)|eingangsbestätigung|accusé de réception|acuse de recibo|"
    r"(?:ticket|richiesta|request|case|segnalazione|pratica|incident)\s?(?:id|n\.?|nr\.?|no\.?|#|:)?\s?#?[\w-]{0,12}\d)",
    re.IGNORECASE,
)
_NOTICES = (
    (
        "a quarantine's notice",
        re.compile(
            r"(?:messagg\w*|messages?|e-?mails?|spam) (?:\w+ ){0,3}(?:in|nella|messi in) (?:\w+ )?quarant\w+|quarantined (?:messages?|e-?mails?|spam)|"
            r"(?:messages?|e-?mails?) (?:\w+ ){0,3}quarantined|quarantena (?:della posta|dei messaggi|antispam)",
            re.IGNORECASE,
        ),
        re.compile(
            r"^\W{0,3}(?:.{0,30}\b)?(?:quarantin\w*|quarantena)\b|^\W{0,3}(?:spam|daily|riepilogo) (?:digest|report|summary|spam)",
            re.IGNORECASE,
        ),
    ),
    (
        "a delivery receipt",
        re.compile(
            r"(?:message|e-?mail|messaggio)\b[^.!?]{0,120}(?:was|has been|successfully|è stat[oa]|correttamente) (?:successfully |correttamente )?"
            r"(?:delivered|relayed|consegnat|recapitat|inoltrat)\w*|delivery to (?:these|the following)|consegna (?:a|ai) (?:questi|seguenti)",
            re.IGNORECASE,
        ),
        re.compile(
            r"^\W{0,3}(?:(?:delivered|relayed|delayed|recapitat[oa]|consegnat[oa]|inoltrat[oa])\s?:|ricevuta di consegna|conferma di (?:consegna|recapito)|"
            r"rapporto di consegna|delivery (?:receipt|report|confirmation)|success\w* (?:mail )?delivery)",
            re.IGNORECASE,
        ),
    ),
)
"""Other notices: what they are, what the body says, and what the subject."""
_DOT_OF_DATE = re.compile(
    r"(?<=\d)\.(?=\s?(?:[-–]|bis\b|und\b|jan|feb|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez))", re.IGNORECASE
)
"""Such as "bis 15. März": no sentence ends there."""
_HELD_SUBJECT = re.compile(
    r"\b(?:confirm your|please confirm|please verify|conferma (?:il tuo|il suo|la tua|di essere)|awaits (?:moderator )?approval|"
    r"spam ?(?:arrest|protection)|boxbe|sender verification|verifica (?:del )?mittente)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\?(?=[\s\"»)]|$)")
_I = re.compile(
    r"\b(?:io|mi|noi|ci|mi[oa]|nostr[oaie]|siamo|sono|\w+(?:rò|remo)|i|i'\w+|we|we'\w+|my|our|ich|wir|je|nous|yo|nosotros)\b",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"^\s*(?:re|r|rif|aw|sv|fw|fwd|i)\s?:", re.IGNORECASE)
_RECEIPT_SUBJECT = re.compile(
    r"^\W{0,3}(?:letto|letta|non letto|read|not read|ricevuta di (?:ritorno|lettura)|conferma di lettura|"
    r"eliminat[oa] senza (?:essere stat[oa] )?lett[oa]|gelesen|lu|leído|return receipt)\s?:|"
    r"^\W{0,3}(?:ricevuta di ritorno|conferma di lettura|return receipt)\b",
    re.IGNORECASE,
)
_RECEIPT_BODY = re.compile(
    r"(?:questa è una ricevuta|il (?:suo|tuo|vostro) messaggio[^.]{0,200}è stato (?:letto|visualizzato|eliminato)|"
    r"your message[^.]{0,200}(?:was|has been) (?:read|displayed|deleted)|this is a (?:return )?receipt|"
    r"was read on|è stato letto|stato visualizzato sul computer)",
    re.IGNORECASE,
)
_ABSENCE = frozenset([AWAY, MEANWHILE, INSTEAD, AUTOMATIC, SELF, FORMULA])
_CHALLENGE = frozenset([HELD, CONFIRM, SELF, AUTOMATIC])
_RECEIPT = frozenset([RECEIVED, PROMISE, THANKS, TICKET, AUTOMATIC, SELF])
_HINTING = frozenset([MEANWHILE, INSTEAD, AUTOMATIC, SELF, RECEIVED, TICKET])
_TELLING_SUBJECTS = (_RECEIPT_SUBJECT, _AWAY_SUBJECT, *(in_subject for _, _, in_subject in _NOTICES))
LOOKED_AT = 3_000
ENOUGH = 2
MOST_BESIDE = (3, 3, 5, 12, 24)
"""Words in sentences without a sign that an automatic answer has at most, by the number of its signs ..."""
MOST_BESIDE_SELF = (12, 12, 30, 60)
"""... and if one of them is that it calls itself automatic."""
_DAY = re.compile(r"\d|(?:luned|marted|mercoled|gioved|venerd|sabato|domenica|domani|day\b|tomorrow)", re.IGNORECASE)
DAY_WEIGHS = 3
"""A sentence beside that names a day counts so often: answering an invitation, people name days."""
_SENTENCES = re.compile(r"[.!?;]+(?=\s|$)|\n\s*\n|[\[\]]")
_BACK = re.compile(
    r"\b(?:torn(?:o|erò|iamo|eremo)|rientr(?:o|erò)|riapr\w+|(?:be|am|are) back|return(?:ing)?|zurück|wieder (?:da|erreichbar)|de retour|de vuelta|"
    r"buon[ae] (?:feste|vacanze|giornata|lavoro)|happy holidays|merry christmas|frohe|joyeuses|felices)\b",
    re.IGNORECASE,
)
"""What else belongs to such an answer."""
LONGEST_FRAME = 9
"""Words of a salutation, a closing, or an address."""


def find(
    subject: str, body: str, own: str | None = None, *, answers: bool = False, hinted: bool = False
) -> Origin | None:
    """The machine that speaks in this wording, or None.

    Args:
        subject: decoded.
        body: what was written, without quotes and what is passed on.
        own: of that, the sender's own words, without signature and footers; the whole where it is not known.
        answers: it answers another mail, by its headers.
        hinted: something else, too weak by itself, speaks for a machine.
    """
    text = _DOT_OF_DATE.sub(" ", " ".join(body[:LOOKED_AT].split()).replace("’", "'"))
    if _SUBJECT.match(subject):
        return Origin(Kind.AUTO_REPLY, (f"the subject of an automatic answer: «{subject[:60]}»",))
    said = _said(text)
    if not said and not any(pattern.match(subject) for pattern in _TELLING_SUBJECTS):
        return None
    if _is_a_person(subject, text) and not (SELF in said and len(said.keys() - {THANKS}) >= ENOUGH):
        return None
    if _RECEIPT_SUBJECT.match(subject) and (_RECEIPT_BODY.search(text) or not text):
        return Origin(Kind.RECEIPT, ("the wording of a read receipt",))
    beside = _words_beside(body if own is None else own) if said or _ACKNOWLEDGING_SUBJECT.match(subject) else 0
    if _AWAY_SUBJECT.match(subject) and beside <= MOST_BESIDE[-1]:
        put_before = answers and bool(_AWAY_BEFORE_SUBJECT.match(subject))
        if said.keys() - {AWAY, THANKS} or put_before:
            return Origin(Kind.AUTO_REPLY, (f"the subject of an absence, and its wording: «{subject[:60]}»",))
    for what, in_body, in_subject in _NOTICES:
        if in_subject.search(subject) and in_body.search(text):
            return Origin(Kind.NOTICE, (f"the wording of {what}: «{subject[:60]}»",))
    bounds = MOST_BESIDE_SELF if SELF in said else MOST_BESIDE
    bound = bounds[min(len(said.keys() - {THANKS}), len(bounds) - 1)]
    if beside <= bound and _is_enough(
        said, subject, asks=bool(_ASKS.search(text)), speaks=bool(_I.search(text)), hinted=hinted
    ):
        quoted = ", ".join(f"«{words[:60]}»" for words in said.values())
        return Origin(Kind.AUTO_REPLY, (f"the wording of an automatic answer: {quoted}",))
    return None


def wishes_for_oneself(body: str) -> bool:
    """Whether somebody says in the first person what they want of us."""
    return bool(ONESELF.search(body[:LOOKED_AT]))


def greets(body: str) -> bool:
    """Whether it begins as a person's letter."""
    return bool(GREETING.match(body.lstrip()[:200]))


def is_bulk(body: str) -> bool:
    """Whether it has what mail to many ends with, or begins as such."""
    return bool(BULK.search(body))


def _said(text: str) -> dict[str, str]:
    """The signs that are in a text, each with its words."""
    low = text.lower()
    if not any(stem in low for stem in STEMS):
        return {}
    said = {name: found for name, sign in SIGNS.items() if (found := sign.search(text))}
    for name in (AUTOMATIC, SELF):
        if name in said and SPEAKS_OF.search(text[max(0, said[name].start() - 60) : said[name].start()]):
            del said[name]
    if SELF in said:
        said.pop(AUTOMATIC, None)
    return {name: found[0] for name, found in said.items()}


def _words_beside(own: str) -> int:
    """How many words stand in sentences that hold no sign, and frame no letter."""
    count = 0
    for sentence in _SENTENCES.split(_DOT_OF_DATE.sub(" ", own[:LOOKED_AT]).replace("’", "'")):
        text = " ".join(sentence.split())
        words = len(text.split())
        frame = words <= LONGEST_FRAME and ("@" in text or marks.is_salutation(text) or marks.is_closing(text))
        if words and not frame and not _BACK.search(text) and not any(sign.search(text) for sign in SIGNS.values()):
            count += words * (DAY_WEIGHS if _DAY.search(text) else 1)
    return count


def _is_a_person(subject: str, text: str) -> bool:
    """Whether it sounds like a person; a subject that answers is not the sender's own."""
    return bool(PERSON.search(text if _ANSWERS.match(subject) else f"{subject} {text}"))


def _is_enough(said: dict[str, str], subject: str, *, asks: bool, speaks: bool, hinted: bool) -> bool:
    """Whether so many signs make a machine. A question asks for one more: programs have few.

    That it calls itself automatic is enough where nobody ``speaks`` of themselves: people's programs add such lines.
    """
    absence, receipt = said.keys() & _ABSENCE, said.keys() & _RECEIPT
    # That somebody is away is what people write as well, and servers hint at machines in people's mails too.
    if hinted and said.keys() & _HINTING:
        return True
    if SELF in said and (len(said) >= ENOUGH or not (asks or speaks)):
        return True
    if _ACKNOWLEDGING_SUBJECT.match(subject) and receipt - {THANKS, TICKET}:
        return True
    challenge = said.keys() & _CHALLENGE
    if len(challenge) >= ENOUGH or (challenge & {HELD, CONFIRM} and _HELD_SUBJECT.search(subject)):
        return True
    # Who was written to thanks and promises an answer: it takes the mail's receipt, or a number, to be a program's.
    acknowledged = len(receipt) >= ENOUGH + asks and bool(receipt & {RECEIVED, TICKET, AUTOMATIC, SELF})
    return len(absence) >= ENOUGH + asks or acknowledged
