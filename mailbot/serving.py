"""The daemon as a process: it runs until a signal ends it, and takes its configuration over again on another."""

import os
import signal
import threading
from pathlib import Path

from mailbot.config import ServiceConfig
from mailbot.daemon import Daemon
from mailbot.parts import utc_now
from mailbot.ports import Clock


def serve(file: Path, service: ServiceConfig, clock: Clock = utc_now) -> None:
    """Runs the daemon until SIGTERM or SIGINT; SIGHUP takes the configuration over again. A test may move the clock.

    Raises:
        StoreTrouble: the database cannot be opened at the start, or another daemon works on it.
        BaseException: whatever has ended the daemon of itself.
    """
    watched = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    # Blocked before any thread starts, so that all of them are delivered to the wait below and nowhere else.
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    daemon = Daemon(file, service, clock)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            daemon.run()
        except BaseException as fault:  # noqa: BLE001  # raised again below: a failed service must not end with 0
            faults.append(fault)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    runner = threading.Thread(target=run, name="daemon")
    runner.start()
    while signal.sigwait(watched) == signal.SIGHUP:
        daemon.reload()
    daemon.stop()
    runner.join()
    if faults:
        raise faults[0]
