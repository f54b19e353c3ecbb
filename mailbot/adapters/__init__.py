"""One module for one foreign library or protocol. They know the ports and the core, never each other."""
