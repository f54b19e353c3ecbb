"""What each clause says: its deeds, its "no", and how it speaks of the meetings it mentions.

The cues of a clause come to *deeds*: somebody joins, leaves, declines, moves, tells that they are signed up already,
speaks of others. A deed decides how the clause speaks of its meetings: as *taken*, *left*, *declined*, *excepted*,
*held* already, of *others*, or merely named (*bare*). A clause without a deed of its own takes over that of its
sentence; behind a word of contrast, the opposite of what was refused. Questions are heard apart: what is asked for
information is no wish, and a wish put as a question ("posso venire giovedì?") is no question.
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from mailbot.core.intent import clauses, mentions
from mailbot.core.intent.clauses import Clause
from mailbot.core.intent.dates import Calendar
from mailbot.core.intent.lexicon import Cue, Lexicon
from mailbot.core.intent.mentions import Mention
from mailbot.core.intent.sectors import Sectors


class Stance(StrEnum):
    """How a clause speaks of a meeting."""

    TAKEN = "taken"
    LEFT = "left"
    """Withdrawn from, in so many words, or as one who was signed up."""
    DECLINED = "declined"
    """Not possible, not wanted: withdrawn from unless another is taken."""
    EXCEPTED = "excepted"
    HELD = "held"
    """Signed up for already."""
    OTHERS = "others"
    """Somebody else's, or over, or asked about: neither wanted nor refused."""
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A mention with the stance that its clause takes."""

    mention: Mention
    stance: Stance


@dataclass(frozen=True, slots=True)
class Heard:
    """What one clause says."""

    clause: Clause
    spoken: tuple[Spoken, ...]
    joins: bool = False
    weak: bool = False
    """Joins by a mention and a courtesy alone."""
    nods: bool = False
    """Agrees, without saying to what: "volentieri", "va bene"."""
    leaves: bool = False
    declines: bool = False
    moves: bool = False
    holds: bool = False
    takes_all: bool = False
    hedges: bool = False
    asks: bool = False
    """A question for a person."""
    requests: frozenset[str] = frozenset()

    @property
    def acts(self) -> bool:
        """Whether it has a deed of its own."""
        return self.joins or self.leaves or self.declines or self.moves or self.holds


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a text says."""

    heard: tuple[Heard, ...]
    text: str

    def mentions(self, *stances: Stance) -> list[Mention]:
        """The mentions with one of these stances, in order."""
        return [spoken.mention for heard in self.heard for spoken in heard.spoken if spoken.stance in stances]

    @property
    def requests(self) -> frozenset[str]:
        """Everything asked for beside places: ``link``, ``status``, ``export``, ``erase``."""
        return frozenset().union(*(heard.requests for heard in self.heard))

    def says(self, what: str) -> bool:
        """Whether any clause has this property, such as ``joins``."""
        return any(getattr(heard, what) for heard in self.heard)

    def has(self, *groups: str) -> bool:
        """Whether a cue of one of these groups stands anywhere."""
        return any(heard.clause.has(*groups) for heard in self.heard)

    def questions(self) -> list[str]:
        """The clauses that a person must answer, as written."""
        return [heard.clause.text for heard in self.heard if heard.asks]


SHORT_REFUSAL = 3
"""Words behind "I can't" that may follow where no meeting is named."""
SHORT_MAIL = 30
"""Words of a mail in which a mention and courtesies are a wish."""
MOST_BESIDE = 2
"""Words beside a mention in a clause that only continues a list ("il 21, il 22 e il 26")."""
_REQUESTS = {"link_lost": "link", "status": "status", "export": "export", "erase": "erase"}


def hear(text: str, calendar: Calendar, words: Sectors, lexicon: Lexicon) -> Hearing:
    """What a text says, clause by clause."""
    by_sentence: dict[int, list[Clause]] = {}
    parts = clauses.split(text, lexicon)
    brief = sum(len(clause.words) for clause in parts) <= SHORT_MAIL and not any(c.has("offer") for c in parts)
    for clause in parts:
        by_sentence.setdefault(clause.sentence, []).append(clause)
    heard: list[Heard] = []
    last_day: date | None = None
    for members in by_sentence.values():
        said: list[Heard] = []
        for clause in members:
            found = mentions.find(clause, calendar, words, lexicon, last_day)
            said.append(_clause(clause, found, lexicon, brief=brief, last=clause is members[-1]))
            last_day = mentions.last_day(found, calendar) or last_day
        heard += _within_sentence(_asked_apart(_with_all(said)))
    return Hearing(tuple(_corrected(heard)), text)


# --- one clause -------------------------------------------------------------------------------------------------------


def _clause(clause: Clause, found: list[Mention], lexicon: Lexicon, *, brief: bool, last: bool) -> Heard:
    requests = frozenset(_REQUESTS[cue.group] for cue in clause.spans(*_REQUESTS))
    if clause.asks and last and clause.has("status_asked"):
        requests |= {"status"}
    if "erase" in requests:
        requests -= {"status", "link"}
    negated = clause.has("negation")
    holds = (clause.has("held") or (clause.has("held_noun") and not clause.has("asks_for"))) and not clause.has(
        "wish_question"
    )
    moves = clause.has("move", "instead_of") and not clause.has("own_subject")
    refuses = negated and _refuses(clause, found, lexicon)
    if clause.has("erase") and {"erase", "export"} <= requests and not _exports_first(clause):
        requests -= {"export"}
    refuses = refuses or (negated and clause.has("anymore") and clause.has("join"))
    leaves = clause.has("leave") or (refuses and (clause.has("anymore") or holds))
    busy = clause.has("busy") and bool(found) and not clause.has("join")
    declines = (refuses or clause.has("decline")) and not leaves and not requests
    strong = clause.has("join", "link_wanted", "eager", "how")
    weak = bool(found) and not holds and not moves and not clause.has("offer")
    weak = weak and (clause.has("join_weak") or (brief and _is_bid(clause, found, lexicon)))
    strong = strong and not clause.has("held")
    joins = (strong or weak) and not leaves and not requests and not declines and not busy
    joins = joins and not (negated and not clause.has("link_wanted", "eager"))
    apart = _is_apart(clause)
    if apart:
        joins = declines = False
    said = Heard(
        clause=clause,
        spoken=(),
        joins=joins,
        weak=joins and not strong,
        nods=clause.has("nod") and not negated,
        leaves=leaves,
        declines=declines,
        moves=moves,
        holds=holds,
        takes_all=clause.has("all") or _ends_in_all(clause),
        hedges=clause.has("hedge"),
        requests=requests,
    )
    refused = negated or busy or clause.has("decline")
    return replace(said, spoken=tuple(Spoken(m, _stance(m, said, refused, apart, found)) for m in found))


def _is_apart(clause: Clause) -> bool:
    """Whether it speaks of others' plans, of what is over, or of why."""
    others = any(cue.start <= 3 for cue in clause.spans("others"))
    if others and not clause.has("first_person", "enrol_other"):
        return True
    if (
        clause.has("salutation")
        and clause.spans("salutation")[0].start == 0
        and not clause.has("join", "leave", "move")
    ):
        return True
    if any(cue.start <= 1 for cue in clause.spans("concession")):
        return True
    reason = any(cue.start <= 1 for cue in clause.spans("reason")) and not clause.has("join")
    return reason or clause.has("thanks_for", "was_there", "keeps")


def _exports_first(clause: Clause) -> bool:
    """Whether a copy is asked for before the erasure, rather than "delete everything you hold on me"."""
    return min(c.start for c in clause.spans("export")) < min(c.start for c in clause.spans("erase"))


def _is_bid(clause: Clause, found: list[Mention], lexicon: Lexicon) -> bool:
    """Whether it is a mention and courtesies, and nothing else: "io 21", "al primo turno grazie"."""
    if clause.asks and clause.has("asking"):
        return False
    telling = [m for m in found if m.named and m.found.by != "time"]
    covered = {at for m in telling for at in range(m.found.start, m.found.end)}
    if not covered:
        return False
    covered |= {at for cue in clause.spans("courtesy", "greets", "nod", "also") for at in range(cue.start, cue.end)}
    small = lexicon.sets["small"]
    return all(at in covered or word in small or word.isdigit() for at, word in enumerate(clause.words))


def _with_all(said: list[Heard]) -> list[Heard]:
    """ "Li seguirei tutti, escluso quello sportivo": an exception makes "all" of the meetings of it."""
    return [
        replace(one, takes_all=True)
        if one.clause.has("all_alone") and any(other.clause.has("except") for other in said[number : number + 2])
        else one
        for number, one in enumerate(said)
    ]


def _ends_in_all(clause: Clause) -> bool:
    """ "Iscrivetemi a tutti": the word by itself, at the end."""
    return any(cue.end == len(clause.words) for cue in clause.spans("all_alone")) and clause.has(
        "join", "leave", "move"
    )


def _refuses(clause: Clause, found: list[Mention], lexicon: Lexicon) -> bool:
    """Whether the "no" of a clause is about coming."""
    if clause.has("attend"):
        return True
    return any(_stands_free(clause, cue, found, lexicon) for cue in clause.spans("able"))


def _stands_free(clause: Clause, able: Cue, found: list[Mention], lexicon: Lexicon) -> bool:
    """Whether "I can't" is about coming, rather than about what follows it ("non riesco ad aprire il file")."""
    behind = clause.words[able.end :]
    inner = [m.found.start for m in found if m.found.start >= able.end]
    until = behind[: inner[0] - able.end] if inner else behind
    idle = all(word in lexicon.sets["small"] or len(word) < 4 or word in _IDLE for word in until)
    return idle and (bool(found) or len(behind) <= SHORT_REFUSAL)


_LEADS_TO = frozenset("per a al di del il quello quella for to on the of".split())
_AFTERWARDS = frozenset("dopo after".split())
_SELF = frozenset("io noi i we".split())
_SO = frozenset("so quindi percio dunque allora therefore".split())
_IDLE = frozenset(
    "proprio purtroppo grazie incontro meeting session mica quel quello quella that this make the".split()
)


def _stance(mention: Mention, said: Heard, negated: bool, apart: bool, others: list[Mention]) -> Stance:
    clause, at = said.clause, mention.found.start
    if any(cue.end <= at for cue in clause.spans("except")):
        return Stance.EXCEPTED
    if apart or mention.elsewhere(said.joins and not said.weak) or set(clause.words[max(0, at - 2) : at]) & _AFTERWARDS:
        return Stance.OTHERS
    if _stands_beside_busy(mention, clause, others) and not clause.has("join"):
        return Stance.DECLINED
    if said.requests:
        return Stance.HELD
    if _is_replaced(mention, said.clause, others):
        return Stance.LEFT
    if said.moves and _follows(clause, at, "from"):
        return Stance.LEFT
    if said.moves and _follows(clause, at, "towards") and any(_follows(clause, o.found.start, "from") for o in others):
        return Stance.TAKEN
    if said.leaves:
        return Stance.LEFT
    if said.holds and not said.joins:
        return Stance.OTHERS if _is_when_it_was_done(mention) else Stance.HELD
    if said.moves and not negated:
        return Stance.TAKEN
    if said.declines or clause.has("busy", "decline") or (negated and _refused_after(clause, at)):
        return Stance.DECLINED if not said.joins else Stance.TAKEN
    if clause.words[mention.found.end : mention.found.end + 1] == ("no",):
        return Stance.DECLINED
    return Stance.TAKEN if said.joins else Stance.BARE


def _stands_beside_busy(mention: Mention, clause: Clause, others: list[Mention]) -> bool:
    """Whether "I'm at my desk" stands right behind it, other mentions between at most ("ten in the morning I'm ...")."""
    covered = {at for other in others for at in range(other.found.start, other.found.end)}
    return any(
        all(at in covered or len(clause.words[at]) <= 3 for at in range(mention.found.end, cue.start))
        for cue in clause.spans("busy_beside")
        if cue.start >= mention.found.end
    )


def _is_when_it_was_done(mention: Mention) -> bool:
    """A weekday on which somebody signed up ("mi sono iscritta lunedì"), rather than one they signed up for."""
    clause, at = mention.clause, mention.found.start
    led = at and clause.words[at - 1] in _LEADS_TO
    return mention.found.by == "weekday" and not led


def _refused_after(clause: Clause, at: int) -> bool:
    """A "no" before it, near enough ("non quello dello sport")."""
    return any(0 <= at - cue.end <= 5 for cue in clause.spans("negation"))


def _is_replaced(mention: Mention, clause: Clause, others: list[Mention]) -> bool:
    """Whether it is the first behind an "instead of"."""
    at = mention.found.start
    return any(
        cue.end <= at and not any(cue.end <= other.found.start < at for other in others)
        for cue in clause.spans("instead_of")
    )


def _follows(clause: Clause, at: int, group: str) -> bool:
    """Whether a word of the group stands before it, nearer than another that leads elsewhere ("dal 21 al 22")."""
    # "Dal secondo" is a lead and a mention at once.
    leads = [c for c in clause.spans("from", "towards") if (c.end <= at and at - c.end <= 6) or c.start == at]
    return bool(leads) and max(leads, key=lambda c: (c.end, -c.start)).group == group


# --- one sentence -----------------------------------------------------------------------------------------------------


def _asked_apart(said: list[Heard]) -> list[Heard]:
    """Clauses that ask for information lose their deeds; a wish put as a question keeps them."""
    first = _question_begins(said)
    if first is None:
        return said
    asked = []
    for number, one in enumerate(said):
        if number < first or one.requests or one.leaves or one.moves:
            asked.append(one)
            continue
        spoken = tuple(Spoken(s.mention, Stance.OTHERS if s.stance is Stance.TAKEN else s.stance) for s in one.spoken)
        asked.append(replace(one, joins=False, declines=False, nods=False, asks=True, spoken=spoken))
    return asked


def _question_begins(said: list[Heard]) -> int | None:
    """The clause with which a question for information begins, or None where the sentence asks none."""
    last = said[-1]
    tag = len(last.clause.words) <= 2 and any(one.joins for one in said)
    marked = last.clause.asks and not _is_wish(last) and not last.clause.has("still_room") and not tag
    for number, one in enumerate(said):
        clause = one.clause
        if clause.has("complaint") and not clause.has("negation"):
            return number
        if clause.has("question") and not _is_wish(one):
            return number
        if marked and not _is_wish(one) and not clause.has("still_room"):
            if _begins_asking(clause) or clause.has("asking_is") or (number == len(said) - 1 and _is_unheard(said)):
                return number
    return None


def _begins_asking(clause: Clause) -> bool:
    return any(cue.start <= 2 for cue in clause.spans("asking"))


def _is_unheard(said: list[Heard]) -> bool:
    """A question of which nothing was understood: a person should see it."""
    words = sum(len(one.clause.words) for one in said)
    return words > 3 and not any(
        one.acts or one.nods or one.requests or one.clause.has("how", "still_room") for one in said
    )


def _is_wish(one: Heard) -> bool:
    """Whether a question is a polite wish: "posso venire", "mi iscrivete", "can you sign me up"."""
    clause = one.clause
    if clause.has("wish_question", "link_wanted", "enrol_other", "how") or one.requests or one.leaves or one.moves:
        return True
    if clause.has("join") and any(cue.start <= 1 for cue in clause.spans("may")):
        return True
    return clause.has("join") and not _begins_asking(clause) and not clause.has("asking_is", "question")


def _within_sentence(said: list[Heard]) -> list[Heard]:
    """Deeds reach the bare mentions of their sentence that stand in clauses without any."""
    joins, leaves, declines, moves = (
        any(getattr(one, deed) for one in said) for deed in ("joins", "leaves", "declines", "moves")
    )
    stances = {s.stance for one in said for s in one.spoken}
    reached: list[Heard] = []
    before = Stance.BARE
    set_aside = False
    for one in said:
        turned = (one.clause.contrasts or one.clause.words[0] in _SO or set_aside) and before is Stance.DECLINED
        spoken = []
        for of in one.spoken:
            stance = of.stance
            if stance is Stance.HELD and (leaves or declines) and not one.requests:
                stance = Stance.LEFT
            elif one.weak and before in (Stance.OTHERS, Stance.HELD) and _only_goes_on(one):
                stance = before
            elif moves and stance is Stance.BARE and _follows(one.clause, of.mention.found.start, "from"):
                stance = Stance.LEFT
            elif moves and stance is Stance.BARE and Stance.LEFT in {s.stance for s in spoken}:
                stance = Stance.TAKEN
            elif stance is Stance.BARE and of.mention.named and of.mention.codes:
                if turned:
                    stance = Stance.TAKEN
                elif _continues(one) and before is not Stance.BARE:
                    stance = before
                elif one.clause.contrasts:
                    pass
                elif joins and not stances & {Stance.TAKEN}:
                    stance = Stance.TAKEN
                elif leaves and not stances & {Stance.LEFT}:
                    stance = Stance.LEFT
                elif declines and not joins and not stances & {Stance.DECLINED}:
                    stance = Stance.DECLINED
            spoken.append(Spoken(of.mention, stance))
        if any(cue.start <= 1 for cue in one.clause.spans("correction")):
            reached = [_taken_back(earlier) for earlier in reached]
        joined = one.joins or (turned and any(s.stance is Stance.TAKEN for s in spoken))
        reached.append(replace(one, spoken=tuple(spoken), joins=joined))
        if spoken:
            before = spoken[-1].stance
            # "Non a quello dei cani: a quello dei gatti" sets one aside for the other; "non posso il 21" does not.
            refuses = one.declines or one.clause.has("busy", "busy_beside", "decline")
            set_aside = before is Stance.DECLINED and joins and not refuses
    return reached


def _corrected(heard: list[Heard]) -> list[Heard]:
    """What is said after "anzi no" or "scratch that" counts instead of what was said before."""
    last, said = 0, False
    for at, one in enumerate(heard):
        starts = any(cue.start <= 1 for cue in one.clause.spans("correction")) or one.clause.words == ("no",)
        later = any(s.mention.named and s.mention.codes for after in heard[at:] for s in after.spoken)
        last = at if said and starts and later else last
        said = said or any(s.stance is Stance.TAKEN for s in one.spoken)
    if not last:
        return heard
    after = [replace(one, spoken=tuple(map(_now_taken, one.spoken))) for one in heard[last:]]
    return [*map(_taken_back, heard[:last]), *after]


def _now_taken(spoken: Spoken) -> Spoken:
    bare = spoken.stance is Stance.BARE and spoken.mention.named
    return replace(spoken, stance=Stance.TAKEN) if bare else spoken


def _taken_back(one: Heard) -> Heard:
    """A clause that the next one corrects ("no scusate, a quello dei patti")."""
    spoken = tuple(Spoken(s.mention, Stance.OTHERS if s.stance is Stance.TAKEN else s.stance) for s in one.spoken)
    return replace(one, spoken=spoken)


def _only_goes_on(one: Heard) -> bool:
    """Whether a wish is none of its own ("… al 19, al 22"), unlike "io vorrei il 21"."""
    speaks = one.clause.has("join_weak") or one.clause.words[0] in _SELF
    return not speaks and _continues(replace(one, joins=False))


def _continues(one: Heard) -> bool:
    """Whether a clause is little more than a mention, as the items of a list are."""
    covered = sum(s.mention.found.end - s.mention.found.start for s in one.spoken)
    long = [word for word in one.clause.words if len(word) > 4]
    return not one.acts and not one.clause.contrasts and len(long) - covered <= MOST_BESIDE
