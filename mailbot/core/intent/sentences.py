"""What reaches across clauses: questions, lists, contrasts, corrections.

In a sentence, each step outranking what the clauses said by themselves: what others will do does not count beside what
the writer will (``others_apart``), nor what is not settled yet (``undecided``); an exception makes "tutti" mean the
meetings (``with_exceptions``); a question for information takes away the deeds of what it asks about (``questions``);
the deed of one clause reaches the bare mentions of the others, and what stands behind a "ma" beside something refused
is wanted (``deeds_shared``). Over the whole text, what is said after "anzi no" counts instead of what was said before
(``corrected``).
"""

from dataclasses import replace

from mailbot.core.intent import stances
from mailbot.core.intent.heard import Heard, Spoken, Stance
from mailbot.core.intent.questions import asked_apart

FEW = 4
"""Words of "but I cannot"."""
MOST_BESIDE = 2
"""Words beside a mention in a clause that only continues a list ("il 21, il 22 e il 26")."""
_SELF = frozenset("io noi i we".split())
_ANDS = frozenset("e ed and anche also plus piu".split())
_SO = frozenset("so quindi percio dunque allora therefore".split())


def heard_together(said: list[Heard]) -> list[Heard]:
    """The clauses of one sentence, each step outranking what the clauses said by themselves."""
    for step in (
        others_apart,
        undecided,
        listed,
        with_exceptions,
        restricted,
        wished_in_vain,
        without_link,
        asked_apart,
        deeds_shared,
    ):
        said = step(said)
    return said


def others_apart(said: list[Heard]) -> list[Heard]:
    """What another person will do, beside what the writer will: "Anna verrà il 21, io il 22" asks for the 22nd."""
    if not any(_is_of_self(one) and any(s.mention.named for s in one.spoken) for one in said):
        return said
    return [
        replace(one, joins=False, nods=False, spoken=tuple(Spoken(s.mention, Stance.OTHERS) for s in one.spoken))
        if one.clause.has("third_person") and not one.clause.has("first_person") and not _is_of_self(one)
        else one
        for one in said
    ]


def _is_of_self(one: Heard) -> bool:
    """Whether it says who does it, and that is the writer: "io il 22", "il 22 vengo io"."""
    words = one.clause.words
    return not _SELF.isdisjoint((*words[:3], words[-1]))


def undecided(said: list[Heard]) -> list[Heard]:
    """Who says twice that it is not settled wants nothing yet: "forse vengo il 21, vi farò sapere"."""
    doubted = any(not stances.MAYBE.isdisjoint(one.clause.words) for one in said if one.hedges)
    if not doubted or sum(one.hedges for one in said) < 2 or not any(one.taken for one in said):  # once is a courtesy
        return said
    return [replace(_taken_back(one), joins=False) for one in said]


def listed(said: list[Heard]) -> list[Heard]:
    """Bare sectors behind a named one are named too: "mi iscrivo per lo sport, musei e ambiente"."""
    heard: list[Heard] = []
    goes_on = False
    for one in said:
        goes_on = goes_on and _is_item(one)
        if goes_on:
            one = replace(one, spoken=tuple(Spoken(replace(s.mention, named=True), s.stance) for s in one.spoken))
        heard.append(one)
        goes_on = goes_on or (one.joins and any(s.mention.named and not s.mention.by_date for s in one.spoken))
    return heard


def _is_item(one: Heard) -> bool:
    """Whether a clause is nothing but mentions, as the items of a list are."""
    places = {at for s in one.spoken for at in range(s.mention.found.start, s.mention.found.end)}
    return bool(places) and all(at in places or word in _ANDS for at, word in enumerate(one.clause.words))


def with_exceptions(said: list[Heard]) -> list[Heard]:
    """An exception makes "tutti" mean the meetings: "li seguirei tutti, escluso quello sportivo"."""
    excepted = []
    before = None
    for number, one in enumerate(said):
        exception = any(other.clause.has("except") for other in said[number : number + 2])
        but_not = any(_is_but_not(other) for other in said[number + 1 : number + 2])
        if before and before.takes_all and _is_but_not(one):
            one = replace(one, declines=False, spoken=tuple(Spoken(s.mention, Stance.EXCEPTED) for s in one.spoken))
        elif one.clause.has("all_alone") and (exception or but_not) and not one.holds:
            one = replace(one, takes_all=True)
        excepted.append(one)
        before = one
    return excepted


def _is_but_not(one: Heard) -> bool:
    """Whether it sets something aside in so few words: "ma non il 21"."""
    few = (
        len(one.clause.words) - sum(s.mention.found.end - s.mention.found.start for s in one.spoken) <= MOST_BESIDE + 2
    )
    named = any(s.mention.named for s in one.spoken)
    return one.clause.contrasts and one.clause.has("negation") and named and few and not (one.joins or one.leaves)


def wished_in_vain(said: list[Heard]) -> list[Heard]:
    """A wish that stands before a reason against it is a refusal: "ci sarei il 21, ma ho un impegno"."""
    return [
        replace(one, joins=False, declines=True, spoken=tuple(map(_now_declined, one.spoken)))
        if (one.clause.has("wished") and any(map(_stands_against, said[number + 1 :])))
        or (one.joins and any(map(_but_cannot, said[number + 1 : number + 2])))
        else one
        for number, one in enumerate(said)
    ]


def _now_declined(spoken: Spoken) -> Spoken:
    wanted = spoken.stance in (Stance.TAKEN, Stance.BARE)
    return replace(spoken, stance=Stance.DECLINED) if wanted else spoken


def _stands_against(one: Heard) -> bool:
    """Whether it tells why not, and names no other meeting."""
    why = one.declines or one.clause.has("busy", "decline") or (one.clause.has("negation") and one.clause.has("able"))
    return why and not one.joins and not any(s.mention.named and s.mention.codes for s in one.spoken)


def _but_cannot(one: Heard) -> bool:
    """Whether it is "ma non posso" and no more."""
    return one.clause.contrasts and len(one.clause.words) <= FEW and _stands_against(one)


def without_link(said: list[Heard]) -> list[Heard]:
    """What is said to be missing two clauses on: "del link per domani, a me promesso, neanche l'ombra"."""
    return [
        replace(
            one,
            joins=False,
            requests=one.requests | {"link"},
            spoken=tuple(replace(s, stance=Stance.HELD) if s.stance is Stance.TAKEN else s for s in one.spoken),
        )
        if one.clause.has("link_word") and any(other.clause.has("lacking") for other in said[number + 1 : number + 3])
        else one
        for number, one in enumerate(said)
    ]


def restricted(said: list[Heard]) -> list[Heard]:
    """Of what was wished for, the one that will do: "mi interessano il 21 e il 22, ma posso solo il 22"."""
    for number, one in enumerate(said):
        only = one.clause.has("only_able") and one.clause.contrasts and not (one.leaves or one.moves or one.declines)
        named = any(s.mention.named and s.mention.codes and not s.mention.narrows for s in one.spoken)
        if only and named and any(earlier.joins or earlier.takes_all for earlier in said[:number]):
            earlier = [replace(_taken_back(other), joins=False, takes_all=False) for other in said[:number]]
            taken = tuple(map(_now_taken, one.spoken))
            return [*earlier, replace(one, joins=True, spoken=taken), *said[number + 1 :]]
    return said


def deeds_shared(said: list[Heard]) -> list[Heard]:
    """The clauses of a sentence, their deeds reaching the bare mentions that stand in clauses without any."""
    whole = _Sentence(said)
    reached: list[Heard] = []
    before, set_aside = Stance.BARE, False
    corrected_upto = 0
    for one in said:
        turned = before is Stance.DECLINED and (one.clause.contrasts or one.clause.words[0] in _SO or set_aside)
        now = [whole.stance(of, one, before, turned=turned) for of in one.spoken]
        if one.clause.begins("correction", 1):
            reached[corrected_upto:] = map(_taken_back, reached[corrected_upto:])
            corrected_upto = len(reached)
        if now:
            before = now[-1]
            # "Non a quello dei cani: a quello dei gatti" sets one aside for the other; "non posso il 21" does not.
            refuses = one.declines or one.clause.has("busy", "busy_beside", "decline")
            set_aside = before is Stance.DECLINED and whole.joins and not refuses
            spoken = tuple(Spoken(of.mention, stance) for of, stance in zip(one.spoken, now, strict=True))
            reached.append(
                replace(one, spoken=spoken, joins=_still_joins(one, now) or (turned and Stance.TAKEN in now))
            )
        else:
            reached.append(one)
    return reached


def _still_joins(one: Heard, now: list[Stance]) -> bool:
    """Whether a clause asks to join once what stood before it has told how its mentions are meant."""
    return one.joins and not (one.weak and all(stance in (Stance.OTHERS, Stance.HELD) for stance in now))


class _Sentence:
    """What the clauses of a sentence do together."""

    def __init__(self, said: list[Heard]) -> None:
        self.joins = any(one.joins for one in said)
        self.leaves = any(one.leaves for one in said)
        self.declines = any(one.declines for one in said)
        self.moves = any(one.moves for one in said)
        self.stances = {spoken.stance for one in said for spoken in one.spoken}

    def stance(self, of: Spoken, one: Heard, before: Stance, *, turned: bool) -> Stance:
        """How the sentence speaks of a meeting: as its clause does, or for want of that as the clauses around do.

        Args:
            of: the mention, with the stance of its clause.
            one: its clause.
            before: the stance of the mention before it, bare where there is none.
            turned: it stands on the other side of a contrast from something refused.
        """
        if of.stance is Stance.HELD and (self.leaves or self.declines) and not one.requests:
            return Stance.LEFT
        if one.weak and before in (Stance.OTHERS, Stance.HELD) and _only_goes_on(one):
            return before
        if self.moves and of.stance is Stance.BARE and stances.follows(one.clause, of.mention.found.start, "from"):
            return Stance.LEFT
        if self.moves and of.stance is Stance.BARE and Stance.LEFT in {spoken.stance for spoken in one.spoken}:
            return Stance.TAKEN
        if of.stance is not Stance.BARE or not of.mention.named or not of.mention.codes:
            return of.stance
        if turned:
            return Stance.TAKEN
        if before is not Stance.BARE and _continues(one):
            return before
        return of.stance if one.clause.contrasts else self._shared()

    def _shared(self) -> Stance:
        """The deed of the sentence, where it has no meeting of its own yet."""
        if self.joins and Stance.TAKEN not in self.stances:
            return Stance.TAKEN
        if self.leaves and Stance.LEFT not in self.stances:
            return Stance.LEFT
        if self.declines and not self.joins and Stance.DECLINED not in self.stances:
            return Stance.DECLINED
        return Stance.BARE


def _only_goes_on(one: Heard) -> bool:
    """Whether a wish is none of its own ("… al 19, al 22"), unlike "io vorrei il 21"."""
    speaks = one.clause.has("join_weak") or one.clause.words[0] in _SELF
    return not speaks and _continues(one, but_joins=True)


def _continues(one: Heard, *, but_joins: bool = False) -> bool:
    """Whether a clause is little more than a mention, as the items of a list are."""
    covered = sum(s.mention.found.end - s.mention.found.start for s in one.spoken)
    long = [word for word in one.clause.words if len(word) > 4]
    acts = one.leaves or one.declines or one.moves or one.holds if but_joins else one.acts
    return not acts and not one.clause.contrasts and len(long) - covered <= MOST_BESIDE


def corrected(heard: list[Heard]) -> list[Heard]:
    """What is said after "anzi no" or "scratch that" counts instead of what was said before."""
    named = (at for at, one in enumerate(heard) if any(s.mention.named and s.mention.codes for s in one.spoken))
    last_named = max(named, default=-1)
    counted: list[Heard] = []
    first = len(heard)
    wanted = False
    starts = 0
    for at, one in enumerate(heard):
        corrects = one.clause.begins("correction", 1) or one.clause.words == ("no",)
        if wanted and corrects and at <= last_named:
            counted[starts:] = map(_taken_back, counted[starts:])
            first, starts, wanted = min(first, at), at, False
        counted.append(one.speaking_of(map(_now_taken, one.spoken)) if at >= first else one)
        wanted = wanted or bool(counted[-1].taken)
    return counted


def _now_taken(spoken: Spoken) -> Spoken:
    bare = spoken.stance is Stance.BARE and spoken.mention.named
    return replace(spoken, stance=Stance.TAKEN) if bare else spoken


def _taken_back(one: Heard) -> Heard:
    """A clause that the next one corrects ("no scusate, a quello dei patti")."""
    spoken = tuple(Spoken(s.mention, Stance.OTHERS if s.stance is Stance.TAKEN else s.stance) for s in one.spoken)
    return replace(one, spoken=spoken)
