"""The demo city: made-up crisis data over Toronto's real neighbourhoods, from a seed, with known defects.

`city.fill` writes it into the reference crisis database. Nothing here is copied from a real event; only
outlines and names of neighbourhoods are real. Called by `crisis demo` and by tests.
"""
