"""Whom a mail is from, as our own server has written it down; nothing else is believed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core.model import Address, Authentication, Kind, Origin
from mailbot.core.reading import parse
from mailbot.core.reading.authentication import authenticate, read_results
from tests import samples

OURS = "mx.comune.example"
PASSED, ABSENT, FAILED = Authentication


def verdict(*headers: str, server: str | None = OURS, reply_to: str = "", kind: Kind = Kind.PERSON) -> Authentication:
    """What is made of Anna's mail with these results, topmost first."""
    lines = "".join(f"Authentication-Results: {header}\r\n" for header in headers)
    answered = f"Reply-To: {reply_to}\r\n" if reply_to else ""
    message = parse(f"{lines}From: Anna <anna@posta.example>\r\n{answered}Subject: x\r\n\r\nDisdico".encode())
    return authenticate(replace(message, origin=Origin(kind)), server)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"{OURS}; dmarc=pass header.from=posta.example", PASSED),
        (f"{OURS}; dmarc=pass (p=reject dis=none) header.from=posta.example", PASSED),
        (f"{OURS} 1; spf=pass smtp.mailfrom=anna@posta.example; dmarc=fail header.from=posta.example", FAILED),
        (f'"{OURS}"; DMARC=Fail', FAILED),
        (f"{OURS};\r\n dkim=pass header.d=posta.example;\r\n spf=fail smtp.mailfrom=other.example", PASSED),
        (f"{OURS}; dkim=pass header.i=@mail.posta.example", PASSED),
        (f"{OURS}; spf=pass smtp.mailfrom=bounce@mail.posta.example", PASSED),
        (f"{OURS}; spf=pass smtp.mailfrom=evil.example", ABSENT),
        (f"{OURS}; dkim=pass header.d=evil.example", ABSENT),
        (f"{OURS}; dkim=pass header.d=evil.example; spf=fail smtp.mailfrom=posta.example", FAILED),
        (f"{OURS}; dmarc=pass header.from=evil.example", ABSENT),
        (f"{OURS}; spf=softfail smtp.mailfrom=posta.example", ABSENT),
        (f"{OURS}; dkim=fail header.d=posta.example", ABSENT),
        (f"{OURS}; dmarc=temperror; spf=none", ABSENT),
        (f"{OURS}; none", ABSENT),
        (f"{OURS}", ABSENT),
        ("", ABSENT),
        ("mx.evil.example; dmarc=pass header.from=posta.example", ABSENT),
        (f"mx.evil.example (= {OURS}); dmarc=fail", ABSENT),
        (f"{OURS}.evil.example; dmarc=pass", ABSENT),
        (f"{OURS}; x=(dmarc=pass) y; dmarc=fail", FAILED),
    ],
)
def test_results_are_read_as_they_are_meant(header: str, expected: Authentication) -> None:
    """DMARC first; else an aligned signature or sender; what is doubtful is no verdict."""
    assert verdict(header) is expected


def test_only_the_topmost_counts() -> None:
    """What stands below may have come with the mail."""
    mine, theirs = f"{OURS}; dmarc=fail", f"{OURS}; dmarc=pass header.from=posta.example"

    assert verdict(mine, theirs) is FAILED
    assert verdict("mx.other.example; dmarc=none", theirs) is ABSENT


def test_where_no_server_is_configured_nothing_is_believed() -> None:
    """Neither a pass nor a fail."""
    assert verdict(f"{OURS}; dmarc=fail", server=None) is ABSENT
    assert verdict(f"{OURS}; dmarc=pass", server=None) is ABSENT


def test_whoever_proves_to_be_themselves_proves_nothing_of_another() -> None:
    """A Reply-To at another organisation's domain is whose places would be given up."""
    passed = f"{OURS}; dmarc=pass header.from=posta.example"

    assert verdict(passed, reply_to="vittima@altrove.example") is FAILED
    assert verdict(passed, reply_to="segreteria@posta.example") is PASSED


def test_the_envelope_of_certified_mail_proves_nothing_of_the_mail_inside() -> None:
    """What passed is the provider's domain."""
    assert verdict(f"{OURS}; dmarc=pass header.from=gestore.example", kind=Kind.PEC) is ABSENT
    assert verdict(f"{OURS}; dmarc=pass", kind=Kind.PEC) is ABSENT
    assert verdict(f"{OURS}; dmarc=fail", kind=Kind.PEC) is FAILED


def test_domains_under_a_country_s_common_suffix_are_strangers() -> None:
    """a.co.uk is not b.co.uk."""
    message = replace(samples.message("anna@one.co.uk"), headers={})
    for domain, expected in (("mail.one.co.uk", PASSED), ("two.co.uk", ABSENT)):
        header = f"{OURS}; dkim=pass header.d={domain}"
        assert authenticate(replace(message, headers={"authentication-results": (header,)}), OURS) is expected
    assert Address("a@one.co.uk").domain == "one.co.uk"


@given(st.text(max_size=400))
def test_no_header_makes_the_reader_raise(header: str) -> None:
    """Whatever it holds."""
    name, results = read_results(header)
    assert isinstance(name, str)
    assert len(results) <= 40
