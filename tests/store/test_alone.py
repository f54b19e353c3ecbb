"""One daemon alone on an SQLite file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mailbot.adapters.store.alone import Alone
from mailbot.ports import StoreTrouble


def test_a_second_hold_is_refused_with_the_first_ones_number(file: Path) -> None:
    """Also by way of a link to the same file; the message says which process to stop."""
    link = file.with_name("other.sqlite")
    file.touch()
    link.symlink_to(file)
    first = Alone(file)
    for name in (file, link):
        with pytest.raises(StoreTrouble, match=rf"another mailbot is running .*pid {os.getpid()}\b.*stop it first"):
            Alone(name)
    first.release()

    Alone(link).release()


def test_it_ends_with_the_process_however_that_ends(file: Path) -> None:
    """A lock file that a killed process left behind holds nobody up, and shows the next one's number."""
    script = (
        "import os, sys; from pathlib import Path; from mailbot.adapters.store.alone import Alone; "
        "held = Alone(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(file)], check=False)
    assert killed.returncode == -9
    left = file.with_name(f"{file.name}.lock")
    assert left.exists()

    held = Alone(file)
    assert left.read_text("ascii") == f"{os.getpid()}\n"
    assert left.stat().st_mode & 0o077 == 0
    held.release()


def test_no_folder_is_told_with_its_mend(tmp_path: Path) -> None:
    """As for the database itself."""
    with pytest.raises(StoreTrouble, match=r"nowhere.*No such file.*check that its folder exists"):
        Alone(tmp_path / "nowhere" / "mailbot.sqlite")
