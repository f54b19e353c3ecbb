"""How the schema came to be: one step a file in ``versions``, from the first table on."""
