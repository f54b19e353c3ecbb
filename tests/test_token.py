"""What a token command prints, and what is made of it."""

import pytest

from mailbot.config.secret import SecretTrouble
from mailbot.config.token import SHORTEST_SESSION, Token, refusal_in_words, token_of


@pytest.mark.parametrize(
    ("printed", "token"),
    [
        ("ya29.a0-token_x~y+z/w==", Token("ya29.a0-token_x~y+z/w==")),
        ("  token\n", Token("token")),
        ('{"access_token": "abc", "expires_in": 3599, "token_type": "Bearer"}', Token("abc", 3599.0)),
        ('{"access_token": "abc", "expires_in": "3599"}', Token("abc", 3599.0)),
        ('{"access_token": "abc"}', Token("abc")),
        ('{"access_token": "abc", "expires_in": null}', Token("abc")),
    ],
)
def test_a_token_is_read_bare_or_from_the_servers_json(printed: str, token: Token) -> None:
    """RFC 6749 section 5.1; some servers write the number of seconds as text."""
    assert token_of(printed) == token


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("", "printed nothing"),
        ("<html>s3cret</html>", "neither a bare token nor the JSON"),
        ("two words-s3cret", "neither a bare token nor the JSON"),
        ('{"access_token": "s3cret', "JSON that is broken"),
        ('{"refresh_token": "s3cret"}', "JSON without an `access_token`"),
        ('{"access_token": "s3cret\\u0001"}', "JSON without an `access_token`"),
        (
            '{"error": "invalid_client", "error_description": "AADSTS7000215: wrong\\r\\n secret"}',
            "the token server refuses: invalid_client: AADSTS7000215: wrong secret",
        ),
    ],
)
def test_what_is_no_token_is_told_without_showing_it(printed: str, told: str) -> None:
    """A server's own reason is repeated, in one line."""
    with pytest.raises(SecretTrouble) as caught:
        token_of(printed)

    assert told in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lasts", "renewed"),
    [(None, float("inf")), (3600.0, 3300.0), (86400.0, 86100.0), (600.0, 480.0), (10.0, SHORTEST_SESSION)],
)
def test_a_session_is_renewed_before_its_token_ends(lasts: float | None, renewed: float) -> None:
    """Five minutes before, of a short one a fifth; but no server is hammered for one that has hardly any time left."""
    assert Token("x", lasts).renew_after == renewed


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        (b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}', "status 400, scope https://mail."),
        (b'{"status":"401"}', "status 401"),
        (b"", ""),
        (b"not json", ""),
        (b"[1]", ""),
        (b'{"status":"4\\n01"}', "status 4 01"),
    ],
)
def test_a_servers_reason_is_put_into_words(challenge: bytes, words: str) -> None:
    """On one line; nonsense is none."""
    assert refusal_in_words(challenge).startswith(words)
    assert bool(refusal_in_words(challenge)) is bool(words)
