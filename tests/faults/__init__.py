"""Faults that the whole daemon must survive, each against a process of its own."""
