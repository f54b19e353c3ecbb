"""Keeps a monitoring system informed, where the configuration asks for it: a file once a minute, or a port.

Whatever goes wrong here is said once and stops no mail.
"""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from mailbot import __version__
from mailbot.adapters.metrics import Metrics, Port
from mailbot.config.sections import MetricsSection
from mailbot.core.discretion import event
from mailbot.core.figures import Figures, LoopFigures
from mailbot.looping import Loop
from mailbot.ports import Clock, StoreTrouble

log = logging.getLogger(__name__)


class Measuring:
    """The file and the port of one daemon."""

    def __init__(self, figures: Callable[[], Figures], loops: Sequence[Loop], clock: Clock) -> None:
        """Tells nobody anything yet.

        Args:
            figures: asks the database; may raise ``StoreTrouble``.
            loops: those that are told of.
            clock: the time.
        """

        def asked() -> Figures | None:
            try:
                return figures()
            except StoreTrouble:
                return None  # the loops say what it is, and the figures that there are none

        self._metrics = Metrics(asked, lambda: [_of(loop) for loop in loops], clock, __version__)
        self._section = MetricsSection()
        self._port: Port | None = None
        self._told = ""

    @property
    def port(self) -> int | None:
        """The number of the port that is listened on."""
        return self._port.number if self._port else None

    def configure(self, section: MetricsSection) -> None:
        """Does from now on as this section says. Never raises."""
        before, self._section, self._told = self._section, section, ""
        if section.listen != before.listen or self._port is None:
            self._listen()
        if before.file and before.file != section.file:
            Path(before.file).unlink(missing_ok=True)  # figures that nobody keeps up would look like the present
        self.write()

    def write(self) -> None:
        """Writes the file, where there is to be one. Never raises."""
        if self._section.file is None:
            return
        try:
            self._metrics.write(Path(self._section.file))
            self._told = ""
        except OSError as error:
            told = f"metrics.file: {self._section.file} cannot be written: {error.strerror}; mailbot works without"
            if told != self._told:
                log.warning("%s", told, extra=event("metrics-failed"))
            self._told = told

    def _listen(self) -> None:
        self._close_port()
        if self._section.listen is None:
            return
        host, port = self._section.listen
        try:
            self._port = self._metrics.listen(host, port)
        except OSError as error:
            told = f"metrics.listen: nobody can listen on {host}:{port}: {error.strerror}; mailbot works without"
            log.warning("%s", told, extra=event("metrics-failed"))

    def close(self) -> None:
        """Tells nobody anything any more. The file stays: how old it is, it says itself."""
        self._close_port()

    def _close_port(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None


def _of(loop: Loop) -> LoopFigures:
    return LoopFigures(loop.name, loop.turns, bool(loop.trouble), loop.turn_lasts(), loop.went_well_at)
