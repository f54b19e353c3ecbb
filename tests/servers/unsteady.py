"""`mailbot run` for tests, with a clock that a file moves and a fault on a mark: `python -m tests.servers.unsteady`.

The arguments are the configuration file and, where the clock is to be moved, a file that holds how many seconds it goes
ahead. Where MAILBOT_TEST_DEADLY is set, reading a mail that holds its bytes ends the process, as a bug in a library
written in C would. The program itself knows nothing of either.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from mailbot.config import load_service
from mailbot.core.understanding import Understood
from mailbot.logs import log_to_stderr
from mailbot.loops import handle
from mailbot.parts import utc_now
from mailbot.serving import serve


def main() -> None:
    """Runs the daemon until SIGTERM."""
    file, *offset = map(Path, sys.argv[1:])
    deadly = os.environ.get("MAILBOT_TEST_DEADLY", "").encode()
    understand = handle.understand

    def fragile(raw: bytes, *rest: object) -> Understood:
        if deadly and deadly in raw:
            os._exit(139)
        return understand(raw, *rest)  # type: ignore[arg-type]

    def clock() -> datetime:
        return utc_now() + timedelta(seconds=float(offset[0].read_text()) if offset else 0.0)

    log_to_stderr(verbose=False)
    handle.understand = fragile  # type: ignore[assignment]
    serve(file, load_service(file), clock)


if __name__ == "__main__":
    main()
