"""Automatic answers without any header, and people who write of being away: told apart by their words alone.

Each sample is a subject and a body, written as programs and people write them. None of them was taken from a corpus.
"""

import pytest

from mailbot.core.reading import wording

MACHINES: list[tuple[str, str]] = [
    # Italian absences
    ("Re: Promemoria", "Sono assente dall'ufficio fino al 22 gennaio. Per urgenze contattare la collega Rossi."),
    ("Re: Invito", "Buongiorno, sarò in ferie dal 18 al 25 gennaio e non potrò leggere la posta. Cordiali saluti"),
    (
        "R: Promemoria",
        "Mi trovo in congedo fino a venerdì 22 e la posta non viene letta. [Messaggio inviato automaticamente]",
    ),
    ("Fuori ufficio: calendario", "Attualmente non sono in sede, le risponderò al mio rientro."),
    ("Re: calendario", "L'ufficio resterà chiuso fino al 7 gennaio. Le mail saranno lette alla riapertura."),
    ("Re: calendario", "Sono in maternità. In mia assenza potete rivolgervi a segreteria@scuola.example."),
    (
        "Re: calendario",
        "Questa è una risposta automatica: ho letto la vostra mail? Non ancora! Sono fuori sede fino a lunedì.",
    ),
    ("Re: calendario", "Al momento sono fuori ufficio fino al 26/1 compreso."),
    ("Assente dall'ufficio fino al 25/01", "Per comunicazioni urgenti: protocollo@ente.example"),
    (
        "Re: x",
        "Gentile mittente, sono in malattia. I messaggi verranno letti al mio ritorno. Per necessità: 0583 123456.",
    ),
    ("Re: x", "Sarò assente per ferie. Avrò accesso limitato alla posta elettronica."),
    ("Re: x", "La segreteria è chiusa per la pausa natalizia. Vi ricontatteremo alla riapertura degli uffici."),
    # English absences
    (
        "Re: Reminder",
        "Hello! I'm on sabbatical through 26 January. This is an auto-reply, and you will only receive it once.",
    ),
    ("Re: Reminder", "I am currently out of the office until 25 January with limited access to email."),
    ("Re: Reminder", "I'm on annual leave. If your matter is urgent, please contact reception@club.example."),
    ("Re: Reminder", "Thank you for your email. I will be away until Monday and will respond on my return."),
    ("Re: Reminder", "I am travelling and may be slow to reply. For urgent matters call 01234 567890."),
    (
        "Re: Reminder",
        "We are closed for the holidays. Messages will not be read until the office reopens. In an emergency ring us.",
    ),
    ("I am out of the office until 3/2", "Please contact my colleague Jane."),
    ("Re: Reminder", "I'm away from my desk at the moment. In my absence please contact the front office."),
    ("Out of Office Re: Reminder", "Back on Monday."),
    ("Re: Reminder", "The office is closed until 4 January. We will reply when the office reopens."),
    # German, French, Spanish
    (
        "Re: Einladung",
        "Ich bin bis zum 25. Januar nicht im Büro. In dringenden Fällen wenden Sie sich bitte an meine Kollegin.",
    ),
    (
        "Re: Einladung",
        "Vielen Dank für Ihre Nachricht. Ich bin zurzeit im Urlaub. Ihre E-Mail wird nicht weitergeleitet.",
    ),
    ("AW: Einladung", "Ich befinde mich in Elternzeit. Während meiner Abwesenheit erreichen Sie Frau Krause."),
    ("Re: Einladung", "Dies ist eine automatische Antwort. Ich melde mich nach meiner Rückkehr."),
    ("Abwesenheitsnotiz: Einladung", "Bin weg."),
    ("Re: Invitation", "Je suis absente jusqu'au 25 janvier. En cas d'urgence, veuillez contacter l'accueil."),
    ("Re: Invitation", "Je serai en congés du 18 au 25. Je répondrai à votre message à mon retour."),
    ("Absence du bureau : Invitation", "Je suis absent. Mon accès à la messagerie est limité : accès limité."),
    ("Re: Invitation", "Ceci est un message automatique. Nos bureaux sont fermés."),
    (
        "Fuera de la oficina: Valdoria",
        "Estaré fuera de la oficina hasta el 25 y no podré consultar el correo. Si es urgente, escriba a x@y.example.",
    ),
    ("Re: Invitación", "Estoy de vacaciones. En mi ausencia, diríjase a la secretaría."),
    ("Re: Invitación", "Me encuentro ausente hasta el lunes. Responderé a mi regreso."),
    ("Re: Invitación", "Este es un mensaje automático: la oficina estará cerrada."),
    ("Abwesend: Einladung", "Ich bin vom 6. bis 17. Oktober im Urlaub. In dringenden Fällen: Frau Timm."),
    # tickets and acknowledgements
    (
        "[Richiesta #1921] Abbiamo ricevuto la tua richiesta",
        "Ciao! Abbiamo aperto la richiesta #1921. Un operatore la prenderà in carico quanto prima.",
    ),
    ("Re: Promemoria", "##- Scrivi la tua risposta sopra questa riga -##\nAbbiamo ricevuto la tua richiesta."),
    (
        "[Ticket#2024-991] Promemoria",
        "Your request has been received. A member of our team will reply within 24 hours.",
    ),
    (
        "Re: Promemoria",
        "Grazie per averci contattato. Abbiamo ricevuto il suo messaggio e le risponderemo entro 48 ore lavorative.",
    ),
    ("Re: Promemoria", "Il suo messaggio è stato ricevuto correttamente. Numero pratica: 2021/334."),
    ("Thank you for contacting Harwick Leisure", "We have received your message and will get back to you soon."),
    ("Re: Reminder", "Thanks for your email. We've received your enquiry (case number: 44721)."),
    ("Re: Reminder", "Thank you for contacting us. Your ticket has been logged and our team will respond shortly."),
    ("Conferma di ricezione", "Confermiamo la ricezione della sua e-mail. Protocollo n. 4412/2021."),
    (
        "Re: Einladung",
        "Vielen Dank für Ihre Anfrage. Wir haben Ihre Nachricht erhalten und werden uns schnellstmöglich melden.",
    ),
    (
        "Re: Invitation",
        "Merci pour votre message. Nous avons bien reçu votre demande et nous vous répondrons sous 48 heures.",
    ),
    ("Re: Invitación", "Gracias por contactar. Hemos recibido su consulta y le responderemos a la mayor brevedad."),
    ("Re: calendario", "Messaggio generato dal sistema di assistenza. Si prega di non rispondere a questo messaggio."),
    (
        "Re: calendario",
        "Questo messaggio è stato generato automaticamente: la sua segnalazione è stata inoltrata.",
    ),
    # challenges, quarantines, receipts
    (
        "Re: Promemoria",
        "Il tuo messaggio è trattenuto. Per consegnare il messaggio clicca sul collegamento.",
    ),
    (
        "Please confirm your message",
        "Your message is being held because your address is unknown. Click here to confirm you are a human sender.",
    ),
    (
        "Your message to soci awaits moderator approval",
        "Your mail to 'soci' with the subject 'Promemoria' is being held until the list moderator can review it.",
    ),
    ("Quarantena: 3 messaggi bloccati", "Hai 3 messaggi di spam in quarantena."),
    ("Spam Quarantine Summary", "You have 2 messages in quarantine."),
    ("Delivered: Promemoria", "Your message has been delivered to the following recipients: rossi@ente.example"),
    ("Recapitato: Promemoria", "Il messaggio è stato consegnato ai seguenti destinatari."),
    ("Ricevuta di consegna", "Il messaggio è stato correttamente consegnato."),
    ("Letto: Promemoria", "Il suo messaggio è stato letto il 18/01/2021."),
]

TWO_SIGNS = (
    "Sono in ferie fino a domenica, per urgenze chiamare il 333 123456. ",
    "I'm away until Sunday, in case of emergency call 333 123456. ",
    "Abbiamo ricevuto il vostro messaggio, richiesta n. 12/2021. ",
)
"""What is enough for a machine, if nothing else is said."""
ELSE_SAID = (
    "Il Motoclub Garfagnini Erranti si prenota per lo sport di giovedì.",
    "Due di noi saranno collegati martedì alle 17, come da accordi telefonici.",
    "Con la presente la Riserva aderisce all'iniziativa in oggetto. Interverrà il rettore con due guardie.",
    "Two handlers from the K9 unit will attend Tuesday, off duty and out of uniform.",
    "Hello, next week is good for me, please reserve a spot.",
    "il 19 no, il 22 no, il 21 sì.",
    "Si avvisa che la scuola è chiusa per lavori e che gli esami slittano al 21. Vi preghiamo di aggiornare il sito.",
    "Vogliate trasmettermi in formato leggibile quanto registrato a mio nome nei vostri archivi.",
)
"""What people say, in words that no list holds."""

PEOPLE: list[tuple[str, str]] = [
    ("Re: Promemoria", "Sono in vacanza e la vostra risposta automatica parla di tornei."),
    ("Nuoto", "Il 21 sarò collegata io. Diese Nachricht ist vertraulich. Dies ist keine automatische Antwort."),
    ("Nuoto", "Il 21 sarò collegata io. Messaggio inviato automaticamente dal gestionale."),
    ("Nuoto", "La società c'è. This is not an automatic message."),
    ("Re: Promemoria", "I'm away on the 22nd, sign me up for the 26th"),
    ("Re: Promemoria", "Sono in ferie fino al 20, segnatemi per il 22"),
    ("Assente il 21", "Il 21 sono assente, ma il 22 vengo."),
    ("Re: Promemoria", "Sono fuori sede il 12, vengo il 14."),
    ("in ferie", "Buongiorno, quella settimana sono in ferie e al mio rientro l'incontro sarà già passato. Peccato!"),
    ("Re: Promemoria", "Sarò assente, in mia assenza partecipa la collega: vorrei iscrivere lei."),
    ("Re: Promemoria", "Grazie per il messaggio. Ne parliamo in consiglio e vi risponderemo al più presto."),
    ("Re: Promemoria", "Grazie per averci contattato, siamo interessati. Vi faremo sapere."),
    ("Re: Promemoria", "Purtroppo il 21 sono in malattia e non posso venire."),
    ("Risposta?", "Ho ricevuto una risposta automatica: la mia iscrizione è arrivata?"),
    ("Re: Promemoria", "La vostra risposta automatica non dice l'ora."),
    ("automatico", "Mi è arrivato un messaggio automatico ma non ho capito a che cosa serve."),
    ("Re: Promemoria", "L'ufficio sarà chiuso il 26, possiamo mandare qualcuno il 22?"),
    (
        "Re: Promemoria",
        "Abbiamo ricevuto il vostro invito e confermo la nostra presenza, vi risponderà la presidente per i dettagli.",
    ),
    ("Re: Promemoria", "Per urgenze il mio numero è 333 1234567. Ci sarò il 21."),
    ("Re: Promemoria", "Sono in vacanza fino a domenica, per urgenze mi trovate al 333 1234567. Il 22 per me va bene."),
    ("richiesta n. 12", "Buongiorno, scrivo per la richiesta n. 12 del nostro comitato: aspettiamo notizie."),
    ("Ticket", "Il ticket n. 55 del parcheggio lo pago io o voi?"),
    ("Re: Reminder", "I'm on holiday that week, so I can't make it, sorry."),
    ("Re: Reminder", "I'm afraid I'll be out of the office on the 21st. Could you put me down for the 26th?"),
    ("Re: Reminder", "I am out of the country until the 20th but I'd like to join on the 22nd."),
    ("Re: Reminder", "Thank you for your message. Count me in for the museums."),
    (
        "Re: Reminder",
        "Thanks for getting in touch. I'm away that week; please contact Jane Smith, who will go in my place.",
    ),
    ("Away on Thursday", "Away on Thursday but happy to come on Friday."),
    ("Re: Reminder", "We are closed on Mondays, so the Tuesday meeting works for me."),
    ("Re: Reminder", "I got your automatic reply twice. Did my message arrive?"),
    ("Re: Reminder", "I have received your message but the link does not open."),
    ("Re: Reminder", "We're away until the 25th."),
    ("Re: Reminder", "I'm off sick, cancel my place please."),
    ("Re: Einladung", "Ich bin am 21. nicht im Büro, ich komme am 22."),
    ("Re: Einladung", "Ich bin im Urlaub, melden Sie mich bitte für den 26. an."),
    ("Re: Invitation", "Je suis absent le 21, inscrivez-moi pour le 22."),
    ("Re: Invitation", "Je serai en vacances, mais je voudrais participer le 26."),
    ("Re: Invitación", "Estoy de viaje el 21, quisiera ir el 22."),
    ("Re: Invitación", "Estaré fuera de Valdoria el 21, pero me apunto el 26."),
    (
        "iscrizione",
        "Il nostro messaggio automatico dice che siamo chiusi, ma ci siamo: vorremmo partecipare il 21.",
    ),
    ("Re: Promemoria", "Sono in aspettativa fino a marzo e quindi ho tempo: a quale incontro posso venire?"),
    ("grazie", "Grazie per il messaggio!"),
    ("Re: Promemoria", "Non posso rispondere per tutto il direttivo, ma io ci sono."),
    ("Re: Promemoria", "Le mail del comune finiscono sempre nello spam, potete telefonare?"),
    ("ferie", "Per le ferie di gennaio chiudete la sala?"),
    ("Re: conferma", "Il vostro messaggio è stato letto in assemblea e siamo tutti contenti."),
    ("Quarantena", "Siamo in quarantena per il covid e il 21 restiamo a casa: il collegamento c'è?"),
    ("consegna", "Il materiale è stato consegnato ieri in Comune."),
    ("iscrizione", "Vi ho mandato un messaggio, la mia iscrizione è ancora in attesa di conferma."),
    ("Re: Promemoria", "Ho cliccato sul link per confermare la mia e-mail e non si apre niente."),
    ("Consegnato: il modulo", "Il modulo firmato è stato consegnato allo sportello."),
    ("Quarantena", "Siamo tutti in quarantena: mandate una mail con il collegamento, grazie."),
    ("Re: Promemoria", "Cliccare sul link non mi riesce, me lo rimandate?"),
    ("Re: Promemoria", "Mi trovo in viaggio di lavoro fino al 20."),
    ("Re: Promemoria", "Sono in congedo fino a lunedì, poi ci sentiamo."),
    ("Re: Reminder", "In case of emergency we keep the dog outside. I will attend on the 21st."),
    ("Re: Reminder", "If it's urgent I can send the list of names today."),
    ("Fuori sede", "Sono uno studente fuori sede: c'è un incontro per noi?"),
    ("chiusura", "La chiusura della strada in via Roma vi riguarda?"),
    (
        "domanda",
        "Entro 48 ore dall'incontro si può ancora disdire? Abbiamo ricevuto la vostra comunicazione solo oggi.",
    ),
]


@pytest.mark.parametrize(("subject", "body"), MACHINES)
def test_a_machine_is_known_by_its_words(subject: str, body: str) -> None:
    """An automatic answer without any header is known as one."""
    found = wording.find(subject, body, answers=True)

    assert found is not None
    assert found.kind.is_machine
    assert found.clues


@pytest.mark.parametrize(("subject", "body"), PEOPLE)
def test_a_person_is_never_swallowed(subject: str, body: str) -> None:
    """A person who writes of absences, tickets or automatic answers is a person; also behind Exchange's hint."""
    assert wording.find(subject, body, answers=True) is None


@pytest.mark.parametrize("absence", TWO_SIGNS)
@pytest.mark.parametrize("words", ELSE_SAID)
def test_what_is_said_beside_an_absence_is_a_person_s(absence: str, words: str) -> None:
    """Two signs make a machine by themselves, and none where something else is said."""
    assert wording.find("Re: Promemoria", absence, answers=True) is not None
    assert wording.find("Re: Promemoria", absence + words, answers=True) is None
