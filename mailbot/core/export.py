"""Registrations as tables for people (CSV, XLSX) and programs (CSV, JSON), and one person's own copy of everything.

Names are strangers' words: a cell that a spreadsheet would take for a formula is written so that it is text. For people
the headings are in the language of the series, times are local, and a CSV is written as the spreadsheets of that
language open it at a double click: with semicolons where the comma stands in numbers. For programs the headings are
fixed names, and times have their zone.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter

from mailbot.core.model import Holdings, Language, Registration, RegistrationStatus, Series

COLUMNS = (
    *("meeting", "title", "starts_at", "status", "name", "organisation", "address"),
    *("registered_at", "cancelled_at"),
)
_HEADINGS: dict[Language, tuple[str, ...]] = {
    "it": (
        *("Codice", "Incontro", "Quando", "Stato", "Nome", "Organizzazione", "Indirizzo"),
        *("Iscrizione del", "Disdetta del"),
    ),
    "en": (
        *("Code", "Meeting", "When", "Status", "Name", "Organisation", "Address"),
        *("Registered at", "Cancelled at"),
    ),
}
_STATUSES: dict[Language, dict[RegistrationStatus, str]] = {
    "it": dict(zip(RegistrationStatus, ("confermata", "in attesa", "disdetta"), strict=True)),
    "en": dict(zip(RegistrationStatus, ("confirmed", "waiting", "cancelled"), strict=True)),
}
_DELIMITERS: dict[Language, str] = {"it": ";", "en": ","}
_WIDTHS = (12, 40, 17, 12, 26, 32, 34, 17, 17)
_LONGEST_CELL = 2000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Without it Excel takes UTF-8 for something else."""
_FORMULA = re.compile(r"(^|[;,|\"'] ?)([=+\-@＝＋－＠])")
"""What begins a formula, at the start of a cell or where another delimiter would begin one."""


def to_csv(registrations: Sequence[Registration], series: Series) -> bytes:
    """A table for programs that a spreadsheet opens too: commas, a header row of fixed names, ISO 8601 times."""
    return _csv(COLUMNS, [[_iso(value) for value in row] for row in _rows(registrations, series)], ",")


def to_csv_for_people(registrations: Sequence[Registration], series: Series) -> bytes:
    """A table for a spreadsheet: headings, statuses and delimiter in the language of the series, local times."""
    rows = [[_local(value, series) for value in row] for row in _rows(registrations, series)]
    return _csv(_HEADINGS[series.language], rows, _DELIMITERS[series.language])


def to_json(registrations: Sequence[Registration], series: Series) -> bytes:
    """A list of objects with the keys of ``COLUMNS``; times are ISO 8601 with their zone, null where there is none."""
    return _json(_objects(registrations, series))


def to_xlsx(registrations: Sequence[Registration], series: Series) -> bytes:
    """A workbook with one sheet for people: typed local times, a filter, the header row kept in sight."""
    out = io.BytesIO()
    # Without these the library would guess formulas and links in what strangers wrote.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001  # the library wants it naive
        sheet = book.add_worksheet(_HEADINGS[series.language][7].partition(" ")[0])
        bold = book.add_format({"bold": True})
        dated = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})
        for column, (heading, width) in enumerate(zip(_HEADINGS[series.language], _WIDTHS, strict=True)):
            sheet.write_string(0, column, heading, bold)
            sheet.set_column(column, column, width)
        rows = _rows(registrations, series)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, datetime):
                    sheet.write_datetime(number, column, value.replace(tzinfo=None), dated)
                elif value:
                    sheet.write_string(number, column, _plain(_local(value, series)))
        sheet.autofilter(0, 0, max(1, len(rows)), len(COLUMNS) - 1)
        sheet.freeze_panes(1, 0)
    return out.getvalue()


def personal_data(holdings: Holdings, series: Series, at: datetime) -> bytes:
    """Everything held on one person, as JSON (Regulation (EU) 2016/679, articles 15 and 20)."""
    person = holdings.person
    known = None if person is None else {key: getattr(person, key) for key in _PERSONAL}
    zone = series.timezone
    return _json(
        {
            "made_at": at.astimezone(zone).isoformat(timespec="seconds"),
            "held_by": f"{series.organiser} <{series.contact}>",
            "person": known,
            "registrations": _objects(holdings.registrations, series),
            "history": [
                {"at": moment.astimezone(zone).isoformat(), "what": what, "meeting": meeting}
                for moment, what, meeting in holdings.history
            ],
            "mails_from_you": [
                {"received_at": moment.astimezone(zone).isoformat(), "subject": subject, "text": text}
                for moment, subject, text in holdings.mails
            ],
            "letters_to_you": [
                {"queued_at": moment.astimezone(zone).isoformat(), "kind": kind, "state": state, "text": text}
                for moment, kind, state, text in holdings.letters
            ],
        }
    )


_PERSONAL = ("address", "name", "organisation", "language")
_Cell = str | datetime | RegistrationStatus | None


def _rows(registrations: Sequence[Registration], series: Series) -> list[tuple[_Cell, ...]]:
    """A row a registration, in the order of ``COLUMNS``; times in the zone of the series."""
    zone = series.timezone
    rows: list[tuple[_Cell, ...]] = []
    for one in registrations:
        meeting = series.meeting(one.meeting)
        about = (meeting.title, meeting.starts_at.astimezone(zone)) if meeting else ("", None)
        who = (one.person.name, one.person.organisation, one.person.address)
        ended = one.cancelled_at.astimezone(zone) if one.cancelled_at else None
        rows.append((one.meeting, *about, one.status, *who, one.registered_at.astimezone(zone), ended))
    return rows


def _objects(registrations: Sequence[Registration], series: Series) -> list[dict[str, str | None]]:
    return [
        {key: None if value is None else _iso(value) for key, value in zip(COLUMNS, row, strict=True)}
        for row in _rows(registrations, series)
    ]


def _iso(value: _Cell) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value or "")


def _local(value: _Cell, series: Series) -> str:
    if isinstance(value, RegistrationStatus):
        return _STATUSES[series.language][value]
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value or "")


def _csv(headings: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(headings)
    writer.writerows([_FORMULA.sub(r"\1'\2", _plain(cell)) for cell in row] for row in rows)
    return _BYTE_ORDER_MARK + out.getvalue().encode()


def _plain(cell: str) -> str:
    """A cell on one line, without halves of characters or what cannot be seen, cut to a bound."""
    line = " ".join(cell.encode("utf-8", "replace").decode().split())[:_LONGEST_CELL]
    return "".join(c for c in line if c.isprintable()).strip()


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")
