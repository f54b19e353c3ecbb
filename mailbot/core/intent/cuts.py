"""Where a clause begins without a sign before it: one rule a function, in the order in which they are asked.

A word of contrast begins a clause ("ma", "invece"), and so does a reason ("perché") and an "e" or "and" behind which
another deed begins. A wish ends the reason that stands before it ("visto che il 21 lavoro | mi segno per il 22"). And a
bare "no" or "sì" closes what stands before it ("martedì no | giovedì sì").
"""

from collections.abc import Iterator, Sequence

from mailbot.core.intent.lexicon import Cue, Lexicon

TOPIC = 3
"""Words that may stand before a word of contrast in its own clause."""
_SO = frozenset("so quindi percio dunque pertanto therefore hence".split())
_AND = _SO | frozenset("e ed and allora cosi poi then".split())
_POSTPOSITIVE = frozenset("invece pero instead however though piuttosto tuttavia".split())
_THEN = frozenset("la il di al alle sono siamo ho abbiamo".split())
_WHICH = frozenset("which che cioe dove where as".split())
_GERUNDS = ("ando", "endo")
_ARTICLES = frozenset("il lo la the on al quello quella".split())
_DEEDS = frozenset("join leave attend move negation busy held link_lost was_there".split())


def inner_cuts(words: Sequence[str], walls: frozenset[int], cues: Sequence[Cue], lexicon: Lexicon) -> Iterator[int]:
    """The places in a sentence at which a clause begins, but for its beginning and the ``walls``.

    Args:
        words: of the sentence, in plain form, the verb "è" apart from the "e" that joins.
        walls: the places with a sign before them that parts.
        cues: what the lexicon has found.
        lexicon: the words.
    """
    sentence = _Sentence(words, cues, lexicon)
    within = {at for cue in cues for at in range(cue.start + 1, cue.end)}
    begin = 0
    for at in range(1, len(words)):
        begin = at if at in walls else begin
        if at in within:
            continue
        if at in sentence.contrasts and at - 1 not in sentence.contrasts:
            # "Per il 5 invece resta tutto": the word may stand behind what it speaks of.
            begins = at - begin > TOPIC or words[at] not in _POSTPOSITIVE
        else:
            begins = sentence.ends_a_reason(begin, at) or at in sentence.reasons or sentence.joins_deeds(begin, at)
            if not begins and sentence.closes(begin, at):
                yield at
        if begins:
            begin = at
            yield at


class _Sentence:
    """The words of a sentence, and what the rules ask of them."""

    def __init__(self, words: Sequence[str], cues: Sequence[Cue], lexicon: Lexicon) -> None:
        self._words, self._cues, self._lexicon = words, cues, lexicon
        self._deeds = {cue.start for cue in cues if cue.group in _DEEDS}
        self._wishes = {cue.start for cue in cues if cue.group == "join" and cue.end - cue.start > 1}
        self._grounds = {cue.start for cue in cues if cue.group == "reason"}
        refused = {cue.end: cue.start for cue in cues if cue.group == "negation"}
        self._asks = {refused.get(cue.start, cue.start) for cue in cues if cue.group == "asks_for"}
        self._busy = {
            cue.start
            for cue in cues
            if cue.group == "busy_beside"
            and not refused.keys() & set(range(cue.start + 1, cue.end + 1))
            and self._has_day(max(0, cue.start - 2), cue.start)
        }
        self.contrasts = {cue.start for cue in cues if cue.group == "contrast"}
        self.reasons = {
            cue.start
            for cue in cues
            if cue.group in ("reason", "concession")
            and not any(word.isdigit() for word in words[cue.end : cue.end + 1])
        }

    def ends_a_reason(self, begin: int, at: int) -> bool:
        """Whether a wish begins here, behind the reason for it."""
        if at in self._asks and any(word.endswith(_GERUNDS) for word in self._words[begin : begin + 2]):
            return True  # "non potendo il 21 | chiedo di venire il 22"
        if at - begin < TOPIC or at not in self._wishes:
            return False
        grounded = bool(self._grounds & {begin, begin + 1}) and self._has_day(begin, at)
        return grounded or any(begin <= busy < at for busy in self._busy)

    def joins_deeds(self, begin: int, at: int) -> bool:
        """Whether an "and" or a "so" stands here, with a deed before it, or a long topic, and one behind it."""
        word = self._words[at]
        reach = 3 if word in _SO else 2
        if word not in _AND or not self._deeds & set(range(at + 1, at + reach + 1)):
            return False
        return at - begin > TOPIC or self._does(begin, at)

    def closes(self, begin: int, at: int) -> bool:
        """Whether what stands before is finished, though no deed follows."""
        words, word = self._words, self._words[at]
        if word == "che" and at > 2 and words[at + 1 : at + 2] and words[at + 1] in _THEN:
            return any(cue.group in ("busy", "busy_beside") and cue.start > at for cue in self._cues)
        if word in _AND and list(words[at + 1 : at + 3]) in (["a", "me"], ["a", "noi"]):
            return self._does(begin, at)
        if word in _WHICH and at > 2 and any(cue.group == "held" and at < cue.start <= at + 4 for cue in self._cues):
            return True
        return at > 1 and words[at - 1] in ("no", "yes") and self._may_begin(word) and self._may_end(words[at - 2])

    def _does(self, begin: int, end: int) -> bool:
        return any(begin <= deed < end for deed in self._deeds)

    def _has_day(self, begin: int, end: int) -> bool:
        return any(word[:1].isdigit() or word in self._lexicon.weekdays for word in self._words[begin:end])

    def _may_begin(self, word: str) -> bool:
        return word.isdigit() or word in self._lexicon.weekdays or word in _ARTICLES

    def _may_end(self, word: str) -> bool:
        return word.isdigit() or word in self._lexicon.weekdays or word in self._lexicon.months
