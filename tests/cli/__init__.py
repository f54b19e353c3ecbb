"""The commands, as a person or a script at the terminal meets them."""
