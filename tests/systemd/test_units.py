"""The units: systemd finds no fault in them, they expose little, and the two say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mailbot.daemon import STOP_SECONDS
from tests.servers.units import UNITS, settings, system_calls, value

ONE, MANY = UNITS / "mailbot.service", UNITS / "mailbot@.service"
MOST_EXPOSED = 1.2
README = (UNITS / "README.md").read_text("utf-8")


def installed(folder: Path, unit: Path) -> Path:
    """The unit as a machine has it that has mailbot in this environment; of the template, one instance."""
    target = folder / unit.name.replace("@", "@valverde")
    home = Path(sys.executable).parent
    target.write_text(unit.read_text("utf-8").replace("/opt/mailbot/bin", str(home)), "utf-8")
    return target


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs systemd-analyze to its end."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False, env={"LC_ALL": "C"}
    )


@pytest.mark.systemd
@pytest.mark.parametrize("unit", [ONE, MANY], ids=lambda unit: unit.name)
def test_systemd_finds_no_fault_in_a_unit(tmp_path: Path, unit: Path) -> None:
    """`systemd-analyze verify` says nothing at all; of a key that it does not know it would."""
    file = installed(tmp_path, unit)
    assert analyze("verify", "--man=no", "--recursive-errors=no", file).stderr == ""
    file.write_text(f"{file.read_text('utf-8')}\n[Service]\nNoSuchKey=1\n", "utf-8")

    assert "NoSuchKey" in analyze("verify", "--man=no", "--recursive-errors=no", file).stderr


@pytest.mark.systemd
@pytest.mark.parametrize("unit", [ONE, MANY], ids=lambda unit: unit.name)
def test_a_unit_exposes_little(tmp_path: Path, unit: Path) -> None:
    """At most 1.2 of 10; and one restriction less is noticed."""
    file = installed(tmp_path, unit)
    assert exposure(file) <= MOST_EXPOSED
    file.write_text(file.read_text("utf-8").replace("CapabilityBoundingSet=\n", ""), "utf-8")

    assert exposure(file) > MOST_EXPOSED


def exposure(unit: Path) -> float:
    """What systemd-analyze reckons, without asking a systemd that runs; its own threshold agrees."""
    said = analyze("security", "--offline=true", f"--threshold={int(MOST_EXPOSED * 10)}", unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said.stdout)
    assert found, said.stderr
    assert (said.returncode == 0) is (float(found[1]) <= MOST_EXPOSED)
    return float(found[1])


@pytest.mark.systemd
def test_what_is_filtered_is_what_was_meant() -> None:
    """The calls of ordinary services; none that only root may make, none that takes resources from others."""
    allowed = system_calls(ONE)

    assert {"read", "openat", "connect", "clone3", "fdatasync", "execve"} <= allowed
    assert (
        allowed & {"chown", "setuid", "mount", "reboot", "bpf", "ptrace", "sched_setscheduler", "setpriority"} == set()
    )


def test_the_template_is_the_unit_with_an_inbox_of_its_own() -> None:
    """Folders, secrets and database carry the instance's name, and nothing else differs."""
    one = ONE.read_text("utf-8")
    expected = (
        one.replace("reads a registration inbox", "reads the registration inbox %i")
        .replace("/etc/mailbot/", "/etc/mailbot/%i/")
        .replace("StateDirectory=mailbot\n", "StateDirectory=mailbot-%i\n")
        .replace("ConfigurationDirectory=mailbot\n", "ConfigurationDirectory=mailbot/%i\n")
    )

    assert MANY.read_text("utf-8") == expected


def test_the_unit_fits_what_the_daemon_does() -> None:
    """Readiness is awaited, a bad configuration is not tried again, and a stop has the time that it needs."""
    assert value(ONE, "Type") == "notify"
    assert value(ONE, "ExecReload").endswith("-HUP $MAINPID")
    assert value(ONE, "Restart") == "on-failure"
    assert "78" in value(ONE, "RestartPreventExitStatus").split()
    assert int(value(ONE, "TimeoutStopSec")) >= STOP_SECONDS + 5
    credentials = [line.partition(":")[0] for key, line in settings(ONE) if key == "LoadCredential"]
    assert credentials == ["imap", "smtp"]  # as config.example.toml and `mailbot init` name them


def test_every_choice_is_explained() -> None:
    """systemd/README.md names each key of the service that is not plain from its name, and each file beside it."""
    keys = {key for key, _ in settings(ONE)} - {
        "Description",
        "Wants",
        "After",
        "WantedBy",
        "NotifyAccess",
        "ExecStart",
    }

    assert [key for key in sorted(keys) if f"`{key}=" not in README] == []
    assert [path.name for path in UNITS.iterdir() if path.name != "README.md" and path.name not in README] == []
