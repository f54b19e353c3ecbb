"""Which mails a mail says it follows: what our answer needs to be shown below it."""

import pytest

from mailbot.core.reading import parse


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("References: <1@x.example> <2@x.example>\nIn-Reply-To: <2@x.example>", ("<1@x.example>", "<2@x.example>")),
        ("In-Reply-To: <2@x.example>", ("<2@x.example>",)),
        ("In-Reply-To: your mail of Monday <2@x.example>", ("<2@x.example>",)),
        ("In-Reply-To: <1@x.example> <2@x.example>", ()),
        ("In-Reply-To: your mail", ()),
        ("References:\nIn-Reply-To: <2@x.example>", ("<2@x.example>",)),
        ("Subject: x", ()),
    ],
)
def test_a_mail_follows_what_it_refers_to(headers: str, expected: tuple[str, ...]) -> None:
    """Where it has no References, the one mail that it answers stands in for them (RFC 5322 section 3.6.4)."""
    assert parse(f"From: anna@posta.example\n{headers}\n\nciao\n".encode()).references == expected


def test_a_long_thread_is_cut_at_its_beginning() -> None:
    """The last twenty are enough to thread by."""
    everything = " ".join(f"<{n}@x.example>" for n in range(30))
    references = parse(f"From: anna@posta.example\nReferences: {everything}\n\nciao\n".encode()).references

    assert (len(references), references[-1]) == (20, "<29@x.example>")
