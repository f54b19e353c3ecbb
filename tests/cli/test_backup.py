"""`mailbot backup`, and what docs/operations.md says of putting one back, with the daemon as a process of its own."""

import re
import stat
import subprocess
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

from tests.cli.conftest import Running, Town, mail

Start = Callable[..., Running]
PAGE = Path(__file__).parent.parent.parent / "docs" / "operations.md"


def documented() -> str:
    """What the page tells to type in the folder of the database."""
    found = re.search(r"^cd /var/lib/mailbot\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def test_a_backup_of_a_running_daemon_is_put_back_and_it_goes_on(town: Town, start: Start) -> None:
    """Who was answered before it is not answered again; who wrote after it is, under the same Message-ID."""
    town.servers.put(mail(1))
    first = start()
    first.wait_for_log(": sent")
    backup = town.folder / "backup.sqlite"
    made = town.mailbot("backup", backup)
    assert (made.returncode, made.stderr) == (0, b"")
    assert made.stdout.decode().startswith(f"{backup}: 1 mail(s), 1 registration(s), 1 letter(s), schema ")
    town.servers.put(mail(2))
    first.wait_for_log(": sent", times=2)
    assert first.stop() == 0

    steps = documented().replace("/var/backups/mailbot/2027-03-01.sqlite", str(backup))
    subprocess.run(["sh", "-euc", steps], cwd=town.folder, check=True)
    assert (town.folder / "before" / "mailbot.sqlite").exists()
    assert stat.S_IMODE((town.folder / "mailbot.sqlite").stat().st_mode) == 0o600
    # They lie in Mailbot/Done, where nobody reads them again: moved back into the inbox, as people do it.
    town.servers.put(mail(1))
    town.servers.put(mail(2))
    second = start()
    second.wait_for_log(": sent", times=3)
    assert second.stop() == 0

    told = [(each.recipient, message_from_bytes(each.raw)["Message-ID"]) for each in town.servers.delivered]
    assert [who for who, _ in told] == ["anna1@mail.example", "anna2@mail.example", "anna2@mail.example"]
    assert told[1] == told[2]
    assert town.mailbot("status").returncode == 0


def test_a_backup_over_a_file_is_refused(town: Town) -> None:
    """One line on standard error, exit code 1."""
    assert town.mailbot("check").returncode == 0
    taken = town.folder / "taken"
    taken.write_text("precious")
    ended = town.mailbot("backup", taken)

    assert ended.returncode == 1
    assert ended.stderr.decode() == (
        f"mailbot: {taken} is there already, and a backup overwrites nothing; give another name\n"
    )
    assert taken.read_text() == "precious"
