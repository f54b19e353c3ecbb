"""Who writes, for which organisation, and whom they sign up."""

import pytest

from mailbot.core.model import Address
from tests.intent.series import mail, read

NOBODY = Address("info@posta.example", "")


@pytest.mark.parametrize(
    ("shown", "signature", "text", "name"),
    [
        ("Anna Verdi", "", "", "Anna Verdi"),
        ("", "Anna Verdi", "", "Anna Verdi"),
        ("Rugby Piana", "Massimo Orsi", "", "Massimo Orsi"),
        ("Emanuele Rovai", "E. Rovai, educatore", "", "Emanuele Rovai"),
        ("", "Il presidente\nMoreno Guidi", "", "Moreno Guidi"),
        ("", "Il segretario Alfio Santucci", "", "Alfio Santucci"),
        ("", "La Presidente\ndott.ssa Norma Sacchet", "", "Norma Sacchet"),
        ("Lombardi, Cinzia", "Cinzia Lombardi", "", "Cinzia Lombardi"),
        ("Circolo La Lanterna", "", "Sono Maria Rossi, la segretaria.", "Maria Rossi"),
        ("", "", "My name is Wendy Lisle and I would like to come.", "Wendy Lisle"),
        ("info@posta.example", "", "", ""),
        ("Anna Verdi", "La Segreteria", "", "Anna Verdi"),
        ("Anna Verdi", "Museo del Fischietto", "", "Anna Verdi"),
    ],
)
def test_the_name_is_as_signed_as_told_or_as_shown(shown: str, signature: str, text: str, name: str) -> None:
    """Behind roles and titles; the fuller of two forms; never an organisation or an address."""
    message = mail(text or "Mi iscrivo il 12.", signature=signature, sender=Address("info@posta.example", shown))
    assert read(message).name == name


@pytest.mark.parametrize(
    ("shown", "signature", "text", "organisation"),
    [
        ("", "", "Siamo l'Associazione Colline Vive, ci iscriviamo.", "Associazione Colline Vive"),
        ("", "Anna Verdi\nMuseo del Fischietto", "", "Museo del Fischietto"),
        ("Pro Loco Castelrovo", "", "", "Pro Loco Castelrovo"),
        ("Comitato genitori Collodi", "", "", "Comitato genitori Collodi"),
        ("Ass. Genitori per l'Autismo", "", "", "Ass. Genitori per l'Autismo"),
        ("Passi & Arte Onlus", "", "", "Passi & Arte Onlus"),
        ("", "W. Oakes\nThornby & District Angling Club", "", "Thornby & District Angling Club"),
        ("Anna Verdi", "Per il Circolo La Lanterna\nSimonetta Giusti", "", "Circolo La Lanterna"),
        ("Anna Verdi", "", "La nostra Associazione si iscrive.", ""),
        ("Anna Verdi", "", "", ""),
    ],
)
def test_the_organisation_is_named_whole(shown: str, signature: str, text: str, organisation: str) -> None:
    """From the words, the signature or the shown name; a bare word for its kind is none."""
    message = mail(text or "Mi iscrivo il 12.", signature=signature, sender=Address("info@posta.example", shown))
    assert read(message).organisation == organisation


@pytest.mark.parametrize(
    ("text", "attendee"),
    [
        (
            "Iscrivo la collega Patrizia Lago (p.lago@coop.example) al 12.",
            Address("p.lago@coop.example", "Patrizia Lago"),
        ),
        ("Iscrivete al 12 la signora p.lago@coop.example.", Address("p.lago@coop.example", "")),
        ("Mi iscrivo al 12. Scrivetemi a casa@posta.example.", None),
        ("Mi iscrivo al 12. Please reply to home@posta.example", None),
        ("Mi iscrivo al 12, ho scritto a contact@valsenio.example.", None),
        ("Mi iscrivo al 12 con anna.verdi@posta.example.", None),
        ("Mi iscrivo al 12.", None),
    ],
)
def test_another_person_is_signed_up_where_their_address_is_given(text: str, attendee: Address | None) -> None:
    """Not the sender, not the organisers, not an address to write to."""
    assert read(mail(text)).attendee == attendee


def test_an_address_that_is_quoted_or_signed_is_nobodys() -> None:
    """Only the sender's own words sign anybody up."""
    message = mail("Mi iscrivo il 12.", quote="Da: ufficio@comune.example", signature="Anna\nanna@altrove.example")
    assert read(message).attendee is None


def test_who_does_not_sign_up_signs_nobody_up() -> None:
    """A withdrawal or a question has no attendee."""
    assert read(mail("Cancellatemi dal 12, avvisate p.lago@coop.example.")).attendee is None


def test_the_question_is_told_in_the_words_of_the_sender() -> None:
    """What a person must answer, without the signup beside it."""
    assert read(mail("Mi iscrivo il 12. È previsto un parcheggio?")).question == "È previsto un parcheggio"
    assert read(mail("Mi iscrivo il 12.")).question == ""
