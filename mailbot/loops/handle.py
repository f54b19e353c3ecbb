"""Store → decision → store. Each mail is understood, decided on and answered, and all of it is one commit.

A turn takes the oldest mails that wait. One transaction holds the batch, with a savepoint a mail: a mail that meets a
fault of ours is undone alone and set aside after its third try, while the others go on. A mail that ends the whole
process is found out the same way, because tries are counted before the work begins.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from mailbot.core import trust
from mailbot.core.approval import read_order
from mailbot.core.decide import decide, decide_for_a_person
from mailbot.core.discretion import event
from mailbot.core.export import personal_data
from mailbot.core.model import Attachment, Authentication, Kind, Message, Outcome, Request
from mailbot.core.reading.authentication import authenticate, is_judged
from mailbot.core.reading.bounces import read_bounce
from mailbot.core.restraint import Restraint
from mailbot.core.situation import Decision, Situation
from mailbot.core.understanding import Understood, understand, without_our_own
from mailbot.core.writing import compose
from mailbot.loops.house import House, carry_out
from mailbot.loops.restrain import restrained, sound_alarm
from mailbot.loops.supervise import obey
from mailbot.ports import Clock, Handled, Inbound, Store, StoreTrouble, Work

log = logging.getLogger(__name__)

BATCH = 50
OPENING = 400
"""Characters of a mail's opening words that the organisers are shown."""
_NOBODYS = b"From: a@b.invalid\r\nSubject: Iscrizione\r\n\r\nVorrei iscrivermi.\r\n\r\nGrazie, N. N.\r\n"


def warm_up(house: House, at: datetime) -> None:
    """Reads and answers a mail of nobody's, and forgets it.

    Word lists and templates are loaded by the first mail, which takes ten times as long as any other. A try is counted
    before it is made, and a mail whose tries all end with the process is set aside: so no mail is counted as tried
    while all that happens is that mailbot gets ready.
    """
    try:
        understood = understand(_NOBODYS, house.series, house.own, at)
        message, intent = understood.message, understood.intent
        for letter in decide(message, intent, Situation(), house.series, house.names, "warming up", at).letters:
            compose(letter, house.series, house.sender, house.texts, at, house.names.message_id(letter.purpose))
    except Exception:
        log.exception("handle: a fault of mailbot's own while getting ready; it goes on", extra=event("warm-up-failed"))


def turn(store: Store, house: House, clock: Clock, *, calm: bool = True) -> int:
    """Handles the oldest mails that wait.

    Args:
        store: holds them.
        house: the configuration.
        clock: tells the time.
        calm: whether the process has run for a while; until then no mail has its last try, because a process that is
            ended again and again from outside would have innocent mails set aside.

    Returns:
        How many were taken in hand; 0 where none waits.

    Raises:
        StoreTrouble: the database cannot be read or written; nothing was done.
    """
    at = clock()
    batch = store.take(BATCH, at, calm=calm)
    if not batch:
        return 0
    try:
        faults = _handle_all(batch, store, house, at)
    except StoreTrouble:
        # No mail is to blame for a full disk: three such turns must not set it aside.
        with suppress(StoreTrouble):
            store.give_back([inbound.id for inbound in batch])
        raise
    for inbound_id, ours in faults:
        aside = store.note_failure(inbound_id, f"{type(ours).__name__}: {ours}", clock())
        told = event("mail-set-aside" if aside else "mail-failed", mail=inbound_id)
        log.error("mail %d %s", inbound_id, "set aside" if aside else "will be tried again", exc_info=ours, extra=told)
    return len(batch)


def _handle_all(batch: Sequence[Inbound], store: Store, house: House, at: datetime) -> list[tuple[int, Exception]]:
    """Handles a batch in one transaction; answers whose handling met a fault of ours, and which."""
    faults: list[tuple[int, Exception]] = []
    with store.work() as work:
        for inbound in batch:
            try:
                with work.savepoint():
                    handle(inbound, work, house, at)
            except StoreTrouble:
                raise
            except Exception as fault:  # noqa: BLE001  # whatever it is, it is one mail's, and the rest go on
                faults.append((inbound.id, fault))
    return faults


def handle(inbound: Inbound, work: Work, house: House, at: datetime) -> None:
    """Handles one mail inside the transaction ``work``."""
    read = understand(inbound.raw, house.series, house.own, at, inbound.received_at, house.words)
    understood = without_our_own(read, house.names)
    message = understood.message
    proof, judged = authenticate(message, house.authserv_id), is_judged(message, house.authserv_id)
    ordered = read_order(message, house.names, house.organisers, proof, judged=judged, at=at)
    if ordered is None:
        decision = _decided(inbound, understood, work, house, at)
    else:
        decision = obey(ordered, message, inbound.fingerprint[:32], work, house, at)
    if inbound.truncated and decision.outcome is not Outcome.IGNORE:
        decision = replace(decision, attention=True)  # a person must look at what was not read
    work.settle(inbound.id, _noted(understood, decision, at), at)
    if understood.message.origin.kind in (Kind.BOUNCE, Kind.RECEIPT):
        _note_bounce(inbound, work, house, at)
    carry_out(work, house, decision, inbound.id, at, understood.intent.evidence)
    if decision.restrained == Restraint.ALL:
        sound_alarm(work, house, at)
    log.info(
        "mail %d: %s (%s), %d letter(s)%s",
        inbound.id,
        decision.outcome,
        understood.message.origin.kind,
        len(decision.letters),
        f", held back by the limit {decision.restrained!r}" if decision.restrained else "",
        extra=event(
            "mail-handled",
            mail=inbound.id,
            outcome=decision.outcome,
            kind=understood.message.origin.kind,
            count=len(decision.letters),
            limit=decision.restrained,
        ),
    )


def _decided(inbound: Inbound, understood: Understood, work: Work, house: House, at: datetime) -> Decision:
    """What follows from a mail: at once, after a question to its sender, or nothing where the limits say so."""
    authentication = authenticate(understood.message, house.authserv_id)
    asked_about = None
    if code := trust.code_in(understood.message):
        asked_about = work.take_awaiting(code, at)
        if asked_about is None:
            why = {"it": "conferma con un codice scaduto o già usato", "en": "a code that is used up or out of date"}
            decision = decide_for_a_person(understood.message, understood.intent, inbound.fingerprint[:32], at)
            decision = replace(decision, why=why[house.series.language])
            return restrained(decision, work, house, at)
        understood = understand(asked_about.raw, house.series, house.own, at, asked_about.received_at)
        authentication = Authentication.PASSED  # the code went to the address alone
    situation = _situation(understood, work, house, at)
    decision = decide(
        understood.message, understood.intent, situation, house.series, house.names, inbound.fingerprint[:32], at
    )
    # What cannot be undone cannot be approved afterwards either.
    irrevocable = house.supervised and decision.erase and asked_about is None
    if irrevocable or trust.must_be_confirmed(decision, understood.intent, situation, authentication):
        decision = trust.asking(decision, situation, house.names.code(inbound.fingerprint), at)
    # Whoever sends a code back is surely a person, and it serves only once.
    return decision if asked_about else restrained(decision, work, house, at)


def _note_bounce(inbound: Inbound, work: Work, house: House, at: datetime) -> None:
    """Where one of our letters came back, its row says so; a bounce of anything else changes nothing."""
    bounce = read_bounce(inbound.raw)
    names = [name for name in bounce.names if house.names.is_ours(name)] if bounce else []
    if bounce and names and work.note_bounce(names, bounce.reply, inbound.id, at):
        log.warning(
            "mail %d: a letter of ours came back (%s)",
            inbound.id,
            bounce.status or "no status",
            extra=event("letter-came-back", mail=inbound.id),
        )


def _situation(understood: Understood, work: Work, house: House, at: datetime) -> Situation:
    """The facts that bear on this mail."""
    intent, answered = understood.intent, understood.message.reply_to
    if answered is None:
        return Situation()
    situation = work.situation(house.series, answered.address, intent.attendee.address if intent.attendee else None)
    if Request.EXPORT in intent.requests:
        content = personal_data(work.holdings(answered.address), house.series, at)
        situation = replace(situation, export=Attachment("mailbot.json", "application/json", content))
    return situation


def _noted(understood: Understood, decision: Decision, at: datetime) -> Handled:
    """What the organisers may be shown of the mail."""
    message = understood.message
    return Handled(
        outcome=decision.outcome,
        kind=message.origin.kind,
        attention=decision.attention,
        sender=message.reply_to.address if message.reply_to else "",
        subject=message.subject[:OPENING],
        opening=_opening(message),
        why=decision.why[:OPENING],
        awaits=decision.awaits,
        awaits_until=at + trust.CODE_LASTS if decision.awaits else None,
        restrained=decision.restrained,
    )


def _opening(message: Message) -> str:
    words = " ".join(message.text().split())
    return words if len(words) <= OPENING else words[: OPENING - 1].rpartition(" ")[0] + " …"
