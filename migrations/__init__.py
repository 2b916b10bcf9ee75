"""Alembic: two histories, `service` and `crisis` (the reference schema)."""
