"""The daemon as a process of its own, over the embedded servers of the commands' tests."""

from tests.cli.conftest import start, town

__all__ = ["start", "town"]
