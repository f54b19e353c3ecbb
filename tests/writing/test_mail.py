"""The mail around a letter: headers, threading, structure; and what strangers cannot do to it."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbot.core.model import Address, Attachment, Letter, LetterKind, RegistrationStatus, Thread
from mailbot.core.writing import Sender, compose
from mailbot.core.writing.compose import wrapped
from mailbot.core.writing.mime import header_text, mailbox, message_ids, reply_subject, whole
from mailbot.core.writing.samples import ANNA, AT, SENDER, series
from tests.writing.reading import body, calendars, mailto_links, parsed, sample, texts, written

ANYTHING = st.text(st.characters(codec=None), max_size=200)
"""Any text at all, halves of characters and line ends included."""

HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"),
    *("X-Auto-Response-Suppress", "X-Mailbot-Id", "Content-Language", "MIME-Version", "Content-Type"),
]


def answering(subject: str = "Iscrizione", message_id: str = "<m@x.example>", *references: str) -> Letter:
    """An acknowledgement of a mail with this subject."""
    return replace(sample("acknowledgement"), thread=Thread(subject, message_id, references))


def test_an_answer_is_threaded_and_marked_as_automatic() -> None:
    """It names the mail it answers, and says to other machines that it needs no answer (RFC 3834)."""
    mail = parsed(written(answering("Iscrizione", "<m3@x.example>", "<m1@x.example>", "<m2@x.example>")))

    assert mail["In-Reply-To"] == "<m3@x.example>"
    assert mail["References"] == "<m1@x.example> <m2@x.example> <m3@x.example>"
    assert mail["Subject"] == "Re: Iscrizione"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply, RN, NRN"
    assert mail["Message-ID"] == "<token@comune.valverde.example>"
    assert mail["X-Mailbot-Id"] == "token"
    assert mail["List-Unsubscribe"] is None
    assert str(mail["From"]) == "Comune di Valverde – iscrizioni <iscrizioni@comune.valverde.example>"
    assert str(mail["To"]) == "Anna Neri <anna.neri@posta.example>"
    assert mail["Date"].datetime == AT
    assert mail.keys() == HEADERS


@pytest.mark.parametrize("name", ["reminder", "promotion"])
def test_a_letter_that_answers_nothing_is_marked_as_generated(name: str) -> None:
    """It has no thread, and the changed facts in its subject."""
    mail = parsed(written(sample(name)))

    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None
    assert "17:00" in mail["Subject"]


def test_a_reminder_can_be_unsubscribed_from_by_mail() -> None:
    """List-Unsubscribe (RFC 2369) withdraws from this very meeting."""
    letter = sample("reminder")
    leaving = next(link for link in mailto_links(written(letter)) if "Disdico" in link[1])
    header = parsed(written(letter))["List-Unsubscribe"]

    assert header.startswith("<mailto:iscrizioni@comune.valverde.example?subject=Disdico%20")
    assert leaving[1] == "Disdico l'iscrizione all'incontro di giovedì 11 marzo, ore 17:00 (associazioni sportive)"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Iscrizione", "Re: Iscrizione"),
        ("Re: Iscrizione", "Re: Iscrizione"),
        ("R: RE: Re[2]: AW: iscrizione", "Re: iscrizione"),
        ("RIF: iscrizione", "Re: iscrizione"),
        ("Fwd: invito", "Re: Fwd: invito"),
        ("Ricerca: un posto", "Re: Ricerca: un posto"),
        ("17:00?", "Re: 17:00?"),
        ("a\r\nBcc: evil@x.example", "Re: a Bcc: evil@x.example"),
        ("Re:", ""),
        (" \r\n ", ""),
    ],
)
def test_reply_subjects(theirs: str, ours: str) -> None:
    """One "Re:", whatever stood there; nothing where there is nothing to answer."""
    assert reply_subject(theirs) == ours


def test_an_answer_to_a_mail_without_subject_has_one() -> None:
    """The letter's own."""
    assert parsed(written(answering("")))["Subject"] == "Il Suo messaggio è arrivato"


@given(ANYTHING, ANYTHING, st.lists(ANYTHING, max_size=3), ANYTHING)
@example("x\r\nBcc: a@b.example\r\n\r\nbody", "<a@b>\r\nX-Evil: 1", ["<c@d>\nX-Evil: 2"], 'A" <evil@x.example>, "B')
@example("\ud83d", "<\ud83d@x>", ["<>"], "=?utf-8?q?a?=")
def test_no_stranger_can_begin_a_header(subject: str, message_id: str, references: list[str], name: str) -> None:
    """Whatever a mail's subject, ids and name hold, the answer has our headers, one recipient, and our body."""
    letter = replace(answering(subject, message_id, *references), recipient=replace(ANNA, name=name))
    mail = written(letter)
    read = parsed(mail)

    assert [key for key in read.keys() if key not in ("In-Reply-To", "References")] == [  # noqa: SIM118
        key for key in HEADERS if key not in ("In-Reply-To", "References")
    ]
    assert [address.addr_spec for address in read["To"].addresses] == [ANNA.address]
    assert mail.raw.isascii()
    assert read.get_content_type() == "multipart/alternative"
    assert "deve rispondere una persona" in body(mail).replace("\n", " ")


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs")), min_size=1, max_size=120))
@example("=?utf-8?q?a?= b")
@example("a " * 60)
@example("à" * 120)
def test_subjects_come_back_as_they_were(subject: str) -> None:
    """What is encoded for the wire is read back word by word by a mail program."""
    meant = reply_subject(subject)
    got = message_from_bytes(f"Subject: {header_text('Subject', meant)}\r\n\r\n".encode(), policy=policy.default)

    assert str(got["Subject"]) == meant


@pytest.mark.parametrize(
    ("address", "header"),
    [
        (Address("a@x.example"), "a@x.example"),
        (Address("a@x.example", "Anna Neri"), "Anna Neri <a@x.example>"),
        (Address("a@x.example", 'Anna "La" Neri, ASD'), '"Anna La Neri, ASD" <a@x.example>'),
        (Address("a b@x.example", "Neri"), 'Neri <"a b"@x.example>'),
        (Address("a,b@x.example"), '"a,b"@x.example'),
        (Address('"a b"@x.example'), '"a b"@x.example'),
        (Address("a>,<evil@y.example>@x.example"), '"a>,<evil@y.example>"@x.example'),
        (Address("à@x.example", "Anna"), "Anna <à@x.example>"),
    ],
)
def test_addresses_are_one_mailbox_each(address: Address, header: str) -> None:
    """Names lose their double quotes and gain quotes where RFC 5322 wants them; addresses never become two."""
    assert mailbox(address, "To") == header


def test_a_non_ascii_name_is_encoded() -> None:
    """And read back by a mail program."""
    letter = replace(sample("acknowledgement"), recipient=Address("a@x.example", "Niccolò D'Àvila, presidente ☀"))

    assert parsed(written(letter))["To"].addresses[0].display_name == "Niccolò D'Àvila, presidente ☀"


def test_ids_that_are_none_are_left_out() -> None:
    """Only Message-IDs in printable ASCII go into a thread, each once."""
    ids = ["<a@b>", "<a@b>", "a@b", "<a b@c>", "<à@b>", "<a@b>\r\nX: y", f"<{'a' * 600}@b>", "<>", "<<a@b>>"]

    assert message_ids(ids) == ["<a@b>"]


def test_long_threads_keep_their_beginning_and_their_end() -> None:
    """Of a hundred references the first and the last twenty stay, each on a line of its own and unbroken."""
    ids = [f"<{number}.{'x' * 90}@posta.example>" for number in range(100)]
    mail = written(answering("Iscrizione", "<last@x.example>", *ids))

    assert str(parsed(mail)["References"]).split() == [ids[0], *ids[-19:], "<last@x.example>"]


def test_a_header_that_would_become_two_is_refused() -> None:
    """The last lock, where something got past the others."""
    from mailbot.core.writing.mime import text_part

    for value in ("a\r\nBcc: b@x.example", "a\nb", "a\rb", "a\r\n"):
        with pytest.raises(ValueError, match="X-Name would begin another header"):
            whole({"X-Name": value}, text_part("", "plain"))


# --- structure --------------------------------------------------------------------------------------------------------


def structure(letter: Letter) -> list[str]:
    """The types of all parts, in order; of files with their names."""
    parts = parsed(written(letter)).walk()
    return [" ".join(filter(None, (part.get_content_type(), part.get_filename()))) for part in parts]


def test_a_confirmation_carries_its_invite_inline_and_as_a_file() -> None:
    """What Gmail and Outlook act on stands beside the text, what others open is attached, and both are the same."""
    mail = written(sample("confirmation"))
    inline = next(part for part in parsed(mail).walk() if part.get_content_type() == "text/calendar")

    assert structure(sample("confirmation")) == [
        *("multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar"),
        "application/ics invito.ics",
    ]
    assert inline["Content-Type"].params == {"method": "REQUEST", "charset": "UTF-8"}
    assert inline.get_payload(decode=True) == calendars(mail)[0].to_ical()


def test_a_move_invites_to_one_and_cancels_the_other() -> None:
    """The invite comes first, for it is what the mail program shows."""
    mail = written(sample("confirmation-moved"))

    assert [str(calendar["METHOD"]) for calendar in calendars(mail)] == ["REQUEST", "CANCEL"]
    assert structure(sample("confirmation-moved"))[4:] == [
        *("text/calendar", "application/ics invito-musei.ics", "application/ics disdetta-sport.ics"),
    ]
    assert "method=REQUEST" in mail.raw.decode()


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("confirmation-several", ["REQUEST", "REQUEST"]),
        ("confirmation-again", ["REQUEST"]),
        ("confirmation-waiting", []),
        ("confirmation-colleague", []),
        ("promotion", ["REQUEST"]),
        ("withdrawal", ["CANCEL"]),
        ("withdrawal-none", []),
        ("status", []),
        ("status-link", ["REQUEST"]),
        ("erasure", ["CANCEL"]),
        ("reminder", []),
        ("menu-unnamed", []),
    ],
)
def test_calendar_objects_follow_from_the_places(name: str, methods: list[str]) -> None:
    """An invite for a place that is held, a cancellation for one given up, nothing for one that is waited for."""
    assert [str(calendar["METHOD"]) for calendar in calendars(written(sample(name)))] == methods


def test_a_letter_without_files_is_a_plain_alternative() -> None:
    """Nothing is wrapped around text and HTML where nothing is attached."""
    assert structure(sample("acknowledgement")) == ["multipart/alternative", "text/plain", "text/html"]


@given(st.binary(max_size=300))
def test_attachments_come_back_as_they_were(content: bytes) -> None:
    """Byte for byte, under a harmless name."""
    letter = replace(sample("export"), attachments=(Attachment('../a"b\r\n.json', "application/json", content),))
    part = next(iter(parsed(written(letter)).iter_attachments()))

    assert part.get_payload(decode=True) == content
    assert part.get_filename() == ".._a_b__.json"


def test_the_same_letter_is_the_same_bytes() -> None:
    """Nothing is left to chance: a letter written again is the one that was queued."""
    assert written(sample("confirmation-everything")) == written(sample("confirmation-everything"))


def test_a_non_ascii_address_alone_asks_for_utf8_headers() -> None:
    """It stands as it is; the body stays ASCII."""
    letter = replace(sample("acknowledgement"), recipient=Address("josé@x.example"))
    head, _, rest = written(letter).raw.partition(b"\r\n\r\n")

    assert "To: josé@x.example" in head.decode()
    assert rest.isascii()


def test_text_is_read_back_as_it_was_written() -> None:
    """Long lines, dots, "From " at the start of a line, trailing blanks and control characters do no harm."""
    from mailbot.core.writing.mime import Part, text_part

    text = f"From me\n.\n\nè  \n{'x' * 300}\n\x07a\u202eb\r\nend"
    mail = message_from_bytes(whole({}, text_part(text, "plain")), policy=policy.default)
    part: Part = text_part(text, "plain")

    assert mail.get_content().replace("\r\n", "\n") == f"From me\n.\n\nè  \n{'x' * 300}\na\u202eb\nend"  # type: ignore[attr-defined]
    assert max(map(len, part.body.split(b"\r\n"))) <= 76
    assert b"\r\nFrom " not in b"\r\n" + part.body.replace(b"From me", b"", 1)


def test_paragraphs_are_cut_to_a_readable_width() -> None:
    """Indented as they begin; links stay whole; the signature mark keeps its blank."""
    link = f"https://zoom.example/{'x' * 80}"

    assert wrapped(f"\n  {'parola ' * 20}\n\n\n\nLink: {link}\n-- \nComune ") == (
        f"  {' '.join(['parola'] * 10)}\n  {' '.join(['parola'] * 10)}\n\nLink:\n{link}\n-- \nComune\n"
    )


# --- what may be repeated ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Anna Neri", "Niccolò D'Àvila", "Dott. Anna Maria De-Rosa", "李雷"])
def test_people_are_greeted_by_name(name: str) -> None:
    """Names of many kinds."""
    letter = replace(sample("acknowledgement"), recipient=replace(ANNA, name=name))

    assert body(written(letter)).startswith(f"Gentile {name},")


@pytest.mark.parametrize(
    "name",
    [
        *("", "anna.neri@posta.example", "Vinci 1000 euro su evil.example", "www.evil.example", "evil.example"),
        *("http://evil.example", "Clicca qui e vinci subito un premio bellissimo", "<b>Anna</b>", "x" * 50),
    ],
)
def test_what_is_no_name_is_not_repeated(name: str) -> None:
    """A forged sender's name cannot make us advertise to a third person."""
    letter = replace(sample("acknowledgement"), recipient=replace(ANNA, name=name))

    assert body(written(letter)).startswith("Buongiorno,")


def test_html_escapes_what_comes_from_outside() -> None:
    """Titles, names and addresses are text, never tags."""
    from tests.writing.test_letters import tags

    about = series("it")
    nasty = replace(about.meetings[0], title='<script>alert("x")</script> & "co"', sector="<b>")
    letter = replace(sample("confirmation"), registered=(replace(sample("confirmation").registered[0], meeting=nasty),))
    mail = compose(letter, about, SENDER, texts(), AT, "<token@comune.valverde.example>")

    assert "&lt;script&gt;alert(" in body(mail, "html")
    assert {"script", "b"} & {tag for tag, _ in tags(mail)} == set()


def test_every_kind_of_letter_can_be_written_for_anybody() -> None:
    """An address of the shortest form, no name, another sender, another moment."""
    for kind in set(LetterKind) - {LetterKind.DIGEST}:
        letter = replace(sample(kind.value if kind is not LetterKind.MENU else "menu-over"), recipient=Address("a@b.c"))
        sender = Sender("", "bot@x.example", 1)
        mail = compose(letter, series("it"), sender, texts(), datetime(2030, 1, 1, tzinfo=UTC), "<t@x.example>")
        assert mail.recipient == "a@b.c"
        assert parsed(mail)["From"] == "bot@x.example"
        assert all(place.status is not RegistrationStatus.WAITING for place in letter.registered)
