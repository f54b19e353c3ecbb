"""What every test may rely on: which real servers are here, and what follows where one is missing."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.servers.dovecot import Dovecot, dovecot_is_here
from tests.servers.postgresql import CAREFREE, Postgresql, postgresql_is_here
from tests.servers.units import systemd_is_here

SERVERS: dict[str, tuple[Callable[[], bool], str]] = {
    "dovecot": (dovecot_is_here, "dovecot-imapd and dovecot-lmtpd"),
    "postgresql": (postgresql_is_here, "postgresql"),
    "systemd": (systemd_is_here, "systemd"),
    "curl": (lambda: shutil.which("curl") is not None, "curl"),
}
"""By marker: how to tell whether a server is here, and the packages that bring it."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test whose server is missing is skipped; with MAILBOT_REQUIRE_SERVERS=1 (CI sets it) it fails."""
    for marker, (is_here, packages) in SERVERS.items():
        if item.get_closest_marker(marker) and not is_here():
            reason = f"needs {marker}: install {packages} (apt-get install), or run .ci/run"
            if os.environ.get("MAILBOT_REQUIRE_SERVERS") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot with an empty account, for one test. Mark the test ``dovecot``."""
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL for the whole run. Mark the test ``postgresql``, and take a database of its own."""
    with Postgresql(*CAREFREE) as server:
        yield server


@pytest.fixture
def database(postgresql: Postgresql) -> str:
    """The URL of an empty PostgreSQL database, for one test. Mark the test ``postgresql``."""
    return postgresql.new_database()
