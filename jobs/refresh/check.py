"""Published views -> what holds and what does not: the checks of jobs.refresh.checks and those that
follow from the catalogue's views.

Reads schemas `pub`, `fact`, `src` of the connection that it is given and changes nothing. A failed blocking check keeps
yesterday's snapshot published; the others warn. Called by the refresh after compute. Details are counts, never values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import duckdb

from jobs.refresh.checks import SQL, wrong_rows
from jobs.refresh.companions import conditions
from jobs.refresh.parameters import Parameters
from jobs.refresh.reconciled import queries
from jobs.refresh.usual import RISES, query
from jobs.verdict import broken, passed
from models.catalogue import CATALOGUE
from models.catalogue.types import Edm, Stage, View
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal, quoted

AHEAD = ("Supports",)
"""Views whose day may lie ahead of as-of: plans."""
DIMENSIONS = ("Areas", "Dates", "IncidentTypes", "Teams")


def check(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> tuple[CheckResult, ...]:
    """The results of every check. A failed check is a result; nothing is raised for it."""
    return tuple(judge(con, name, sql, parameters) for name, sql in every().items())


def every() -> dict[str, str]:
    """Declared check of the views -> its SQL, put together from everything that is written for it."""
    declared = (check.id for check in CATALOGUE.checks.values() if check.stage is Stage.VIEWS)
    return {name: query(RISES[name]) if name in RISES else _sum(_parts(name)) for name in declared}


def _parts(name: str) -> Iterator[str]:
    """The SQLs of a check, each one number."""
    yield from queries(name)
    if name in SQL:
        yield SQL[name]
    if name in GENERATED:
        for view in CATALOGUE.views.values():
            if not view.live:
                yield from GENERATED[name](view)


def judge(con: duckdb.DuckDBPyConnection, name: str, sql: str, parameters: Parameters) -> CheckResult:
    """The result of one check, with counts and no values; a second column of its SQL says where."""
    wrong, *places = con.execute(sql).fetchone() or (0,)
    if not wrong:
        return passed(name)
    where = f"; {places[0]}" if places else ""
    return broken(name, f"{int(wrong)} times not so ({parameters.profile.name}): {CATALOGUE.checks[name].holds}{where}")


def _sum(queries: Iterator[str]) -> str:
    return "SELECT " + " + ".join(f"({query})" for query in queries)


def _repeated(view: View) -> Iterator[str]:
    key = ", ".join(quoted(name) for name in view.key)
    yield f'SELECT count(*) FROM (SELECT 1 FROM pub."{view.name}" GROUP BY {key} HAVING count(*) > 1)'


def _future(view: View) -> Iterator[str]:
    if view.has("OperationalDate") and view.name not in AHEAD:
        yield f'SELECT count(*) FROM pub."{view.name}", param WHERE "OperationalDate" > as_of_day'


def _dangling(view: View, *, dimensions: bool) -> Iterator[str]:
    for nav in view.navigations:
        target = CATALOGUE.views[nav.target]
        if (nav.target in DIMENSIONS) is not dimensions or (nav.target == "Dates" and view.name in AHEAD):
            continue
        pairs = list(zip(nav.columns, target.key, strict=True))
        joined = " AND ".join(f"t.{quoted(key)} = v.{quoted(column)}" for column, key in pairs)
        known = " AND ".join(f"v.{quoted(column)} IS NOT NULL" for column, _ in pairs)
        yield (
            f'SELECT count(*) FROM pub."{view.name}" v WHERE {known} '
            f'AND NOT EXISTS (SELECT 1 FROM pub."{nav.target}" t WHERE {joined})'
        )


def _foreign(view: View) -> Iterator[str]:
    conditions = [
        f"{quoted(column.name)} NOT IN ({', '.join(literal(word) for word in CATALOGUE.codes[column.codes].labels())})"
        for column in view.columns
        if column.codes is not None
    ]
    if conditions:
        yield wrong_rows(view.name, " OR ".join(conditions))


def _below(view: View) -> Iterator[str]:
    conditions = [f"{quoted(column.name)} < {column.minimum}" for column in view.columns if column.minimum is not None]
    if conditions:
        yield wrong_rows(view.name, " OR ".join(conditions))


def _long(view: View) -> Iterator[str]:
    conditions = [
        f"length({quoted(column.name)}) > {column.max_length}"
        for column in view.columns
        if column.edm is Edm.STRING and column.max_length is not None and column.name != "SnapshotId"
    ]
    if conditions:
        yield wrong_rows(view.name, " OR ".join(conditions))


def _without_n(view: View) -> Iterator[str]:
    wrong = list(conditions(view))
    if wrong:
        yield wrong_rows(view.name, " OR ".join(f"({condition})" for condition in wrong))


GENERATED: dict[str, Callable[[View], Iterator[str]]] = {
    "keys_unique": _repeated,
    "no_future_days": _future,
    "references_known": partial(_dangling, dimensions=True),
    "records_linked": partial(_dangling, dimensions=False),
    "codes_known": _foreign,
    "nothing_negative": _below,
    "texts_fit": _long,
    "metrics_have_n": _without_n,
}
"""Check -> the SQLs that it needs of one view."""
