"""Every letter, in every language, as its reader gets it."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailbot.core.digest import Digest
from mailbot.core.model import Address, Language, Mail, MeetingStatus
from mailbot.core.writing import compose_digest, proof
from mailbot.core.writing.samples import ANNA, AT, SENDER, digests, letters, series
from tests.writing.reading import body, mailto_links, parsed, sample, texts, written

LANGUAGES: tuple[Language, ...] = ("it", "en")
MAILS = list(proof.mails(texts()))
IDS = [path for path, _ in MAILS]


class _Tags(HTMLParser):
    """Whether tags are closed as they were opened, and what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(mail: Mail) -> list[tuple[str, dict[str, str | None]]]:
    """Every tag of the HTML; fails where one is not closed."""
    parser = _Tags()
    parser.feed(body(mail, "html"))
    assert parser.open == []
    return parser.seen


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_every_sample_is_a_whole_letter(path: str, mail: Mail) -> None:
    """Each has a subject, a text of readable width, and well-formed HTML in its own language."""
    language = path.partition("/")[0]
    plain, seen = body(mail), tags(mail)

    assert parsed(mail)["Subject"].strip()
    assert parsed(mail)["Content-Language"] == language
    assert ("html", {"lang": language}) in seen
    assert [tag for tag, _ in seen].count("h1") == 1
    assert [tag for tag, _ in seen].count("title") == 1
    assert all(len(line) <= 76 or "://" in line or "mailto:" in line for line in plain.splitlines())
    assert "\n\n\n" not in plain
    assert re.search(r"{{|{%|None|Undefined|\bobject at\b", plain + body(mail, "html")) is None


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_nothing_is_fetched_from_elsewhere(path: str, mail: Mail) -> None:
    """No pictures, scripts, style sheets or fonts: opening a letter tells nobody anything."""
    fetching = {"img", "script", "link", "iframe", "object", "embed", "video", "audio", "form", "base"}

    assert [tag for tag, _ in tags(mail) if tag in fetching] == []
    assert "url(" not in body(mail, "html")
    assert [attributes for _, attributes in tags(mail) if "src" in attributes] == []


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_letters_are_ascii_on_the_wire(path: str, mail: Mail) -> None:
    """ASCII alone, CRLF line ends and short lines, so that any server takes them."""
    assert mail.raw.isascii()
    assert mail.raw.replace(b"\r\n", b"").count(b"\n") == mail.raw.replace(b"\r\n", b"").count(b"\r") == 0
    head, _, rest = mail.raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, rest.split(b"\r\n"))) <= 78


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shipped_texts_have_no_problems(language: Language) -> None:
    """`mailbot check` finds nothing in the templates as they are shipped."""
    assert [problem for problem in proof.problems(texts()) if problem.startswith(language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["confirmation", "confirmation-again", "promotion", "reminder", "status"])
def test_the_link_stands_in_text_and_html(name: str, language: Language) -> None:
    """Whoever has a place finds the link: in the text, as a button, and as visible text beside it."""
    link = "https://zoom.example/j/814000011?pwd=sport"
    mail = written(sample(name, language))

    assert link in body(mail)
    assert f'href="{link}"' in body(mail, "html")
    assert f">{link}</a>" in body(mail, "html")


@pytest.mark.parametrize("name", ["confirmation-waiting", "confirmation-colleague"])
def test_the_link_is_for_those_who_have_the_place(name: str) -> None:
    """Neither somebody who waits nor somebody who signed a colleague up is sent it."""
    mail = written(sample(name))

    assert "zoom.example" not in body(mail) + body(mail, "html")
    assert "text/calendar" not in mail.raw.decode()


def test_a_confirmation_says_when_and_whose_time_it_is() -> None:
    """Day, date, hours and zone stand in both forms."""
    for form in ("plain", "html"):
        italian = re.sub(r"<[^>]+>|\s+", " ", body(written(sample("confirmation")), form))
        english = re.sub(r"<[^>]+>|\s+", " ", body(written(sample("confirmation", "en")), form))
        for word in ("Giovedì 11 marzo 2027", "ore 17:00–18:30", "(ora italiana)"):
            assert word in italian
        for word in ("Thursday 11 March 2027", "5:00–6:30 pm", "(Italian time)"):
            assert word in english


def test_a_letter_says_what_happens_with_the_data() -> None:
    """How long it is kept, how to have a copy, how to have it deleted, and how to reach a person."""
    mail = written(sample("confirmation"))

    assert "cancellati 90 giorni dopo l'ultimo" in " ".join(body(mail).split())
    assert "ascolto@comune.valverde.example" in body(mail)
    assert {"Vorrei una copia dei miei dati", "Cancellate i miei dati"} <= {link[1] for link in mailto_links(mail)}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("menu-unnamed", "non si capisce di quale incontro"),
        ("menu-no-such-date", "non c'è nessun incontro"),
        ("menu-over", "si è già svolto"),
        ("menu-contradiction", "non corrispondono"),
        ("menu-several", "più di un incontro"),
        ("menu-refused", "ha chiuso le iscrizioni"),
        ("menu-cancelled", "musei e le biblioteche» (martedì 16 marzo) purtroppo è stato annullato."),
        ("status-cancelled", "purtroppo è stato annullato. Non risultano altre iscrizioni"),
        ("status-one-cancelled", "purtroppo è stato annullato"),
        ("menu-held", "La Sua iscrizione è già registrata."),
        ("menu-held", "È già in lista d'attesa."),
        ("menu-held", "chi si iscrive ora va in lista d'attesa"),
        ("confirmation-several", "Gli inviti allegati aggiungono gli incontri al calendario."),
        ("confirmation", "L'invito allegato aggiunge l'incontro al calendario."),
        ("confirmation-colleague", "Se qualcosa non è giusto, basta rispondere"),
        ("menu-nothing", "non ci sono altri incontri"),
        ("confirmation-moved", "abbiamo spostato"),
        ("confirmation-invited", "un'altra persona ha chiesto per Lei"),
        ("confirmation-colleague", "la richiesta per Ugo Bassi"),
        ("confirmation-again", "deve rispondere una persona"),
        ("confirmation-everything", "Ha inoltre queste iscrizioni"),
        ("withdrawal-none", "non deve fare altro"),
        ("status-nothing", "non risultano iscrizioni"),
        ("erasure", "abbiamo cancellato tutti i dati"),
    ],
)
def test_each_case_is_said_in_one_clear_sentence(name: str, said: str) -> None:
    """What is particular about a letter stands in its text and in its HTML."""
    for form in ("plain", "html"):
        text = unescape(re.sub(r"<[^>]+>", "", body(written(sample(name)), form)))
        assert said in " ".join(text.split())


def test_a_menu_offers_each_meeting_at_one_tap() -> None:
    """Every meeting to choose from has its own mail ready."""
    letter = sample("menu-unnamed")
    joins = [subject for _, subject, _ in mailto_links(written(letter)) if subject.startswith("Iscrizione")]

    assert len(joins) == len(letter.offers) == 3


def test_a_menu_asks_nobody_into_a_meeting_that_is_theirs() -> None:
    """What they hold, or wait for, they can leave; the rest is one tap away, and what is full says so on its button."""
    mail = written(sample("menu-held"))
    taps = [subject.partition(" ")[0] for _, subject, _ in mailto_links(mail)]

    assert (taps.count("Iscrizione"), taps.count("Disdico")) == (1, 2)
    assert "Lista d'attesa per giovedì 18 marzo" in unescape(body(mail, "html"))
    assert body(mail).count("\n  Per iscriversi risponda") == 1
    assert body(mail).count("\n  La Sua iscrizione è già registrata.") == 1


@pytest.mark.parametrize(
    ("name", "language", "subject"),
    [
        ("confirmation-several", "it", "Iscrizione confermata: giovedì 11 marzo, ore 17:00–18:30 e un'altra data"),
        ("confirmation-several", "en", "Registration confirmed: Thursday 11 March, 5:00–6:30 pm and another date"),
        ("withdrawal-several", "it", "Disdetta registrata: giovedì 11 marzo e un'altra data"),
        ("withdrawal-several", "en", "Registration cancelled: Thursday 11 March and another date"),
        ("confirmation", "it", "Iscrizione confermata: giovedì 11 marzo, ore 17:00–18:30"),
    ],
)
def test_a_subject_counts_its_dates(name: str, language: Language, subject: str) -> None:
    """One other date is not several."""
    assert parsed(written(replace(sample(name, language), thread=None)))["Subject"] == subject


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["plain", "html"])
def test_after_an_erasure_nothing_is_said_to_be_kept(language: Language, form: str) -> None:
    """Neither a retention time nor a copy is offered of what is gone; how to reach a person is."""
    said = body(written(sample("erasure-nothing", language)), form)

    assert "90" not in re.sub(r"<style>.*</style>|style=\"[^\"]*\"", "", said, flags=re.DOTALL)
    assert "ascolto@comune.valverde.example" in said
    assert "mailto:iscrizioni" not in said


def test_the_digest_says_all_in_its_subject() -> None:
    """What is new and what waits for a person can be read without opening it; one is not many."""
    subjects = {path: str(parsed(mail)["Subject"]) for path, mail in MAILS if "digest" in path}

    assert subjects == {
        "it/digest": "4 nuove iscrizioni, 1 disdetta, 2 messaggi da leggere, 2 problemi – Valverde in ascolto",
        "it/digest-quiet": "Nessuna nuova iscrizione – Valverde in ascolto",
        "it/digest-supervised": "4 nuove iscrizioni, 1 disdetta, 3 risposte da approvare, 1 messaggio da leggere"
        " – Valverde in ascolto",
        "en/digest": "4 new registrations, 1 cancelled, 2 mails to read, 2 problems – Valverde is listening",
        "en/digest-supervised": "4 new registrations, 1 cancelled, 3 answers to approve, 1 mail to read"
        " – Valverde is listening",
        "en/digest-quiet": "No new registrations – Valverde is listening",
    }


def _digest_mail(digest: Digest, language: Language = "it") -> Mail:
    return compose_digest(digest, ANNA, series(language), SENDER, texts(), AT, "<d@comune.valverde.example>")


def test_the_digest_begins_with_what_a_person_must_do() -> None:
    """Mails to read, then letters that failed and mails set aside, then the meetings, then the names."""
    digest = dict(digests("it"))["digest"]
    for form in ("plain", "html"):
        said = body(_digest_mail(digest), form)
        order = ["attestato di partecipazione", "asd@pec.example", "KeyError", "musei e le biblioteche", "ASD Valverde"]
        places = [said.find(words) for words in order]
        assert -1 not in places
        assert places == sorted(places)


@pytest.mark.parametrize("form", ["plain", "html"])
def test_the_digest_groups_names_by_meeting(form: str) -> None:
    """Under its title, what has happened in a meeting: first who came, last who left; each name once."""
    said = unescape(re.sub(r"<[^>]+>", "", body(_digest_mail(dict(digests("it"))["digest"]), form)))
    names = said[re.search("che cosa è cambiato", said, re.IGNORECASE).end() :]  # type: ignore[union-attr]
    order = [
        *("associazioni sportive", "Nuove iscrizioni", "Anna Neri", "Dalla lista d'attesa", "Ada Riva"),
        *("In lista d'attesa", "ugo.bassi", "Disdette", "Ivo Sala"),
        *("musei e le biblioteche", "Teresa Conti", "Lea Villa"),
    ]
    places = [names.find(words) for words in order]

    assert -1 not in places
    assert places == sorted(places)
    assert "gruppi giovanili" not in names


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("it", ["Già fatto: iscrizione, musei e biblioteche", "ne è stato letto solo il testo", "annullato"]),
        ("en", ["Done already: registered, museums and libraries", "only its text was read", "cancelled"]),
    ],
)
@pytest.mark.parametrize("form", ["plain", "html"])
def test_the_digest_says_what_else_bears_on_a_mail(form: str, language: Language, said: list[str]) -> None:
    """What was done because of a mail to read, and whether it was read whole; which meetings are off."""
    mail = _digest_mail(dict(digests(language))["digest"], language)
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", body(mail, form))).split())

    assert [what for what in said if what.lower() not in words.lower()] == []


def test_one_place_is_not_several() -> None:
    """A meeting with one place has "1 posto"."""
    digest = dict(digests("it"))["digest"]
    count = replace(digest.meetings[0], confirmed=1, meeting=replace(digest.meetings[0].meeting, capacity=1))

    assert "1 persona iscritta su 1 posto," in body(_digest_mail(replace(digest, meetings=(count,))))


def test_the_digest_carries_the_table_of_all_registrations() -> None:
    """Attached as a CSV; what would be a formula is text."""
    table = next(parsed(_digest_mail(dict(digests("it"))["digest"])).iter_attachments())

    assert (table.get_filename(), table.get_content_type()) == ("iscrizioni.csv", "text/csv")
    assert "'=Teresa" in table.get_payload(decode=True).decode("utf-8-sig")  # type: ignore[union-attr]


HOSTILE = "\u202eEvil\u2066 <img src=x onerror=alert(1)>\r\n\r\nBcc: x@y.example {{ 7*7 }} \"'" + "a" * 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_strangers_wrote_is_harmless_in_a_digest(language: Language) -> None:
    """No tag, no line of its own, no mark that turns the reading round, no length without end; the words are kept."""
    digest = dict(digests(language))["digest"]
    odd = replace(
        digest,
        changes=tuple(replace(change, name=HOSTILE, organisation=HOSTILE) for change in digest.changes),
        to_read=tuple(
            replace(
                item, subject=HOSTILE, opening=HOSTILE, why=HOSTILE, done=(replace(digest.changes[0], name=HOSTILE),)
            )
            for item in digest.to_read
        ),
        undelivered=tuple(replace(item, error=HOSTILE) for item in digest.undelivered),
        set_aside=tuple(replace(item, sender=HOSTILE, subject=HOSTILE, error=HOSTILE) for item in digest.set_aside),
    )
    mail = _digest_mail(odd, language)

    assert [tag for tag, _ in tags(mail) if tag == "img"] == []
    for form in ("plain", "html"):
        said = body(mail, form)
        assert "Evil" in said
        assert "{{ 7*7 }}" in said
        assert not set(said) & set("\u202e\u2066")
        assert not re.search("^Bcc:", said, re.MULTILINE)
    assert len(mail.raw) < 60_000


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["confirmation", "confirmation-colleague", "menu-several", "withdrawal", "reminder"])
def test_no_name_speaks_in_a_letter_to_another(name: str, language: Language) -> None:
    """What is no name is not repeated, wherever a name would stand."""
    letter = sample(name, language)
    odd = Address("ugo.bassi@posta.example", HOSTILE)
    mail = written(replace(letter, recipient=odd, attendee=odd if letter.attendee else None))

    assert [tag for tag, _ in tags(mail) if tag == "img"] == []
    assert "Evil" not in body(mail) + body(mail, "html")


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        *[("Anna Neri", "Anna Neri"), ("MARIA ROSSI", "Maria Rossi"), ("Maria De Luca", "Maria De Luca")],
        *[("Luca D'Angelo", "Luca D'Angelo"), ("Maria di Dio", "Maria di Dio"), ("Maria", "Maria"), ("王伟", "王伟")],
        *[("info", ""), ("maria rossi", ""), ("MARIA", ""), ("Segreteria", ""), ("ASD Pallavolo", "")],
        *[("Comune di Lucca", ""), ("A.S.D. Judo", ""), ("anna@x.example", ""), ("", "")],
    ],
)
def test_a_reader_is_greeted_by_name_only_where_it_is_one(name: str, greeted: str) -> None:
    """Better no name than a wrong one."""
    letter = replace(sample("acknowledgement"), recipient=replace(ANNA, name=name))

    assert body(written(letter)).startswith(f"Gentile {greeted},\n" if greeted else "Buongiorno,\n")


@pytest.mark.parametrize(("path", "mail"), MAILS, ids=IDS)
def test_a_text_holds_no_encoded_links(path: str, mail: Mail) -> None:
    """Whoever reads the text alone is told words to reply with."""
    assert "mailto:" not in body(mail)
    assert re.search("%[0-9A-F]{2}", body(mail)) is None


@pytest.mark.parametrize("form", ["plain", "html"])
def test_whoever_waits_reads_their_turn(form: str) -> None:
    """And nothing where nobody counted."""
    letter = sample("confirmation-waiting")
    uncounted = replace(letter, registered=tuple(replace(place, queue=None) for place in letter.registered))

    assert "attesa, al 3º posto" in body(written(letter), form)
    assert "al 3º" not in body(written(uncounted), form)
    assert "None" not in body(written(uncounted), form)


@pytest.mark.parametrize(
    ("status", "said"),
    [(MeetingStatus.CANCELLED, "annullato"), (MeetingStatus.CLOSED, "chiuso"), (MeetingStatus.OPEN, "già svolto")],
)
def test_a_meeting_that_takes_nobody_says_why(status: MeetingStatus, said: str) -> None:
    """By its title, in text and HTML."""
    letter = sample("menu-refused")
    mail = written(replace(letter, refused=tuple(replace(m, status=status) for m in letter.refused)))

    for form in ("plain", "html"):
        words = " ".join(unescape(body(mail, form)).split())
        assert "«Incontro con le associazioni sportive» (giovedì 11 marzo)" in words
        assert said in words


def test_a_reminder_begins_with_the_link() -> None:
    """In the text it stands before all else but the greeting; in the HTML the first link is the one to join."""
    mail = written(sample("reminder"))
    first = next(attributes["href"] for tag, attributes in tags(mail) if tag == "a")

    assert "zoom.example" in body(mail).split("\n\n")[2]
    assert first is not None
    assert "zoom.example" in first


def test_each_letter_kind_has_its_files() -> None:
    """No template of one language is missing in the other."""
    folder = Path(__file__).parent.parent.parent / "templates"
    italian, english = ({path.name for path in (folder / language).iterdir()} for language in LANGUAGES)

    assert italian == english


def test_samples_are_of_an_invented_town() -> None:
    """The letters that are shown about use reserved names alone."""
    everything = " ".join(body(mail) + str(parsed(mail)["From"]) for _, mail in MAILS)

    assert set(re.findall(r"@[\w.-]+\.(\w+)", everything)) == {"example"}
    assert series("it").timezone == ZoneInfo("Europe/Rome")
    assert len(dict(letters("it"))) == len(dict(letters("en")))
