"""The catalogue and the rules that are lists -> tables of schema `catalogue`, so that SQL can join them.

Called by clean before anything is read from the source. Writes only to the connection that it is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from jobs.refresh.anchors import ANCHORS
from models.catalogue import CATALOGUE
from models.catalogue.codes import INCIDENT_TYPES, SPECIAL_AREAS, STAGES, UNKNOWN_TYPES
from models.snapshot.rowtext import literal

OUTCOME_ORDER = tuple(CATALOGUE.codes["contact_outcome"].labels())
"""Several records of one call: the first of these words that any of them says is the call's outcome."""
DISPOSITION_ORDER = (
    "apprehension",
    "arrest",
    "emergency_department",
    "detox",
    "crisis_centre",
    "respite",
    "shelter",
    "remained_in_community",
    "other",
    "none",
    "unknown",
)
"""The same for dispositions: the gravest wins, so that diversion is never flattered."""
POLICE_ORDER = ("asked", "already_there", "not_asked", "no", "unknown")
"""The same for police on scene: present wins over absent, anything recorded over nothing recorded."""

STOP_REASON_FITS: dict[str, tuple[str, str]] = {
    "abandoned": ("received", "triaged"),
    "resolved_by_phone": ("received", "offered"),
    "ineligible_safety": ("received", "triaged"),
    "ineligible_medical": ("received", "triaged"),
    "ineligible_area": ("received", "triaged"),
    "ineligible_hours": ("received", "triaged"),
    "ineligible_other": ("received", "triaged"),
    "no_team": ("eligible", "offered"),
    "team_declined": ("eligible", "offered"),
    "cancelled": ("received", "dispatched"),
    "unable_to_locate": ("dispatched", "arrived"),
    "gone_on_arrival": ("dispatched", "arrived"),
    "declined": ("received", "engaged"),
    "safety": ("dispatched", "arrived"),
    "no_support_needed": ("arrived", "engaged"),
}
"""First and last stage at which a recorded reason can be why a call went no further; elsewhere it contradicts them."""


def load(con: duckdb.DuckDBPyConnection) -> None:
    """Write the catalogue's tables and the macros of word orders."""
    order = {code: place for place, code in enumerate(STAGES, start=1)}
    _table(
        con,
        "code(code_list VARCHAR, code VARCHAR, label VARCHAR, description VARCHAR, standard_name VARCHAR, "
        "standard_code VARCHAR, sort_order INTEGER)",
        [
            (codes.name, code.code, code.label, code.description, code.standard, code.standard_code, place)
            for codes in CATALOGUE.codes.values()
            for place, code in enumerate(codes.codes, start=1)
        ],
    )
    _table(
        con,
        "code_list(code_list VARCHAR, unmapped VARCHAR)",
        [(codes.name, codes.unmapped) for codes in CATALOGUE.codes.values()],
    )
    known = [(code, label, family, standard) for code, label, family, standard in INCIDENT_TYPES]
    unknown = [(code, label, family, None) for code, label, family in UNKNOWN_TYPES]
    _table(
        con,
        "incident_type(code VARCHAR, label VARCHAR, family VARCHAR, standard_code VARCHAR, sort_order INTEGER)",
        [(*row, place) for place, row in enumerate([*known, *unknown], start=1)],
    )
    _table(con, "special_area(area_id VARCHAR, name VARCHAR)", list(SPECIAL_AREAS))
    _table(con, "stage(stage INTEGER, code VARCHAR)", [(place, code) for code, place in order.items()])
    _table(
        con,
        "stop_reason_fit(reason VARCHAR, first_stage INTEGER, last_stage INTEGER)",
        [(reason, order[first], order[last]) for reason, (first, last) in STOP_REASON_FITS.items()],
    )
    _table(con, "anchored(contract_table VARCHAR, clock VARCHAR)", list(ANCHORS.items()))
    _metrics(con)
    orders = {"outcome_words": OUTCOME_ORDER, "disposition_words": DISPOSITION_ORDER, "police_words": POLICE_ORDER}
    for name, words in orders.items():
        con.execute(f"CREATE OR REPLACE MACRO {name}() AS [{', '.join(literal(word) for word in words)}]")


def _metrics(con: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "metric_id",
        "metric_number",
        "metric_name",
        "definition",
        "family",
        "view_name",
        "numerator_column",
        "denominator_column",
        "unit",
        "attribution_clock",
        "clock_start",
        "clock_stop",
        "additivity",
        "maturity_days",
        "target",
        "owner",
        "version",
        "source",
    )
    numbers = {"maturity_days", "version"}
    declaration = ", ".join(f"{name} {'INTEGER' if name in numbers else 'VARCHAR'}" for name in columns)
    _table(
        con,
        f"metric({declaration})",
        [
            (
                metric.id,
                metric.number,
                metric.name,
                metric.definition,
                metric.family.value,
                metric.view,
                metric.numerator,
                metric.denominator,
                metric.unit,
                metric.attribution_clock,
                metric.clock_start,
                metric.clock_stop,
                metric.additivity.value,
                metric.maturity_days,
                metric.target,
                metric.owner,
                metric.version,
                metric.source,
            )
            for metric in CATALOGUE.metrics.values()
        ],
    )


def _table(con: duckdb.DuckDBPyConnection, declaration: str, rows: Sequence[tuple[object, ...]]) -> None:
    """One statement for all rows: DuckDB plans every single INSERT anew."""
    name = declaration.split("(", maxsplit=1)[0]
    con.execute(f"CREATE TABLE catalogue.{declaration}")
    marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
    con.execute(f"INSERT INTO catalogue.{name} VALUES {marks}", [value for row in rows for value in row])
