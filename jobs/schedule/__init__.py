"""`crisis schedule`: every night once, in city time, and what is asked for in between."""
