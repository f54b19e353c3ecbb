"""Address headers as strangers write them."""

import pytest

from mailbot.core.reading.addresses import mailboxes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna Neri <anna@posta.example>", [("Anna Neri", "anna@posta.example")]),
        ('"Neri, Anna" <anna@posta.example>', [("Neri, Anna", "anna@posta.example")]),
        ("anna@posta.example (Anna Neri)", [("Anna Neri", "anna@posta.example")]),
        ("anna@posta.example, bruno@posta.example", [("", "anna@posta.example"), ("", "bruno@posta.example")]),
        ("mario@altro.example <anna@posta.example>", [("mario@altro.example", "anna@posta.example")]),
        ("Soci: anna@posta.example, B <b@posta.example>;", [("", "anna@posta.example"), ("B", "b@posta.example")]),
        ("<mailto:anna@posta.example>", [("", "anna@posta.example")]),
        ("Anna <anna @posta.example", [("Anna", "anna@posta.example")]),
        ('"Anna <anna@posta.example>', [("", "anna@posta.example")]),
        ("undisclosed-recipients:;", []),
        ("unlisted-recipients:; (no To-header on input)", []),
        ("a@b@c", []),
        ("<>", []),
        (";", []),
        ("", []),
    ],
)
def test_usable_addresses_are_found(text: str, expected: list[tuple[str, str]]) -> None:
    """Names and addresses in order; what is no address is left out, and nothing raises."""
    assert mailboxes(text) == expected


def test_an_unquoted_comma_stays_in_the_name() -> None:
    """Outlook writes family names first, with or without the quotes that they need."""
    assert [" ".join(name.split()) for name, _ in mailboxes("Neri, Anna <anna@posta.example>")] == ["Neri, Anna"]
