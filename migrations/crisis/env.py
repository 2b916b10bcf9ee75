"""Alembic environment of the reference crisis database: run by `jobs.migrate` on a connection that it opened.

Never reads settings and opens no connection of its own; the one metadata here serves the comparison.
"""

from __future__ import annotations

from alembic import context

from migrations.environment import run
from models.crisis import METADATA

run(context, METADATA, version_table="crisis_revision")
