"""Writes every sample letter out and takes its picture, for looking at; and takes the pictures of the README.

    make letters                                       every sample, into build/letters
    docs/render_letters.py FOLDER [NAME …]             these samples alone, such as confirmation or it/menu-several
    make pictures                                      those in docs/

Each sample becomes ``.eml``, ``.html``, ``.txt`` and one ``.png``: on a phone and on a desk, light and dark, side by
side. Needs Chromium, which is asked for heights once and then for each picture; nothing is fetched from anywhere.
"""

import email
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from email.policy import default
from html import escape, unescape
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from mailbot.adapters.templates import load_texts  # noqa: E402
from mailbot.core.writing import proof  # noqa: E402

PHONE, DESK = 390, 800
FRAMES = ((PHONE, "light"), (PHONE, "dark"), (DESK, "light"), (DESK, "dark"))
DOCUMENTS = {
    "confirmation.png": ("en/confirmation", ((DESK - 160, "light"),)),
    "pictures/confirmation-phone.png": ("it/confirmation", ((PHONE, "light"), (PHONE, "dark"))),
    "pictures/menu.png": ("en/menu-several", ((PHONE, "light"),)),
    "pictures/reminder.png": ("en/reminder", ((PHONE, "light"),)),
    "pictures/digest.png": ("en/digest", ((DESK - 160, "light"),)),
}
"""The pictures in the documents: of which sample, and in which frames."""
QUIET = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
QUIET += " --hide-scrollbars --disable-component-update --disable-sync --disable-extensions --mute-audio"
QUIET += " --force-device-scale-factor=1 --virtual-time-budget=5000"


def main(arguments: Sequence[str]) -> None:
    """Renders what the arguments ask for."""
    pages = {path: page for path, _, _, page in _samples()}
    if arguments[0] == "--documents":
        _shoot_all([(ROOT / "docs" / name, pages[path], frames) for name, (path, frames) in DOCUMENTS.items()])
        return
    folder, names = Path(arguments[0]), arguments[1:]
    wanted = []
    for path, raw, plain, page in _samples():
        if names and path not in names and path.partition("/")[2] not in names:
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_suffix(".eml").write_bytes(raw)
        target.with_suffix(".txt").write_text(plain, "utf-8")
        target.with_suffix(".html").write_text(page, "utf-8")
        wanted.append((target.with_suffix(".png"), page, FRAMES))
    _shoot_all(wanted)


def _samples() -> Iterator[tuple[str, bytes, str, str]]:
    """Path, mail, text and HTML of every sample."""
    for path, mail in proof.mails(load_texts(None)):
        letter = email.message_from_bytes(mail.raw, policy=default)
        bodies = [letter.get_body((form,)) for form in ("plain", "html")]
        plain, page = (body.get_content() if body else "" for body in bodies)
        yield path, mail.raw, f"Subject: {letter['Subject']}\n\n{plain}", page


def _shoot_all(pictures: Sequence[tuple[Path, str, Sequence[tuple[int, str]]]]) -> None:
    """Takes each picture: its file, the page, and the frames it shows side by side."""
    frames = [(page, width) for _, page, shown in pictures for width, _ in shown]
    heights = iter(_heights(frames))
    for target, page, shown in pictures:
        sized = [(width, scheme, next(heights)) for width, scheme in shown]
        gap = 16 if len(sized) > 1 else 0
        size = (sum(width for width, _, _ in sized) + gap * (len(sized) - 1), max(high for _, _, high in sized))
        target.parent.mkdir(parents=True, exist_ok=True)
        _chromium(_board(page, sized, gap), f"--window-size={size[0]},{size[1]}", f"--screenshot={target.resolve()}")
        sys.stdout.write(f"{target}\n")


def _heights(frames: Sequence[tuple[str, int]]) -> list[int]:
    """How high each page is at each width, all measured at once."""
    shown = "".join(f'<iframe width="{width}" srcdoc="{escape(page)}"></iframe>' for page, width in frames)
    script = """<script>addEventListener("load", () => {
      const high = [...document.querySelectorAll("iframe")].map(f => f.contentDocument.body.scrollHeight);
      document.body.innerHTML = ""; document.title = JSON.stringify(high); });</script>"""
    dumped = _chromium(f"<!doctype html><title></title>{shown}{script}", "--window-size=900,900", "--dump-dom")
    found = re.search("<title>(.*?)</title>", dumped)
    return [int(high) for high in json.loads(unescape(found.group(1)))] if found else []


def _board(page: str, sized: Sequence[tuple[int, str, int]], gap: int) -> str:
    """A page with the letter in several frames; a frame's colour scheme is that of the element that holds it."""
    shown = "".join(
        f'<iframe width="{width}" height="{high}" style="color-scheme:{scheme}" srcdoc="{escape(page)}"></iframe>'
        for width, scheme, high in sized
    )
    style = f"body{{margin:0;display:flex;gap:{gap}px;align-items:flex-start;background:#8a95a1}}"
    style += "iframe{border:0;flex:none}"
    return f"<!doctype html><style>{style}</style>{shown}"


def _chromium(page: str, *arguments: str) -> str:
    """Opens a page with these arguments; what Chromium says on its standard output."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        sys.exit("Chromium is not installed; the letters' texts are written, their pictures are not")
    with tempfile.TemporaryDirectory() as profile:
        file = Path(profile) / "page.html"
        file.write_text(page, "utf-8")
        command = [browser, *QUIET.split(), f"--user-data-dir={profile}", *arguments, file.as_uri()]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout  # noqa: S603  # our own words alone


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
