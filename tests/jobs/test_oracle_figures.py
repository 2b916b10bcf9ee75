"""Generated sources: every published figure of the daily views equals the slow plain-Python oracle's."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import duckdb
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from jobs.refresh.check import check
from jobs.refresh.parameters import PROFILES, Parameters
from models.catalogue import CATALOGUE
from tests.helpers.metric_oracle import Figures, Oracle
from tests.helpers.random_source import sources
from tests.helpers.source_tables import Row, figures, parameters, published, source

DAILY = (
    "DailyIncidents",
    "DailyCalls",
    "DailyFunnel",
    "DailyResponses",
    "DailyOutcomes",
    "DailyReferrals",
    "DailyFollowUps",
    "DailyRequests",
)


def made(rows: dict[str, list[Row]], chosen: Parameters) -> duckdb.DuckDBPyConnection:
    con = source(rows, as_of=chosen.as_of)
    figures(con, chosen)
    return con


def counted(con: duckdb.DuckDBPyConnection, view: str) -> Figures:
    declared = CATALOGUE.views[view]
    names = [column.name for column in declared.columns if column.name not in (*declared.key, "SnapshotId")]
    numbers = [name for name in names if declared.column(name).edm.value in ("Edm.Int64", "Edm.Int32")]
    found: Figures = {}
    for row in published(con, view, *declared.key, *numbers):
        found[row[: len(declared.key)]] = dict(zip(numbers, row[len(declared.key) :], strict=True))  # type: ignore[arg-type]
    return found


CASES = int(os.environ.get("CRISIS_GENERATED_CASES", "300")) // 20
"""Each case is a city of up to 30 calls, cleaned and computed whole: a twentieth as many cost as much as other cases."""


@settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(sources(), st.sampled_from(sorted(PROFILES)))
def test_every_figure_equals_the_oracle(generated: tuple[dict[str, list[Row]], datetime], profile: str) -> None:
    """One property, so that each generated source is cleaned once; what was generated is printed when it fails."""
    rows, as_of = generated
    chosen = parameters(as_of.replace(tzinfo=UTC), profile=profile)
    for table, lines in rows.items():
        note(f"{table}: {lines}")
    con, oracle = made(rows, chosen), Oracle(rows, chosen)
    for view in DAILY:
        assert counted(con, view) == oracle.rows(view), view
    assert {row[:5]: row[5:] for row in published(con, "ResponsePercentiles")} == oracle.percentiles()
    assert {row[:4]: row[4:] for row in published(con, "HourlyActivity")} == oracle.hours()
    assert [result for result in check(con, chosen) if result.outcome == "failed"] == []
