"""The small world of the loops, borrowed."""

from tests.loops.conftest import clock, file, mailbox, postman, store, url

__all__ = ["clock", "file", "mailbox", "postman", "store", "url"]
