"""What a measure must be, in SQL on the snapshot, from the definitions: never from the DAX.

A metric is laid out day by day over the whole calendar, with windows for the four weeks before; a context then picks its
days. Everything is computed by DuckDB; Python words sentences only. Called by dax.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import duckdb

from models.catalogue import CATALOGUE
from models.catalogue.types import Additivity, Metric
from tests.powerbi_check.dax_contexts import CUT_BY, KEYS, UNDATED, Choice, Context, code_list
from tests.powerbi_check.dax_scopes import Person, schema

Values = dict[str, Any]
STOCKS = {
    "DailyIncidents": ("OpenOver7DaysCount", "OpenOver30DaysCount"),
    "DailyRequests": ("BacklogCount", "BacklogLateCount"),
}
"""Closing values beside the metrics."""
ONE_FAMILY = {"DailyIncidents": "\"FamilyCode\" = 'violent_critical'"}
"""D1 to D4 are about violent critical incidents."""
NONE_ON_A_GOOD_DAY = {"OpenItems": ("DailyResponses",), "Revisions": ("Completeness",)}
"""Views that may rightly be empty, and the one whose rows a reader of them sees."""
COMPLETE = '"DaysBeforeAsOf" >= 1'
"""Days that were over at as-of."""


@dataclass
class Database:
    """A connection in which every person's rows lie."""

    con: duckdb.DuckDBPyConnection
    _made: dict[tuple[str, ...], str] = field(default_factory=dict)
    _known: dict[Any, Any] = field(default_factory=dict)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows."""
        return self.con.execute(sql).fetchall()

    def one(self, sql: str) -> Any:
        """The only value."""
        ((value,),) = self.rows(sql)
        return value

    def once(self, name: tuple[str, ...], statement: str) -> str:
        """A table that is made when it is first asked for; its name."""
        if name not in self._made:
            self._made[name] = f"t{len(self._made)}"
            self.con.execute(f"CREATE TEMP TABLE {self._made[name]} AS {statement}")
        return self._made[name]

    def remember(self, key: Any, answer: Callable[[], Any]) -> Any:
        """A value that is worked out when it is first asked for."""
        if key not in self._known:
            self._known[key] = answer()
        return self._known[key]


@dataclass(frozen=True)
class Asked:
    """One person in one context, asking one view."""

    database: Database
    person: Person
    context: Context
    view: str

    @property
    def place(self) -> str:
        """The person's rows of the view."""
        return f'{schema(self.person)}."{self.view}"'

    def answerable(self) -> bool:
        """Rows to see, a day that exists, and nothing chosen that the view cannot be cut by."""
        return self.database.remember((self.person.name, self.view, self.context), self._answerable)

    def _answerable(self) -> bool:
        if not any(map(self._any, (self.view, *NONE_ON_A_GOOD_DAY.get(self.view, ())))):
            return False
        known = {*CUT_BY[self.view], self.view, *(() if self.view in UNDATED else ("Dates",))}
        known |= {"Teams", "Priority"} if self.view == "ResponsePercentiles" else set()
        if self.context.tables() - known - DETAILS:
            return False
        return self.view in UNDATED or self.database.one(f"SELECT count(*) FROM ({self.days()})") > 0

    def _any(self, view: str) -> bool:
        return self.database.one(f'SELECT count(*) FROM (FROM {schema(self.person)}."{view}" LIMIT 1)') > 0

    def days(self, extra: str = "true") -> str:
        """The days of the context."""
        wanted = " AND ".join([extra, *(chosen(each) for each in self.context.of("Dates"))])
        return f'SELECT "OperationalDate" AS day FROM {schema(self.person)}."Dates" WHERE {wanted}'

    def rows(self, *skipped: str) -> str:
        """The condition of the context on rows of the view, days apart."""
        wanted = [ONE_FAMILY.get(self.view, "true")]
        for each in self.context.without("Dates"):
            if each.table == self.view:
                wanted.append(chosen(each))
            elif each.table in CUT_BY[self.view] and each.table not in skipped:
                wanted.append(f'"{CUT_BY[self.view][each.table]}" IN ({self._keys(each)})')
        return " AND ".join(wanted)

    def _keys(self, choice: Choice) -> str:
        if choice.table in KEYS:
            return f'SELECT "{KEYS[choice.table]}" FROM snapshot."{choice.table}" WHERE {chosen(choice)}'
        column = choice.column if choice.column == "Code" else "Label"
        named = chosen(Choice(choice.table, column, choice.values))
        return f"""SELECT "Code" FROM snapshot."Codes" WHERE "CodeList" = '{code_list(choice.table)}' AND {named}"""

    def filtered(self, expression: str) -> Any:
        """An aggregate over the rows of the context."""
        return self.filtered_all(expression)[0]

    def filtered_all(self, *expressions: str) -> tuple[Any, ...]:
        """Several at once."""
        dated = "true" if self.view in UNDATED else f'"OperationalDate" IN ({self.days()})'
        where = f"{self.rows()} AND {dated}"
        return self.database.rows(f"SELECT {', '.join(expressions)} FROM {self.place} WHERE {where}")[0]


DETAILS = frozenset({"OpenItems", "HourlyActivity", "DataQuality", "Revisions", "Completeness"})
"""Tables whose own fields may be chosen and that are no dimension of another view."""


def chosen(choice: Choice) -> str:
    """A choice as a condition on its own column."""
    return f'"{choice.column}" IN ({", ".join(literal(value) for value in choice.values)})'


def literal(value: Any) -> str:
    """A value in SQL."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def laid_out(asked: Asked, numerator: str, denominator: str | None, per: int, kind: str) -> str:
    """The name of a table with one row a day: value, same weekday, baseline, band."""
    rows = asked.rows()
    under = f'sum("{denominator}")' if denominator else "0"
    return asked.database.once(
        (asked.person.name, asked.view, rows, numerator, str(denominator), kind),
        f"""
        WITH fact AS (
            SELECT "OperationalDate" AS day, sum("{numerator}") AS top, {under} AS under
            FROM {asked.place} WHERE {rows} GROUP BY 1
        ),
        daily AS (
            SELECT "OperationalDate" AS day, "DaysBeforeAsOf" AS back,
                CAST(COALESCE(top, 0) AS DOUBLE) AS top, CAST(COALESCE(under, 0) AS DOUBLE) AS under
            FROM {schema(asked.person)}."Dates" LEFT JOIN fact ON day = "OperationalDate"
        ),
        windows AS (
            SELECT *,
                day - 28 >= (SELECT min("OperationalDate") FROM {asked.place}) AS enough,
                sum(top) OVER (ORDER BY day ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING) AS top28,
                sum(under) OVER (ORDER BY day ROWS BETWEEN 28 PRECEDING AND 1 PRECEDING) AS under28,
                lag(top, 7) OVER w + lag(top, 14) OVER w + lag(top, 21) OVER w + lag(top, 28) OVER w AS top4,
                lag(under, 7) OVER w + lag(under, 14) OVER w + lag(under, 21) OVER w + lag(under, 28) OVER w AS under4,
                sum(top) OVER month AS month_top, sum(under) OVER month AS month_under
            FROM daily WINDOW w AS (ORDER BY day), month AS (PARTITION BY date_trunc('month', day) ORDER BY day)
        ),
        means AS (
            SELECT *,
                {_ratio("top", "under", "1", kind, per)} AS value,
                {_ratio("month_top", "month_under", "1", kind, per)} AS month_value,
                CASE WHEN enough THEN {_ratio("top4", "under4", "4", kind, per)} END AS weekday,
                CASE WHEN enough THEN {_ratio("top28", "under28", "28", kind, per)} END AS baseline
            FROM windows
        ),
        spreads AS (
            SELECT a.day, sum(b.under * pow(b.value - a.baseline, 2)) / nullif(count(*) - 1, 0) AS spread
            FROM means a JOIN means b ON b.day BETWEEN a.day - 28 AND a.day - 1 AND b.under > 0
            WHERE a.enough GROUP BY a.day
        )
        SELECT m.*, s.spread, {_band(kind)}
        FROM means m LEFT JOIN spreads s USING (day)
        """,
    )


def _ratio(top: str, under: str, count: str, kind: str, per: int) -> str:
    return f"{top} / {count}" if kind in ("count", "stock") else f"{top} / nullif({under}, 0) / {per}"


def _band(kind: str) -> str:
    if kind in ("count", "stock"):
        low = "CASE WHEN baseline IS NOT NULL THEN pow(greatest(0, sqrt(baseline) - 1), 2) END AS low"
        return f"{low}, pow(sqrt(baseline) + 1, 2) AS high"
    varies = "baseline * (1 - baseline)" if kind == "share" else "s.spread"
    half = f"1.96 * sqrt({varies} / nullif(under, 0))"
    bounded = f"least(1, baseline + {half})" if kind == "share" else f"baseline + {half}"
    known = f"baseline IS NOT NULL AND under > 0 AND {varies} IS NOT NULL"
    return f"CASE WHEN {known} THEN greatest(0, baseline - {half}) END AS low, CASE WHEN {known} THEN {bounded} END AS high"


def kind_of(metric: Metric) -> str:
    """How a metric is aggregated."""
    if metric.denominator is None:
        return "stock" if metric.additivity is Additivity.LAST_VALUE else "count"
    return "mean" if metric.unit == "ms" else "share"


def over_days(asked: Asked, table: str, kind: str, per: int, days: str) -> Any:
    """The metric over some days: a sum, a pooled ratio, or the closing value of the last one."""
    if kind == "stock":
        return asked.database.one(f"SELECT (SELECT top FROM {table} WHERE day = (SELECT max(day) FROM ({days})))")
    total = _ratio("sum(top)", "sum(under)", "1", kind, per)
    return asked.database.one(f"SELECT {total} FROM {table} WHERE day IN ({days})")


def metric_values(asked: Asked, metric: Metric) -> Values:
    """Every measure of a metric but its percentiles."""
    kind, per = kind_of(metric), 60_000 if metric.unit == "ms" else 1
    table = laid_out(asked, metric.numerator, metric.denominator, per, kind)
    good = asked.answerable()
    here = over_days(asked, table, kind, per, asked.days()) if good else None
    found: Values = {"": here}
    beside = {"n": metric.denominator, "n missing": metric.missing, "n invalid": metric.invalid}
    sums = {suffix: f'COALESCE(sum("{column}"), 0)' for suffix, column in beside.items() if column}
    if sums:
        found |= dict(zip(sums, asked.filtered_all(*sums.values()), strict=True)) if good else dict.fromkeys(sums)
    found |= _on_day(asked, table, metric, good)
    complete = asked.days(COMPLETE)
    found |= _on_year(asked, table, metric, complete if good else None)
    if metric.maturity_days < 28:
        found |= _yesterday(asked, table, metric)
    if metric.target:
        met = asked.filtered('sum("WithinTargetCount") / nullif(sum("TargetDueCount"), 0)') if good else None
        found |= {"target": metric.target, "within target": met}
    return {f"{metric.name}, {suffix}" if suffix else metric.name: value for suffix, value in found.items()}


COLUMNS = ("value", "weekday", "baseline", "low", "high", "month_value", "spread")


def _one_day(asked: Asked, table: str, day: str) -> dict[str, Any] | None:
    found = asked.database.rows(f"SELECT {', '.join(COLUMNS)} FROM {table} WHERE day = ({day})")
    return dict(zip(COLUMNS, found[0], strict=True)) if found else None


def _on_day(asked: Asked, table: str, metric: Metric, good: bool) -> Values:
    last = f"SELECT max(day) FROM ({asked.days(COMPLETE)})"
    day = _one_day(asked, table, last) if good else None
    got = day or dict.fromkeys(COLUMNS)
    found = {
        "same weekday": got["weekday"],
        "28-day baseline": got["baseline"],
        "usual low": got["low"],
        "usual high": got["high"],
        "status": status(day) if day else None,
    }
    if kind_of(metric) == "mean":
        found["spread"] = got["spread"]
    if kind_of(metric) != "stock":
        found["month to date"] = got["month_value"]
    return found


def status(day: dict[str, Any]) -> str:
    """The word for a day against its band."""
    if day["value"] is None:
        return "no figure"
    if day["low"] is None or day["high"] is None:
        return "no baseline"
    if day["value"] > day["high"]:
        return "above usual"
    return "below usual" if day["value"] < day["low"] else "as usual"


def _on_year(asked: Asked, table: str, metric: Metric, complete: str | None) -> Values:
    if complete is None:
        return {"year before": None, "change on year": None}
    kind, per = kind_of(metric), 60_000 if metric.unit == "ms" else 1
    held = f"""SELECT CAST(min(day) - INTERVAL 1 YEAR AS DATE) >= (SELECT min("OperationalDate") FROM {asked.place})
        FROM ({complete})"""
    earlier = f"""SELECT "OperationalDate" AS day FROM snapshot."Dates"
        WHERE CAST("OperationalDate" + INTERVAL 1 YEAR AS DATE) IN ({complete})"""
    before = over_days(asked, table, kind, per, earlier) if asked.database.one(held) else None
    now = over_days(asked, table, kind, per, complete)
    change = None
    if before is not None and now is not None:
        relative = (now - before) / before if before else None
        change = now - before if kind == "share" else relative
    return {"year before": before, "change on year": change}


def _yesterday(asked: Asked, table: str, metric: Metric) -> Values:
    """The last complete day there is, whatever days are chosen."""
    undated = Asked(asked.database, asked.person, Context(asked.context.without("Dates")), asked.view)
    day = f'SELECT "OperationalDate" FROM {schema(asked.person)}."Dates" WHERE "DaysBeforeAsOf" = 1'
    got = _one_day(undated, table, day) if undated.answerable() else None
    plain = got or dict.fromkeys(COLUMNS)
    return {
        "yesterday": plain["value"],
        "yesterday same weekday": plain["weekday"],
        "yesterday 28-day baseline": plain["baseline"],
        "yesterday usual low": plain["low"],
        "yesterday usual high": plain["high"],
        "yesterday status": status(got) if got else None,
        "yesterday summary": _sentence(metric, got) if got else None,
    }


def _sentence(metric: Metric, day: dict[str, Any]) -> str:
    """As the issue words it: Calls for service yesterday: 41, as usual (28-day baseline 38.2, usual 27 to 52)."""
    start = f"{metric.name} yesterday: "
    if day["value"] is None:
        return f"{start}no figure"
    word = status(day)
    kind = kind_of(metric)
    unit = " min" if kind == "mean" else ""
    said = f"{start}{written(day['value'], kind)}{unit}, {word}"
    if word == "no baseline":
        return said
    low, high = written(day["low"], kind, ROUND_CEILING), written(day["high"], kind, ROUND_FLOOR)
    baseline = written(day["baseline"], "mean" if kind in ("count", "stock") else kind)
    return f"{said} (28-day baseline {baseline}{unit}, usual {low} to {high}{unit})"


def written(value: float, kind: str, rounding: str = ROUND_HALF_UP) -> str:
    """A figure for people: whole counts, one digit after the point of shares in per cent and of means."""
    if kind == "share":
        return f"{(Decimal(repr(value)) * 100).quantize(Decimal('0.1'), ROUND_HALF_UP):,} %"
    if kind == "mean":
        return f"{Decimal(repr(value)).quantize(Decimal('0.1'), ROUND_HALF_UP):,}"
    return f"{Decimal(repr(value)).quantize(Decimal(1), rounding):,}"


def companion_values(asked: Asked) -> Values:
    """The counts and means of a view, whether or not a metric speaks of them too, by the name of their column."""
    stocks = STOCKS.get(asked.view, ())
    wanted = {}
    for column in CATALOGUE.views[asked.view].columns:
        if column.name.endswith("Count") and column.name not in stocks:
            wanted[column.name] = f'COALESCE(sum("{column.name}"), 0)'
        elif column.name.endswith("MsSum"):
            prefix = column.name.removesuffix("MsSum")
            over = "ConnectedCount" if prefix == "Connection" else f"{prefix}Count"
            wanted[column.name] = f'sum("{column.name}") / nullif(sum("{over}"), 0) / 60000'
    if not asked.answerable():
        return dict.fromkeys((*wanted, *stocks))
    found = dict(zip(wanted, asked.filtered_all(*wanted.values()), strict=True))
    for column in stocks:
        found[column] = over_days(asked, laid_out(asked, column, None, 1, "stock"), "stock", 1, asked.days())
    return found
