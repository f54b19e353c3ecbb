"""Sample letters of supervised mode: what organisers of the invented town are asked, and told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from mailbot.core.model import Address, Language, Letter, LetterKind, Order, Proposal, ProposedLetter


def for_approval(language: Language, anna: Address, at: datetime) -> Iterator[tuple[str, Letter]]:
    """A name and a letter for each thing that organisers are asked, and told: about a mail of Anna's, say."""
    words, until = _WORDS[language], at + timedelta(days=1)
    mandates = ("[mb:approve.12.30144960.3f9a0c27d1e84b6fa5c0d2e7]", "[mb:reject.12.30144960.0c27d1e84b6fa5c0d2e73f9a]")
    answer = ProposedLetter(anna.address, words["subject"], words["text"])
    place = ProposedLetter("ada.riva@posta.example", words["promoted"], words["free"])
    first = Proposal(
        12,
        at,
        anna.address,
        words["asked"],
        words["opening"],
        (words["clue"], words["clue2"]),
        (answer,),
        until,
        *mandates,
    )
    second = replace(
        first,
        id=13,
        sender="ivo.sala@posta.example",
        opening=words["leaving"],
        evidence=(words["clue3"],),
        letters=(replace(answer, recipient="ivo.sala@posta.example", text=words["left"]), place),
    )
    free = replace(first, id=14, sender="", subject="", opening="", evidence=(), letters=(place,))
    three = (first, second, free)

    def letter(kind: LetterKind, **said: Any) -> Letter:
        office = Address("cultura@comune.valverde.example")
        return Letter(kind, "sample", office, language, at + timedelta(days=1), **said)

    yield (
        "approval",
        letter(
            LetterKind.APPROVAL,
            proposals=three,
            unlisted=4,
            code="[mb:approve-all.3.30144960.3f9a0c27d1e84b6fa5c0d2e7]",
        ),
    )
    yield "approval-one", letter(LetterKind.APPROVAL, proposals=(first,))
    yield "approval-place", letter(LetterKind.APPROVAL, proposals=(free,), unlisted=1)
    yield "done", letter(LetterKind.DONE, proposals=(first,), order=Order.APPROVE)
    yield "done-all", letter(LetterKind.DONE, proposals=three, order=Order.APPROVE_ALL)
    yield "done-rejected", letter(LetterKind.DONE, proposals=(first,), order=Order.REJECT, also=2)
    yield "done-rejected-place", letter(LetterKind.DONE, proposals=(free,), order=Order.REJECT)


_WORDS: dict[Language, dict[str, str]] = {
    "it": {
        "asked": "Iscrizione",
        "opening": "Buongiorno, vorrei partecipare all'incontro con le associazioni sportive. Grazie, Anna Neri",
        "clue": "«vorrei partecipare»: vuole iscriversi",
        "clue2": "«associazioni sportive»: l'incontro di giovedì 11 marzo",
        "subject": "Re: Iscrizione",
        "text": "Gentile Anna Neri,\n\nla Sua iscrizione è confermata.\n\n  Incontro con le associazioni sportive\n"
        "  Giovedì 11 marzo 2027, ore 17:00–18:30 (ora italiana)\n  Link per entrare: https://zoom.example/j/814000011\n"
        "  Per disdire risponda: «Disdico giovedì 11 marzo (associazioni sportive)»\n\n"
        "In allegato trova l'invito da aggiungere al calendario. Le manderemo anche un\npromemoria prima dell'incontro."
        "\n\n-- \nComune di Valverde · Valverde in ascolto",
        "leaving": "Purtroppo non posso più venire, disdico. Ivo Sala",
        "clue3": "«disdico»: non viene",
        "left": "Gentile Ivo Sala,\n\nabbiamo annullato la Sua iscrizione.\n\n-- \nComune di Valverde",
        "promoted": "Si è liberato un posto, ed è Suo",
        "free": "Gentile Ada Riva,\n\nsi è liberato un posto: ora è Suo.\n\n-- \nComune di Valverde",
    },
    "en": {
        "asked": "Signing up",
        "opening": "Hello, I would like to come to the meeting with the sports clubs. Thanks, Anna Neri",
        "clue": "“I would like to come”: wants to sign up",
        "clue2": "“the sports clubs”: the meeting on Thursday 11 March",
        "subject": "Re: Signing up",
        "text": "Dear Anna Neri,\n\nyou are registered.\n\n  Meeting with the sports clubs\n"
        "  Thursday 11 March 2027, 17:00–18:30 (Italian time)\n  Link to join: https://zoom.example/j/814000011\n"
        "  To cancel, reply: “Cancel Thursday 11 March (sports clubs)”\n\n"
        "Attached is an invitation for your calendar. We will also send you a reminder\nbefore the meeting."
        "\n\n-- \nComune di Valverde · Valverde is listening",
        "leaving": "Unfortunately I cannot come any more, please cancel. Ivo Sala",
        "clue3": "“please cancel”: does not come",
        "left": "Dear Ivo Sala,\n\nwe have cancelled your registration.\n\n-- \nComune di Valverde",
        "promoted": "A place has become free, and it is yours",
        "free": "Dear Ada Riva,\n\na place has become free, and it is yours now.\n\n-- \nComune di Valverde",
    },
}
