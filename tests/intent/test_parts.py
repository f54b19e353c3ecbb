"""The parts of understanding, one by one: clauses, days, hours, sectors, and what several clues come to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mailbot.core.intent import dates, hours, mentions, sectors
from mailbot.core.intent.calendar import Calendar
from mailbot.core.intent.choose import choose
from mailbot.core.intent.clauses import MOST_SENTENCE, Clause, split
from mailbot.core.intent.heard import Stance
from mailbot.core.intent.hearing import hear
from mailbot.core.intent.language import detect
from mailbot.core.intent.lexicon import plain, shipped
from mailbot.core.intent.sectors import index, stem
from mailbot.core.model import CalendarReply, Doubt, Language, MeetingStatus, Series
from tests.intent.series import ASHCOMBE, NOW, VALSENIO, mail, noted, read

WORDS = shipped()


def calendar(series: Series = VALSENIO) -> Calendar:
    """The meetings as seen at the moment of the tables."""
    return Calendar(series, NOW[series.language])


def clause(text: str) -> Clause:
    """The one clause of a text."""
    (only,) = split(text, WORDS)
    return only


def found(text: str, series: Series = VALSENIO) -> dict[str, list[str]]:
    """The dates of a text: words → meetings."""
    items = [item for part in split(text, WORDS) for item in dates.find(part, calendar(series), WORDS)]
    return {item.words: sorted(item.codes) for item in items}


# --- clauses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vengo il 12.", ["Vengo il 12"]),
        ("Non posso il 7, vengo il 12", ["Non posso il 7", "vengo il 12"]),
        ("Non posso il 7 ma vengo il 12", ["Non posso il 7", "ma vengo il 12"]),
        ("Il sig. Rossi e la dott.ssa Neri verranno", ["Il sig. Rossi e la dott.ssa Neri verranno"]),
        ("Siamo l'a.s.d. Valsenio. Ci iscriviamo.", ["Siamo l'a.s.d. Valsenio", "Ci iscriviamo"]),
        ("Martedì no giovedì sì", ["Martedì no", "giovedì sì"]),
        ("Grazie\nAnna Verdi", ["Grazie", "Anna Verdi"]),
        ("scrivo a nome di\nuna amica", ["scrivo a nome di una amica"]),
        ("✅ sport", ["sì sport"]),
        ("scrivo da info@comune.example, grazie", ["scrivo da", "grazie"]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_a_no_ends(text: str, expected: list[str]) -> None:
    """At stops, commas, words of contrast, and line ends that end a thought; not at abbreviations."""
    assert [part.text for part in split(text, WORDS)] == expected


def test_a_sentence_knows_whether_it_asks() -> None:
    """All clauses up to a question mark are of a question."""
    assert [part.asks for part in split("Vengo. Posso, domani?", WORDS)] == [False, True, True]


def test_a_sentence_without_end_is_cut() -> None:
    """Nobody means a sentence of that length, and the time must stay in proportion."""
    parts = split("parola " * 800, WORDS)
    assert len(parts) > 3
    assert max(len(part.text) for part in parts) <= MOST_SENTENCE


@pytest.mark.parametrize(
    ("text", "silent", "speaks"),
    [
        ("non ho ricevuto il link", "negation", "link_lost"),
        ("non vedo l'ora", "negation", "eager"),
        ("mi ero iscritta", "join", "held"),
        ("buona sera", "evening", "greets"),
        ("saluti a tutti", "all_alone", "not_all"),
        ("vorrei cancellare la mia iscrizione", "join", "leave"),
    ],
)
def test_a_longer_phrase_silences_the_words_within_it(text: str, silent: str, speaks: str) -> None:
    """The groups that outrank others within their own words."""
    assert clause(text).has(speaks)
    assert not clause(text).has(silent)


# --- days -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("il 12", {"12": ["musei"]}),
        ("il 12 marzo 2024", {"12 marzo 2024": ["musei"]}),
        ("martedì 12", {"martedì 12": ["musei"]}),
        ("12/3", {"12/3": ["musei"]}),
        ("3/12", {"3/12": ["musei"]}),
        ("12.03.2024", {"12.03.2024": ["musei"]}),
        ("2024-03-12", {"2024-03-12": ["musei"]}),
        ("il 13", {"13": ["banda", "scuole"]}),
        ("il 14 marzo", {"14 marzo": []}),
        ("giovedì", {"giovedì": ["sport"]}),
        ("il giorno 7 e il 12", {"7": ["sport"], "12": ["musei"]}),
        ("dodici marzo", {"dodici marzo": ["musei"]}),
        ("in via Roma 12", {}),
        ("siamo 12 persone", {}),
        ("alle 12", {}),
        ("prot. n. 12", {}),
        ("tel. 0583 12 7", {}),
        ("buon giovedì", {}),
        ("ogni giovedì", {}),
    ],
)
def test_days_are_told_from_other_numbers(text: str, expected: dict[str, list[str]]) -> None:
    """A number is a day where it stands like one."""
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("June 11th", {"June 11th": ["shops"]}),
        ("the 11th of June", {"11th of June": ["shops"]}),
        ("6/11", {"6/11": ["shops"]}),
        ("11/6", {"11/6": ["shops"]}),
        ("Thursday", {"Thursday": ["plots"]}),
        ("I may come", {}),
        ("11 people", {}),
    ],
)
def test_english_days_come_in_either_order(text: str, expected: dict[str, list[str]]) -> None:
    """American and British dates: the one on which a meeting falls."""
    assert found(text, ASHCOMBE) == expected


def test_domani_counts_from_the_moment_of_writing() -> None:
    """The day before the sports clubs, tomorrow is theirs."""
    eve = Calendar(VALSENIO, NOW["it"] + timedelta(days=2))
    (item,) = dates.find(clause("domani"), eve, WORDS)
    assert item.codes == {"sport"}


@pytest.mark.parametrize(("number", "codes"), [(3, {"sport"}), (1, {"musei"}), (6, set())])
def test_a_weekday_is_the_next_with_a_meeting(number: int, codes: set[str]) -> None:
    """Within two weeks both, beyond that the first alone."""
    assert calendar().weekday(number) == codes


def test_the_calendar_knows_days_weeks_and_months() -> None:
    """Seen from Monday 4 March 2024."""
    known = calendar()
    assert known.today == date(2024, 3, 4)
    assert known.on(date(2024, 3, 13)) == {"scuole", "banda"}
    assert known.day_number(1) == {"orti"}
    assert known.week(0) == {"sport"}
    assert known.week(1) == {"musei", "scuole", "banda"}
    assert known.month(3) == {"sport", "musei", "scuole", "banda", "sociale", "rioni"}
    assert known.month(4) == frozenset()
    assert "orti" not in known.codes_to_come


def without(*codes: str) -> Series:
    """Valsenio, with these meetings cancelled."""
    off = (replace(m, status=MeetingStatus.CANCELLED) if m.code in codes else m for m in VALSENIO.meetings)
    return replace(VALSENIO, meetings=tuple(off))


def test_a_cancelled_meeting_is_spoken_of_where_no_other_fits() -> None:
    """Its weekday, its week and "all of them" mean it only where nothing that takes place is meant."""
    known = calendar(without("sport", "musei"))
    assert known.weekday(3) == {"rioni"}
    assert known.weekday(1) == {"musei"}
    assert (known.week(0), known.week(1)) == ({"sport"}, {"scuole", "banda"})
    assert known.coming(frozenset({"sport"})) == {"sport"}
    assert known.coming(frozenset()) == {"scuole", "banda", "sociale", "rioni"}
    assert known.day_number(12) == {"musei"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vorrei partecipare all'incontro del 12 marzo.", "+musei"),
        ("Vorrei partecipare all'incontro per i musei.", "+musei"),
        ("Vorrei partecipare martedì.", "+musei"),
        ("Vorrei iscrivermi a tutti gli incontri sui musei.", "+musei"),
        ("Vorrei iscrivermi a tutti gli incontri.", "+banda +rioni +scuole +sociale +sport"),
        ("Vorrei partecipare al prossimo incontro.", "+sport"),
        ("Purtroppo devo disdire la mia iscrizione del 12 marzo.", "-musei"),
        ("Vorrei spostare la mia iscrizione dal 7 al 12 marzo.", "+musei -sport"),
        ("Vorrei partecipare all'incontro del 1 marzo.", "?over"),
    ],
)
def test_a_cancelled_meeting_is_understood_as_any_other(text: str, expected: str) -> None:
    """It is not over: that it is off is for the letter to say."""
    assert noted(read(mail(text), without("musei"))) == expected


def test_where_every_meeting_is_cancelled_none_is_told_to_be_over() -> None:
    """Whoever wants all of them is understood."""
    none = without(*(meeting.code for meeting in VALSENIO.meetings))
    said = noted(read(mail("Vorrei iscrivermi a tutti gli incontri."), none))
    assert said == "+banda +musei +rioni +scuole +sociale +sport"


def test_a_calendar_s_yes_to_a_cancelled_meeting_is_passed_on() -> None:
    """The letter says that it is off."""
    reply = CalendarReply("musei.1@comune.example", "ACCEPTED")
    assert noted(read(replace(mail(""), calendar_reply=reply), without("musei"))) == "+musei"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alle 10", {"scuole"}),
        ("alle ore 21:00", {"banda"}),
        ("alle nove", {"banda"}),
        ("alle 18", {"sport", "musei", "sociale", "rioni"}),
        ("alle 4", None),
        ("siamo 10", None),
    ],
)
def test_hours_name_the_meetings_that_begin_at_them(text: str, expected: set[str] | None) -> None:
    """In digits and in words; twelve hours later where nothing else is said."""
    items = list(hours.hours(clause(text), calendar(), WORDS))
    assert [set(item.codes) for item in items] == ([] if expected is None else [expected])


# --- sectors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alike",
    [("sportive", "sportivo"), ("biblioteche", "biblioteca"), ("musei", "museo"), ("clubs", "club")],
)
def test_inflections_have_one_stem(alike: tuple[str, str]) -> None:
    """Italian and English inflect at the end."""
    assert stem(alike[0]) == stem(alike[1])


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("musei", {"musei"}),
        ("museo", {"musei"}),
        ("biblioteca", {"musei"}),
        ("pallavolo", {"sport"}),
        ("un coro", {"banda"}),
        ("bibliotecche", {"musei"}),
        ("associazioni", set()),
        ("del genere", set()),
        ("una astronave", set()),
    ],
)
def test_a_word_speaks_of_the_meetings_of_its_sector(text: str, codes: set[str]) -> None:
    """By the series' own words, by theme, and with a letter wrong; not by words that all sectors share."""
    items = sectors.find(clause(text), index(VALSENIO, WORDS))
    assert set().union(*(item.codes for item in items)) == codes


def test_turns_of_one_sector_are_of_one_sector() -> None:
    """The river's two sessions are told apart by the hour alone."""
    assert frozenset({"river-am", "river-pm"}) in index(ASHCOMBE, WORDS).kin


# --- stances, and what they come to -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vengo il 12", {"musei": "taken"}),
        ("non posso il 12", {"musei": "declined"}),
        ("tutti tranne il 12", {"musei": "excepted"}),
        ("mi ero iscritta al 12", {"musei": "held"}),
        ("cancellatemi dal 12", {"musei": "left"}),
        ("mia moglie viene il 12", {"musei": "others"}),
        ("spostatemi dal 7 al 12", {"sport": "left", "musei": "taken"}),
        ("non vengo il 7 ma il 12", {"sport": "declined", "musei": "taken"}),
        ("vengo il 7, anzi no, il 12", {"sport": "others", "musei": "taken"}),
        ("invece del 7 vengo il 12", {"sport": "left", "musei": "taken"}),
        ("l'incontro del 12 comincia tardi", {"musei": "bare"}),
    ],
)
def test_a_clause_speaks_of_a_meeting_in_one_way(text: str, expected: dict[str, str]) -> None:
    """Taken, left, declined, excepted, held, of others, or merely named."""
    heard = hear(text, calendar(), index(VALSENIO, WORDS), WORDS)
    stances = {code: str(s) for s in Stance for mention in heard.mentions(s) for code in mention.codes}
    assert stances == expected


@pytest.mark.parametrize(
    ("text", "codes", "doubt"),
    [
        ("il 12", {"musei"}, None),
        ("il 7 e il 12", {"sport", "musei"}, None),
        ("il 7 o il 12", set(), Doubt.SEVERAL),
        ("il 13", set(), Doubt.SEVERAL),
        ("il 13 alle 10", {"scuole"}, None),
        ("il 14 marzo", set(), Doubt.NO_SUCH_DATE),
        ("giovedì 12 marzo", set(), Doubt.CONTRADICTION),
        ("l'incontro dei musei del 7", set(), Doubt.CONTRADICTION),
        ("siamo un museo", {"musei"}, None),
    ],
)
def test_clues_come_to_meetings_or_to_a_doubt(text: str, codes: set[str], doubt: Doubt | None) -> None:
    """Days and sectors agree, stand side by side, or leave a doubt."""
    words = index(VALSENIO, WORDS)
    all_mentions = [m for part in split(text, WORDS) for m in mentions.find(part, calendar(), words, WORDS)]
    choice = choose(all_mentions, calendar())
    assert (set(choice.codes), choice.doubt) == (codes, doubt)


# --- small things -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [("Vorrei partecipare, grazie", "it"), ("I would like to come", "en"), ("12", "it"), ("", "it")],
)
def test_the_small_words_tell_the_language(text: str, language: Language) -> None:
    """Where none stands, the language of the series."""
    assert detect(text, WORDS, "it") == language


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Perché", "perche"), ("l'Incontro", "l incontro"), ("Straße", "strasse"), ("  a--b ", "a b"), ("日本", "")],
)
def test_words_are_compared_in_plain_form(text: str, expected: str) -> None:
    """Lower case, no accents, signs as blanks."""
    assert plain(text) == expected
