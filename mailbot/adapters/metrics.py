"""The figures in Prometheus' form: as a file for node_exporter's textfile collector, and on a port.

The library's own counters live in the process; ours are counted from rows. So there is one collector, which asks
whenever it is asked, and a registry of our own with nothing else in it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mailbot.core.figures import ANSWER_SECONDS, Figures, LoopFigures
from mailbot.core.model import InboundState, LetterKind, LetterState, Outcome
from mailbot.core.restraint import Restraint
from mailbot.core.status import level, troubles

FOR_ALL = 0o644
"""The file names nobody, and node_exporter is another user."""

Asking = Callable[[], Figures | None]
"""Answers None where the database cannot be asked."""


class Metrics:
    """The figures of one service, whenever they are wanted."""

    def __init__(
        self, figures: Asking, loops: Callable[[], Sequence[LoopFigures]], clock: Callable[[], datetime], version: str
    ) -> None:
        """Asks nothing yet; ``version`` is the program's."""
        self._registry = CollectorRegistry()
        self._registry.register(_Asked(figures, loops, clock, version))

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        return generate_latest(self._registry)

    def write(self, file: Path) -> None:
        """Writes them into a file, which is whole at every moment.

        Raises:
            OSError: it cannot be written.
        """
        part = file.with_name(f".{file.name}.{os.getpid()}")  # node_exporter reads *.prom alone
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FOR_ALL)
            with open(descriptor, "wb") as writing:
                os.fchmod(descriptor, FOR_ALL)  # whatever the umask
                writing.write(self.text())
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def listen(self, host: str, port: int) -> "Port":
        """Tells them to whoever asks there by HTTP, until the port is closed.

        Raises:
            OSError: nobody can listen there.
        """
        server, thread = start_http_server(port, host, self._registry)

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return Port(server.server_port, close)


class Port:
    """A port that is listened on."""

    def __init__(self, number: int, close: Callable[[], None]) -> None:
        self.number = number
        self.close = close


class _Asked(Collector):
    def __init__(
        self, figures: Asking, loops: Callable[[], Sequence[LoopFigures]], clock: Callable[[], datetime], version: str
    ) -> None:
        self._figures, self._loops, self._clock, self._version = figures, loops, clock, version

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is, is known once it is asked for."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        """Everything; without a database what the process knows of itself."""
        figures, at = self._figures(), self._clock()
        yield _gauge("build_info", "Which mailbot this is; always 1.", ("version",), {(self._version,): 1})
        yield _gauge("measured_timestamp_seconds", "When these figures were asked for.", (), {(): at.timestamp()})
        yield _gauge("database_up", "Whether the database could be asked.", (), {(): figures is not None})
        yield from _of_loops(self._loops())
        if figures is not None:
            yield from _of_mails(figures, at)
            yield from _of_letters(figures, at)
            yield from _of_the_rest(figures, at)


def _of_loops(loops: Sequence[LoopFigures]) -> Iterator[Metric]:
    one = ("loop",)
    yield _counter("loop_turns", "Turns of a loop since the start.", one, {(x.name,): x.turns for x in loops})
    yield _gauge("loop_failing", "Whether a loop is in trouble.", one, {(x.name,): x.failing for x in loops})
    yield _gauge(
        "loop_turn_seconds",
        "How long the turn in hand has lasted; waiting for mail is part of a turn of collect.",
        one,
        {(x.name,): x.turn_seconds for x in loops},
    )
    yield _gauge(
        "loop_last_success_timestamp_seconds",
        "When a loop last got on. With nothing to do, handle and deliver rest for up to an hour.",
        one,
        {(x.name,): x.went_well_at for x in loops if x.went_well_at is not None},
    )


def _of_mails(figures: Figures, at: datetime) -> Iterator[Metric]:
    status = figures.status
    outcomes = (*Outcome, InboundState.SET_ASIDE)
    yield _counter(
        "mails_handled",
        "Mails that nothing more happens to, by outcome.",
        ("outcome",),
        {(outcome,): status.outcomes.get(outcome, 0) for outcome in outcomes},
    )
    waiting = status.outcomes.get(InboundState.NEW, 0)
    yield _gauge("mails_waiting", "Mails that wait to be handled.", (), {(): waiting})
    yield _gauge(
        "mails_oldest_waiting_seconds", "For how long the oldest of them has.", (), {(): _age(status.oldest_new, at)}
    )
    yield _counter("mails_for_a_person", "Mails that a person must read.", (), {(): status.to_read})
    yield _counter(
        "mails_restrained",
        "Mails that a limit kept from being answered, by limit.",
        ("limit",),
        {(limit,): figures.restrained.get(limit, 0) for limit in Restraint},
    )
    answers = figures.answers
    bounds = zip((*(f"{bound}.0" for bound in ANSWER_SECONDS), "+Inf"), (*answers.within, answers.count), strict=True)
    histogram = HistogramMetricFamily(
        "mailbot_answer_seconds",
        "From a mail's arrival at its server until a server took the first letter about it.",
    )
    histogram.add_metric([], [(bound, float(count)) for bound, count in bounds], answers.seconds)
    yield histogram


def _of_letters(figures: Figures, at: datetime) -> Iterator[Metric]:
    status = figures.status
    ended = (LetterState.SENT, LetterState.FAILED, LetterState.WITHHELD)
    yield _counter(
        "letters_settled",
        "Letters that nothing more happens to, by kind and state.",
        ("kind", "state"),
        {(kind, state): figures.settled.get((kind, state), 0) for kind in LetterKind for state in ended},
    )
    yield _gauge(
        "letters_waiting",
        "Letters that wait to be sent, or are being sent.",
        ("state",),
        {(state,): status.letters.get(state, 0) for state in (LetterState.QUEUED, LetterState.SENDING)},
    )
    yield _gauge(
        "letters_oldest_waiting_seconds",
        "For how long the oldest of them has.",
        (),
        {(): _age(status.oldest_letter, at)},
    )
    yield _counter("letters_came_back", "Letters that a server took and that came back.", (), {(): figures.bounced})


def _of_the_rest(figures: Figures, at: datetime) -> Iterator[Metric]:
    status = figures.status
    yield _gauge(
        "registrations",
        "Registrations, by meeting and status.",
        ("meeting", "status"),
        {
            (meeting.code, name): count
            for meeting in status.meetings
            for name, count in (
                ("confirmed", meeting.confirmed),
                ("waiting", meeting.waiting),
                ("cancelled", meeting.cancelled),
            )
        },
    )
    reached: Values = {(server,): _age(contact.at, at) for server, contact in status.contacts.items() if contact.at}
    yield _gauge("server_contact_age_seconds", "Seconds since a server was last reached.", ("server",), reached)
    yield _gauge(
        "server_in_trouble",
        "Whether the last try of a server failed.",
        ("server",),
        {(server,): bool(contact.trouble) for server, contact in status.contacts.items()},
    )
    told = "As `mailbot status --nagios` has it: 0 all is well, 1 a warning, 2 people get no answer."
    yield _gauge("status_level", told, (), {(): level(troubles(status, at))})


Values = dict[tuple[str, ...], float]


def _gauge(name: str, told: str, labels: Sequence[str], values: Values) -> Metric:
    metric = GaugeMetricFamily(f"mailbot_{name}", told, labels=labels)
    for label, value in values.items():
        metric.add_metric([str(part) for part in label], float(value))
    return metric


def _counter(name: str, told: str, labels: Sequence[str], values: Values) -> Metric:
    metric = CounterMetricFamily(f"mailbot_{name}", told, labels=labels)
    for label, value in values.items():
        metric.add_metric([str(part) for part in label], float(value))
    return metric


def _age(since: datetime | None, at: datetime) -> float:
    return 0.0 if since is None else max(0.0, (at - since).total_seconds())
