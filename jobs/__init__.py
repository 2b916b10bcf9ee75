"""How numbers are made: the only process with credentials of the crisis database."""
