"""A stop in the middle of work: what is in hand is finished, the rest waits for the next start."""

from collections.abc import Callable

from tests.cli.conftest import Running, Town, mail

Start = Callable[[], Running]


def test_a_stop_in_the_middle_of_work_loses_nothing(town: Town, start: Start) -> None:
    """Thirty mails, a stop as soon as the first answer is out, a second start: each is answered exactly once."""
    for number in range(30):
        town.servers.put(mail(number))
    first = start()
    town.servers.wait_for(1, 30)
    assert first.stop() == 0
    start()

    answered = [answer.recipient for answer in town.servers.wait_for(30, 60)]
    assert sorted(answered) == sorted(f"anna{number}@mail.example" for number in range(30))
