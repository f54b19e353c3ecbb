"""The postman and a real SMTP server (aiosmtpd) in this process: encryption, log-in, addresses beyond ASCII."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailbot.config.secret import SecretTrouble
from mailbot.core.retry import Accepted, Refused, Unreachable
from mailbot.ports import PostmanTrouble
from tests.smtp.making import parcel, postman, receipts
from tests.smtp.scripted import ScriptedServer

# aiosmtpd warns of what some of these servers are made to do.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH", "ignore:.*auth_required")
AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("127.0.0.1", "localhost")


@dataclass
class RealServer:
    """aiosmtpd, with what it took."""

    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logged_in: list[object] = field(default_factory=list)
    mechanisms: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Takes everything."""
        self.taken.append(envelope)
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return "250 2.0.0 taken"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: object
    ) -> AuthResult:
        """One user, one password."""
        self.mechanisms.append(mechanism)
        right = isinstance(auth_data, LoginPassword) and auth_data == LoginPassword(b"bot", "pässword".encode())
        return AuthResult(success=right, handled=False)


def tls_context() -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    CERTIFICATE.configure_cert(context)
    return context


@contextmanager
def serving(security: str = "none", kind: type[SMTP] = SMTP, **options: object) -> Iterator[RealServer]:
    """A server, for the time of a ``with``; ``kind`` may know another log-in."""
    real = RealServer()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def session() -> SMTP:
        tls = tls_context() if security == "starttls" else None
        return kind(
            real,
            hostname="localhost",
            loop=loop,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_require_tls=False,
            authenticator=real.authenticate,
            **options,
        )

    outer = tls_context() if security == "tls" else None
    server = asyncio.run_coroutine_threadsafe(loop.create_server(session, "127.0.0.1", 0, ssl=outer), loop).result()
    real.port = server.sockets[0].getsockname()[1]

    async def end() -> None:
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.05)

    try:
        yield real
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The authority that the server's certificate is of."""
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return file


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_mail_goes_out_with_each_encryption_and_log_in(security: str, mechanism: str, ca_file: Path) -> None:
    """Sender, recipient and bytes arrive as they are; with TLS wherever it is asked for."""
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    login = {"username": "bot", "password": lambda: "pässword", "ca_file": ca_file, "security": security}
    with (
        serving(security, auth_required=True, auth_exclude_mechanism=[other]) as server,
        postman(server.port, **login) as ours,
    ):
        assert receipts(ours, parcel(1), parcel(2)) == [Accepted("2.0.0 taken")] * 2
        assert "logged in" in ours.check()

    assert [(each.mail_from, each.rcpt_tos) for each in server.taken] == [
        ("bot@comune.example", ["anna@posta.example"])
    ] * 2
    assert [each.original_content for each in server.taken] == [parcel(1).raw, parcel(2).raw]
    assert server.encrypted == [security != "none"] * 2
    assert server.mechanisms == [mechanism] * 2


def test_a_wrong_password_is_trouble_for_all_with_the_key_to_check(ca_file: Path) -> None:
    """One log-in is tried, not one a mail; and no letter is lost for it."""
    login = {"username": "bot", "password": lambda: "wrong", "security": "starttls", "ca_file": ca_file}
    options = {"auth_required": True, "auth_exclude_mechanism": ["LOGIN"]}
    with serving("starttls", **options) as server, postman(server.port, **login) as ours:
        given = receipts(ours, *map(parcel, range(5)))
        with pytest.raises(PostmanTrouble, match="log-in as bot was refused"):
            ours.check()

    assert {type(receipt) for receipt in given} == {Unreachable}
    assert "`smtp.password`" in given[0].reason  # type: ignore[union-attr]
    assert server.taken == []
    assert len(server.mechanisms) == 2


def test_a_password_that_cannot_be_read_is_told_and_asked_again_next_time() -> None:
    """A token command that fails once does not end the service."""
    answers = [SecretTrouble("the command failed"), "pässword"]

    def read() -> str:
        answer = answers.pop(0)
        if isinstance(answer, SecretTrouble):
            raise answer
        return answer

    options = {"auth_required": True, "auth_exclude_mechanism": ["LOGIN"]}
    with serving(**options) as server, postman(server.port, username="bot", password=read) as ours:
        assert receipts(ours, parcel(1)) == [Unreachable("smtp.password: the command failed")]
        assert receipts(ours, parcel(1)) == [Accepted("2.0.0 taken")]


def test_a_log_in_that_the_server_does_not_know_is_told() -> None:
    """It offers no AUTH without encryption, say."""
    with ScriptedServer() as server, postman(server.port, username="bot", password=lambda: "x") as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert "AUTH" in receipt.reason


@pytest.mark.parametrize(("reply", "accepted"), [("235 welcome", True), ("535 5.7.3 token expired", False)])
def test_xoauth2_hands_over_a_token_that_is_read_at_each_log_in(reply: str, accepted: bool) -> None:
    """In Google's and Microsoft's form."""
    tokens = iter(["first", "second"])
    login = {"username": "bot@comune.example", "password": lambda: next(tokens), "auth": "xoauth2"}
    with (
        ScriptedServer(extensions=("AUTH XOAUTH2",), close_after=1) as server,
        postman(server.port, **login) as ours,
    ):
        server.script("auth", reply, reply)
        first, second = receipts(ours, parcel(1)), receipts(ours, parcel(2))

    sent = [base64.b64decode(command.split()[-1]) for command in server.commands if command.startswith("AUTH")]
    assert sent == [b"user=bot@comune.example\x01auth=Bearer %b\x01\x01" % token for token in (b"first", b"second")]
    assert [isinstance(receipt, Accepted) for receipt in (*first, *second)] == [accepted] * 2


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_nobody_we_trust_is_refused(security: str) -> None:
    """No mail and no password goes over such a connection."""
    login = {"username": "bot", "password": lambda: "pässword"}
    with serving(security) as server, postman(server.port, security=security, **login) as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert "certificate" in receipt.reason.lower()
    assert server.taken == []
    assert server.mechanisms == []


def test_a_server_without_starttls_gets_neither_password_nor_mail(ca_file: Path) -> None:
    """Nothing falls back to plain text."""
    login = {"username": "bot", "password": lambda: "x", "security": "starttls", "ca_file": ca_file}
    with ScriptedServer(extensions=("AUTH PLAIN LOGIN",)) as server, postman(server.port, **login) as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert receipt.reason.endswith("STARTTLS extension not supported by server; check `smtp.security` and `smtp.port`")
    assert [command.split()[0].lower() for command in server.commands] == ["ehlo"]


def test_tls_where_the_server_speaks_plain_text_is_trouble_in_words() -> None:
    """The wrong port or `security`."""
    with serving() as server, postman(server.port, security="tls", timeout=2) as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert "could not connect: the server does not speak TLS there; check `smtp.security` and" in receipt.reason


def test_plain_text_where_the_server_wants_tls_is_trouble_in_words() -> None:
    """Such a server waits, and says nothing."""
    with serving("tls") as server, postman(server.port, security="starttls", timeout=0.5) as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert receipt.reason.endswith("no answer in time; check `smtp.host`, `smtp.port` and `smtp.security`")


def test_a_name_that_no_server_has_is_trouble_in_words() -> None:
    """Told once, with the key to check."""
    with postman(25, host="no-such-host.invalid") as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert receipt.reason.count("no-such-host.invalid") == 1
    assert receipt.reason.endswith("; check `smtp.host`")


def test_a_missing_authority_file_is_trouble_in_words(tmp_path: Path) -> None:
    """Not a fault of ours."""
    with serving("tls") as server, postman(server.port, security="tls", ca_file=tmp_path / "none.pem") as ours:
        [receipt] = receipts(ours, parcel(1))

    assert isinstance(receipt, Unreachable)
    assert receipt.reason.endswith("No such file or directory; check `smtp.ca_file`")


@pytest.mark.parametrize("recipient", ["niccolò@posta.example", "anna@caffè.example"])
def test_an_address_beyond_ascii_goes_out_where_the_server_takes_it(recipient: str) -> None:
    """With SMTPUTF8 (RFC 6531); without it, it is undeliverable and the rest goes on."""
    with serving(enable_SMTPUTF8=True) as server, postman(server.port) as ours:
        assert receipts(ours, parcel(1, recipient), parcel(2)) == [Accepted("2.0.0 taken")] * 2
    assert [each.rcpt_tos for each in server.taken] == [[recipient], ["anna@posta.example"]]
    assert [each.smtp_utf8 for each in server.taken] == [True, False]

    with serving(enable_SMTPUTF8=False) as server, postman(server.port) as ours:
        first, second = receipts(ours, parcel(1, recipient), parcel(2))
    assert isinstance(first, Refused)
    assert second == Accepted("2.0.0 taken")


def test_a_mail_over_the_servers_limit_is_refused_for_good() -> None:
    """The next one goes on."""
    with serving(data_size_limit=1000) as server, postman(server.port) as ours:
        first, second = receipts(ours, parcel(1, text="x" * 2000), parcel(2))

    assert isinstance(first, Refused)
    assert first.code == 552
    assert second == Accepted("2.0.0 taken")
