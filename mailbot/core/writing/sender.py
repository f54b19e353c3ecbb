"""Who letters come from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sender:
    """Who letters come from, and what they promise about data."""

    name: str
    address: str
    retention_days: int
    """Days after the last meeting for which personal data is kept."""
