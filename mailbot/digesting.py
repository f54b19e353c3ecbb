"""The organisers' digest at a command: made from the rows as they are, and sent past the outbox."""

from collections.abc import Iterator, Sequence

from mailbot.adapters.store import SqlStore
from mailbot.config import ServiceConfig
from mailbot.core.model import Mail
from mailbot.core.retry import Receipt
from mailbot.loops.remind import digest_mails
from mailbot.parts import make_house, make_postman, utc_now
from mailbot.ports import Parcel


def made(service: ServiceConfig, store: SqlStore) -> list[Mail]:
    """The digest of all since the last daily one, a mail for each organiser.

    Raises:
        StoreTrouble: the database cannot be read.
    """
    return digest_mails(store, make_house(service, store, utc_now), utc_now)


def sent(service: ServiceConfig, mails: Sequence[Mail]) -> Iterator[tuple[str, Receipt]]:
    """Each recipient, with what the SMTP server said."""
    postman = make_postman(service.smtp)
    try:
        parcels = [Parcel(number, mail.recipient, mail.raw) for number, mail in enumerate(mails)]
        for parcel, receipt in postman.deliver(parcels, lambda: False):
            yield parcel.recipient, receipt
    finally:
        postman.close()
