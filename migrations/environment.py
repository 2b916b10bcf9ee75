"""What both Alembic environments do: run the asked revisions on the connection that the caller holds.

The caller owns connection, transaction and locks, so that a revision that fails leaves nothing behind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData


def run(context: Any, metadata: MetaData, *, version_table: str) -> None:
    """Configure and run. SQLite is altered in batches (it has no ALTER COLUMN), inside the caller's transaction."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=version_table,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()
