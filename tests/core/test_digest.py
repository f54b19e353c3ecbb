"""What a digest makes of all that has happened."""

from datetime import timedelta

import pytest

from mailbot.core.digest import Change, Deed, counted, lasting
from tests.samples import NOW

REGISTERED, QUEUED, PROMOTED, WITHDRAWN = Deed


def changes(*deeds: Deed, who: str = "anna", meeting: str = "sport") -> list[Change]:
    """One after the other, of one person in one meeting."""
    address = f"{who}@posta.example"
    return [Change(NOW + timedelta(minutes=n), deed, meeting, who, address, "") for n, deed in enumerate(deeds)]


@pytest.mark.parametrize(
    ("deeds", "told", "new", "withdrawn"),
    [
        ((REGISTERED,), REGISTERED, 1, 0),
        ((QUEUED,), QUEUED, 1, 0),
        ((PROMOTED,), PROMOTED, 0, 0),
        ((QUEUED, PROMOTED), PROMOTED, 1, 0),
        ((WITHDRAWN,), WITHDRAWN, 0, 1),
        ((REGISTERED, WITHDRAWN), WITHDRAWN, 0, 1),
        ((PROMOTED, WITHDRAWN), WITHDRAWN, 0, 1),
        ((WITHDRAWN, REGISTERED), REGISTERED, 1, 0),
        ((WITHDRAWN, QUEUED, PROMOTED), PROMOTED, 1, 0),
    ],
)
def test_each_person_is_told_and_counted_once(deeds: tuple[Deed, ...], told: Deed, new: int, withdrawn: int) -> None:
    """By the last that has happened to them; who waited before and has moved up is not new."""
    assert [change.deed for change in lasting(changes(*deeds))] == [told]
    assert counted(changes(*deeds), "sport") == (new, withdrawn)


def test_people_and_meetings_are_kept_apart() -> None:
    """In the order of what happened last."""
    all_of_them = [
        *changes(QUEUED),
        *changes(REGISTERED, who="bruno"),
        *changes(PROMOTED),
        *changes(WITHDRAWN, meeting="musei"),
    ]

    assert [(change.name, change.meeting) for change in lasting(all_of_them)] == [
        ("bruno", "sport"),
        ("anna", "sport"),
        ("anna", "musei"),
    ]
    assert (counted(all_of_them, "sport"), counted(all_of_them, "musei")) == ((2, 0), (0, 1))
