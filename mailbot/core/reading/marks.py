"""The marks by which mail programs set apart what the sender did not write now, in the languages of our senders.

Every pattern looks at one line, or a few lines joined, of bounded length, and none can backtrack for long.
"""

import re

LONGEST_LINE = 2_000
"""Characters of a line that the patterns look at."""

_WROTE = r"(?:ha scritto|hanno scritto|wrote|schrieb|a [ée]crit|escribi[óo]|escreveu|skrev|schreef|napisa[łl])"
_ATTRIBUTION = re.compile(rf"^(?:il|on|am|le|el|em|in data)\b.{{4,400}}\b{_WROTE}\b.{{0,200}}:?\s*$", re.IGNORECASE)
_WROTE_AT_END = re.compile(rf"\b{_WROTE}\s?:\s*$", re.IGNORECASE)
_WROTE_ANYWHERE = re.compile(rf"\b{_WROTE}\b", re.IGNORECASE)
_STARTS_ATTRIBUTION = re.compile(r"^(?:il|on|am|le|el|in data)\b", re.IGNORECASE)

_TIME = re.compile(r"\b\d{1,2}[:.]\d{2}\b")

_ORIGINAL = (
    "messaggio originale|original message|originalnachricht|ursprüngliche nachricht|message d'origine|"
    "message original|mensaje original|original-nachricht"
)
_FORWARDED = (
    "messaggio inoltrato|forwarded message|inoltrato|begin forwarded message|inizio messaggio inoltrato|"
    "weitergeleitete nachricht|anfang der weitergeleiteten nachricht|message transféré|message transmis|"
    "mensaje reenviado|inizio del messaggio inoltrato|original mail|messaggio reinviato"
)
_ORIGINAL_LINE = re.compile(rf"^[-_\s*]{{0,40}}(?:{_ORIGINAL})[-_\s*:]{{0,40}}$", re.IGNORECASE)
_FORWARDED_LINE = re.compile(
    rf"^(?:[-_\s*]{{2,40}}(?:{_FORWARDED})(?: (?:da|von|by|from) [^-]{{1,80}})?[-_\s*:]{{0,40}}"
    rf"|(?:inizio (?:del )?messaggio inoltrato|begin forwarded message|anfang der weitergeleiteten nachricht)\s?:?)$",
    re.IGNORECASE,
)

_LABELS = {
    "from": "da|from|von|de|mittente|van|expéditeur|remitente",
    "sent": "inviato|sent|gesendet|envoyé|envoyé le|enviado|enviado el|data|date|datum|fecha|inviato il|data invio|verzonden",
    "to": "a|to|an|à|pour|para|per|destinatario|destinatari|aan",
    "cc": "cc|ccn|bcc|copia|reply-to|rispondi a",
    "subject": "oggetto|ogg|subject|betreff|objet|asunto|assunto|onderwerp",
}
_LABEL = re.compile(
    r"^\s{0,8}\*?\s?(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _LABELS.items()) + r")\s?\*?\s?:\s?\*?",
    re.IGNORECASE,
)

_SIGNATURE_LINE = re.compile(r"^--\s?$|^_{2,4}$|^—\s?$")
_RULE = re.compile(r"^\s*(?:[-_=*~]\s?){5,}\s*$")

_CLOSING = re.compile(
    r"^\W{0,3}(?:(?:(?:molti |tanti |porgo |porgiamo |i (?:miei|nostri) |con (?:i )?)?(?:più )?(?:cordiali|distinti|cari|affettuosi|sinceri|migliori) )"
    r"?saluti\b|(?:un )?cordial(?:i|e|mente|ità)\b|(?:con )?osservanza|con (?:stima|ossequio)\b|distintamente|in fede|in attesa|ringrazi\w+|"
    r"(?:(?:molte|mille|tante|vi|la) )?(?:ringrazi\w+|grazie)\b|"
    r"a presto|a risentirci|buona (?:giornata|serata|domenica|settimana)|buon (?:lavoro|weekend|fine settimana)|"
    r"(?:con )?(?:un )?(?:caro |cordiale )?saluto|vi saluto|ossequi|ciao|cari saluti|saluti|"
    r"(?:best|kind|warm|many|with kind|yours)?\s?(?:regards|wishes)\b|(?:yours )?(?:sincerely|faithfully|truly)|"
    r"yours|thanks\b|thank you|many thanks|cheers|all the best|best\b|see you|"
    r"mit freundlichen grüßen|viele grüße|cordialement|saludos)",
    re.IGNORECASE,
)

_CLOSING_AT_END = re.compile(r"\b(?:saluti|ossequi|osservanza|regards)\W{0,3}$", re.IGNORECASE)

_APP_LINE = re.compile(
    r"^\W{0,3}(?:inviato da(?:l| |l mio| i?)|sent from|sent with|sent via|inviata da|ottieni outlook|get outlook|"
    r"scarica outlook|von meinem .{1,20} gesendet|envoyé de(?:puis)? mon|enviado desde mi|gesendet von)\b.{0,80}$"
    r"|^\W{0,3}(?:mail priva di virus|virus-free|senza virus|questa e-?mail è stata controllata|"
    r"this email has been checked|il software antivirus avast|scansionato da|www\.(?:avast|avg)\.)",
    re.IGNORECASE,
)

_DISCLAIMER = re.compile(
    r"(?:questo|il presente|presente) (?:messaggio|e-?mail)[^.]{0,120}(?:confidenzial|riservat|destinatari|privileg)|"
    r"(?:this|the) (?:e-?mail|message|communication)[^.]{0,160}(?:confidential|intended|privileged|recipient)|"
    r"le informazioni (?:contenute|trasmesse|presenti)[^.]{0,120}(?:messaggio|e-?mail|comunicazione|riservat)|"
    r"il contenuto d(?:i questa|ella presente|el presente|i questo) (?:messaggio|e-?mail|comunicazione)|"
    r"avviso di riservatezza|confidentiality (?:notice|note)|disclaimer\b|informativa (?:privacy|sulla privacy|sul trattamento)|"
    r"ai sensi d\w{1,5} .{0,60}(?:196/2003|2016/679|gdpr|privacy|dati personali)|"
    r"(?:d\. ?lgs\.?|decreto legislativo) ?(?:n\. ?)?196|regolamento (?:\(?ue\)?|europeo|generale)[^.]{0,20}2016/679|"
    r"if you (?:have received|are not the intended)|qualora (?:non foste|abbiate ricevuto|il messaggio)|"
    r"se (?:avete|ha|hai) ricevuto (?:questa|questo|il presente|la presente)[^.]{0,60}(?:errore|sbaglio)|"
    r"(?:prima di|pensa all'ambiente|rispetta l'ambiente|please consider the environment)[^.]{0,40}(?:stampare|print)|"
    r"diese e-?mail enthält vertrauliche|ce (?:message|courriel)[^.]{0,80}confidentiel",
    re.IGNORECASE,
)

_ASKING = re.compile(
    r"\b(?:chied(?:o|e|iamo|ono|endo)|richied(?:o|e|iamo)|vorre(?:i|mmo)|desider(?:o|a|iamo)|request|would like|ask(?:ing)? (?:you|for))\b",
    re.IGNORECASE,
)
LONGEST_REQUEST = 500
_PERSONAL = re.compile(
    r"\b(?:io|mi|ho|mio|mia|miei|mie|vorrei|vorremmo|vengo|veniamo|verrò|verremo|sarò|saremo|parteciperò|parteciperemo|"
    r"partecipo|confermo|confermiamo|desidero|desideriamo|iscrivo|iscrivetemi|iscriviamo|grazie|buongiorno|"
    r"i am|i'm|i'd|i will|i'll|i would|my|me|thanks|thank you)\b",
    re.IGNORECASE,
)

_SALUTATION = re.compile(
    r"^\W{0,2}(?:gentil(?:e|i|issim[aeio])\b|egregi\w*\b|spett(?:abile|abili|\.le)?\b|car[aeio]\b|"
    r"buon(?:giorno|asera| giorno)\b|salve\b|dear\b|hello\b|good (?:morning|afternoon|evening)\b|a tutt[ei]\b|alle? )",
    re.IGNORECASE,
)


def is_attribution(line: str) -> bool:
    """Whether a line (or a few joined) introduces a quote: "Il giorno … ha scritto:"."""
    text = line.strip(" *_\t")
    if len(text) > 600 or not (_WROTE_AT_END.search(text) or text.endswith(":")):
        return False
    if _ATTRIBUTION.match(text):
        return any(c.isdigit() for c in text) or "@" in text or "<" in text
    return bool(_WROTE_AT_END.search(text)) and ("@" in text or text.count(" ") <= 6)


def ends_as_attribution(line: str) -> bool:
    """Whether it would introduce quoted lines right below it: it ends with a colon and names who wrote."""
    return len(line) < 400 and line.endswith(":") and ("<" in line or bool(_WROTE_ANYWHERE.search(line)))


def is_sure_attribution(line: str) -> bool:
    """Whether it can only be a program's: it holds an address or a time of day."""
    return "@" in line or bool(_TIME.search(line))


def may_start_attribution(line: str) -> bool:
    """Whether the lines after this one may complete an attribution that a mailer has wrapped."""
    text = line.strip(" *_\t")
    return len(text) < 300 and (bool(_STARTS_ATTRIBUTION.match(text)) or text.endswith("<") or "@" in text)


def is_original_line(line: str) -> bool:
    """Whether a line says that the mail answered follows."""
    return (
        len(line) < 200 and bool(_ORIGINAL_LINE.match(line)) and (line.strip()[:1] in "-_*" or line.strip()[-1:] == ":")
    )


def is_forwarded_line(line: str) -> bool:
    """Whether a line says that a mail passed on follows."""
    return len(line) < 200 and bool(_FORWARDED_LINE.match(line.strip()))


def label(line: str) -> str:
    """The header that a line repeats (``from``, ``sent``, ``to``, ``cc``, ``subject``), or an empty string."""
    found = _LABEL.match(line[:200])
    return (found.lastgroup or "") if found else ""


def is_signature_line(line: str) -> bool:
    """Whether a line sets a signature apart (RFC 3676 section 4.3, and its relatives)."""
    return bool(_SIGNATURE_LINE.match(line))


def is_rule(line: str) -> bool:
    """Whether a line is drawn, not written."""
    return bool(_RULE.match(line[:200]))


def is_closing(line: str) -> bool:
    """Whether a line closes a letter: "Cordiali saluti"."""
    text = line.strip()
    return len(text) < 70 and bool(_CLOSING.match(text) or _CLOSING_AT_END.search(text))


def is_app_line(line: str) -> bool:
    """Whether a program added this line: "Inviato da iPhone"."""
    return len(line) < 300 and bool(_APP_LINE.match(line.strip()))


def is_link(line: str) -> bool:
    """Whether a line is a link and nothing else."""
    return bool(re.fullmatch(r"<?(?:https?://|www\.)[^\s]{1,500}", line.strip()))


def is_personal(paragraph: str) -> bool:
    """Whether somebody speaks of themselves, as no lawyer's footer does."""
    return bool(_PERSONAL.search(paragraph[:LONGEST_LINE])) and not is_disclaimer(paragraph)


def is_disclaimer(paragraph: str) -> bool:
    """Whether a paragraph speaks as a lawyer and not as the sender."""
    text = " ".join(paragraph.split())[:LONGEST_LINE]
    # Who asks to be erased cites the same laws.
    return bool(_DISCLAIMER.search(text)) and not (len(text) < LONGEST_REQUEST and _ASKING.search(text))


def is_salutation(line: str) -> bool:
    """Whether a line opens a letter."""
    return len(line) < 120 and bool(_SALUTATION.match(line.strip()))
