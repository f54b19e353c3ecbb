"""Puts the parts together and keeps them going: a thread a loop, the bell, the signals, systemd.

Each loop's turn is one plain function; ``looping`` has what follows when it fails. Loops wake each other by ringing (an
event a loop), so that nothing waits for a poll of our own: collect rings handle, handle rings deliver and, for filing,
collect. APScheduler is the bell of *remind* and nothing else; it keeps nothing on disk.

A process that is told to stop finishes what is in hand: the deliverer stops between two mails, the collector wakes
from IDLE, a transaction is either committed or as if it had never begun.
"""

import gc
import logging
import threading
import time
from datetime import UTC, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from mailbot.adapters import systemd
from mailbot.adapters.store import Duty
from mailbot.attending import Attending
from mailbot.config import ConfigError, ServiceConfig, load_service
from mailbot.core.discretion import event
from mailbot.core.status import Status
from mailbot.greeting import greet_smtp
from mailbot.looping import Loop
from mailbot.loops import collect, deliver, handle, remind
from mailbot.loops.house import House
from mailbot.measuring import Measuring
from mailbot.parts import make_house, make_mailbox, make_postman, open_store, utc_now
from mailbot.ports import Clock, Mailbox, MailboxTrouble, Postman, StoreTrouble

log = logging.getLogger(__name__)

STOP_SECONDS = 8.0
"""How long a stop waits for what is in hand; with what the system needs it stays under ten."""
FILING_PAUSE = timedelta(hours=1)
"""How long filing rests after the server has refused it."""
REMIND = "remind"
"""The bell's job that rings for it."""
HANGS_AFTER = timedelta(hours=2)
"""A turn that lasts so long hangs: the longest that is in order waits an hour for mail, or sends a batch slowly."""
CALM_SECONDS = 30.0
"""How long the process must have run before a mail with which it has ended has its last try."""
CONTACT_EVERY = timedelta(minutes=1)
LONGEST_WAIT = 3600.0
"""Seconds that a loop waits when nothing rings and nothing is due."""


class Daemon:
    """The four loops over one configuration."""

    def __init__(self, file: Path, service: ServiceConfig, clock: Clock = utc_now) -> None:
        """Opens the store.

        Args:
            file: where the configuration is read from again on SIGHUP.
            service: the configuration as it is now.
            clock: the time; a test may move it.

        Raises:
            StoreTrouble: the database cannot be opened, or another daemon works on it.
        """
        self._file = file
        self._service = service
        self._clock = clock
        self._store = open_store(service, clock, alone=True)
        self._house = make_house(service, self._store, clock)
        self._mailbox: Mailbox = make_mailbox(service.imap)
        self._retired: list[Mailbox] = []
        self._postman: Postman = make_postman(service.smtp)
        self._retired_postmen: list[Postman] = []
        self._bell = BackgroundScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._stopping = threading.Event()
        self._began = time.monotonic()
        self._collecting = Loop("collect", self._mailbox_failed)
        self._handling, self._delivering = Loop("handle"), Loop("deliver")
        # Two, though the same bell rings them: the end of one's turn must not hide that the other hangs.
        self._reminding, self._retiring = Loop("remind"), Loop("retire")
        self._loops = (self._collecting, self._handling, self._delivering, self._reminding, self._retiring)
        self._attending = Attending(self._store, clock, self._stopping, self._loops)
        self._measuring = Measuring(lambda: self._store.figures(self._house.series, clock()), self._loops, clock)
        self._filing_rests_until, self._filing_failed = clock(), False
        self._contact_due = clock()
        self._ready = False
        self._note_series()

    def run(self) -> None:
        """Runs until ``stop`` is called."""
        log.info("starting: %d meeting(s) in the series", len(self._house.series.meetings), extra=event("starting"))
        recovered = self._store.recover(self._clock())
        if recovered:
            told = "%d letter(s) were being sent when mailbot last ended; they are sent again"
            log.warning(told, recovered, extra=event("letters-recovered", count=recovered))
        handle.warm_up(self._house, self._clock())
        gc.freeze()  # words, letters and libraries stay: looking through them for garbage costs 20 ms each time
        threads = [
            threading.Thread(target=loop.run, args=(turn, self._stopping), name=loop.name, daemon=True)
            for loop, turn in (
                (self._collecting, self._collect),
                (self._handling, self._handle),
                (self._delivering, self._deliver),
            )
        ]
        threads += self._attending.threads(lambda: self._mailbox.interrupt())
        bell = self._set_bell()
        for thread in threads:
            thread.start()
        self._greet()
        bell.start()
        self._measuring.configure(self._service.config.metrics)
        systemd.notify("STATUS=starting")
        self._stopping.wait()
        systemd.notify("STOPPING=1", "STATUS=finishing what is in hand")
        # It waits for a turn of remind that is in hand: after the end the database belongs to others.
        threads.append(threading.Thread(target=bell.shutdown, name="remind", daemon=True))
        threads[-1].start()
        end = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        if still := [thread.name for thread in threads if thread.is_alive()]:
            # Whatever they hang on, such as a dead network, the rows are as they should be.
            log.warning("not waiting any longer for: %s", ", ".join(still), extra=event("stop-hurried"))
            self._mailbox.abandon()
            threads[0].join(1.0)
        for mailbox in (*self._retired, self._mailbox):
            mailbox.close()
        for postman in (*self._retired_postmen, self._postman):
            postman.close()
        self._measuring.close()
        self._store.close()
        log.info("stopped", extra=event("stopped"))

    def stop(self) -> None:
        """Makes ``run`` return once what is in hand is finished. May be called from a signal handler."""
        self._stopping.set()
        for loop in self._loops:
            loop.rung.set()
        self._mailbox.interrupt()

    def reload(self) -> None:
        """Takes over the configuration file as it is now; where it has mistakes the old one stays."""
        systemd.notify("RELOADING=1")
        try:
            service = load_service(self._file)
            house = make_house(service, self._store, self._clock)
        except (ConfigError, StoreTrouble) as error:
            log.error("the configuration was not taken over: %s", error, extra=event("reload-refused"))
            systemd.notify("READY=1")
            return
        if service.config.service.database != self._service.config.service.database:
            log.warning("another database takes a restart; the one in use stays", extra=event("restart-needed"))
        before, self._service, self._house = self._service, service, house
        self._note_series()
        if service.imap != before.imap:
            self._retired.append(self._mailbox)
            self._mailbox = make_mailbox(service.imap)
            self._retired[-1].interrupt()
        if service.smtp != before.smtp:
            self._retired_postmen.append(self._postman)
            self._postman = make_postman(service.smtp)
            self._greet()  # what waited for the server is due as soon as it takes us in
        self._measuring.configure(service.config.metrics)
        for loop in self._loops:
            loop.rung.set()  # what was mended need not wait
        if self._bell.get_job(REMIND):
            self._bell.modify_job(REMIND, next_run_time=utc_now())  # as for places that are free now
        log.info("the configuration was taken over: %d meeting(s)", len(house.series.meetings), extra=event("reloaded"))
        systemd.notify("READY=1")

    def _note_series(self) -> None:
        with self._store.work() as work:
            changed = work.note_meetings(self._house.series, self._clock())
        for meeting in changed:
            told = "meeting %s has changed; participants are told after the grace (mailbot plan)"
            log.warning(told, meeting.code, extra=event("meeting-changed", meeting=meeting.code))

    # --- the loops

    def _collect(self) -> float:
        while self._retired:
            self._retired.pop().close()
        mailbox, house = self._mailbox, self._house
        if not self._store.has(Duty.COLLECT):
            mailbox.leave()
            self._contact_due = self._clock()  # should it be our turn, that is to be seen at once
            self._reached(self._attending.in_words())
            return LONGEST_WAIT
        new = collect.turn(mailbox, self._store, house, self._clock)
        if new:
            self._handling.rung.set()
        self._reached()
        self._attending.mailbox_reached()
        self._file_away(mailbox, house)
        if not self._stopping.is_set():
            # Part of the turn: a server that takes us in and drops us at once is met with longer and longer waits.
            mailbox.wait(LONGEST_WAIT)
        return 0.0

    def _file_away(self, mailbox: Mailbox, house: House) -> None:
        if self._clock() < self._filing_rests_until:
            return
        try:
            collect.file_away(mailbox, self._store, house, self._clock)
            self._filing_failed = False
        except MailboxTrouble as trouble:
            if self._filing_failed:  # once may be a lost connection; twice is a refusal
                log.warning("handled mail stays where it is for now: %s", trouble, extra=event("filing-rests"))
                self._filing_rests_until = self._clock() + FILING_PAUSE
            self._filing_failed = not self._filing_failed

    def _handle(self) -> float:
        until_calm = self._began + CALM_SECONDS - time.monotonic()
        if handle.turn(self._store, self._house, self._clock, calm=until_calm <= 0):
            self._delivering.rung.set()
            if self._house.filing is not None:
                self._mailbox.interrupt()
            return 0.0
        return until_calm if until_calm > 0 else LONGEST_WAIT

    def _deliver(self) -> float:
        while self._retired_postmen:
            self._retired_postmen.pop().close()
        postman = self._postman
        if not self._store.at_home():
            return self._attending.shortest_wait
        if self._delivering.trouble and (left := self._store.recover(self._clock())):
            told = "%d letter(s) were left half-way by the turn that failed; they are sent again"
            log.warning(told, left, extra=event("letters-recovered", count=left))
        most = min(deliver.BATCH, self._service.smtp.per_minute or deliver.BATCH)
        if deliver.turn(postman, self._store, self._clock, self._attending.must_stop, most):
            return 0.0
        due, least = self._store.next_try_at(), self._attending.shortest_wait
        return LONGEST_WAIT if due is None else max(least, min(LONGEST_WAIT, (due - self._clock()).total_seconds()))

    def _remind(self) -> float:
        if self._store.has(Duty.REMIND) and remind.turn(self._store, self._house, self._clock):
            self._delivering.rung.set()
        return 0.0  # the bell rings again by itself

    def _retire(self) -> float:
        if self._store.has(Duty.REMIND) and (touched := remind.retire(self._store, self._house, self._clock)):
            log.info("retention: %d row(s) emptied", touched, extra=event("retention", count=touched))
        return 0.0

    def _mailbox_failed(self, trouble: Exception, words: str) -> None:
        if isinstance(trouble, MailboxTrouble):
            self._contact_due = self._clock()
            self._note_contact("imap", words)
            self._attending.mailbox_failed()

    # --- the bell, and what others are told

    def _set_bell(self) -> BackgroundScheduler:
        bell = self._bell
        now = utc_now()  # the scheduler lives in real time, whatever our own clock says
        take, retire = self._reminding.take, self._retiring.take
        bell.add_job(take, CronTrigger(second=0, timezone=UTC), [self._remind], id=REMIND, next_run_time=now)
        bell.add_job(retire, CronTrigger(hour=3, minute=17, timezone=UTC), [self._retire], next_run_time=now)
        bell.add_job(self._measuring.write, "interval", minutes=1)
        if seconds := systemd.watchdog_seconds():
            bell.add_job(self._sign_of_life, "interval", seconds=max(1.0, seconds / 3))
        return bell

    def _reached(self, ready: str = "the mailbox is reached") -> None:
        self._collecting.went_well()
        # Not at every turn: a commit a minute is enough to show that we are alive.
        if self._store.has(Duty.COLLECT) and self._clock() >= self._contact_due:
            self._contact_due = self._clock() + CONTACT_EVERY
            self._note_contact("imap", "")
        if not self._ready:
            self._ready = True
            log.info("ready: %s", ready, extra=event("ready"))
            systemd.notify("READY=1")
        systemd.notify(f"STATUS={self.in_words()}")

    def _note_contact(self, server: str, trouble: str) -> None:
        try:
            self._store.note_contact(server, self._clock(), trouble)
        except StoreTrouble as nested:
            log.warning("store: %s", nested, extra=event("contact-unnoted", server=server))

    def _greet(self) -> None:
        greeting = (lambda: make_postman(self._service.smtp), self._note_smtp, self._stopping)
        threading.Thread(target=greet_smtp, args=greeting, name="greeting", daemon=True).start()

    def _note_smtp(self, trouble: str) -> None:
        self._note_contact("smtp", trouble)
        if not trouble:
            self._delivering.rung.set()  # what waited for the server is due

    def _sign_of_life(self) -> None:
        if hanging := [loop.name for loop in self._loops if loop.turn_lasts() > HANGS_AFTER.total_seconds()]:
            # systemd ends us for want of the sign, and starts us anew; the rows are as they should be.
            log.error("%s: hangs in a turn", ", ".join(hanging), extra=event("loop-hangs"))
            return
        systemd.notify("WATCHDOG=1", f"STATUS={self.in_words()}")

    def status(self, lately: timedelta) -> Status:
        """How the service stands; ``lately`` is how far back mails that were set aside count."""
        return self._store.status(self._house.series, self._clock() - lately)

    def in_words(self) -> str:
        """How the loops are, in one line."""
        troubles = [f"{loop.name}: {loop.trouble}" for loop in self._loops if loop.trouble]
        return "; ".join(troubles) or self._attending.in_words()
