"""The promises that the schema keeps, on a real database file."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from mailbot.adapters.store import SqlStore, open_engine
from mailbot.adapters.store.engine import migrate, require_present
from mailbot.adapters.store.tables import metadata, registration
from mailbot.core import reminders
from mailbot.core.digest import Deed
from mailbot.core.model import (
    Address,
    Kind,
    Letter,
    LetterKind,
    Mail,
    Outcome,
    Place,
    Registration,
    RegistrationStatus,
)
from mailbot.core.retry import Again, GivenUp, Sent
from mailbot.core.situation import Decision, Enrolment, Newcomer
from mailbot.core.status import LATELY
from mailbot.ports import Arrival, Cursor, Handled, Kept, StoreTrouble
from tests import samples

NOW = samples.NOW
CONFIRMED, WAITING, CANCELLED = RegistrationStatus
SERIES = samples.series()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "mailbot.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[SqlStore]:
    """A store that knows the series."""
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine, NOW)
    store = SqlStore(engine)
    with store.work() as work:
        work.note_meetings(SERIES)
    yield store
    store.close()


def kept(uid: int, fingerprint: str | None = None) -> Kept:
    """A small mail."""
    return Kept(Arrival(uid, b"Subject: x\r\n\r\nx", NOW, 16), fingerprint or f"print {uid}")


def upto(uid: int, uidvalidity: int = 7) -> Cursor:
    """A place in the inbox."""
    return Cursor("INBOX", uidvalidity, uid)


HANDLED = Handled(Outcome.ACT, Kind.PERSON, False, "anna@posta.example", "Iscrizione", "Vorrei", "")


def enrol(
    store: SqlStore, code: str = "sport", address: str = "anna@posta.example", at: datetime = NOW
) -> Registration:
    """Gives somebody a place."""
    meeting = SERIES.meeting(code)
    assert meeting
    place = Place(meeting, CONFIRMED, samples.NAMES.calendar_uid(code, address), 0)
    with store.work() as work:
        work.apply(Decision(Outcome.ACT, enrolled=(Enrolment(Newcomer(address, "Anna", "", "it"), place),)), None, at)
        return next(r for r in work.situation(SERIES, address, None).registrations if r.meeting == code)


def letter(purpose: str = "reply:1", **changes: object) -> Letter:
    """A letter to Anna."""
    values: dict[str, object] = {
        "kind": LetterKind.CONFIRMATION,
        "purpose": purpose,
        "recipient": Address("anna@posta.example"),
        "language": "it",
        "deadline": NOW + timedelta(days=3),
    }
    return Letter(**(values | changes))  # type: ignore[arg-type]


def mail(purpose: str = "reply:1", recipient: str = "anna@posta.example") -> Mail:
    """A mail whose bytes are its purpose."""
    return Mail(samples.NAMES.message_id(purpose), recipient, purpose.encode())


# --- collecting -------------------------------------------------------------------------------------------------------


def test_mails_and_the_cursor_are_kept_together(store: SqlStore) -> None:
    """After a commit both are there."""
    assert store.cursor("INBOX") is None
    assert store.keep([kept(3), kept(5)], upto(5), NOW) == 2
    assert store.cursor("INBOX") == upto(5)


def test_the_same_mail_delivered_twice_is_one_mail(store: SqlStore) -> None:
    """Also under another UIDVALIDITY, after the server has renumbered the folder."""
    store.keep([kept(3, "same")], upto(3), NOW)

    assert store.keep([kept(4, "same")], upto(4), NOW) == 0
    assert store.keep([kept(1, "same")], upto(1, uidvalidity=8), NOW) == 0
    assert [mail.fingerprint for mail in store.take(10, NOW)] == ["same"]


def test_every_delivery_of_a_handled_mail_is_filed(store: SqlStore) -> None:
    """A copy that lies in the inbox twice is moved twice."""
    store.keep([kept(3, "same"), kept(4, "same"), kept(5, "other")], upto(5), NOW)
    [first, _] = store.take(10, NOW)
    with store.work() as work:
        work.settle(first.id, HANDLED, NOW)

    assert [filing.uid for filing in store.unfiled("INBOX", 7, 10)] == [3, 4]
    store.note_filed("INBOX", 7, [3], NOW)
    assert [filing.uid for filing in store.unfiled("INBOX", 7, 10)] == [4]
    assert store.unfiled("INBOX", 8, 10) == []


# --- handling ---------------------------------------------------------------------------------------------------------


def test_a_mail_that_ends_the_process_is_set_aside_after_three_tries(store: SqlStore) -> None:
    """It is taken alone from the second try on, so that it takes no other with it."""
    store.keep([kept(1), kept(2)], upto(2), NOW)

    assert [len(store.take(10, NOW)) for _ in range(3)] == [2, 1, 1]
    with store.work() as work:
        work.settle(2, HANDLED, NOW)
    assert store.take(10, NOW) == []
    status = store.status(SERIES, NOW - LATELY)
    assert status.outcomes == {"set-aside": 1, "act": 1}
    assert status.set_aside_lately == 1


def test_fresh_mails_go_first_so_that_a_bad_one_holds_nobody_up(store: SqlStore) -> None:
    """One that was tried before waits behind those that were not."""
    store.keep([kept(1)], upto(1), NOW)
    store.take(10, NOW)
    store.keep([kept(2), kept(3)], upto(3), NOW)

    assert [mail.id for mail in store.take(10, NOW)] == [2, 3]


def test_a_fault_is_counted_and_the_third_sets_the_mail_aside(store: SqlStore) -> None:
    """The mail and the error are kept."""
    store.keep([kept(1)], upto(1), NOW)
    aside = []
    for _ in range(3):
        [taken] = store.take(10, NOW)
        aside.append(store.note_failure(taken.id, "KeyError: 'x'", NOW))

    assert aside == [False, False, True]
    [shown] = store.digest(SERIES, NOW.date(), None).set_aside
    assert shown.error == "KeyError: 'x'"


def test_what_leaves_a_savepoint_by_an_exception_is_undone_alone(store: SqlStore) -> None:
    """The rest of the batch is committed."""
    with store.work() as work:
        work.queue(letter("one"), mail("one"), None, NOW)
        with pytest.raises(KeyError), work.savepoint():
            work.queue(letter("two"), mail("two"), None, NOW)
            raise KeyError
        work.queue(letter("three"), mail("three"), None, NOW)

    assert [claim.parcel.raw for claim in store.claim(10, NOW)] == [b"one", b"three"]


# --- registrations ----------------------------------------------------------------------------------------------------


def test_a_person_has_one_registration_a_meeting(store: SqlStore) -> None:
    """Enrolled again, the row lives again; a second row cannot be made."""
    first = enrol(store)
    gone = replace(first, status=CANCELLED, cancelled_at=NOW, sequence=1)
    with store.work() as work:
        work.apply(Decision(Outcome.ACT, withdrawn=(gone,)), None, NOW)
    again = enrol(store)

    assert (again.id, again.uid, again.status) == (first.id, first.uid, CONFIRMED)
    with pytest.raises(IntegrityError), store._write() as connection:  # the schema itself, past our own queries
        connection.execute(
            registration.insert().values(
                meeting="sport", person_id=first.person.id, status="confirmed", registered_at=NOW, uid="other"
            )
        )


def test_what_a_mail_does_not_say_of_a_person_stays_as_it_was(store: SqlStore) -> None:
    """An empty name does not overwrite a known one."""
    enrol(store)
    meeting = SERIES.meetings[1]
    place = Place(meeting, CONFIRMED, "musei.x@valverde.example", 0)
    with store.work() as work:
        newcomer = Newcomer("anna@posta.example", "", "ASD", "en")
        work.apply(Decision(Outcome.ACT, enrolled=(Enrolment(newcomer, place),)), None, NOW)
        person = work.situation(SERIES, "anna@posta.example", None).person

    assert person is not None
    assert (person.name, person.organisation, person.language) == ("Anna", "ASD", "en")


def test_a_new_time_raises_the_sequence_of_those_who_have_a_place(store: SqlStore) -> None:
    """A changed title does not."""
    enrol(store)
    retitled = samples.series(samples.meeting(title="Altro"), SERIES.meetings[1])
    moved = samples.series(samples.meeting(day=13), SERIES.meetings[1])
    with store.work() as work:
        assert work.note_meetings(retitled) == ()
        assert [meeting.code for meeting in work.note_meetings(moved)] == ["sport"]
        assert work.note_meetings(moved) == ()
        assert work.situation(SERIES, "anna@posta.example", None).registrations[0].sequence == 1


# --- reminders --------------------------------------------------------------------------------------------------------


def test_reminders_go_to_those_who_signed_up_before_they_fell_due_and_once(store: SqlStore) -> None:
    """Late comers know already; those who were told are not told again."""
    due = reminders.Due(SERIES.meetings[0], timedelta(days=1))
    early = enrol(store, address="early@posta.example", at=due.moment - timedelta(hours=1))
    enrol(store, address="late@posta.example", at=due.moment + timedelta(hours=1))
    enrol(store, "musei", "other@posta.example", at=NOW)

    with store.work() as work:
        found = work.to_remind(due, 10)
        assert [r.person.address for r in found] == ["early@posta.example"]
        told = reminders.letter(early, due, NOW)
        work.queue(told, mail(told.purpose, "early@posta.example"), None, NOW)
        assert work.to_remind(due, 10) == []
        assert len(work.to_remind(replace(due, before=timedelta(hours=1)), 10)) == 2


def test_withdrawing_withholds_a_reminder_that_was_not_sent_yet(store: SqlStore) -> None:
    """Nobody who cancelled is reminded; a letter of another kind still goes out."""
    held = enrol(store)
    with store.work() as work:
        told = reminders.letter(held, reminders.Due(SERIES.meetings[0], timedelta(days=1)), NOW)
        work.queue(told, mail(told.purpose), None, NOW)
        work.queue(letter("promotion", registration_id=held.id), mail("promotion"), None, NOW)
        gone = replace(held, status=CANCELLED, cancelled_at=NOW, sequence=1)
        work.apply(Decision(Outcome.ACT, withdrawn=(gone,)), None, NOW)

    assert [claim.parcel.raw for claim in store.claim(10, NOW)] == [b"promotion"]
    assert store.status(SERIES, NOW).letters == {"sending": 1, "withheld": 1}


# --- the outbox -------------------------------------------------------------------------------------------------------


def test_a_purpose_is_served_once(store: SqlStore) -> None:
    """A second letter with the same purpose is not queued."""
    with store.work() as work:
        assert work.queue(letter(), mail(), None, NOW)
        assert not work.queue(letter(), replace(mail(), raw=b"other"), None, NOW)

    assert [claim.parcel.raw for claim in store.claim(10, NOW)] == [b"reply:1"]


def test_a_claimed_letter_is_nobody_elses_until_it_is_settled(store: SqlStore) -> None:
    """Tried again only when it is due again; sent is sent."""
    with store.work() as work:
        work.queue(letter(), mail(), None, NOW)
    [claim] = store.claim(10, NOW)
    assert (claim.tries, store.claim(10, NOW), store.next_try_at()) == (1, [], None)

    later = NOW + timedelta(minutes=1)
    store.settle(claim.parcel.id, Again(later, "451 busy"), NOW)
    assert (store.claim(10, NOW), store.next_try_at()) == ([], later)
    [again] = store.claim(10, later)
    assert (again.tries, again.parcel) == (2, claim.parcel)

    store.settle(claim.parcel.id, Sent("ok"), later)
    assert (store.claim(10, later + timedelta(days=1)), store.next_try_at()) == ([], None)


def test_letters_that_were_being_sent_at_a_crash_go_out_again_unchanged(store: SqlStore) -> None:
    """Whether they went out is not known; the bytes are the same."""
    with store.work() as work:
        work.queue(letter(), mail(), None, NOW)
    [before] = store.claim(10, NOW)

    assert store.recover(NOW) == 1
    [after] = store.claim(10, NOW)
    assert after.parcel == before.parcel


def test_a_letter_that_was_given_up_is_in_the_digest(store: SqlStore) -> None:
    """With the reason the server gave."""
    with store.work() as work:
        work.queue(letter(), mail(), None, NOW)
    [claim] = store.claim(10, NOW)
    store.settle(claim.parcel.id, GivenUp("550 no such user"), NOW)

    [undelivered] = store.digest(SERIES, NOW.date(), None).undelivered
    assert (undelivered.recipient, undelivered.error) == ("anna@posta.example", "550 no such user")
    assert store.digest(SERIES, NOW.date(), NOW).undelivered == ()


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_the_digest_tells_what_happened_since_the_last_one(store: SqlStore) -> None:
    """Counts, names and mails to read, each once."""
    held = enrol(store)
    later = NOW + timedelta(hours=1)
    gone = replace(held, status=CANCELLED, cancelled_at=later, sequence=1)
    with store.work() as work:
        work.apply(Decision(Outcome.ACT, withdrawn=(gone,)), None, later)
    store.keep([kept(1)], upto(1), NOW)
    [taken] = store.take(1, NOW)
    with store.work() as work:
        work.settle(taken.id, replace(HANDLED, attention=True, why="È gratuito?"), later)

    whole = store.digest(SERIES, NOW.date(), None)
    since = store.digest(SERIES, NOW.date(), NOW)

    assert [change.deed for change in whole.changes] == [Deed.REGISTERED, Deed.WITHDRAWN]
    assert [change.deed for change in since.changes] == [Deed.WITHDRAWN]
    assert [(count.meeting.code, count.confirmed, count.new, count.withdrawn) for count in since.meetings] == [
        ("sport", 0, 0, 1),
        ("musei", 0, 0, 0),
    ]
    assert [item.why for item in since.to_read] == ["È gratuito?"]
    assert store.digest(SERIES, NOW.date(), later).to_read == ()


def test_forgetting_a_person_leaves_counts_alone(store: SqlStore) -> None:
    """No byte of the address or the mail is left in the file's live rows."""
    enrol(store)
    store.keep([Kept(Arrival(1, b"From: anna@posta.example\r\n\r\nciao", NOW, 30), "f")], upto(1), NOW)
    [taken] = store.take(1, NOW)
    with store.work() as work:
        work.settle(taken.id, HANDLED, NOW)
        work.queue(letter(), mail(), taken.id, NOW)
        work.queue(
            letter("other", recipient=Address("ugo@posta.example")), mail("other", "ugo@posta.example"), None, NOW
        )
        assert work.forget("anna@posta.example", NOW) == 3

    with store._read() as connection:
        rows = [repr(row) for table in metadata.sorted_tables for row in connection.execute(table.select())]
    assert not [row for row in rows if "anna" in row.lower()]
    assert [row for row in rows if "ugo" in row]
    assert store.status(SERIES, NOW).outcomes == {"act": 1}


def test_personal_data_ends_with_the_retention_time(store: SqlStore) -> None:
    """Mails and letters by their age, people by their last meeting; what is younger stays."""
    enrol(store)
    store.keep([kept(1), kept(2)], upto(2), NOW)
    first, second = store.take(2, NOW)
    with store.work() as work:
        work.settle(first.id, HANDLED, NOW)
        work.settle(second.id, HANDLED, NOW + timedelta(days=40))
        work.queue(letter(), mail(), first.id, NOW)
    store.settle(store.claim(1, NOW)[0].parcel.id, Sent("ok"), NOW)

    assert store.forget_before(NOW + timedelta(days=1)) == 2
    assert len(store.registrations()) == 1
    assert store.forget_before(NOW + timedelta(days=30)) == 1
    assert store.registrations() == ()


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_migrations_lead_to_the_schema(store: SqlStore) -> None:
    """What a step-by-step upgrade makes is what the tables say."""
    with store._read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_only_the_owner_can_read_the_file(store: SqlStore, file: Path) -> None:
    """The database and its logs hold addresses."""
    enrol(store)

    assert {stat.S_IMODE(found.stat().st_mode) for found in file.parent.glob("mailbot.sqlite*")} == {0o600}


def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is the database as it was."""
    file = tmp_path / "old.sqlite"
    engine = open_engine(f"sqlite:///{file}")
    migrate(engine, NOW)
    SqlStore(engine).keep([kept(1)], upto(1), NOW)
    versions = Path(migrate.__code__.co_filename).parent / "migrations"
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    for source in [versions / "env.py", versions / "versions" / "0001_first.py"]:
        (scripts / source.relative_to(versions)).write_text(source.read_text())
    (scripts / "versions" / "0002_next.py").write_text(
        "from alembic import op\nrevision, down_revision = '0002', '0001'\n"
        "def upgrade():\n    op.execute('CREATE TABLE added (x INTEGER)')\n"
    )
    monkeypatch.setattr("mailbot.adapters.store.engine.MIGRATIONS", scripts)

    copy = migrate(engine, NOW)

    assert copy == str(tmp_path / f"old.sqlite.before-0001-{NOW:%Y%m%dT%H%M%SZ}")
    with closing(sqlite3.connect(copy)) as old, closing(sqlite3.connect(file)) as new:
        query = "SELECT count(*) FROM sqlite_master WHERE name = 'added'"
        assert [old.execute(query).fetchone(), new.execute(query).fetchone()] == [(0,), (1,)]
        assert old.execute("SELECT count(*) FROM inbound").fetchone() == (1,)
    assert stat.S_IMODE(os.stat(copy).st_mode) == 0o600
    engine.dispose()


def test_a_file_of_a_newer_version_is_refused(store: SqlStore, file: Path) -> None:
    """And left as it is."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    engine = open_engine(f"sqlite:///{file}")

    with pytest.raises(StoreTrouble, match="newer mailbot"):
        migrate(engine, NOW)
    engine.dispose()


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    """Nothing is overwritten."""
    file = tmp_path / "broken.sqlite"
    file.write_bytes(content)
    engine = open_engine(f"sqlite:///{file}")

    with pytest.raises(StoreTrouble, match=r"not a database|damaged|malformed"):
        migrate(engine, NOW)
    engine.dispose()
    assert file.read_bytes() == content


def test_looking_makes_no_database(tmp_path: Path) -> None:
    """A command that only looks says that there is nothing to look at."""
    file = tmp_path / "missing.sqlite"
    with pytest.raises(StoreTrouble, match="no database yet"):
        require_present(open_engine(f"sqlite:///{file}"))

    assert not file.exists()


def test_a_folder_that_is_missing_is_told_with_its_mend(tmp_path: Path) -> None:
    """In words for who runs it."""
    with pytest.raises(StoreTrouble, match="check that the folder exists"):
        migrate(open_engine(f"sqlite:///{tmp_path}/missing/mailbot.sqlite"), NOW)


def test_a_locked_database_is_trouble_and_not_a_fault(
    store: SqlStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that writes makes us try later."""
    monkeypatch.setattr("mailbot.adapters.store.engine.BUSY_SECONDS", 0.1)
    impatient = SqlStore(open_engine(f"sqlite:///{file}"))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreTrouble, match="another process holds the database"):
            impatient.claim(1, NOW)
    impatient.close()


def test_writers_in_threads_wait_for_each_other(store: SqlStore) -> None:
    """No lock error, nothing lost."""

    def keep(start: int) -> None:
        for uid in range(start, start + 20):
            store.keep([kept(uid)], upto(uid), NOW)

    threads = [threading.Thread(target=keep, args=(start,)) for start in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.take(100, NOW)) == 60


def test_moments_come_back_aware_and_in_utc(store: SqlStore) -> None:
    """Whatever zone they were stored from."""
    at = datetime(2024, 7, 1, 12, 0, tzinfo=samples.ZONE)
    store.note_contact("imap", at)

    contact = store.status(SERIES, NOW).contacts["imap"]
    assert (contact.at, contact.trouble) == (at, "")
    assert contact.at is not None
    assert contact.at.tzinfo is UTC
