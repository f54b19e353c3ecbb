"""Measurements; run by hand from the checkout, with the environment that ``make`` makes."""
