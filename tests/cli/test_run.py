"""`mailbot run`: ready, at work, told things by signals, and in trouble at the start."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

from tests.cli.conftest import SERIES, Running, Town, closed_port, mail, mailbot

Start = Callable[..., Running]


def test_it_is_ready_when_the_mailbox_is_reached_and_ends_at_sigterm(town: Town, start: Start) -> None:
    """READY=1 comes with the mailbox, SIGTERM ends it with exit code 0 within ten seconds, STOPPING=1 before."""
    running = start()
    running.hear("READY=1")

    assert running.stop() == 0
    assert "the mailbox is reached" in running.log()
    assert "Traceback" not in running.log()


def test_it_answers_and_a_second_start_goes_on_where_the_first_ended(town: Town, start: Start) -> None:
    """What was answered is not answered again; what came meanwhile is."""
    town.servers.put(mail(1))
    first = start()
    assert [answer.recipient for answer in town.servers.wait_for(1, 30)] == ["anna1@mail.example"]
    assert first.stop() == 0
    town.servers.put(mail(2))
    second = start()

    assert [answer.recipient for answer in town.servers.wait_for(2, 30)] == ["anna1@mail.example", "anna2@mail.example"]
    second.hear("READY=1")
    assert second.stop() == 0
    assert len(town.servers.delivered) == 2


def test_a_second_daemon_on_the_same_database_is_refused(town: Town, start: Start) -> None:
    """It ends with 1 and the first one's number, and touches nothing; once the first has ended another may start."""
    first = start()
    first.hear("READY=1")
    second = town.mailbot("run")

    assert second.returncode == 1
    assert f"another mailbot is running on this database (pid {first.process.pid}" in second.stderr.decode()
    assert b"Traceback" not in second.stderr
    assert town.mailbot("status").returncode == 0
    assert first.stop() == 0
    start().hear("READY=1")


def test_the_log_has_the_time_unless_the_journal_adds_it(town: Town, start: Start) -> None:
    """A file gets date and time; the journal, known by the number of its stream, gets priorities instead."""
    into_a_file = start()
    into_a_file.hear("READY=1")
    assert into_a_file.stop() == 0
    for line in into_a_file.log().splitlines():
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ ", line), line
    (town.folder / "log").write_text("", "utf-8")
    log = (town.folder / "log").stat()

    into_the_journal = start(JOURNAL_STREAM=f"{log.st_dev}:{log.st_ino}")
    into_the_journal.hear("READY=1")
    assert into_the_journal.stop() == 0
    for line in into_the_journal.log().splitlines():
        assert re.match(r"<[3467]>\D", line), line


def test_sighup_takes_the_configuration_over(town: Town, start: Start) -> None:
    """A meeting that was added is served without a restart."""
    town.configure(series=SERIES.partition('[[meetings]]\ncode = "musei"')[0])
    running = start()
    running.hear("READY=1")
    town.configure()
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_log("was taken over: 2 meeting(s)")
    town.servers.put(mail(text="Mi iscrivo all'incontro per i musei."))

    assert b"Incontro con i musei" in town.servers.wait_for(1, 30)[0].raw
    assert running.stop() == 0


def test_sighup_with_a_bad_configuration_changes_nothing(town: Town, start: Start) -> None:
    """The mistakes are logged, the old configuration stays, mail is answered; broken templates are refused too."""
    running = start()
    running.hear("READY=1")
    town.configure(series=SERIES.replace("Europe/Rome", "Europe/Roma"))
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_log("the configuration was not taken over")
    assert "series.timezone" in running.log()
    broken = town.folder / "templates" / "it"
    broken.mkdir(parents=True)
    (broken / "menu.txt").write_text("{{ nonsense", "utf-8")
    town.configure(service=f'templates = "{town.folder}/templates"')
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_log("the configuration was not taken over", times=2)
    assert "it/menu.txt" in running.log()
    town.servers.put(mail())

    assert len(town.servers.wait_for(1, 30)) == 1
    assert running.stop() == 0


def test_a_mailbox_out_of_reach_is_one_clear_line_and_no_readiness(town: Town, start: Start) -> None:
    """The line names server and port; systemd is not told READY; SIGTERM still ends it in order."""
    unreachable = replace(town, imap_port=closed_port())
    unreachable.configure()
    running = start()
    running.wait_for_log(f"IMAP 127.0.0.1:{unreachable.imap_port}: could not")

    assert "READY=1" not in running.told
    assert "Traceback" not in running.log()
    assert running.stop() == 0


def test_a_refused_password_is_told_once_and_tried_again(town: Town, start: Start) -> None:
    """The line says what was refused and what to mend, and when the next try comes."""
    town.configure(password="wrong")
    running = start()
    running.wait_for_log("imap.password")

    line = next(line for line in running.log().splitlines() if "imap.password" in line)
    assert "next try in" in line
    assert "READY=1" not in running.told
    assert running.stop() == 0


def test_an_smtp_server_out_of_reach_is_told_at_the_start(town: Town, start: Start) -> None:
    """Not only when the first letter is due; and status says that it is not well."""
    port = closed_port()
    town.configure(smtp_port=port)
    running = start()
    running.wait_for_log(f"127.0.0.1:{port}")

    assert mailbot("status", "--config", town.file).returncode == 1
    assert running.stop() == 0
    assert "Traceback" not in running.log()


def test_a_wrong_configuration_is_told_in_full_and_ends_with_78(town: Town) -> None:
    """Every mistake with its key and its mend, at once."""
    town.file.write_text(
        SERIES.replace("Europe/Rome", "Europe/Roma").replace("duration_minutes = 90", "duration_minutes = -1", 1)
        + '[imap]\nhots = "x"\n',
        "utf-8",
    )
    for command in ("run", "check", "digest", "rehearse"):
        ended = town.mailbot(command)
        told = ended.stderr.decode()

        assert ended.returncode == 78, command
        for key in ("series.timezone", "meetings[1].duration_minutes", "imap.hots", "imap.host", "[smtp] is missing"):
            assert key in told, command
        assert "Traceback" not in told


def test_a_broken_template_keeps_it_from_starting(town: Town) -> None:
    """Exit code 78 and the file's name: better than letters that fail one by one."""
    broken = town.folder / "templates" / "en"
    broken.mkdir(parents=True)
    (broken / "confirmation.txt").write_text("{% if %}", "utf-8")
    town.configure(service=f'templates = "{town.folder}/templates"')

    ended = town.mailbot("run")

    assert ended.returncode == 78
    assert "en/confirmation.txt" in ended.stderr.decode()


def test_a_daemon_that_ends_of_itself_does_not_end_well(town: Town) -> None:
    """The exit code says so, and systemd starts it anew."""
    broken = "import sys; from mailbot import cli, daemon; daemon.handle.warm_up = None; sys.exit(cli.main())"
    ended = subprocess.run(
        [sys.executable, "-c", broken, "run", "--config", str(town.file)], capture_output=True, timeout=90, check=False
    )

    assert ended.returncode == 1
    assert b"TypeError" in ended.stderr
