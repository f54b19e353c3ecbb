"""``Message`` → ``Intent``: what the sender wants, and what tells it.

``read`` is the story and has the order of precedence. ``clauses`` cuts the words into stretches, ``mentions`` finds
the meetings in them (``dates`` by day, ``sectors`` by what they are about), ``hearing`` how they are spoken of,
``choose`` what several clues come to, ``marks`` the clues outside the sender's own sentences, ``people`` who writes,
``evidence`` says why. The words themselves are data, in ``words/`` (``lexicon``).
"""

from mailbot.core.intent.read import read_intent

__all__ = ["read_intent"]
