"""The rules as a table, in English: what somebody writes to Ashcombe on Monday 3 June 2024, and what it comes to."""

import pytest

from tests.intent.series import ASHCOMBE, mail, noted, read

ROWS = {
    "a day": """
        I would like to attend the meeting on 11 June.                             | +shops
        Please sign me up for the 11th.                                            | +shops
        Put me down for Tuesday 11 June 2024.                                      | +shops
        I'll be there on June 11th.                                                | +shops
        I'll be there on 11/6.                                                     | +shops
        I'll be there on 6/11.                                                     | +shops
        Count me in for 17.06.2024                                                 | +youth
        Sign me up for the eleventh of June please.                                | +shops
        I'd like to come on Thursday.                                              | +plots
        Please register me for next week's Tuesday meeting, the 11th.              | +shops
        I'd like to attend the last meeting.                                       | +carers
        Sign me up for the penultimate meeting.                                    | +youth
        Please sign me up for the next meeting.                                    | +plots
    """,
    "a sector": """
        I would like to join the meeting for shops and traders.                    | +shops
        We run a youth club and would like to sign up.                             | +youth
        We are shopkeepers and would like to attend.                               | +shops
        Please sign me up for the carers meeting.                                  | +carers
        Please sign me up for the alotments meeting.                               | +plots
        I look after my mother; please sign me up for the carers' session.         | +carers
    """,
    "a day that does not fit": """
        Please sign me up for 13 June.                                             | ?no-such-date
        Please sign me up for Thursday 11 June.                                    | ?contradiction
        Please sign me up for the shops meeting on 6 June.                         | ?contradiction
        Please sign me up for the walking groups meeting.                          | ?over
        Please sign me up for 1 June.                                              | ?over
        I'd like to attend.                                                        | ?unnamed
        Please sign me up for 12 June.                                             | ?several
    """,
    "two turns on one day": """
        Please sign me up for 12 June at 10 am.                                    | +river-am
        Please sign me up for 12 June at 7 pm.                                     | +river-pm
        Please sign me up for the evening session of the river users.              | +river-pm
        Please sign me up for the morning session on the 12th.                     | +river-am
        Please sign me up for both sessions on the 12th.                           | +river-am +river-pm
        Please sign me up for the river meeting.                                   | ?several
    """,
    "several and all": """
        Please sign me up for the 6th and the 11th.                                | +plots +shops
        I'd like to attend the shops meeting and the carers meeting.               | +carers +shops
        Please sign me up for all the meetings. | +carers +plots +river-am +river-pm +shops +youth
        Please sign me up for all the meetings except the 17th. | +carers +plots +river-am +river-pm +shops
        Please sign me up for the last two.                                        | +carers +youth
        The 6th or the 11th, whichever has room.                                   | ?several
    """,
    "no and but": """
        I can't make the 6th but I'll come on the 11th.                            | +shops
        I'd like to come on the 11th, not the 6th.                                 | +shops
        Not the carers meeting but the youth one please: sign me up.               | +youth
        Can't wait to be there on the 11th!                                        | +shops
        I'll come on the 6th, no wait, the 11th.                                   | +shops
        Thursday I'm at work, please sign me up for the 11th.                      | +shops
    """,
    "others' plans and what is over": """
        My wife is coming on the 6th; please sign me up for the 11th.              | +shops
        Thank you for the meeting on 1 June. Please sign me up for the 11th.       | +shops
        Although I run a shop, please sign me up for the carers meeting.           | +carers
    """,
    "withdrawing": """
        Please cancel my registration for 11 June.                                 | -shops
        I need to withdraw from the carers meeting.                                | -carers
        I'm afraid I can no longer make the 11th.                                  | -shops
        I'm afraid I can't come.                                                   | -*
        Please cancel all my registrations.                                        | -*
        I signed up for the 11th but I can't make it.                              | -shops
        I can't make the 11th.                                                     | -shops
    """,
    "moving": """
        Please move me from the 6th to the 11th.                                   | +shops -plots
        Could you switch me from the shops meeting to the carers meeting?          | +carers -shops
        I signed up for the 6th but I can only do the 11th.                        | +shops -plots
        Instead of the 6th I'd like to come on the 11th.                           | +shops -plots
        Please cancel the 6th and sign me up for the 11th.                         | +shops -plots
    """,
    "requests": """
        I never received the link.                                                 | link
        I've lost the email with the link, could you resend it?                    | link
        Which meetings am I signed up for?                                         | status
        Please send me a copy of my data.                                          | export
        Please delete my data.                                                     | erase
    """,
    "questions": """
        Is the meeting on the 11th free?                                           | !
        What time does Thursday's meeting start?                                   | !
        Please sign me up for the 11th. Is there parking?                          | +shops !
        Can I come on Thursday?                                                    | +plots
        Can you sign me up for the 11th?                                           | +shops
        How do I sign up for the meeting on the 11th?                              | +shops
        Is there still room on the 11th? If so please sign me up.                  | +shops
    """,
    "hedges": """
        I haven't decided between the 6th and the 11th.                            | ?several
        I'd like to sign up but I'm not sure which meeting.                        | ?unnamed
    """,
    "nothing for the bot": """
        Thanks so much, it was a lovely evening!                                   | !
        We offer chair hire at competitive prices.                                 | !
        Will there be minutes?                                                     | !
    """,
    "numbers that are no days": """
        There are 11 of us, please sign us up for the youth meeting.               | +youth
        Sign me up for Thursday; I live at 11 Mill Street.                         | +plots
    """,
    "few words": """
        me 11th please                                                             | +shops
        Thursday please                                                            | +plots
        carers meeting please                                                      | +carers
    """,
}
CASES = [
    pytest.param(*(part.strip() for part in row.rsplit("|", 1)), id=f"{rule}: {row.split('|')[0].strip()}")
    for rule, rows in ROWS.items()
    for row in rows.strip().splitlines()
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_what_is_written_comes_to(text: str, expected: str) -> None:
    """Each row is one mail without a subject."""
    assert noted(read(mail(text), ASHCOMBE)) == expected
