"""Why a mail was read so, in words: ``evidence`` and ``runner_up``."""

import pytest

from mailbot.core.model import Address, Kind
from tests.intent.series import ASHCOMBE, mail, read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Verrei giovedì prossimo.", "«giovedì» → giovedì 7 marzo (associazioni sportive), nel testo"),
        ("Verrei martedì.", "«martedì» → martedì 12 marzo (musei e biblioteche), l'unico martedì, nel testo"),
        ("Mi iscrivo per il 13 alle 10.", "«13» → mercoledì 13 marzo 10:00 (scuole e genitori), nel testo"),
        (
            "Siamo una palestra e ci iscriviamo.",
            "«palestra» → giovedì 7 marzo (associazioni sportive), per quello che è, nel testo",
        ),
        ("Mi iscrivo il 12, il 7 non posso.", "«il 7 non posso»: escluso"),
        ("Mi iscrivo il 14 marzo.", "«14 marzo»: in quel giorno non c'è nessun incontro, nel testo"),
        ("Mi iscrivo giovedì 12 marzo.", "gli indizi si contraddicono"),
        ("Spostatemi dal 7 al 12.", "lascia «7» → giovedì 7 marzo (associazioni sportive), nel testo"),
        ("Spostatemi dal 7 al 12.", "prende «12» → martedì 12 marzo (musei e biblioteche), nel testo"),
        ("Non ho ricevuto il link.", "«Non ho ricevuto il link»: chiede di nuovo il collegamento"),
        ("L'incontro è gratuito?", "una domanda: «L'incontro è gratuito»"),
        ("Saluti e grazie", "nessuna richiesta che il bot sappia trattare"),
        (
            "Tutti tranne il 12, grazie: mi iscrivo.",
            "«12» → martedì 12 marzo (musei e biblioteche), nel testo: escluso",
        ),
    ],
)
def test_each_clue_is_a_sentence_that_a_person_understands(text: str, expected: str) -> None:
    """The words, what they point to, why, and where they stand."""
    assert expected in read(mail(text)).evidence


def test_the_deed_comes_first_and_what_was_set_aside_last() -> None:
    """In the order of their rank."""
    said = read(mail("Mi iscrivo il 12. Il 7 non posso.")).evidence

    assert said[0] == "si iscrive: «Mi iscrivo il 12»"
    assert said[-1] == "«Il 7 non posso»: escluso"


def test_the_source_is_named() -> None:
    """The subject, the quoted mail, the signature, the name and the address."""
    subject = read(mail("Vorrei partecipare.", "Incontro del 12 marzo"))
    quoted = read(mail("Vorrei partecipare.", "Re: invito", quote="L'incontro sarà martedì 12 marzo alle 18."))
    signature = read(mail("Vorremmo iscriverci.", signature="Anna Verdi\nMuseo del Fischietto"))
    name = read(mail("Vorremmo iscriverci.", sender=Address("info@posta.example", "Museo del Fischietto")))
    address = read(mail("Vorremmo iscriverci.", sender=Address("museo@posta.example", "")))

    assert any("nell'oggetto" in clue for clue in subject.evidence)
    assert any("dal messaggio citato" in clue for clue in quoted.evidence)
    assert any("dalla firma" in clue for clue in signature.evidence)
    assert any("dal nome" in clue for clue in name.evidence)
    assert any("dall'indirizzo" in clue for clue in address.evidence)
    assert {i.register for i in (subject, quoted, signature, name, address)} == {("musei",)}


def test_it_is_said_in_the_language_of_the_series() -> None:
    """The organisers read it, not the sender."""
    said = read(mail("I'll come on Tuesday, I can't make Thursday."), ASHCOMBE).evidence

    assert said == (
        "signs up: «I'll come on Tuesday»",
        "«Tuesday» → Tuesday 11 June (shops and traders), the only Tuesday, in the text",
        "«I can't make Thursday»: ruled out",
    )


def test_the_reading_that_came_second_is_told() -> None:
    """What would have been done without the clue that decided."""
    said = read(mail("Lavoro in un museo ma mi iscrivo per giovedì 7.")).runner_up

    assert said == "altrimenti: martedì 12 marzo (musei e biblioteche), per «museo», nel testo"


def test_there_need_not_be_a_second() -> None:
    """Nothing near, nothing said; and nothing that was refused."""
    assert read(mail("Mi iscrivo per il 12.")).runner_up == ""
    assert read(mail("Mi iscrivo per il 12, il 7 non posso.")).runner_up == ""


def test_a_machine_is_told_by_what_gave_it_away() -> None:
    """The clues of its origin are the evidence."""
    assert read(mail("Mi iscrivo il 12.", kind=Kind.AUTO_REPLY)).evidence == ()
