"""What decides: pure functions over frozen values. No clock, chance, file, log, network or database in here."""
