"""``Message`` → ``Intent``: what the sender wants, and what tells it. ``docs/reading.md`` tells it at length.

``read`` is the story and has the order of precedence; ``moves``, ``withdrawals`` and ``signups`` are its steps, and
``case`` the mail that they share. ``clauses`` cuts the words (``tokens``) into stretches (``cuts`` where no sign does)
and finds the lexicon's in them (``masks`` has those that mean nothing there), ``mentions`` finds the meetings
(``dates``, ``weekdays`` and ``hours`` by time, ``sectors`` by what they are about). ``hearing`` hears what the clauses
say (``deeds`` what each does, ``stances`` how it speaks of its meetings, ``sentences`` what reaches across).
``choose`` tells what several clues come to, ``marks`` knows the clues outside the sender's own sentences, ``people``
who writes, ``evidence`` says why. The words themselves are data, in ``words/`` (``lexicon``, ``wordfiles``).
"""

from mailbot.core.intent.lexicon import Lexicon
from mailbot.core.intent.read import read_intent

__all__ = ["Lexicon", "read_intent"]
