"""Pictures of every sample letter, for looking at: at phone and desktop width, light and dark, in each language.

    .venv/bin/python docs/render_letters.py FOLDER [NAME …]

NAME is that of a sample, such as ``confirmation`` or ``it/menu-several``; without one, all are rendered. Beside each
picture lies the letter itself, ``.eml``, ``.html`` and ``.txt``. Needs Chromium.
"""

import email
import shutil
import subprocess
import sys
import tempfile
from email.policy import default
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from mailbot.adapters.templates import load_texts  # noqa: E402
from mailbot.core.writing import proof  # noqa: E402

SHAPES = {"phone": (390, 1600), "desktop": (1000, 1400)}
SCHEMES = {"light": 1, "dark": 0}
QUIET = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --hide-scrollbars"
QUIET += " --disable-component-update --disable-sync --disable-extensions --mute-audio --force-device-scale-factor=1"


def main(folder: Path, names: list[str]) -> None:
    """Renders the samples with these names."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not browser:
        sys.exit("Chromium is not installed")
    for path, mail in proof.mails(load_texts(None)):
        if names and path not in names and path.partition("/")[2] not in names:
            continue
        letter = email.message_from_bytes(mail.raw, policy=default)
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.with_suffix(".eml").write_bytes(mail.raw)
        for form, ending in (("html", ".html"), ("plain", ".txt")):
            body = letter.get_body((form,))
            target.with_suffix(ending).write_text(body.get_content() if body else "", "utf-8")
        for shape, (width, height) in SHAPES.items():
            for scheme, number in SCHEMES.items():
                picture = target.with_name(f"{target.name}-{shape}-{scheme}.png")
                shoot(browser, target.with_suffix(".html"), picture, (width, height), number)
                sys.stdout.write(f"{picture}\n")


def shoot(browser: str, page: Path, picture: Path, size: tuple[int, int], scheme: int) -> None:
    """One picture of one page."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            *(browser, "--headless", *QUIET.split(), f"--user-data-dir={profile}"),
            *(f"--window-size={size[0]},{size[1]}", f"--blink-settings=preferredColorScheme={scheme}"),
            *(f"--screenshot={picture.resolve()}", page.resolve().as_uri()),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603  # our own words alone


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
