"""The rule for tests whose server is missing (tests/conftest.py)."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest


def marked(*markers: str) -> Any:
    """A test with these markers."""
    return SimpleNamespace(get_closest_marker=lambda name: name if name in markers else None)


@pytest.fixture
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no server is installed."""
    monkeypatch.setattr(
        conftest, "SERVERS", {name: (lambda: False, packages) for name, (_, packages) in conftest.SERVERS.items()}
    )


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize("marker", ["dovecot", "postgresql", "systemd", "curl"])
def test_a_missing_server_skips_a_test_and_fails_it_where_it_is_required(
    marker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either way the packages are named; a test without the marker is not touched."""
    monkeypatch.delenv("MAILBOT_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"needs {marker}: install {marker}"):
        conftest.pytest_runtest_setup(marked(marker))
    monkeypatch.setenv("MAILBOT_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match=f"needs {marker}: install {marker}"):
        conftest.pytest_runtest_setup(marked(marker))
    conftest.pytest_runtest_setup(marked("slow"))


@pytest.mark.parametrize("marker", ["dovecot", "postgresql", "systemd", "curl"])
def test_a_server_that_is_here_is_used(marker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is skipped then."""
    monkeypatch.setitem(conftest.SERVERS, marker, (lambda: True, "nothing"))
    conftest.pytest_runtest_setup(marked(marker))
