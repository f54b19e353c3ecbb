"""Words that tell no sector from another, because every series has them."""

COMMON = frozenset(
    """
    associazione associazioni ass incontro incontri gruppo gruppi comune citta citt ente enti societa circolo circoli
    club organizzazione organizzazioni operatore operatori settore settori locale locali territorio cittadino cittadini
    tavolo tema temi politica politiche attivita mondo turno primo secondo terzo mattina pomeriggio sera rappresentante
    rappresentanti referente referenti responsabile responsabili proprietari proprietario titolari titolare gestori
    gestore sociale sociali attiva attivo pubblico pubblici
    meeting session group groups association associations society societies clubs local community town city people
    member members organisation organisations organization organizations open evening online first second third slot
    morning afternoon
    """.split()
)
SMALL = frozenset(
    """
    con le gli dei delle della del di da la il lo un una per tra fra e ed o a al alla ai agli alle in nel nella su sul
    sulla the of and for with to in on at an by from or as our your their is are be new
    """.split()
)
