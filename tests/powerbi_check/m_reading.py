"""The M of a model -> rows: its queries as the model's document has them, run by the M judge against a service.

A `Run` is one refresh: which tables in which order, over which days, with filters folded into the address or not.
Called by the bench and by the rows about M.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from typing import Any

from powerbi.model import bim, build
from powerbi.model.words import Model
from tests.conformance.bench import Service
from tests.powerbi_check.installing import ask

Table = list[dict[str, Any]]


@dataclass(frozen=True)
class Query:
    """One table's M, where its rows go, and how many years its refresh policy keeps and reads anew."""

    table: str
    m: str
    columns: dict[str, str]
    policy: dict[str, Any] | None

    @property
    def windowed(self) -> bool:
        """Read in parts."""
        return self.policy is not None


@dataclass(frozen=True)
class Queries:
    """All M of a model."""

    parameters: dict[str, str]
    tables: dict[str, Query]

    @property
    def windowed(self) -> tuple[str, ...]:
        """The tables with a refresh policy."""
        return tuple(name for name, query in self.tables.items() if query.windowed)

    def expressions(self) -> dict[str, str]:
        """Every M expression by where it stands: parameters, partitions, refresh policies."""
        policies = {f"{name} / refresh policy": policy for name, policy in self.policies().items()}
        return {
            **{f"parameter {name}": m for name, m in self.parameters.items()},
            **{f"{name} / partition": query.m for name, query in self.tables.items()},
            **{name: text(policy["sourceExpression"]) for name, policy in policies.items()},
        }

    def policies(self) -> dict[str, dict[str, Any]]:
        """Table -> refresh policy."""
        return {name: query.policy for name, query in self.tables.items() if query.policy}


def text(lines: str | list[str]) -> str:
    """An expression of the document: a text, or its lines."""
    return lines if isinstance(lines, str) else "\n".join(lines)


@cache
def queries(audience: str) -> Queries:
    """The M of an audience's model."""
    return queries_of(build.model(audience))


def queries_of(built: Model) -> Queries:
    """The M of a model, from the document that goes into its template."""
    model = bim.document(built)["model"]
    return Queries(
        {each["name"]: text(each["expression"]) for each in model["expressions"]},
        {
            table["name"]: Query(
                table["name"],
                text(table["partitions"][0]["source"]["expression"]),
                {column["sourceColumn"]: column["dataType"] for column in table["columns"]},
                table.get("refreshPolicy"),
            )
            for table in model["tables"]
        },
    )


@dataclass(frozen=True)
class Interruption:
    """A command that runs before the request number `request` (1 is the first page) for the entity set `name`."""

    name: str
    request: int
    command: list[str]
    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Run:
    """One refresh. Without days: as Desktop loads, with the defaults of the parameters."""

    tables: tuple[str, ...]
    days: tuple[date, date] | None = None
    fold: bool = True
    interruption: Interruption | None = None


@dataclass(frozen=True)
class Read:
    """What a run gave. `types` are those of M; `faults` are errors, values of a wrong type, filters that do not fold."""

    rows: dict[str, Table]
    types: dict[str, dict[str, str]]
    asked: list[str]
    faults: list[str]


def read(service: Service, audience: str, runs: Sequence[Run], queries_: Queries | None = None) -> list[Read]:
    """Run the M with that role's key."""
    queried = queries_ or queries(audience)
    user, secret = service.keys[audience]
    question = {
        "user": user,
        "secret": secret,
        "parameters": queried.parameters,
        "tables": {name: query.m for name, query in queried.tables.items()},
        "runs": [
            {
                "tables": run.tables,
                "fold": run.fold,
                "set": {"ApiBaseUrl": service.root, **_range(run.days)},
                "interruption": asdict(run.interruption) if run.interruption else None,
            }
            for run in runs
        ],
    }
    return [_read(answer) for answer in ask("m_run.py", question)["runs"]]


def _range(days: tuple[date, date] | None) -> dict[str, str]:
    """The parameters of incremental refresh: midnights."""
    return {} if days is None else {"RangeStart": f"{days[0]}T00:00:00", "RangeEnd": f"{days[1]}T00:00:00"}


def _read(answer: dict[str, Any]) -> Read:
    tables = answer["tables"]
    good = {name: table for name, table in tables.items() if "error" not in table}
    faults = [f"{name}: {table['error']}" for name, table in tables.items() if "error" in table]
    faults += [f"{name}: {fault}" for name, table in good.items() for fault in table["wrong"]]
    faults += [f"does not fold: {step}" for step in answer["unfolded"]]
    return Read(
        {name: table["rows"] for name, table in good.items()},
        {name: table["types"] for name, table in good.items()},
        answer["asked"],
        faults,
    )


def whole(service: Service, audience: str, *, fold: bool = True) -> Read:
    """Every table as Desktop loads it."""
    return read(service, audience, [Run(tuple(queries(audience).tables), fold=fold)])[0]
