"""Where a letter's own words end and its signature begins, when no mark says so.

A closing ("Cordiali saluti") is the surest sign: the names, offices and addresses behind it are a signature, up to the
first line that says something. Without a closing, a last paragraph, or last lines behind a full stop, that are names
and addresses alone are one. Whatever asks, wishes, or names a day is the sender's words, wherever it stands: a request
below "Grazie" counts.
"""

import re
from collections.abc import Sequence

from mailbot.core.reading import marks

MOST_SIGNATURE_LINES = 16
LONGEST_LINE = 90
MOST_WORDS = 9

_SAYS = re.compile(
    r"\b(?:mi|ci|vi|ti|che|non|sono|siamo|ho|abbiamo|vorrei|vorremmo|sarò|saremo|sarà|anche|ancora|però|ma|se|quando|posso|"
    r"possiamo|potrei|può|potete|è|perché|favore|allora|invece|you|your|please|is|are|was|will|would|can|could|"
    r"have|me|this|that|not|if|also|i'm|i'll|i'd|sì|si|no|ok|yes)\b",
    re.IGNORECASE,
)
"""Words that sentences are made of and signatures hardly ever."""
_WISHES = re.compile(
    r"\b(?:iscri[vt]|iscriz|partecip(?!at)|conferm|prenot|disd|annull|cancell|spost(?:a|are|at)|rinunc|aderi|adesion|vengo|"
    r"venga|veniamo|verr(?:ò|emo|à)|incontr|riunion|appuntament|videoconferenz|webinar|meeting|session|regist(?:er|ra)|"
    r"sign (?:me|us|up)|attend|join|cancel|link\b|entramb|tutt[ie]\b|all of\b|both\b)",
    re.IGNORECASE,
)
_DAYS = re.compile(
    r"\b(?:luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato|domenica|domani|dopodomani|oggi|"
    r"gennaio|febbraio|marzo|aprile|maggio|giugno|luglio|agosto|settembre|ottobre|novembre|dicembre|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|today|january|february|march|april|june|july|august|"
    r"september|october|november|december|\d{1,2}\s?(?:gen|feb|mar|apr|mag|giu|lug|ago|set|ott|nov|dic|jan|jun|jul|"
    r"aug|sep|oct|dec)|\d{1,2}\s?[/.]\s?\d{1,2}(?:\s?[/.]\s?\d{2,4})?(?![\d./-])|(?:il|the|on)\s\d{1,2})\b",
    re.IGNORECASE,
)
_LETTER_DATE = re.compile(
    r"[^\W\d][\w' ]{1,30},?\s(?:lì|li|il|addì)?\s?\d{1,2}[\s./-]{1,3}\w{1,10}[\s./-]{1,3}\d{4}\.?", re.IGNORECASE
)
_CONTACT = re.compile(
    r"@|https?://|www\.|\b(?:tel|telefono|cell|cellulare|mob(?:ile)?|phone|fax|p\.? ?iva|partita iva|c\.? ?f\.|"
    r"cod(?:ice|\.) fisc|ph|e-?mail|pec|skype)\b ?[.:]|^(?:via|viale|v\.le|piazza|p\.zza|piazzale|corso|largo|"
    r"loc(?:alità|\.)|vicolo|strada|frazione|sede(?: legale)?:)\s|\b\d{5}\b|\+?\d[\d\s/.-]{6,20}\d",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"^\W{0,3}(?:(?:il|la|lo|le|i|gli|the|per (?:il|la|lo)|p\. ?(?:il|la)|l'|l’)\s?)?"
    r"(?:vice)?-?\s?(?:president\w+|segretari\w+|segreteria|direzione|dirett\w+|dirigent\w+|responsabil\w+|referent\w+|"
    r"coordinat\w+|legale rappresentante|rappresentante|sindac\w+|assess\w+|consiglier\w+|tesorier\w+|delegat\w+|"
    r"uffici\w+|servizi\w+|area\s|settore\s|dipartimento|comune di|maestr\w+|prof|dott|avv|ing|geom|rag|arch|sig|"
    r"secretary|chair\w*|director|manager|head of|office|coordinator|treasurer|team|associazione|circolo|museo|"
    r"comitato|fondazione|a\.?s\.?d|aps|onlus|polisportiva|istituto|biblioteca|scuola)\b",
    re.IGNORECASE,
)
_SMALL = frozenset(
    "di del dello della delle dei degli da dal dalla de d e ed a al alla il la le lo i gli l per con in nel p "
    "ps dott prof avv ing sig of the and for in van von der y à du des & - – | /".split()
)
_END_OF_SENTENCE = re.compile(r"[^\w,:;-]\s*$|[:;]-?[)D]\s*$")
_POSTSCRIPT = re.compile(r"^\W{0,2}(?:p\. ?s\.?|ps|n\. ?b\.?|nb|post scriptum)(?:\s|:|,|-)", re.IGNORECASE)


def says_something(line: str) -> bool:
    """Whether a line asks, wishes, or names a day: then it is never a signature."""
    text = line.strip()
    if _LETTER_DATE.fullmatch(text[:80]):
        return False
    if text.endswith("?") or _POSTSCRIPT.match(text):
        return True
    return bool(_WISHES.search(text) or _SAYS.search(text) or (_DAYS.search(text) and not _CONTACT.search(text)))


def is_postscript(line: str) -> bool:
    """Whether a line opens a postscript: "P.S.: …"."""
    return bool(_POSTSCRIPT.match(line.strip()))


def is_sentence(line: str) -> bool:
    """Whether a line says something in several words, as signatures do not."""
    return len(line.split()) >= 4 and says_something(line) and not marks.is_app_line(line)


def signature(texts: Sequence[str], signer: frozenset[str] = frozenset()) -> range:
    """The lines that are a signature.

    Args:
        texts: the sender's own lines, disclaimers and quotes taken off.
        signer: the words of the sender's name, lower case.
    """
    filled = [number for number, line in enumerate(texts) if line.strip()]
    for index in range(len(filled) - 1, max(0, len(filled) - 1 - MOST_SIGNATURE_LINES - 10), -1):
        if marks.is_closing(texts[filled[index]]):
            start = filled[index] + 1
            return range(start, _end_of_block(texts, start, signer))
    return _without_closing(texts, filled, signer)


def _end_of_block(texts: Sequence[str], start: int, signer: frozenset[str]) -> int:
    """How far names, offices and addresses go on from here."""
    end, taken, in_paragraph = start, 0, 0
    for number in range(start, len(texts)):
        line = texts[number].strip()
        if not line:
            in_paragraph = 0
            continue
        fits = _is_signature_line(line, signer) or (in_paragraph > 0 and _goes_with_names(line, in_paragraph))
        if taken >= MOST_SIGNATURE_LINES or not (fits or (taken == 0 and _is_half_names(line))):
            break
        end, taken, in_paragraph = number + 1, taken + 1, in_paragraph + 1
    return end


def _goes_with_names(line: str, above: int) -> bool:
    """Whether a line right below names may be an office in small letters ("relazioni esterne"), or a motto."""
    if len(line) > LONGEST_LINE or line.endswith("?") or _DAYS.search(line) or _POSTSCRIPT.match(line):
        return False
    if line[0] in "\"«“'" and line[-1] in "\"»”'":
        return True
    return not _WISHES.search(line) and (above > 1 or (len(line.split()) <= 4 and not says_something(line)))


def _is_half_names(line: str) -> bool:
    """Such as "l'archivista, dott. Ivo Tognetti", right behind a closing."""
    telling = _telling(line)
    return len(telling) <= 6 and len(_capitals(line)) * 2 >= len(telling) > 0 and not says_something(line)


def _without_closing(texts: Sequence[str], filled: list[int], signer: frozenset[str]) -> range:
    """The last lines, if they are plainly names and addresses, and words stand above them."""
    at = len(filled)
    while at > 1 and len(filled) - at < MOST_SIGNATURE_LINES and _is_signature_line(texts[filled[at - 1]], signer):
        at -= 1
    for index in range(at, len(filled)):
        above, line = texts[filled[index - 1]].rstrip(), texts[filled[index]]
        gap = filled[index] - 1 != filled[index - 1]
        listed = above.endswith(":") or (above.endswith(",") and len(above.split()) > 4)
        if listed and not _is_signer(line, signer):
            continue
        if (gap or _END_OF_SENTENCE.search(above)) and _opens_a_signature(line, signer):
            return range(filled[index], len(texts))
    return range(len(texts), len(texts))


def _opens_a_signature(line: str, signer: frozenset[str]) -> bool:
    """Surer than ``_is_signature_line``: two names, an office, or the sender's own name."""
    return bool(_OFFICE.match(line.strip())) or len(_capitals(line)) >= 2 or _is_signer(line, signer)


def _is_signer(line: str, signer: frozenset[str]) -> bool:
    words = [word.strip("(),.;:-–\"'").lower() for word in line.split()]
    return 0 < len(words) <= 4 and any(word in signer for word in words)


def _is_signature_line(line: str, signer: frozenset[str]) -> bool:
    """A name, an office, an address, a number, a drawn line: nothing that says anything."""
    text = line.strip()
    if len(text) > LONGEST_LINE or text.endswith(("?", "!", ";", ":")):
        return False
    if marks.is_app_line(text) or marks.is_rule(text) or text.startswith("[") or _LETTER_DATE.fullmatch(text):
        return True
    if says_something(text):
        return False
    words = text.split()
    if len(words) > MOST_WORDS and not _CONTACT.search(text):
        return False
    if _CONTACT.search(text) or _OFFICE.match(text) or (len(words) <= 3 and _is_signer(text, signer)):
        return True
    return _is_names(text)


def _telling(text: str) -> list[str]:
    words = [word.strip("(),.;:-–|\"'«»“”") for word in re.split(r"[\s'’]+", text)]
    return [word for word in words if word[:1].isalpha() and word.lower() not in _SMALL]


def _capitals(text: str) -> list[str]:
    return [word for word in _telling(text) if word[0].isupper()]


def _is_names(text: str) -> bool:
    """Words that begin with capitals; of whole lines in capitals only short ones, for some people write so."""
    telling = _telling(text)
    if not telling:
        return any(c.isdigit() for c in text) and len(text) > 6
    capitals = sum(word[0].isupper() for word in telling)
    if text.isupper() and len(telling) > 4:
        return False
    return capitals == len(telling) or (len(telling) > 2 and capitals * 4 >= len(telling) * 3)
