"""Which words of a clause mean nothing by themselves, because they are part of a longer phrase.

"Non ho ricevuto il link" refuses nothing, "mi ero iscritto" asks for nothing, and the tomorrow of "vi confermo domani"
is no meeting's day: the phrase says what it says, and takes away the cues within it.
"""

from mailbot.core.intent.lexicon import Cue

MASKS = {
    "alternative": frozenset(("negation",)),
    "eager": frozenset(("negation", "able", "attend", "hedge")),
    "idle_no": frozenset(("negation", "able", "attend", "busy")),
    "later": frozenset(("join", "nod", "today", "tomorrow", "day_after", "asks_for")),
    "unsure": frozenset(("negation", "able", "attend", "question")),
    "link_lost": frozenset(("join", "attend", "negation", "held", "able", "leave", "link_wanted", "busy", "move")),
    "status": frozenset(("join", "negation", "held", "link_wanted")),
    "export": frozenset(("join", "negation", "held", "all")),
    "erase": frozenset(("leave", "negation", "all")),
    "elsewhere": frozenset(("join", "leave", "held")),
    "greets": frozenset(("all", "join", "join_weak", "morning", "afternoon", "evening", "able", "busy", "tomorrow")),
    "not_all": frozenset(("all", "all_alone", "except")),
    "held": frozenset(("join", "join_weak", "being")),
    "both": frozenset(("all", "all_alone")),
    "idioms": frozenset(("first", "last", "next_one", "turn_2", "item_2", "except")),
    "wish_question": frozenset(("held",)),
    "decline": frozenset(("next_one", "last", "join", "first")),
    "leave": frozenset(("join", "held", "negation")),
    "how": frozenset(("join", "asking", "question", "negation")),
    "still_room": frozenset(("join", "negation", "asking", "question")),
    "question": frozenset(("join",)),
}
"""Groups whose longer phrases take away the meaning of other words within them: "non ho ricevuto il link" refuses
nothing, "mi ero iscritto" asks for nothing."""


def unmasked(cues: list[Cue]) -> list[Cue]:
    """The cues that no longer phrase takes away; one that is taken away itself takes nothing."""
    masks = [cue for cue in cues if cue.group in MASKS]
    masks = [mask for mask in masks if not _is_hidden(mask, masks)]
    return [cue for cue in cues if not _is_hidden(cue, masks)]


def _is_hidden(cue: Cue, masks: list[Cue]) -> bool:
    return any(cue.group in MASKS[mask.group] and mask.start <= cue.start and cue.end <= mask.end for mask in masks)
