"""Automatic answers that carry no mark but their wording.

A subject that begins as one is enough. In the body two different signs are asked for, because people write of being
away too: "sono fuori sede il 21, vengo il 22" has one. A person who answers such a mail has "Re:" before its subject.
"""

import re

from mailbot.core.model import Kind, Origin

_SUBJECT = re.compile(
    r"^\W{0,3}(?:risposta automatica|autorisposta|risponditore|messaggio automatico|auto(?:matic(?:ally)?)?[- ]?"
    r"(?:re(?:ply|sponse)|risposta)|out[- ]of[- ](?:the[- ])?office(?=\s*(?:auto|re\b|message|notice|[^\w\s]|$))|"
    r"automatic reply|abwesenheits\w+|automatische (?:antwort|rückantwort)|autoantwort|"
    r"réponse automatique|message d'absence|respuesta autom[aá]tica|auto:|vacation (?:reply|notice))"
    r"(?=\s*(?:$|[^\w\s?!]|re\b|fwd?\b|aw\b|from\b|by\b|da\b|di\b|per\b|von\b|de\b)|(?<=:))",
    re.IGNORECASE,
)
"""A subject that says of itself that a program wrote it."""
_AWAY_SUBJECT = re.compile(
    r"^\W{0,3}(?:.{0,40} (?:è|is) )?(?:fuori (?:ufficio|sede|stanza)|(?:sono )?assen(?:te|za)|in (?:ferie|maternità|congedo|malattia)|"
    r"ferie|abwesend\w*|absence|absente?|fuera de|ausente|ausencia|(?:i am |i'm )?(?:currently )?"
    r"(?:away|out of|on (?:annual |maternity |parental |sick )?(?:leave|holiday|vacation)))\b"
    r"(?=\s*(?:$|[:(\[–-]|re\b|fino|dall?[\s'’]|until|from|ufficio|per (?:ferie|malattia|maternità|lutto)|bis\b|jusqu|hasta))",
    re.IGNORECASE,
)
"""A subject that a person away may write too, but hardly with such words behind it."""
_AWAY_BEFORE_SUBJECT = re.compile(r"^.{4,60}?(?::|\bre:)\s{0,3}\S", re.IGNORECASE)
_WISHES = re.compile(
    r"\b(?:vorre(?:i|mmo)|mi iscriv\w+|ci iscriv\w+|iscriv(?:o|et|iam)\w*|parteciper\w+|partecip(?:o|iamo)|confermo|vengo|verrò|"
    r"segnat\w+|mettete\w+|disdico|annull(?:o|ate)|cancellate|spostate\w+|sign (?:me|us) up|put (?:me|us)|register (?:me|us)|"
    r"ci sar(?:ò|emo)|presente all|disdire|ci vediamo|non (?:posso|potrò|riesco a?)\b"
    r"(?!\s?(?:\w+\s)?(?:legger|risponder|acceder|controllar|avere))|i(?:'d| would) like|i(?:'ll| will) (?:be there|come|attend|join)|can i|could you|count me)\b",
    re.IGNORECASE,
)
"""No program wants anything of ours."""
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

_SIGNS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        # away, and until when
        r"\b(?:sono|sarò|sar[àa]|resterò|siamo|saremo|l'ufficio (?:è|resta|rimane|rimarrà))\b[^.!?]{0,40}"
        r"\b(?:assent[ei]|fuori (?:ufficio|sede|stanza)|in ferie|in malattia|in congedo|chius[oi])\b|"
        r"\b(?:i am|i'm|i will be|we are|we will be|our office is)\b[^.!?]{0,40}\b(?:out of (?:the )?office|away|on (?:annual |maternity )?leave|on holiday|on vacation|closed)\b|"
        r"\bich bin\b[^.!?]{0,60}\b(?:nicht im (?:büro|haus)|abwesend|im urlaub)\b|\bnicht (?:im büro|erreichbar)\b|"
        r"\bje (?:suis|serai)\b[^.!?]{0,40}\b(?:absente?|en congés?)\b|"
        r"\b(?:estoy|estaré|me encuentro)\b[^.!?]{0,40}\b(?:fuera de|ausente|de vacaciones)\b",
        # says of itself that it is automatic
        r"\b(?:risposta|messaggio|e-?mail) (?:è )?(?:generat[oa] )?automatic\w+|\bautomatic(?:ally generated)? (?:reply|response|message)\b|"
        r"\bthis is an automat\w+|\bautomatisch(?:e| generierte)\b[^.!?]{0,30}(?:antwort|nachricht)|\b(?:réponse|message) automatique\b|\brespuesta automática\b|"
        r"\bnon rispond(?:ere|ete|a) a (?:questa|questo|la presente)|\b(?:please )?do not reply to this|\bbitte antworten sie nicht",
        # what becomes of the mail meanwhile
        r"\b(?:al mio rientro|alla riapertura|on my return|when i (?:return|am back)|upon my return|nach meiner rückkehr|à mon retour|a mi (?:vuelta|regreso))\b|"
        r"\b(?:non (?:potrò|posso|avrò) (?:leggere|rispondere|accesso|modo di leggere)|limited access to (?:my )?e-?mail|no access to (?:my )?e-?mail|"
        r"wird nicht (?:weitergeleitet|gelesen)|nicht weitergeleitet|accès limité|no tendré acceso)\b|"
        r"\b(?:le|la|i|il) (?:mail|e-?mail|messaggi)[^.!?]{0,40}(?:saranno lett[ie]|verranno lett[ie]|sarà lett[oa])",
        # whom to turn to instead
        r"\b(?:per|in caso di) (?:\w+ ){0,3}(?:urgenz\w|urgenti|necessità|emergenz\w)\b|\b(?:for|in case of) (?:\w+ ){0,2}(?:urgent|emergenc|urgency)\w*|\bif (?:it is|your (?:matter|message|enquiry) is) urgent|"
        r"\bin dringenden\b|\ben cas d'urgence\b|\bpara (?:asuntos |temas )?urgent\w+",
        # an office's or a ticket system's acknowledgement
        r"\b(?:abbiamo ricevuto|è stat[oa] (?:ricevut[oa]|pres[oa] in carico|registrat[oa])|has been (?:received|logged|assigned)|we have received) (?:la |il |il suo |la sua |the )?[^.!?]{0,40}(?:ticket|segnalazione|richiesta n|numero|protocollo|case|reference)\b|"
        r"\b(?:ticket|pratica|case) ?(?:id|n\.?|no\.?|nr\.?|number|numero|#)\s{0,2}[:#]?\s{0,2}[\w-]{2,20}",
    )
)
_AWAY, _AUTOMATIC = 0, 1
"""Which of the signs these are."""
LOOKED_AT = 3_000
ENOUGH = 2


def find(subject: str, body: str, *, answers: bool = False, hinted: bool = False) -> Origin | None:
    """The machine that speaks in this wording, or None.

    Args:
        subject: decoded.
        body: what was written, without quotes and what is passed on.
        answers: it answers another mail, by its headers.
        hinted: something else, too weak by itself, speaks for a machine.
    """
    text = " ".join(body[:LOOKED_AT].split())
    if _SUBJECT.match(subject):
        return Origin(Kind.AUTO_REPLY, (f"the subject of an automatic answer: «{subject[:60]}»",))
    said = {number: found[0] for number, sign in enumerate(_SIGNS) if (found := sign.search(text))}
    if _WISHES.search(f"{subject} {text}") and _AUTOMATIC not in said:
        return None
    if _RECEIPT_SUBJECT.match(subject) and (_RECEIPT_BODY.search(text) or not text):
        return Origin(Kind.RECEIPT, ("the wording of a read receipt",))
    if _AWAY_SUBJECT.match(subject):
        put_before = answers and bool(_AWAY_BEFORE_SUBJECT.match(subject))
        if said.keys() - {_AWAY} or put_before:
            return Origin(Kind.AUTO_REPLY, (f"the subject of an absence, and its wording: «{subject[:60]}»",))
    # That somebody is away is what people write as well, and servers hint at machines in people's mails too.
    if len(said) >= ENOUGH or (hinted and said.keys() - {_AWAY}):
        quoted = ", ".join(f"«{words[:60]}»" for words in said.values())
        return Origin(Kind.AUTO_REPLY, (f"the wording of an automatic answer: {quoted}",))
    return None
