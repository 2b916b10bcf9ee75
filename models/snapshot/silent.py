"""A DuckDB connection that says nothing by itself: queries of more than two seconds draw a bar on standard output, in
the midst of what a script or a log reads. The only place where a connection is made; cursors take the setting over.

Called by models.snapshot and by jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb


def connect(
    database: str | Path = ":memory:", *, read_only: bool = False, config: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """As duckdb.connect."""
    con = duckdb.connect(str(database), read_only=read_only, config=dict(config or {}))
    # a database that is open in this process already is locked: then it is the service's, whose output nobody parses
    with suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar = false")
    return con
