"""Tests of the tests: the code is broken on purpose, and something notices.

Each break is made in a copy of the program, against which the story, or the tests named with the break, are run; they
must fail. It takes some minutes and runs at night: ``MAILBOT_NIGHTLY=1``.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
STORY = "tests/story/test_story.py"
STORE = "mailbot/adapters/store"


@dataclass(frozen=True)
class Break:
    """A mistake somebody might make, and who notices."""

    name: str
    file: str
    before: str
    after: str
    noticed_by: str = STORY


BREAKS = [
    Break(
        "the cursor moves before the mails are kept",
        "mailbot/loops/collect.py",
        "        for arrivals in _bounded(",
        "        store.keep([], Cursor(mailbox.folder, uidvalidity, batch[-1]), clock())\n"
        "        for arrivals in _bounded(",
    ),
    Break(
        "a renumbered folder is read on from the old place",
        "mailbot/loops/collect.py",
        "cursor is not None and cursor.uidvalidity == uidvalidity",
        "cursor is not None",
    ),
    Break(
        "a mail delivered twice is two mails",
        "mailbot/core/reading/fingerprint.py",
        '(b"date",',
        '(b"received", b"date",',
    ),
    Break(
        "two mails with one Message-ID are one",
        "mailbot/core/reading/fingerprint.py",
        "    return digest.hexdigest()",
        '    return next((v for n, v in _fields(header) if n == b"message-id"), b"").hex() or digest.hexdigest()',
    ),
    Break(
        "a letter is called sent before the 250",
        f"{STORE}/outbox.py",
        "        .values(state=LetterState.SENDING, claimed_at=at, claimed_by=by, tries",
        "        .values(state=LetterState.SENT, settled_at=at, tries",
    ),
    Break(
        "what was being sent at a crash is forgotten",
        f"{STORE}/outbox.py",
        ".values(state=LetterState.QUEUED, claimed_at=None, claimed_by=None, next_try_at=at)",
        ".values(state=LetterState.WITHHELD, settled_at=at, claimed_at=None)",
    ),
    Break(
        "each try has a Message-ID of its own",
        f"{STORE}/outbox.py",
        "Parcel(row.id, row.recipient, row.raw)",
        'Parcel(row.id, row.recipient, row.raw.replace(b"Message-ID: <", b"Message-ID: <%d." % row.tries))',
    ),
    Break(
        "a refusal for good is tried again",
        "mailbot/core/retry.py",
        "500 <= code <= 599",
        "code == 599",
        "tests/core/test_retry.py",
    ),
    Break(
        "a letter is sent though its time is over",
        f"{STORE}/outbox.py",
        "_free(waiting, outbox.c.deadline <= at)",
        "_free(waiting, outbox.c.deadline <= outbox.c.queued_at)",
        "tests/loops/test_deliver.py",
    ),
    Break(
        "a reminder may come as long as any letter",
        "mailbot/core/reminders.py",
        "deadline=min(at + PATIENCE[LetterKind.REMINDER], reminder.meeting.starts_at)",
        "deadline=at + PATIENCE[LetterKind.REMINDER]",
        "tests/loops/test_remind.py",
    ),
    Break(
        "those who cancelled are reminded",
        f"{STORE}/registrations.py",
        "        registration.c.status == RegistrationStatus.CONFIRMED,\n        registration.c.registered_at",
        "        registration.c.registered_at",
    ),
    Break(
        "a reminder that waits when its reader cancels goes out",
        f"{STORE}/outbox.py",
        "outbox.c.registration_id.not_in(held)",
        "outbox.c.registration_id.is_(-1)",
        "tests/loops/test_remind.py::test_who_cancelled_is_not_reminded",
    ),
    Break(
        "those who signed up after its moment are reminded",
        f"{STORE}/registrations.py",
        "        registration.c.registered_at < reminder.moment,\n",
        "",
        "tests/loops/test_remind.py",
    ),
    Break(
        "those who moved up after its moment are reminded",
        f"{STORE}/registrations.py",
        "        ~select(history.c.id).where(moved_up).exists(),\n",
        "",
        "tests/loops/test_remind.py",
    ),
    Break(
        "a new start is not reminded of anew",
        "mailbot/core/reminders.py",
        'f":{reminder.meeting.starts_at.isoformat()}"',
        '":"',
        "tests/loops/test_remind.py",
    ),
    Break(
        "a reminder of the old start goes out",
        f"{STORE}/store.py",
        "        for meeting in (*changed, *off):",
        "        for meeting in off:",
        "tests/loops/test_remind.py",
    ),
    Break(
        "a change is told before its grace is over",
        "mailbot/loops/tell.py",
        " if notice.due_at <= at)",
        ")",
        "tests/loops/test_tell.py",
    ),
    Break(
        "a mended slip is told",
        "mailbot/core/changes.py",
        "        if edition is was or was.is_told_by(edition, link=link):",
        "        if edition is was:",
        "tests/core/test_changes.py",
    ),
    Break(
        "what a person knows is not noted with the letter",
        f"{STORE}/editions.py",
        "edition_id=edition_id, told_at=at, sequence=told.sequence",
        "told_at=at, sequence=told.sequence",
        "tests/loops/test_tell.py",
    ),
    Break(
        "whoever signs up is taken to know the latest edition",
        f"{STORE}/editions.py",
        "        edition.c.starts_at == present.starts_at,\n        edition.c.minutes == _minutes(present.duration),\n",
        "",
        "tests/loops/test_tell.py",
    ),
    Break(
        "who moves up is not noted to know the edition",
        f"{STORE}/store.py",
        "if letter.kind is LetterKind.PROMOTION and",
        "if letter.kind is LetterKind.CHANGE and",
        "tests/loops/test_tell.py",
    ),
    Break(
        "people are reminded of what may be a slip",
        f"{STORE}/registrations.py",
        "        or_(registration.c.edition_id.is_(None), select(edition.c.id).where(knows).exists()),\n",
        "",
        "tests/loops/test_tell.py",
    ),
    Break(
        "who was told of a change is reminded in the same minute",
        f"{STORE}/registrations.py",
        "        or_(registration.c.told_at.is_(None), registration.c.told_at < reminder.moment),\n",
        "",
        "tests/loops/test_tell.py",
    ),
    Break(
        "an invite that updates has the SEQUENCE of the first",
        "mailbot/loops/tell.py",
        "registration.sequence + 1",
        "registration.sequence",
        "tests/loops/test_tell.py",
    ),
    Break(
        "who waits gets a calendar entry cancelled",
        "mailbot/core/writing/compose.py",
        " if place.status is not _WAITING",
        "",
        "tests/loops/test_tell.py",
    ),
    Break(
        "an upgrade tells of what changed before it",
        f"{STORE}/editions.py",
        "    _complete(connection, series)\n    known",
        "    known",
        "tests/store/test_upgrade_editions.py",
    ),
    Break(
        "somebody who moves up does so again at each ring",
        f"{STORE}/registrations.py",
        "        .values(status=RegistrationStatus.CONFIRMED, sequence=promoted.sequence)",
        "        .values(sequence=promoted.sequence)",
    ),
    Break(
        "a newcomer overtakes those who wait",
        "mailbot/core/places.py",
        "standing.confirmed < meeting.capacity and not standing.waiting",
        "standing.confirmed < meeting.capacity",
        "tests/loops/test_remind.py",
    ),
    Break(
        "the waiting list is served from its end",
        f"{STORE}/registrations.py",
        ".order_by(put_on_the_list, registration.c.id)",
        ".order_by(put_on_the_list.desc(), registration.c.id)",
    ),
    Break(
        "a place too many is given away",
        "mailbot/core/places.py",
        "meeting.capacity - standing.confirmed",
        "meeting.capacity - standing.confirmed + 1",
    ),
    Break(
        "whoever moves up is not told",
        "mailbot/core/decide.py",
        "*(promotion_letter(moved, known_meeting(series, moved.meeting), at) for moved in promoted)]",
        "]",
    ),
    Break(
        "a mail tried before goes behind later ones",
        f"{STORE}/inbox.py",
        "case((inbound.c.tries > 1, 1), else_=0)",
        "case((inbound.c.tries > 0, 1), else_=0)",
        "tests/store/test_inbox.py",
    ),
    Break(
        "tries are not counted before the work",
        f"{STORE}/inbox.py",
        ".values(tries=inbound.c.tries + 1, claimed_by=by)",
        ".values(claimed_by=by)",
        "tests/loops/test_handle.py",
    ),
    Break(
        "a mail half handled leaves its traces",
        "mailbot/loops/handle.py",
        "                with work.savepoint():",
        "                if work:",
        "tests/loops/test_handle.py",
    ),
    Break(
        "a full disk sets mails aside",
        "mailbot/loops/handle.py",
        "store.give_back([inbound.id for inbound in batch])",
        "store.give_back([])",
        "tests/loops/test_handle.py",
    ),
    Break(
        "there are two digests a day",
        "mailbot/core/reminders.py",
        "else last < day",
        "else last <= day",
        "tests/core/test_reminders.py",
    ),
    Break(
        "a mail is called handled before it is answered",
        f"{STORE}/inbox.py",
        ".values(tries=inbound.c.tries + 1, claimed_by=by)",
        ".values(tries=inbound.c.tries + 1, state=InboundState.HANDLED, handled_at=at)",
    ),
    Break(
        "a mail is sent again at once when the connection is lost after its content",
        "mailbot/adapters/smtp/line.py",
        "            if not offered:\n",
        "            if True:\n",
        "tests/smtp/test_misfortune.py",
    ),
    Break(
        "a mail counts for the rate limit only when it begins",
        "mailbot/adapters/smtp/pace.py",
        "            self._ended.append(self._now())",
        "            self._ended.append(self._now() - 3)",
        "tests/smtp/test_pace.py",
    ),
    Break(
        "a letter whose time ends while it waits for its turn is begun",
        "mailbot/loops/deliver.py",
        "    return clock() < claim.deadline",
        "    return True",
        "tests/loops/test_outage.py",
    ),
    Break(
        "what waited for the server goes on waiting when it is back",
        f"{STORE}/store.py",
        'if server == "smtp" and not trouble and',
        "if False and",
        "tests/loops/test_outage.py",
    ),
    Break(
        "a storm of kills sets innocent mail aside",
        f"{STORE}/inbox.py",
        ".where(true() if calm else",
        ".where(true() if True else",
        "tests/loops/test_handle.py",
    ),
    Break(
        "somebody's later mail overtakes the one that was put back",
        f"{STORE}/inbox.py",
        "first.get(senders[row.id], row.id) >= row.id",
        "True",
        "tests/loops/test_handle.py",
    ),
    Break(
        "an order is taken from any address",
        "mailbot/core/approval.py",
        "if message.sender is None or message.sender.address not in {organiser.address for organiser in organisers}:",
        "if message.sender is None:",
        "tests/approval/test_attacks.py",
    ),
    Break(
        "an order without a verdict is taken where the server writes them",
        "mailbot/core/approval.py",
        "if proof is Authentication.FAILED or (judged and proof is not Authentication.PASSED):",
        "if proof is Authentication.FAILED:",
        "tests/approval/test_attacks.py",
    ),
    Break(
        "a mandate serves twice",
        f"{STORE}/proposals.py",
        ".where(proposal.c.id.in_(list(ids)), _OPEN, *conditions)",
        ".where(proposal.c.id.in_(list(ids)), *conditions)",
        "tests/approval/test_attacks.py",
    ),
    Break(
        "what is rejected stays done",
        f"{STORE}/proposals.py",
        ".values(undone=True)",
        ".values(undone=False)",
        "tests/approval/test_approving.py",
    ),
    Break(
        "who waits to be told of a place is reminded of it",
        f"{STORE}/registrations.py",
        "        ~untold_until(reminder.moment),\n",
        "",
        "tests/approval/test_approving.py",
    ),
    Break(
        "transactions take their lock late",
        f"{STORE}/engine.py",
        '"BEGIN" if reading else "BEGIN IMMEDIATE"',
        '"BEGIN"',
        "tests/store",
    ),
    Break(
        "two daemons decide at once",
        f"{STORE}/sharing.py",
        "            take_turn(connection, Lock.WORK)\n",
        "",
        "tests/store/test_several.py::test_whoever_decides_sees_all_that_was_decided_before",
    ),
    Break(
        "a daemon sends somebody's second letter before another has sent the first",
        f"{STORE}/outbox.py",
        "due = due.where(~_behind_anothers())",
        "pass",
        "tests/store/test_several.py::test_letters_to_one_person_are_sent_in_their_order",
    ),
    Break(
        "letters of a daemon that lives are taken from it",
        f"{STORE}/outbox.py",
        "if numbers is not None:",
        "if False:",
        "tests/store/test_several.py::test_letters_of_one_that_died_are_taken_over_and_those_of_one_that_lives_never",
    ),
    Break(
        "a daemon that was thought to be gone has a say in letters that others took over",
        f"{STORE}/outbox.py",
        "    if by is not None:\n        whose",
        "    if False:\n        whose",
        "tests/store/test_several.py::test_what_was_taken_over_is_the_others_to_say_but_what_was_sent_was_sent",
    ),
    Break(
        "a daemon that was thought to be gone handles mails that others took over",
        f"{STORE}/inbox.py",
        "if by is not None and settled.rowcount != 1:",
        "if False:",
        "tests/store/test_several.py::test_a_mail_that_was_taken_over_is_not_handled_twice",
    ),
    Break(
        "mails are in two daemons' hands at once",
        f"{STORE}/inbox.py",
        "if by is not None and _in_hand_elsewhere(connection, by):",
        "if False:",
        "tests/store/test_several.py::test_mails_are_in_one_daemons_hands_at_a_time",
    ),
    Break(
        "two daemons read the mailbox",
        f"{STORE}/store.py",
        "self._fellows.require(connection, Duty.COLLECT)",
        "pass",
        "tests/store/test_several.py::test_only_whoever_reads_the_mailbox_keeps_mails",
    ),
    Break(
        "a process that stood still trusts its last look",
        f"{STORE}/fellows.py",
        "time.monotonic() - self._looked < LEASE",
        "True",
        "tests/store/test_several.py::test_a_look_that_is_too_long_ago_counts_for_nothing",
    ),
]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("MAILBOT_NIGHTLY"), reason="takes minutes; runs with MAILBOT_NIGHTLY=1")
@pytest.mark.parametrize("broken", BREAKS, ids=lambda broken: re.sub(r"\W+", "-", broken.name))
def test_the_break_is_noticed(broken: Break, tmp_path: Path) -> None:
    """The tests named with it fail, each by an assertion or an error of its own."""
    for folder in ("mailbot", "templates", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "corpora"))
    for name in ("pyproject.toml", "config.example.toml"):
        shutil.copy(ROOT / name, tmp_path)
    file = tmp_path / broken.file
    text = file.read_text("utf-8")
    assert text.count(broken.before) == 1, f"{broken.file} has changed: write this break anew"
    file.write_text(text.replace(broken.before, broken.after), "utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", broken.noticed_by],
        cwd=tmp_path,
        env=os.environ | {"HYPOTHESIS_PROFILE": "breaks", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )

    assert (
        str(tmp_path / "mailbot")
        in subprocess.run(
            [sys.executable, "-c", "import mailbot; print(mailbot.__file__)"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert run.returncode == 1, f"nobody noticed: {run.stdout[-2000:]}{run.stderr[-2000:]}"
    assert re.search(r"^FAILED ", run.stdout, re.MULTILINE), run.stdout[-2000:]


def test_every_break_still_fits_the_code() -> None:
    """A break that cannot be made any more proves nothing; this is looked at in every run."""
    unfit = [broken.name for broken in BREAKS if (ROOT / broken.file).read_text("utf-8").count(broken.before) != 1]

    assert unfit == []


def test_the_documents_list_every_break() -> None:
    """With who notices it."""
    told = (ROOT / "docs" / "testing.md").read_text("utf-8")
    by = {STORY: "the story"}
    expected = [
        f"- {broken.name} ({by.get(broken.noticed_by, '`' + broken.noticed_by.partition('::')[0] + '`')})"
        for broken in BREAKS
    ]

    assert [line for line in told.splitlines() if line in expected] == expected
