"""What is seen of HTML: styles and attributes that show, hide, or strike out."""

import pytest

from mailbot.core.reading import parse

SEEN = [
    "<p>x</p>",
    '<p style="opacity:;">x</p>',
    '<p style="opacity:.5">x</p>',
    '<p style="font-size:small">x</p>',
    '<p style="font: 12px Arial">x</p>',
    '<p style="font-size:11px;line-height:0">x</p>',
    '<p style="color:WHITE;background:navy">x</p>',
    '<div style="background:url(x.png)"><p style="color:#fff">x</p></div>',
    '<div style="color:#fff"><p style="color:#333">x</p></div>',
    '<div style="font-size:0"><p style="font-size:1em">x</p></div>',
    '<p style="text-decoration:none">x</p>',
    '<p style="text-decoration:underline">x</p>',
    '<p style="min-height:0;overflow:hidden">x</p>',
    '<p style="overflow:hidden">x</p>',
    '<p aria-hidden="true">x</p>',
    "<font size=1>x</font>",
]
UNSEEN = [
    "<p hidden>x</p>",
    '<p style="display:NONE">x</p>',
    '<p style="display: none !important">x</p>',
    '<div style="display:none"><p style="display:block">x</p></div>',
    '<p style="visibility:hidden">x</p>',
    '<p style="mso-hide:all">x</p>',
    '<p style="opacity:.0">x</p>',
    '<p style="opacity:0 !important">x</p>',
    '<p style="font:0/0 a">x</p>',
    '<p style="font-size:0.5px">x</p>',
    '<p style="color:#fff;color:#FFFFFF">x</p>',
    '<p style="color:#fefefe">x</p>',
    '<p style="color:rgba(255,255,255,1)">x</p>',
    '<p style="color:rgb(255 255 255)">x</p>',
    '<p style="color:transparent">x</p>',
    '<p style="color:#fff;background-color:transparent">x</p>',
    '<table bgcolor="#ffffff"><tr><td style="color:#fff">x</td></tr></table>',
    '<p style="width:0;height:0;overflow:hidden">x</p>',
    '<p style="max-height:0px;overflow:hidden">x</p>',
    '<p style="position:absolute;left:-9999px">x</p>',
    '<p style="text-indent:-999px">x</p>',
    "<s>x</s>",
    "<strike>x</strike>",
    "<del>x</del>",
    '<u style="text-decoration:line-through">x</u>',
    '<u style="text-decoration-line: underline line-through">x</u>',
]


def read(html: str) -> list[str]:
    """The words that are the sender's own."""
    return parse(f"From: a@b.example\nContent-Type: text/html\n\n{html}<p>y</p>".encode()).text().split()


@pytest.mark.parametrize("html", SEEN)
def test_what_can_be_read_is_read(html: str) -> None:
    """Words that a reader sees are the sender's."""
    assert read(html) == ["x", "y"]


@pytest.mark.parametrize("html", UNSEEN)
def test_what_cannot_be_read_is_left_out(html: str) -> None:
    """Words that no reader sees, or that are struck out, are nobody's."""
    assert read(html) == ["y"]
