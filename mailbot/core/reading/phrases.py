"""What programs say that answer mail for their owners: the phrases, in the languages of our senders.

Each sign is what such an answer says of itself, in any of five languages. None of them tells by itself that a program
wrote: ``wording`` says how many of which are asked for. To add a phrase, add it to the sign and language that it
belongs to; it is a regular expression over text in which white space is one blank, whatever the case.
"""

import re

AWAY, MEANWHILE, INSTEAD, AUTOMATIC, SELF, RECEIVED, PROMISE, THANKS, TICKET, FORMULA, HELD, CONFIRM = (
    "away",
    "meanwhile",
    "instead",
    "automatic",
    "self",
    "received",
    "promise",
    "thanks",
    "ticket",
    "formula",
    "held",
    "confirm",
)

PHRASES: dict[str, tuple[str, ...]] = {
    # somebody is away
    AWAY: (
        r"(?:sono|sarò|sar[àa]|resterò|rimarrò|siamo|saremo|mi trovo|(?:l'ufficio|la segreteria|lo studio|il museo|la sede) "
        r"(?:è|sarà|resta|resterà|rimane|rimarrà))\b[^.!?]{0,40}"
        r"\b(?:assent[ei]|fuori (?:ufficio|sede|stanza|servizio)|in (?:ferie|vacanza|malattia|maternità|congedo|aspettativa|permesso)|chius[oiae]|"
        r"in viaggio)\b",
        r"(?:i am|i'm|i will be|i'll be|we are|we're|we will be|(?:our|the) office (?:is|will be))\b[^.!?]{0,40}"
        r"\b(?:out of (?:the )?(?:office|country)|away|on (?:\w+ )?(?:leave|holiday|holidays|vacation|sabbatical)|off (?:work|sick)|closed|travell?ing)\b",
        r"ich (?:bin|befinde mich)\b[^.!?]{0,70}\b(?:nicht im (?:büro|haus|hause)|abwesend|außer haus|(?:im|in) urlaub|in elternzeit|nicht erreichbar)\b|"
        r"(?:unser büro|das büro) (?:ist|bleibt)\b[^.!?]{0,40}\bgeschlossen\b",
        r"je (?:suis|serai)\b[^.!?]{0,50}\b(?:absente?|en (?:congés?|vacances|déplacement)|hors du bureau)\b|"
        r"(?:nos bureaux sont|notre bureau est|sera) fermés?\b",
        r"(?:estoy|estaré|me encuentro|estamos|estaremos)\b[^.!?]{0,40}\b(?:fuera de|ausentes?|de (?:vacaciones|baja|permiso|viaje))\b|"
        r"(?:nuestra oficina|la oficina) (?:está|estará|permanecerá) cerrada\b",
    ),
    # what becomes of the mail until then
    MEANWHILE: (
        r"alla riapertura\b|non (?:potrò|posso|avrò|ho|avremo|riuscirò a|sarò in grado di)\b[^.!?]{0,30}(?:consult\w+|legg\w+|rispond\w+|accesso|controll\w+)"
        r"[^.!?]{0,25}\b(?:posta|e-?mail|mail|messagg\w+|casella)\b|non (?:potrò|sarò in grado di) rispondere\b|"
        r"(?:la posta|le (?:vostre )?(?:e-?)?mail|i messaggi|questa casella|la casella)\b[^.!?]{0,30}\b(?:non (?:viene|vengono|sarà|saranno|verrà|verranno) (?:lett|inoltrat|controllat|presidiat)|"
        r"(?:saranno|verranno|sarà|verrà) lett)\w*|accesso (?:limitato|saltuario) alla (?:posta|mail|casella)|leggo la posta (?:solo )?(?:saltuariamente|di rado)|"
        r"(?:(?:le|vi|ti) )?(?:risponderò|leggerò|risponderemo|ricontatterò)\b[^.!?]{0,50}\b(?:rientro|ritorno|riapertura)\b|"
        r"(?:al|dopo il) mio (?:rientro|ritorno)\b|appena (?:rientrat\w|sarò rientrat\w|rientrerò)",
        r"(?:on|upon|after|until) my return\b|when i (?:return|get back|am back|'m back)\b|when (?:we|the office) (?:re-?open|return)\w*|"
        r"(?:limited|intermittent|no|sporadic|infrequent|irregular) access to (?:my |our )?(?:e-?mails?|messages)|"
        r"(?:not|won't|will not|unable to) be? ?(?:check|checking|read|reading|monitor|monitoring|access|accessing|respond to|answer)\w*\b[^.!?]{0,20}(?:e-?mails?|messages|inbox)|"
        r"(?:may|might|will) (?:be (?:slow|delayed)|take longer)[^.!?]{0,20}(?:repl|respon|answer)\w*|"
        r"(?:e-?mails?|messages?|inbox)[^.!?]{0,30}(?:is|are|will|won't)\b[^.!?]{0,12}(?:not (?:be )?(?:read|checked|monitored|forwarded)|unmonitored|unattended)",
        r"nach meiner rückkehr|wird nicht (?:automatisch )?(?:weitergeleitet|gelesen|bearbeitet)|werden nicht (?:weitergeleitet|gelesen|bearbeitet)|nicht weitergeleitet|"
        r"nicht erreichbar|(?:keinen|eingeschränkten|nur unregelmäßig) (?:zugriff|zugang) auf meine|(?:sobald|wenn) ich (?:wieder|zurück)\b",
        r"à mon retour|dès mon retour|accès (?:très )?limité|(?:ne (?:pourrai|consulterai|lirai) pas|sans accès à)\b[^.!?]{0,40}\b(?:messagerie|mails?|messages|courriels?|répondre)|"
        r"ne (?:sera|seront) pas (?:lue?s?|transférée?s?)",
        r"a mi (?:vuelta|regreso)|cuando (?:vuelva|regrese)|no (?:tendré|tengo) acceso|no podré (?:consultar|leer|responder|atender|contestar)|acceso limitado|"
        r"(?:responderé|contestaré)[^.!?]{0,50}(?:vuelta|regreso|vuelva|regrese)",
    ),
    # whom to turn to instead
    INSTEAD: (
        r"(?:per|in caso di) (?:\w+ ){0,3}(?:urgenz\w|urgent[ei]|necessità|emergenz\w)\b|in (?:mia|sua|nostra) assenza\b|se (?:è )?urgente\b|"
        r"(?:rivolgersi|rivolgetevi|si rivolga|potete rivolgervi|può rivolgersi|contattare|potete contattare|può contattare) (?:a|al|all'|alla|ai|il|la|l'|i)\b",
        r"(?:for|in case of) (?:\w+ ){0,3}(?:urgent|emergenc|urgency)\w*|if (?:it|this|that|your (?:matter|message|enquiry|inquiry|request|e-?mail))(?: is|'s) urgent|"
        r"if you (?:need|require) (?:immediate|urgent)\w*|in (?:my|our) absence\b|please (?:contact|write to|call|direct)\b",
        r"in dringenden\b|bei dringenden\b|in meiner abwesenheit\b|während meiner abwesenheit\b|wenden sie sich (?:bitte )?an\b|meine vertretung\b",
        r"en cas d[e'’] ?urgence\b|pour toute (?:urgence|demande urgente)\b|(?:en|pendant|durant) mon absence\b|(?:veuillez|vous pouvez) (?:contacter|vous adresser)",
        r"(?:para|en caso de) (?:\w+ ){0,2}urgen\w+|si es urgente\b|en mi ausencia\b|durante mi ausencia\b|(?:diríjase|póngase en contacto|contacte con)\b",
    ),
    # says of something that it is automatic; people speak of such things as well
    AUTOMATIC: (
        r"(?:risposta|messaggio|e-?mail|notifica|comunicazione) (?:è )?(?:\w+ )?automatic\w+|risponditore automatico|"
        r"non rispond(?:ere|ete|a) a (?:questa|questo|la presente)|indirizzo non (?:presidiato|monitorato)",
        r"automatic(?:ally)?(?:[- ]generated)? (?:reply|response|message|e-?mail|acknowledge?ment)|auto[- ]?(?:reply|responder|response)|"
        r"(?:please )?do not reply to this",
        r"automatisch(?:e|er|es|en)?\b(?: generierte?s?)? ?(?:antwort|nachricht|e-?mail)|abwesenheitsnotiz|bitte antworten sie nicht",
        r"(?:réponse|message|courriel|mail) (?:généré )?automatique|merci de ne pas répondre|ne pas répondre à ce",
        r"(?:respuesta|mensaje|correo) (?:generad\w )?automátic\w+|no responda a este",
    ),
    # says of this very mail that a program wrote it
    SELF: (
        r"quest[oa] è una? ?(?:messaggio|e-?mail|risposta|comunicazione|notifica)? ?(?:di )?(?:\w+ )?automatic\w+|"
        r"(?:messaggio|e-?mail|risposta|comunicazione|notifica) (?:è stat[oa] )?(?:inviat|generat|creat|spedit|prodott)[oa] "
        r"(?:automaticamente|in (?:modo |maniera )?automatic[oa]|dal (?:nostro )?sistema|da un (?:sistema|risponditore))|"
        r"##-? .{0,60}(?:risposta sopra|above this line|oberhalb dieser)",
        r"this is an auto(?:mat\w+|[- ]?(?:reply|response|generated))|this (?:e-?mail|message|reply|response) (?:was|is|has been) (?:sent |generated |created )?(?:automatically|by an? auto)|"
        r"you will (?:only )?(?:receive|get) this (?:reply|message|notice|e-?mail) (?:only )?once|(?:please )?(?:type|write) your reply above this line",
        r"(?:dies|das|hierbei|es) (?:ist|handelt)\b(?!.{0,25}\b(?:kein|nicht))[^.!?]{0,25}\bautomatisch\w*|diese (?:nachricht|e-?mail|antwort) wurde automatisch",
        r"(?:ceci|ce (?:message|courriel|mail)) est (?:une? )?(?:\w+ )?(?:automatique|généré|envoyé automatiquement)|ce (?:message|courriel) a été (?:généré|envoyé) automatiquement",
        r"(?:este|esta|esto) (?:es (?:un|una)|(?:mensaje|correo|respuesta)) ?(?:mensaje|correo|respuesta)?[^.!?]{0,25}(?:automátic\w+|automáticamente)",
    ),
    # a mail was received
    RECEIVED: (
        r"(?:abbiamo|ho) (?:correttamente )?(?:ricevuto|preso in carico|registrato|aperto) (?:il (?:su|tu|vostr)o|la (?:su|tu|vostr)a|la|una|il) ?(?:messaggio|e-?mail|mail|richiesta|segnalazione|ticket|comunicazione)\b|"
        r"(?:il (?:su|tu|vostr)o messaggio|la (?:su|tu|vostr)a (?:e-?mail|mail|richiesta|segnalazione|comunicazione)) è stat[oa] "
        r"(?:correttamente )?(?:ricevut|inviat|pres|registrat|inoltrat|assegnat|protocollat)[oa]|(?:le )?confermiamo (?:la ricezione|di aver ricevuto|l'avvenuta ricezione)",
        r"(?:we(?:'ve| have)|i(?:'ve| have)) (?:successfully )?received your (?:message|e-?mail|request|enquiry|inquiry|query|submission)|"
        r"your (?:message|e-?mail|request|enquiry|inquiry|query|ticket|case) (?:has been|was|is) (?:successfully )?(?:received|logged|assigned|registered|submitted|queued)|"
        r"(?:this is to |we )?(?:acknowledge|confirm) (?:the )?receipt of",
        r"(?:wir haben|ich habe) ihre (?:nachricht|anfrage|e-?mail|mail) erhalten|ihre (?:nachricht|anfrage|e-?mail) (?:ist|wurde)[^.!?]{0,20}(?:eingegangen|erhalten|weitergeleitet)|eingangsbestätigung",
        r"(?:nous avons|j'ai) bien reçu votre (?:message|demande|courriel|mail)|votre (?:message|demande|courriel) a (?:bien )?été (?:reçue?|enregistrée?|transmise?)|accusé de réception",
        r"hemos recibido (?:correctamente )?su (?:mensaje|correo|solicitud|consulta)|su (?:mensaje|correo|solicitud|consulta) ha sido (?:recibid|registrad)\w|acuse de recibo",
    ),
    # an answer will come
    PROMISE: (
        r"(?:(?:le|ti|vi) )?(?:risponderemo|risponderà|ricontatteremo|ricontatterà|sarà ricontattat\w|riceverà (?:una )?risposta|verrà ricontattat\w)\b|"
        r"(?:(?:un|una|il) (?:nostr[oa] )?(?:operator|addett|incaricat|collaborator|consulent)\w*)\b[^.!?]{0,40}|entro (?:\d+|\w+) (?:ore|giorni)(?: lavorativ[ei])?\b|"
        r"prenderemo in carico|prenderà in carico|sarà (?:evasa|gestita|lavorata|esaminata)",
        r"(?:we|someone|an? (?:agent|member|representative)[^.!?]{0,30}|our (?:team|staff)) (?:will|aim to|'ll|endeavour to|try to) (?:\w+ ){0,2}(?:reply|respond|answer|be in touch|get back|contact you|review)\b|"
        r"(?:within|in) (?:\d+|\w+) (?:business |working )?(?:hours|days)\b",
        r"(?:wir|ein mitarbeiter) (?:werden|wird|melden|kümmern)\b[^.!?]{0,60}\b(?:antworten|melden|bearbeiten|kontakt|uns|schnellstmöglich)\b|so (?:bald|schnell) wie möglich (?:bearbeite|beantworte)\w+",
        r"(?:nous (?:vous )?(?:répondrons|recontacterons|traiterons|reviendrons)|un (?:conseiller|agent))\b|dans les (?:meilleurs délais|plus brefs délais)|sous \d+ (?:heures|jours)",
        r"(?:le (?:responderemos|contestaremos|contactaremos)|nos pondremos en contacto|un agente)\b|en (?:un plazo de|las próximas) \d+|a la mayor brevedad",
    ),
    # thanks for having written
    THANKS: (
        r"grazie (?:per|di) (?:averci|avermi|aver) (?:contattat|scritt)\w+|grazie (?:per il|del) (?:suo|tuo|vostro) messaggio|grazie per il messaggio|grazie per la (?:sua|tua|vostra) (?:e-?mail|mail|richiesta)",
        r"(?:thank you|thanks) for (?:contacting|reaching out to|getting in touch|writing to|e-?mailing|your (?:message|e-?mail|enquiry|inquiry|interest in contacting))",
        r"(?:vielen dank|danke) für ihre (?:nachricht|e-?mail|anfrage|mail)",
        r"merci (?:de nous avoir (?:contactés?|écrit)|pour votre (?:message|courriel|mail|demande))",
        r"gracias por (?:su (?:mensaje|correo|consulta)|contactar(?:nos)?|ponerse en contacto|escribir(?:nos)?)",
    ),
    # a number in somebody's system
    TICKET: (
        r"(?:numero|number|codice|n\.) (?:di |della )?(?:ticket|pratica|richiesta|protocollo|segnalazione|riferimento)\s{0,2}[:#]?\s{0,2}[\w/-]{0,20}\d",
        r"(?:ticket|pratica|case|caso|richiesta|request|vorgang|anfrage|demande|incidencia|protocollo|riferimento|reference|segnalazione) "
        r"?(?:id|n\.?|no\.?|nr\.?|n°|number|numero|nummer|numéro|número|#)\s{0,2}[:#]?\s{0,2}[\w/-]{0,20}\d[\w/-]{0,20}",
    ),
    # a mail is held back until its sender is confirmed ...
    HELD: (
        r"(?:il (?:tuo|suo|vostro) messaggio|la (?:tua|sua|vostra) (?:e-?mail|mail))\b[^.!?]{0,60}\b(?:trattenut[oa]|in attesa di (?:approvazione|conferma|moderazione|verifica))",
        r"your (?:message|e-?mail|mail)\b[^.!?]{0,80}\b(?:(?:is|was|has been|being) (?:being )?held|awaits? (?:moderator )?approval|is waiting for)",
    ),
    # ... by a click
    CONFIRM: (
        r"(?:clicca|cliccare|cliccando|fare clic|fai clic|clicchi|segui il collegamento)\b[^.!?]{0,120}(?:consegn|recapit|confermare|verificare)\w*[^.!?]{0,80}(?:messaggio|e-?mail|identit|mittente|umano)|"
        r"per (?:far )?(?:consegnare|recapitare|confermare|verificare)\b[^.!?]{0,60}(?:messaggio|e-?mail|identità|mittente)\b[^.!?]{0,60}(?:clicca|cliccare|clicchi|fare clic|segu)\w*",
        r"(?:click|follow|visit)\b[^.!?]{0,120}(?:deliver|verify|confirm|release)\w*[^.!?]{0,80}(?:message|e-?mail|identity|sender|human|person)|"
        r"to (?:\w+ ){0,3}(?:deliver|verify|confirm|release)\w*[^.!?]{0,80}(?:click|follow the link)",
    ),
    # how such answers begin, and until when
    FORMULA: (
        r"(?:attualmente|al momento|in questo momento|currently|at the moment|presently|derzeit|zurzeit|momentan|actuellement|actualmente|en este momento)\b[^.!?]{0,70}"
        r"\b(?:fino a\w*|until|till|through|bis|jusqu\w*|hasta)\b",
    ),
}

SIGNS = {sign: re.compile(r"(?<!\w)(?:" + "|".join(phrases) + ")", re.IGNORECASE) for sign, phrases in PHRASES.items()}

STEMS = tuple(
    "automat automát assen ferie vacanz malatti congedo maternit aspettativa permesso fuori chius viaggio rientr ritorno riapert urgen "
    "rivolg contatt contact wenden diríj regres access accès acceso office "
    "away leave holiday vacation sabbatical closed return absence abwesen urlaub büro rückkehr erreichbar elternzeit "
    "congé absent déplacement bureau oficina ausen vacaciones viaje vuelta ticket ricevut ricevu receiv erhalten eingegangen reçu "
    "recib rispond reply respond repl above trattenut attesa held awaits waiting clic visit follow operator pratica protocollo richiesta case travel dringend vertretung".split()
)
"""One of these is in every mail in which two signs can be: what holds none of them need not be searched."""

PERSON = re.compile(
    r"\b(?:vorre(?:i|mmo)|mi iscriv\w+|ci iscriv\w+|iscriv(?:o|et|iam)\w*|parteciper(?:ò|emo|ei)|partecip(?:o|iamo)|"
    r"confermo(?! (?:la ricezione|di aver ricevuto))|vengo|veniamo|verrò|verremo|venire|segn(?:at|a?mi)\w*|mett(?:et|imi|ic)\w*|"
    r"inserit\w+|aggiung\w+|prenot(?:o|iamo|at[em]\w*)|disdico|annull(?:o|ate)|cancell(?:o|ate|atemi)|spostate\w*|ci sar(?:ò|emo)|ci sono anch|contate su|"
    r"presente all|disdire|ci vediamo|ci sentiamo|mi interessa|preferi(?:sco|rei)|va (?:bene|benissimo)|per me (?:va|il|quell|l')|"
    r"(?:far(?:ò|emo)|faccio|facciamo) sapere|ne parl\w+|(?:l'|dell'|vostro )invito|al mio posto|quel(?:la)? (?:giorno|data|settimana|sera)|"
    r"l'incontro|all'incontro|dell'incontro|la riunione|alla riunione|peccato|mi dispiace|mi scuso|purtroppo (?:non|quel|il|la|in)|"
    r"non (?:posso|potrò|riesco a?)\b(?!\s?(?:\w+\s){0,2}?(?:legger|risponder|acceder|controllar|consultar|avere|garantir))|"
    r"sign (?:me|us) up|put (?:me|us)|register (?:me|us)|add (?:me|us)|count (?:me|us)|i(?:'d| would) (?:like|love|rather|prefer)|"
    r"(?:i|we)(?:'ll| will) (?:be there|come|attend|join|take part|have to)|i(?:'m| am) (?:coming|afraid|sorry|interested)|can (?:i|we)|i can|could you|let you know|"
    r"(?:the|your|that) (?:invitation|meeting|session)|(?:can't|cannot|can not|unable to) (?:make|come|attend|join)|in my place|that (?:day|week|date|evening)|"
    r"works for me|happy to|looking forward|see you|book me|cancel my|ich möchte|ich komme|melden sie mich an|je (?:voudrais|souhaite|m'inscris|viendrai)|"
    r"inscrivez-moi|quisiera|me apunto|apúnteme|quiero|asistiré)\b",
    re.IGNORECASE,
)
"""What people say to somebody who invites them, and programs do not: wishes, plans, regrets, a word on the meeting."""
SPEAKS_OF = re.compile(
    r"\b(?:ho ricevuto|abbiamo ricevuto|mi (?:è|sono) (?:arrivat|giunt)\w|ricevo|mi arriva|[nv]ostr[oa]|quella|quel|our|i (?:got|received|keep|only)|we got|your|that|the|my|"
    r"ihre|votre|su|vuestr[oa])\b[^.!?]{0,25}$",
    re.IGNORECASE,
)
"""What stands before "automatic answer" where somebody speaks of one."""
ONESELF = re.compile(
    r"\b(?:vorrei|vorremmo (?:iscriv|partecip|esser|venire|assist)\w+|mi (?:iscriv|segn|mett|prenot|potete|potreste|mand)\w+|ci (?:iscriviamo|segnate|mettete)|iscriv(?:o|iamo|etemi|eteci|imi)|"
    r"segn(?:atemi|ateci|ami)|mettetemi|metteteci|ci sar(?:ò|emo)|vengo|verrò|verremo|parteciper(?:ò|emo)|partecipo|confermo la (?:mia|nostra)|"
    r"non posso|non potrò|disdico|cancellatemi|toglietemi|i(?:'d| would) like to|(?:sign|put) (?:me|us) (?:up|down)|count me in|"
    r"i(?:'ll| will) (?:be there|attend|come|join)|i(?:'m| am) (?:coming|writing)|i can't (?:come|make))\b",
    re.IGNORECASE,
)
GREETING = re.compile(
    r"^\W{0,3}(?:buon(?:giorno|asera|a ?sera| pomeriggio)|salve|ciao|gentil\w+ (?:segreteria|signor\w*|organizzator\w*)|spett\w*|dear (?:sir|madam|all|organi[sz]ers?|clerk|team)|hello|hi|good (?:morning|afternoon|evening))\b",
    re.IGNORECASE,
)
BULK = re.compile(
    r"disiscri\w+|cancellar(?:ti|si|vi) dall|(?:non vuoi|non desideri|non desidera|non vuole) più ricevere|ricev(?:i|e|ete) quest[ao] (?:e-?mail|newsletter|messaggio)|"
    r"visualizza(?:re)? (?:\w+ ){0,3}(?:browser|online)|unsubscribe|opt[- ]?out|view (?:this )?(?:e-?mail )?in (?:your )?browser|you(?:'re| are) receiving this|"
    r"non rispondere a quest|do not reply|tutti i diritti riservati|all rights reserved|gentil[ei] (?:utente|cliente|lettric|lettor)|dear (?:user|customer|subscriber|reader)",
    re.IGNORECASE,
)
