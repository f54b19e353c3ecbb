"""What has changed in the series since people were last told of it, and who is to be told what, and when.

Every form in which the configuration gave a meeting is kept as an ``Edition``, and every registration remembers the
edition that its person was last told. Whoever was told an edition that differs from the latest in what concerns them
deserves a ``Notice``, once a grace has passed in which a slip can be mended. Where the latest says again what they
know there is nothing to tell, however often it went back and forth meanwhile. Whoever signs up after a change was
told the new edition by the confirmation.

The grace is counted from the moment at which the difference was first noted, so that several changes within it make one
notice. It ends half an hour before the meeting at the latest: a notice that comes too late helps nobody, and by then a
slip costs less than a closed door. Nobody is told of what is over, nor that a meeting now lies in the past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailbot.core.model import (
    Address,
    Letter,
    LetterKind,
    Meeting,
    MeetingStatus,
    Place,
    Registration,
    RegistrationStatus,
    Series,
)
from mailbot.core.retry import PATIENCE

PURPOSE = "told:"
"""How the purposes of notices begin; what was told, of which registration, and the edition follow."""
GRACE = timedelta(minutes=10)
LEAD = timedelta(minutes=30)
"""How long before a meeting the grace ends at the latest."""


class News(StrEnum):
    """What people are told of a meeting."""

    CHANGED = "changed"
    """It has another time, length or link."""
    CALLED_OFF = "called-off"
    ON_AFTER_ALL = "on-after-all"
    """They were told that it is called off; it takes place."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A meeting as the configuration gave it, from some moment on."""

    id: int
    """0 for one that is not kept yet."""
    meeting: str
    """The meeting's code."""
    noted_at: datetime
    title: str
    starts_at: datetime
    duration: timedelta
    join_url: str | None
    """None where it was noted by a mailbot that did not keep links: it is taken to be that of the next edition."""
    off: bool | None
    """Whether it is cancelled, or gone from the configuration; None as for the link."""

    @classmethod
    def of(cls, meeting: Meeting, at: datetime) -> "Edition":
        """What the configuration says at the moment ``at``, not kept yet."""
        off = meeting.status is MeetingStatus.CANCELLED
        return cls(0, meeting.code, at, meeting.title, meeting.starts_at, meeting.duration, meeting.join_url, off)

    @property
    def ends_at(self) -> datetime:
        """When it is over."""
        return self.starts_at + self.duration

    def to_meeting(self) -> Meeting:
        """A meeting to write of; it has no sector."""
        status = MeetingStatus.CANCELLED if self.off else MeetingStatus.OPEN
        link = self.join_url or ""
        return Meeting(self.meeting, self.title, "", (), self.starts_at, self.duration, link, status=status)

    def is_told_by(self, other: "Edition", *, link: bool) -> bool:
        """Whether the two say the same to a participant: a title may be mended; ``link`` is for those who have it."""
        if self.off and other.off:
            return True
        switched = None not in (self.off, other.off) and self.off != other.off
        return not (self.moved_in(other) or (link and self.relinked_in(other)) or switched)

    def moved_in(self, other: "Edition") -> bool:
        """Whether the other has another time or length."""
        return (self.starts_at, self.duration) != (other.starts_at, other.duration)

    def relinked_in(self, other: "Edition") -> bool:
        """Whether the other has another link, as far as both are known."""
        return None not in (self.join_url, other.join_url) and self.join_url != other.join_url

    def is_as(self, other: "Edition") -> bool:
        """Whether the two say the same in every word."""
        return self.title == other.title and self.off == other.off and self.is_told_by(other, link=True)


@dataclass(frozen=True, slots=True)
class Audience:
    """Live registrations of one meeting whose people were last told the same edition."""

    meeting: str
    edition: int
    status: RegistrationStatus
    count: int


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What people know: the editions of each meeting, oldest first, and who was last told which."""

    editions: Mapping[str, tuple[Edition, ...]]
    audiences: tuple[Audience, ...]

    def with_series(self, series: Series, at: datetime) -> "Knowledge":
        """The same, were this series taken over at the moment ``at``."""
        more = {edition.meeting: edition for edition in new_editions(self.editions, series, at)}
        codes = [*self.editions, *(code for code in more if code not in self.editions)]
        after = {code: (*self.editions.get(code, ()), *((more[code],) if code in more else ())) for code in codes}
        return replace(self, editions=after)


@dataclass(frozen=True, slots=True)
class Notice:
    """What an audience is to be told."""

    audience: Audience
    news: News
    was: Edition
    """What they know."""
    now: Edition
    due_at: datetime


def new_editions(known: Mapping[str, Sequence[Edition]], series: Series, at: datetime) -> tuple[Edition, ...]:
    """The editions that this series adds; a meeting that is gone from it is called off."""
    present = [Edition.of(meeting, at) for meeting in series.meetings]
    new = [edition for edition in present if not (of := known.get(edition.meeting)) or not of[-1].is_as(edition)]
    gone = [of[-1] for code, of in known.items() if series.meeting(code) is None and not of[-1].off]
    return (*new, *(replace(last, id=0, noted_at=at, off=True) for last in gone))


def notices(knowledge: Knowledge, grace: timedelta, at: datetime) -> tuple[Notice, ...]:
    """Everything that people are to be told, due or not yet at the moment ``at``."""
    found = (_notice(audience, knowledge.editions[audience.meeting], grace, at) for audience in knowledge.audiences)
    return tuple(notice for notice in found if notice is not None)


def _notice(audience: Audience, editions: Sequence[Edition], grace: timedelta, at: datetime) -> Notice | None:
    was = next(edition for edition in editions if edition.id == audience.edition)
    now, link = editions[-1], audience.status is RegistrationStatus.CONFIRMED
    first_noted = None
    for edition in reversed(editions):
        if edition is was or was.is_told_by(edition, link=link):
            break
        first_noted = edition.noted_at
    if first_noted is None or at >= (was if now.off else now).ends_at:
        return None
    news = News.CALLED_OFF if now.off else News.ON_AFTER_ALL if was.off else News.CHANGED
    known = [now] if was.off else [was] if now.off else [was, now]
    starts = [edition.starts_at for edition in known if edition.ends_at > first_noted]
    due_at = max(first_noted, min([first_noted + grace, *(start - LEAD for start in starts)]))
    return Notice(audience, news, was, now, due_at)


def letter(registration: Registration, notice: Notice, meeting: Meeting, at: datetime) -> Letter:
    """What one registration is told. ``registration`` has the raised SEQUENCE, ``meeting`` is as it is now."""
    person, off = registration.person, notice.news is News.CALLED_OFF
    kind = LetterKind.CANCELLATION if off else LetterKind.CHANGE
    was = notice.was.to_meeting()
    if registration.status is not RegistrationStatus.CONFIRMED or notice.was.join_url is None:
        was = replace(was, join_url=meeting.join_url)  # they had none that could be another
    place = Place(was if off else meeting, registration.status, registration.uid, registration.sequence)
    return Letter(
        kind=kind,
        purpose=f"{PURPOSE}{notice.news}:{registration.uid}:{notice.now.id}",
        recipient=Address(person.address, person.name),
        language=person.language,
        deadline=min(at + PATIENCE[kind], (notice.was if off else notice.now).ends_at),
        registered=() if off else (place,),
        withdrawn=(place,) if off else (),
        was=None if off else was,
        registration_id=registration.id,
    )
