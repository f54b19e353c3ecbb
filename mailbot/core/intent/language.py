"""The language of a mail: by the small words of each, with the series' language where they do not tell."""

from mailbot.core.intent.lexicon import Lexicon, plain
from mailbot.core.model import Language


def detect(text: str, lexicon: Lexicon, default: Language) -> Language:
    """The language that more of the small words belong to."""
    words = plain(text[:3000]).split()
    counts = {language: sum(word in small for word in words) for language, small in lexicon.stop_words.items()}
    best = max(counts, key=lambda language: (counts[language], language == default))
    return best if counts[best] > 0 else default
