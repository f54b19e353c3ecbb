"""A registration bot that reads plain e-mail.

The path of a mail is the path through the folders: ``loops.collect`` brings it in, ``core.reading`` makes a message of
its bytes, ``core.intent`` an intent of the message, ``core.decide`` a decision of the intent, ``core.writing`` a mail
of the answer, and ``loops.deliver`` sends it. ``docs/architecture.md`` walks the same way at leisure.
"""

__version__ = "0.1.0"
