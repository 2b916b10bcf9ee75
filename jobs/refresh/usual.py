"""What is more frequent in the last seven whole days than in the 28 before, as SQL: records without an area, clocks out
of order, words that no code list knows.

A share that was always high is no news. One that rises by more points than declared, and by far more than chance would
have it (five standard deviations, on records that are taken as half as many because they come in bursts), is. Reads
`fact.finding` and `fact.looked_at`. Run by jobs.refresh.check.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.snapshot.rowtext import literal

RECENT, BEFORE = 7, 28
ENOUGH = 100
"""Records of the 28 days; with fewer nothing is usual yet."""
DEVIATIONS = 5.0
BURSTS = 2.0


@dataclass(frozen=True)
class Rise:
    """The findings that are added up, the contract tables in which, and by how many points the share must rise."""

    findings: tuple[str, ...]
    points: float
    tables: tuple[str, ...] = ()


RISES = {
    "area_match_rate": Rise(("unknown_area", "area_missing"), 0.10, ("call", "incident")),
    "clock_order": Rise(("clock_order",), 0.03),
    "unmapped_codes": Rise(("unmapped_code",), 0.03),
}


def query(rise: Rise) -> str:
    """One row: how many records are beyond what is usual, and where, with counts."""
    findings = ", ".join(map(literal, rise.findings))
    tables = f"AND contract_table IN ({', '.join(map(literal, rise.tables))})" if rise.tables else ""
    recent = f"day BETWEEN as_of_day - {RECENT} AND as_of_day - 1"
    before = f"day BETWEEN as_of_day - {RECENT + BEFORE} AND as_of_day - {RECENT + 1}"
    return f"""
    WITH looked AS (
        SELECT contract_table,
            COALESCE(sum(records) FILTER (WHERE {recent}), 0) AS records,
            COALESCE(sum(records) FILTER (WHERE {before}), 0) AS records_before
        FROM fact.looked_at, param GROUP BY contract_table
    ),
    found AS (
        SELECT contract_table, field,
            COALESCE(sum(affected) FILTER (WHERE {recent}), 0) AS affected,
            COALESCE(sum(affected) FILTER (WHERE {before}), 0) AS affected_before
        FROM fact.finding, param WHERE finding IN ({findings}) {tables} GROUP BY contract_table, field
    ),
    shares AS (
        SELECT *, affected / records AS share, (affected_before + 1) / (records_before + 2) AS usual
        FROM found JOIN looked USING (contract_table) WHERE records > 0 AND records_before >= {ENOUGH}
    )
    SELECT COALESCE(CAST(sum(affected - records * usual) AS BIGINT), 0),
        string_agg(
            contract_table || '.' || field || ' ' || affected || ' of ' || records || ' in {RECENT} days, '
                || affected_before || ' of ' || records_before || ' in the {BEFORE} before',
            '; ' ORDER BY contract_table, field
        )
    FROM shares
    WHERE share > usual + {rise.points}
        AND affected - records * usual > {DEVIATIONS} * sqrt({BURSTS} * records * usual * (1 - usual))"""
