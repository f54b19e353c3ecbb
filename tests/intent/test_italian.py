"""The rules as a table, in Italian: what somebody writes to Valsenio on Monday 4 March 2024, and what it comes to."""

import pytest

from tests.intent.series import VALSENIO, mail, noted, read

ROWS = {
    "a day": """
        Vorrei partecipare all'incontro del 12 marzo.                              | +musei
        Mi iscrivo per il 12.                                                      | +musei
        Mi iscrivo per martedì 12 marzo 2024.                                      | +musei
        Ci sarò il 12/3.                                                           | +musei
        Ci sarò il 12/03/2024.                                                     | +musei
        Mi segno per il 12.03.2024                                                 | +musei
        Iscrivetemi al dodici marzo, grazie.                                       | +musei
        Verrei giovedì.                                                            | +sport
        Iscrizione per giovedì prossimo.                                           | +sport
        Mi prenoto per lunedì 18.                                                  | +sociale
        Vorrei seguire l'ultimo incontro.                                          | +rioni
        Mi iscrivo al penultimo.                                                   | +sociale
        Mi iscrivo al prossimo incontro.                                           | +sport
    """,
    "a sector": """
        Vorrei partecipare all'incontro delle associazioni sportive.               | +sport
        Ci iscriviamo a quello dei musei.                                          | +musei
        Siamo una palestra e vorremmo iscriverci.                                  | +sport
        Sono la bibliotecaria, vorrei partecipare.                       | +musei
        Gioco a pallavolo, posso partecipare?                                      | +sport
        Suono nella banda e vorrei venire.                                         | +banda
        Vorrei iscrivermi all'incontro dei quartieri.                              | +rioni
        Vorrei iscrivermi all'incontro delle asociazioni sportve.                  | +sport
        Siamo un'associazione di volontariato e ci iscriviamo.                     | +sociale
        Siamo una squadra di calcio con una biblioteca: ci iscriviamo.             | ?several
    """,
    "a day that does not fit": """
        Vorrei partecipare il 14 marzo.                                            | ?no-such-date
        Mi iscrivo per giovedì 12 marzo.                                           | ?contradiction
        Mi iscrivo all'incontro dei musei del 7 marzo.                             | ?contradiction
        Vorrei iscrivermi all'incontro degli orti.                                 | ?over
        Mi iscrivo per il 1 marzo.                                                 | ?over
        Mi iscrivo per il 13.                                                      | ?several
        Vorrei partecipare.                                                        | ?unnamed
        Buongiorno, mi iscrivo agli incontri.                                      | ?unnamed
    """,
    "two meetings on one day": """
        Mi iscrivo per il 13 alle 10.                                              | +scuole
        Mi iscrivo per il 13 alle ore 21.                                          | +banda
        Mi iscrivo per il 13 sera.                                                 | +banda
        Mi iscrivo al secondo turno del 13.                                        | +banda
        Mi iscrivo per il 13, quello della musica.                                 | +banda
        Mi iscrivo a entrambi gli incontri del 13.                                 | +banda +scuole
    """,
    "several and all": """
        Mi iscrivo per il 7 e per il 12.                                           | +musei +sport
        Vorrei partecipare il 7, il 12 e il 18 marzo.                              | +musei +sociale +sport
        Vorrei venire a quello dello sport e a quello dei musei.                   | +musei +sport
        Iscrivetemi a tutti gli incontri. | +banda +musei +rioni +scuole +sociale +sport
        Iscrivetemi a tutti gli incontri tranne quello del 18.                     | +banda +musei +rioni +scuole +sport
        Tutti meno l'ultimo, grazie. | +banda +musei +scuole +sociale +sport
        Mi iscrivo a tutti gli incontri dal 18 in poi.                             | +rioni +sociale
        Mi iscrivo agli ultimi due.                                                | +rioni +sociale
        Il 7 o il 12, fate voi.                                                    | ?several
    """,
    "no and but": """
        Non posso il 7, ma vengo il 12.                                            | +musei
        Il 7 non posso, il 12 sì.                                                  | +musei
        Vorrei venire il 12, non il 7.                                             | +musei
        Non quello dello sport, ma quello dei musei: mi iscrivo.                   | +musei
        Non vedo l'ora di esserci il 12!                                           | +musei
        Giovedì lavoro, mi iscrivo per il 12.                                      | +musei
        Mi iscrivo il 7, anzi no, il 12.                                           | +musei
        Anzi mi iscrivo al 12.                                                     | +musei
        Vengo il 7. Anzi vengo il 12. No scusate, vengo il 18.                     | +sociale
        Perché non iscrivermi? Ci sono il 12!                                      | +musei
    """,
    "others' plans and what is over": """
        Mia moglie viene il 7, io mi iscrivo per il 12.                            | +musei
        Grazie per l'incontro del 1 marzo. Mi iscrivo anche al 12.                 | +musei
        Anche se faccio parte di una palestra, mi iscrivo a quello dei musei.      | +musei
        Ho saputo dell'incontro del 7 da un'amica; vorrei partecipare il 12.       | +musei
    """,
    "withdrawing": """
        Vorrei cancellare la mia iscrizione al 12 marzo.                           | -musei
        Cancellatemi dall'incontro dei musei.                                      | -musei
        Purtroppo non posso più venire il 12.                                      | -musei
        Disdico per il 12.                                                         | -musei
        Purtroppo non potrò partecipare.                                           | -*
        Annullate tutte le mie iscrizioni.                                         | -*
        Mi ero iscritta al 12 ma non posso venire.                                 | -musei
        Il 12 non posso.                                                           | -musei
        Cancellatemi dal 1 marzo.                                                  | ?over
    """,
    "moving": """
        Spostatemi dal 7 al 12.                                                    | +musei -sport
        Vorrei passare dall'incontro dello sport a quello dei musei.               | +musei -sport
        Mi ero iscritta al 7, ma posso solo il 12.                                 | +musei -sport
        Invece del 7 vorrei venire il 12.                                          | +musei -sport
        Cancellatemi dal 7 e iscrivetemi al 12.                                    | +musei -sport
    """,
    "requests": """
        Non ho ricevuto il link.                                                   | link
        Ho perso la mail con il collegamento, me la rimandate?                     | link
        A quali incontri sono iscritta?                                            | status
        Vorrei una copia dei miei dati.                                            | export
        Cancellate i miei dati.                                                    | erase
        Mi iscrivo al 12, e non ho ricevuto il link del 7.                         | +musei link
    """,
    "questions": """
        L'incontro del 12 è gratuito?                                              | !
        A che ora comincia l'incontro di giovedì?                                  | !
        Mi iscrivo per il 12. È previsto un parcheggio?                            | +musei !
        Posso venire giovedì?                                                      | +sport
        Mi iscrivete al 12?                                                        | +musei
        Come mi iscrivo all'incontro del 12?                                       | +musei
        C'è ancora posto per il 12? Mi iscrivo.                                    | +musei
    """,
    "hedges": """
        Non ho ancora deciso se il 7 o il 12.                                      | ?several
        Vorrei iscrivermi, ma non so a quale incontro.                             | ?unnamed
    """,
    "nothing for the bot": """
        Grazie mille, è stato un bellissimo pomeriggio!                            | !
        Vi proponiamo il nostro servizio di noleggio sedie.                        | !
        Vorrei iscrivere mio figlio al corso di nuoto.                             | !
        Si può avere il verbale?                                                   | !
    """,
    "numbers that are no days": """
        Siamo in 12, ci iscriviamo a quello dello sport.                           | +sport
        Mi iscrivo per giovedì; abito in via Roma 12.                              | +sport
        In riferimento alla nota prot. n. 12 del 1/3/2024 mi iscrivo al 18.        | +sociale
    """,
    "few words": """
        io 12 grazie                                                               | +musei
        giovedì ci sono                                                            | +sport
        quello dei musei, grazie                                                              | +musei
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
    assert noted(read(mail(text), VALSENIO)) == expected
