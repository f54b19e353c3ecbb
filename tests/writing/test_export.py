"""Tables of registrations, read back by what reads them; and what a cell cannot do."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from defusedxml import ElementTree
from hypothesis import example, given
from hypothesis import strategies as st

from mailbot.core import export
from mailbot.core.model import Holdings, Person, Registration, RegistrationStatus, Series
from mailbot.core.writing.samples import series

AT = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)
ANNA = Person(1, "anna.neri@posta.example", "Anna Neri", "Circolo «L'Àncora»; Valverde, Italia")
FIRST = Registration(
    1, "sport", ANNA, RegistrationStatus.CONFIRMED, AT.replace(microsecond=123456), "sport.1@x.example"
)
GONE = replace(FIRST, id=2, meeting="over", status=RegistrationStatus.CANCELLED, cancelled_at=AT)
BOTH = (FIRST, GONE)


def table(content: bytes, delimiter: str) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_csv_for_programs_has_fixed_names_and_zones() -> None:
    """Commas, English keys, ISO 8601; a meeting that the series has no more keeps its row."""
    first, gone = table(export.to_csv(BOTH, series("it")), ",")

    assert first == {
        "meeting": "sport",
        "title": "Incontro con le associazioni sportive",
        "status": "confirmed",
        "name": "Anna Neri",
        "organisation": ANNA.organisation,
        "address": "anna.neri@posta.example",
        "starts_at": "2027-03-11T17:00:00+01:00",
        "registered_at": "2027-03-01T09:30:00+01:00",
        "cancelled_at": "",
    }
    assert (gone["meeting"], gone["title"], gone["starts_at"]) == ("over", "", "")
    assert gone["cancelled_at"] == "2027-03-01T09:30:00+01:00"


def test_csv_for_people_opens_at_a_double_click() -> None:
    """A byte-order mark, the delimiter and the words of the language, local times that a spreadsheet knows."""
    italian = table(export.to_csv_for_people(BOTH, series("it")), ";")
    english = table(export.to_csv_for_people(BOTH, series("en")), ",")

    assert export.to_csv_for_people(BOTH, series("it")).startswith(b"\xef\xbb\xbfCodice;Incontro;Quando;")
    assert (italian[0]["Stato"], italian[1]["Stato"]) == ("confermata", "disdetta")
    assert (english[0]["Status"], english[0]["When"]) == ("confirmed", "2027-03-11 17:00")
    assert italian[0]["Organizzazione"] == ANNA.organisation


def test_json_has_the_keys_that_others_rely_on() -> None:
    """A list of objects; times with their zone, null where there is none."""
    first, gone = json.loads(export.to_json(BOTH, series("it")))

    assert first == {
        "meeting": "sport",
        "title": "Incontro con le associazioni sportive",
        "status": "confirmed",
        "name": "Anna Neri",
        "organisation": ANNA.organisation,
        "address": "anna.neri@posta.example",
        "starts_at": "2027-03-11T17:00:00+01:00",
        "registered_at": "2027-03-01T09:30:00+01:00",
        "cancelled_at": None,
    }
    assert (gone["status"], gone["starts_at"]) == ("cancelled", None)


def sheet(content: bytes) -> list[Any]:
    """The cells of a workbook's one sheet, as its XML has them."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert [name for name in book.namelist() if "worksheets/" in name] == ["xl/worksheets/sheet1.xml"]
        return list(ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter())


def test_xlsx_has_typed_dates_and_no_formulas() -> None:
    """A date is a number with a format; what looks like a formula, a number or a link is text."""
    odd = replace(FIRST, person=replace(ANNA, name="=1+1", organisation="https://evil.example", address="12"))
    elements = sheet(export.to_xlsx((odd,), series("it")))
    cells = {element.get("r"): element for element in elements if element.tag.endswith("}c")}

    assert cells["C2"].get("t") is None
    assert float(next(iter(cells["C2"])).text) == pytest.approx(46457 + 17 / 24)
    assert {cells[name].get("t") for name in ("E2", "F2", "G2")} == {"s"}
    assert [element for element in elements if element.tag.endswith(("}f", "}hyperlink"))] == []


def test_no_registrations_make_an_empty_table() -> None:
    """The headings stand alone."""
    about: Series = series("it")

    assert table(export.to_csv((), about), ",") == table(export.to_csv_for_people((), about), ";") == []
    assert json.loads(export.to_json((), about)) == []
    assert sheet(export.to_xlsx((), about))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "=1+1",
            "+39 0583",
            "-1",
            "@SUM(A1)",
            "  =1+1",
            "\t=1+1",
            "\r\n=1+1",
            "＝1+1",
            "a;=1+1",
            "a,=1+1",
            'a"=1',
            "a|=1",
        ),
    ],
)
@pytest.mark.parametrize("write", [export.to_csv, export.to_csv_for_people])
def test_no_cell_is_a_formula_whatever_the_delimiter(name: str, write: Any) -> None:
    """Read with commas, semicolons or bars, no field begins as a formula does."""
    content = write((replace(FIRST, person=replace(ANNA, name=name)),), series("it")).decode("utf-8-sig")
    for delimiter in (",", ";", "|", "\t"):
        for line in content.splitlines():
            for field in line.replace('"', delimiter).split(delimiter):
                assert not field.strip().startswith(("=", "+", "-", "@", "＝"))


@given(st.text(st.characters(codec=None), max_size=80))
@example("\ud83d")
@example('a"b;c,d\ne')
def test_any_name_keeps_its_row(name: str) -> None:
    """One row, in every format, whatever a person is called."""
    odd = (replace(FIRST, person=replace(ANNA, name=name, organisation=name)),)

    assert len(table(export.to_csv(odd, series("it")), ",")) == 1
    assert table(export.to_csv_for_people(odd, series("it")), ";")[0]["Indirizzo"] == ANNA.address
    assert json.loads(export.to_json(odd, series("it")))[0]["address"] == ANNA.address
    assert export.to_xlsx(odd, series("it")).startswith(b"PK")


def test_personal_data_is_everything_held() -> None:
    """The person, their registrations, their mails and our letters; who holds it, and when it was made."""
    holdings = Holdings(
        ANNA, BOTH, ((AT, "Iscrizione", "Vorrei venire"),), ((AT, "confirmation", "sent", "La Sua iscrizione"),)
    )
    data = json.loads(export.personal_data(holdings, series("it"), AT))

    assert data["person"]["organisation"] == ANNA.organisation
    assert [one["meeting"] for one in data["registrations"]] == ["sport", "over"]
    assert data["mails_from_you"] == [
        {"received_at": "2027-03-01T09:30:00+01:00", "subject": "Iscrizione", "text": "Vorrei venire"}
    ]
    assert data["letters_to_you"][0]["kind"] == "confirmation"
    assert data["held_by"] == "Comune di Valverde <ascolto@comune.valverde.example>"
    assert data["made_at"] == "2027-03-01T09:30:00+01:00"


def test_personal_data_of_a_stranger_is_empty() -> None:
    """Nothing is held, and that is what it says."""
    data = json.loads(export.personal_data(Holdings(None, (), (), ()), series("it"), AT))

    assert (data["person"], data["registrations"], data["mails_from_you"]) == (None, [], [])
