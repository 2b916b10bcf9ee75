"""`make drill`: nights that go wrong, and what came of each; one row a kind, one table with figures at the end."""
