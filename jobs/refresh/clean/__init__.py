"""Source rows -> facts: one row for each record that counts, as known at as-of, and every defect counted.

Reads schema `src` and writes schemas `catalogue`, `seen`, `fact` of the connection that it is given; nothing else.
Rules: the comments of jobs/refresh/sql/fact/*.sql. Called by the refresh after extract and before compute.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from jobs.refresh.clean import declared, findings, seen
from jobs.refresh.parameters import Parameters, load

SQL = Path(__file__).resolve().parents[1] / "sql" / "fact"
STEPS = ("place", "incident", "call_fate", "unit", "contact", "call", "care")
"""SQL files that make the facts, in order; each may read what those before it made."""
DAYS = ("revised", "calendar", "measured")
"""SQL files that need to know which days the findings lie on."""
SCHEMAS = ("catalogue", "seen", "fact")


def clean(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Make every `fact` table from `src`. Running it again replaces what it made."""
    load(con, parameters)
    for schema in SCHEMAS:
        con.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        con.execute(f"CREATE SCHEMA {schema}")
    declared.load(con)
    seen.load(con)
    for step in STEPS:
        con.execute((SQL / f"{step}.sql").read_text("utf-8"))
    findings.load(con)
    for step in DAYS:
        con.execute((SQL / f"{step}.sql").read_text("utf-8"))
