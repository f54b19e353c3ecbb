"""The postman and an SMTP server that takes nothing but tokens, and only while they are good."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.config import token as token_module
from mailbot.config.secret import Secret
from mailbot.core.retry import Accepted, Unreachable
from tests.servers.tokens import ASK, REFUSAL, TokenServer, demanding
from tests.smtp.making import parcel, postman, receipts
from tests.smtp.scripted import ScriptedServer
from tests.smtp.test_real import serving

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH", "ignore:.*auth_required")


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    """Who hands them out."""
    with TokenServer("bot@comune.example") as tokens:
        yield tokens


def login(tokens: TokenServer, folder: Path, ask: str = ASK) -> dict[str, object]:
    """As a configuration with a token command."""
    read = Secret(command=tuple(tokens.command(folder, ask))).read
    return {"username": "bot@comune.example", "password": read, "auth": "xoauth2"}


def test_a_server_that_demands_a_token_gets_one(tokens: TokenServer, tmp_path: Path) -> None:
    """From the command's JSON; both mails go over one connection, for which it is asked once."""
    with (
        serving(kind=demanding(tokens), auth_required=True, auth_exclude_mechanism=["PLAIN", "LOGIN"]) as server,
        postman(server.port, **login(tokens, tmp_path)) as ours,
    ):
        assert [type(each) for each in receipts(ours, parcel(1), parcel(2))] == [Accepted, Accepted]

    assert len(server.taken) == 2
    assert len(tokens.issued) == len(tokens.shown) == 1


def test_an_expired_token_is_refused_with_the_reason_and_the_next_try_has_a_fresh_one(
    tokens: TokenServer, tmp_path: Path
) -> None:
    """No letter is given up for it."""
    tokens.lifetime = 0.0
    with (
        serving(kind=demanding(tokens), auth_required=True) as server,
        postman(server.port, **login(tokens, tmp_path)) as ours,
    ):
        [refused] = receipts(ours, parcel(1))
        tokens.lifetime = 3600.0
        [accepted] = receipts(ours, parcel(1))

    assert isinstance(refused, Unreachable)
    assert "the log-in as bot@comune.example was refused: 535" in refused.reason
    assert "(status 401, scope mail; the next try asks for a fresh token)" in refused.reason
    assert isinstance(accepted, Accepted)


def test_a_token_server_that_refuses_is_named_with_its_reason(tokens: TokenServer, tmp_path: Path) -> None:
    """The mail server is not even asked."""
    with (
        serving(kind=demanding(tokens), auth_required=True) as server,
        postman(server.port, **login(tokens, tmp_path, "wrong")) as ours,
    ):
        [refused] = receipts(ours, parcel(1))

    assert refused == Unreachable(
        "smtp.password: the token server refuses: invalid_client: the secret is wrong or has ended"
    )
    assert server.taken == []


def test_a_connection_is_opened_anew_before_its_token_ends(
    tokens: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail that comes then goes over a session with a token of its own."""
    monkeypatch.setattr(token_module, "SHORTEST_SESSION", 0.0)
    tokens.lifetime = 0.4
    with (
        serving(kind=demanding(tokens), auth_required=True) as server,
        postman(server.port, **login(tokens, tmp_path)) as ours,
    ):
        for number in range(3):
            [receipt] = receipts(ours, parcel(number))
            assert isinstance(receipt, Accepted)
            while any(tokens.is_good(token) for token in tokens.issued):
                pass
    assert len(tokens.issued) == 3


def test_a_session_that_has_lost_its_log_in_is_replaced_at_once() -> None:
    """530 over a connection that was logged in means that the token has ended: nothing has gone out, so it goes now."""
    fresh = iter(["first", "second"])
    settings = {"username": "bot", "password": lambda: json.dumps({"access_token": next(fresh)}), "auth": "xoauth2"}
    with ScriptedServer(extensions=("AUTH XOAUTH2",)) as server, postman(server.port, **settings) as ours:
        assert isinstance(receipts(ours, parcel(1))[0], Accepted)
        server.script("mail", "530 5.7.57 Client not authenticated")
        assert isinstance(receipts(ours, parcel(2))[0], Accepted)

    sent = [base64.b64decode(each.split()[-1]) for each in server.commands if each.startswith("AUTH")]
    assert [word.split(b"Bearer ")[1].rstrip(b"\x01") for word in sent] == [b"first", b"second"]
    assert [recipient for recipient, _ in server.taken] == ["anna@posta.example"] * 2


def test_a_challenge_that_is_no_json_is_no_trouble() -> None:
    """The refusal is told all the same."""
    settings = {"username": "bot", "password": lambda: "token", "auth": "xoauth2"}
    for challenge in ("334 !", f"334 {base64.b64encode(REFUSAL.encode()).decode()}"):
        with ScriptedServer(extensions=("AUTH XOAUTH2",)) as server, postman(server.port, **settings) as ours:
            server.script("auth", challenge, "535 5.7.8 no")
            [refused] = receipts(ours, parcel(1))

        assert isinstance(refused, Unreachable)
        assert "535 5.7.8 no" in refused.reason
        assert ("status 401" in refused.reason) is (challenge != "334 !")
