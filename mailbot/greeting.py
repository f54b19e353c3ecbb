"""At the start the SMTP server is tried at once, not only when the first letter is due.

Letters wait for the first mail, and a wrong password would be noticed by the first citizen who gets no answer. So the
daemon logs in once with a postman of its own, says in one line what is wrong, and tries again, later each time, until
the server takes it in.
"""

import logging
import random
import threading
from collections.abc import Callable

from mailbot.adapters.smtp import SmtpPostman
from mailbot.core.discretion import event
from mailbot.core.retry import reconnect_wait
from mailbot.ports import PostmanTrouble

log = logging.getLogger(__name__)


def greet_smtp(make: Callable[[], SmtpPostman], note: Callable[[str], None], stopping: threading.Event) -> None:
    """Returns once the server has taken us in, or once it is time to stop.

    Args:
        make: a postman of the configuration as it is now, which a reload may have changed.
        note: told each time how it went: the trouble, or nothing.
        stopping: ends the waiting.
    """
    told, failures = "", 0
    while not stopping.is_set():
        postman = make()
        try:
            postman.check()
        except PostmanTrouble as trouble:
            failures += 1
            wait = reconnect_wait(failures, random.random())  # noqa: S311  # spreads retries, keeps no secret
            note(str(trouble))
            if str(trouble) != told:
                told = str(trouble)
                fields = event("server-unreachable", server="smtp", wait=round(wait))
                log.warning("smtp: %s (next try in %.0f s)", told, wait, extra=fields)
            stopping.wait(wait)
        else:
            note("")
            log.info("smtp: reached", extra=event("server-reached", server="smtp"))
            return
        finally:
            postman.close()
