"""The daemon with `[metrics]`: a file and a port, taken over at a reload; and trouble with them that costs no mail."""

import logging
import urllib.request
from pathlib import Path

import pytest

from mailbot.daemon import Daemon
from mailbot.demo.servers import PASSWORD, EmbeddedServers
from mailbot.parts import utc_now
from tests.daemon.test_reload import FUTURE, mail
from tests.servers.daemons import BOT, running, until, write_configuration


def configure(folder: Path, servers: EmbeddedServers, metrics: str) -> Path:
    """A configuration with this in its table of metrics."""
    imap = {"host": "127.0.0.1", "port": servers.imap_port, "security": "none", "username": BOT, "password": PASSWORD}
    return write_configuration(folder, imap, servers.smtp_port, series=FUTURE, more=f"[metrics]\n{metrics}\n")


def asked(daemon: Daemon) -> str:
    """What the port tells."""
    where = f"http://127.0.0.1:{daemon._measuring.port}/metrics"
    with urllib.request.urlopen(where, timeout=30) as answer:
        return str(answer.read().decode())


def test_they_are_told_on_the_port_and_in_the_file_and_a_reload_changes_both(tmp_path: Path) -> None:
    """What happened just now is in the next answer; a file that is not kept up any more is removed, a port closed."""
    first, second = tmp_path / "first.prom", tmp_path / "second.prom"
    with EmbeddedServers(BOT) as servers:
        file = configure(tmp_path, servers, f'file = "{first}"\nlisten = "127.0.0.1:0"')
        with running(file, utc_now) as daemon:
            servers.put(mail(1))
            servers.wait_for(1, 30)
            until(lambda: daemon._measuring.port is not None)
            until(lambda: 'letters_settled_total{kind="confirmation",state="sent"} 1.0' in asked(daemon))
            told = asked(daemon)
            assert 'mailbot_mails_handled_total{outcome="act"} 1.0' in told
            for loop in ("collect", "handle", "deliver", "remind"):
                assert f'mailbot_loop_failing{{loop="{loop}"}} 0.0' in told
            until(lambda: 'mailbot_loop_last_success_timestamp_seconds{loop="collect"}' in asked(daemon))
            assert "mailbot_build_info" in first.read_text()

            configure(tmp_path, servers, f'file = "{second}"')
            daemon.reload()
            assert daemon._measuring.port is None
            assert not first.exists()
            assert 'mailbot_mails_handled_total{outcome="act"} 1.0' in second.read_text()


def test_trouble_with_them_is_said_once_and_stops_no_mail(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that is missing, a port that somebody else has."""
    caplog.set_level(logging.WARNING)
    with EmbeddedServers(BOT) as servers:
        taken = f"127.0.0.1:{servers.smtp_port}"
        file = configure(tmp_path, servers, f'file = "{tmp_path}/missing/mailbot.prom"\nlisten = "{taken}"')
        with running(file, utc_now) as daemon:
            servers.put(mail(1))
            assert len(servers.wait_for(1, 30)) == 1
            until(lambda: "metrics.file" in caplog.text)
            daemon._measuring.write()
            daemon._measuring.write()

    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("metrics.")]
    assert sorted(words.partition(":")[0] for words in said) == ["metrics.file", "metrics.listen"]
    assert f"nobody can listen on {taken}: Address already in use; mailbot works without" in "".join(said)
    assert "missing/mailbot.prom cannot be written: No such file or directory" in "".join(said)
