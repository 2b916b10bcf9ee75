"""Published views -> what holds and what does not: the checks of jobs.refresh.checks and those of the catalogue.

Reads schemas `pub`, `fact`, `src` of the connection that it is given and changes nothing. A failed blocking check keeps
yesterday's snapshot published; the others warn. Called by the refresh after compute. Details are counts, never values.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from jobs.refresh.checks import DECLARED, Check, wrong_rows
from jobs.refresh.parameters import Parameters
from models.catalogue import CATALOGUE
from models.catalogue.types import Edm, View
from models.snapshot.manifest import CheckResult
from models.snapshot.rowtext import literal, quoted

PASSED, WARNED, FAILED = "passed", "warned", "failed"


AHEAD = ("Supports",)
"""Views whose day may lie ahead of as-of: plans."""
DIMENSIONS = ("Areas", "Dates", "IncidentTypes", "Teams")


def check(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> tuple[CheckResult, ...]:
    """The results of every check. A failed check is a result; nothing is raised for it."""
    return tuple(judge(con, each, parameters) for each in every())


def every() -> tuple[Check, ...]:
    """The checks declared here, then those generated from the catalogue."""
    return (*DECLARED, *_generated([view for view in CATALOGUE.views.values() if not view.live]))


def judge(con: duckdb.DuckDBPyConnection, each: Check, parameters: Parameters) -> CheckResult:
    """The result of one check, with counts and no values."""
    (wrong,) = con.execute(each.sql).fetchone() or (0,)
    if not wrong:
        return CheckResult(each.id, each.blocking, PASSED, each.sentence)
    detail = f"{int(wrong)} times not so ({parameters.profile.name}): {each.sentence}"
    return CheckResult(each.id, each.blocking, FAILED if each.blocking else WARNED, detail)


def _generated(views: list[View]) -> Iterator[Check]:
    yield Check("keys_unique", True, "every key and every place in the order stands once", _sum(map(_repeated, views)))
    yield Check("no_future_days", True, "no day lies after the as-of day", _sum(_future(view) for view in views))
    yield Check(
        "references_known",
        True,
        "every area, team, kind and day is a member of its dimension",
        _sum(sql for view in views for sql in _dangling(view, dimensions=True)),
    )
    yield Check(
        "records_linked",
        False,
        "every record that a record points to is published",
        _sum(sql for view in views for sql in _dangling(view, dimensions=False)),
    )
    yield Check(
        "codes_known",
        True,
        "every code is a word of its code list",
        _sum(sql for view in views for sql in _foreign(view)),
    )
    yield Check(
        "nothing_negative",
        True,
        "no count and no duration is less than its declared minimum",
        _sum(sql for view in views for sql in _below(view)),
    )
    yield Check(
        "texts_fit",
        False,
        "no text is longer than declared",
        _sum(sql for view in views for sql in _long(view)),
    )


def _sum(queries: Iterator[str] | map[str]) -> str:
    return "SELECT " + " + ".join(f"({query})" for query in queries)


def _repeated(view: View) -> str:
    key = ", ".join(quoted(name) for name in view.key)
    return f'SELECT count(*) FROM (SELECT 1 FROM pub."{view.name}" GROUP BY {key} HAVING count(*) > 1)'


def _future(view: View) -> str:
    if not view.has("OperationalDate") or view.name in AHEAD:
        return "SELECT 0"
    return f'SELECT count(*) FROM pub."{view.name}", param WHERE "OperationalDate" > as_of_day'


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
