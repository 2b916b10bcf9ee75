"""A model's document and rows -> measures evaluated by pbix-mcp, a DAX engine that the team did not write.

`Engine` holds the tables as one person sees them: the role's filters are evaluated as DAX, row by row where they name a
column of the row, and what a dimension does not show takes its facts along the relationships, as Analysis Services does.
The clock stands where a case says. Called by dax_run.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from pbix_mcp.dax import engine as dax

Table = dict[str, Any]
REFERENCE = re.compile(r"(?<![\w'])\[([^\]]+)\]")
"""A name in brackets with no table before it: a measure, or a column that the expression made."""
CLOCK: dict[str, datetime.datetime] = {}
dax.DAXEngine._fn_utcnow = lambda *_: CLOCK["now"]
MARK = "row of the judge"
"""A column with the row's number, while a role's filter is evaluated."""


def expression(lines: str | list[str]) -> str:
    """DAX of the document: a text, or its lines."""
    return lines if isinstance(lines, str) else "\n".join(lines)


def moment(value: str) -> datetime.datetime:
    """ISO text as the engine wants it."""
    return datetime.datetime.fromisoformat(value).replace(tzinfo=None)


def safely_named(measures: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Names without commas, and expressions that use them: the engine takes a comma in a name for the end of an argument."""
    called = {name: f"measure {at}" for at, name in enumerate(measures)}
    renamed = {
        called[name]: REFERENCE.sub(lambda found: f"[{called.get(found[1], found[1])}]", text)
        for name, text in measures.items()
    }
    return called, renamed


class Engine:
    """One model with the rows that one person may see."""

    def __init__(self, model: dict[str, Any], rows: dict[str, list[dict[str, Any]]]) -> None:
        self.types = {t["name"]: {c["name"]: c["dataType"] for c in t["columns"]} for t in model["tables"]}
        self.tables: dict[str, Table] = {name: self._table(name, rows[name]) for name in self.types}
        self.relations = [
            {
                "FromTable": r["fromTable"],
                "FromColumn": r["fromColumn"],
                "ToTable": r["toTable"],
                "ToColumn": r["toColumn"],
                "IsActive": int(r.get("isActive", True)),
            }
            for r in model["relationships"]
        ]
        measures = [(t["name"], m) for t in model["tables"] for m in t.get("measures", [])]
        self.called, self.measures = safely_named({m["name"]: expression(m["expression"]) for _, m in measures})
        self.home = {self.called[m["name"]]: table for table, m in measures}
        self.days = {
            t["name"]: next(c["name"] for c in t["columns"] if c.get("isKey"))
            for t in model["tables"]
            if t.get("dataCategory") == "Time"
        }
        (role,) = model["roles"]
        self.filters = {p["name"]: expression(p["filterExpression"]) for p in role["tablePermissions"]}

    def value(self, table: str, column: str, value: Any) -> Any:
        """A value of the rows or of a filter, in the type of its column."""
        return moment(value) if self.types[table][column] == "dateTime" and isinstance(value, str) else value

    def _table(self, name: str, rows: list[dict[str, Any]]) -> Table:
        columns = list(self.types[name])
        return {"columns": columns, "rows": [[self.value(name, c, row.get(c)) for c in columns] for row in rows]}

    def evaluate(
        self, names: list[str], filters: dict[str, list[Any]], tables: dict[str, Table], now: str
    ) -> list[Any]:
        """The measures in one context at one moment; an error is told as {"error": ...}, never as BLANK."""
        CLOCK["now"] = moment(now)
        dax._engine.eval_errors.clear()
        chosen = {}
        for place, values in filters.items():
            table, _, column = place.partition(".")
            chosen[place] = [self.value(table, column, value) for value in values]
        day_table, day_column = next(iter(self.days.items()))
        asked = [self.called[name] for name in names]
        found = dax.evaluate_measures_batch(
            asked, tables, self.measures, chosen, day_table, day_column, self.relations,
            date_tables=self.days, measure_tables=self.home,
        )  # fmt: skip
        wrong = dict(dax._engine.eval_errors)
        return [{"error": wrong[name]} if name in wrong else plain(found[name]) for name in asked]

    def earlier(self, days: int) -> dict[str, Table]:
        """All tables, with a calendar in which it is so many days earlier."""
        dates = self.tables["Dates"]
        at = dates["columns"].index("DaysBeforeAsOf")
        rows = [[value - days if place == at else value for place, value in enumerate(row)] for row in dates["rows"]]
        return {**self.tables, "Dates": {**dates, "rows": rows}}

    def seen_by(self, user: str | None) -> dict[str, Table]:
        """The tables as a person sees them; without a person, as no role restricts them."""
        if user is None:
            return self.tables
        kept = {name: self._kept(name, user) for name in self.filters}
        seen = {
            name: {**table, "rows": [row for at, row in enumerate(table["rows"]) if at in kept[name]]}
            if name in kept
            else table
            for name, table in self.tables.items()
        }
        for relation in self.relations:
            one = seen[relation["ToTable"]]
            if len(one["rows"]) < len(self.tables[relation["ToTable"]]["rows"]):
                at = one["columns"].index(relation["ToColumn"])
                keys = {row[at] for row in one["rows"]}
                many = seen[relation["FromTable"]]
                place = many["columns"].index(relation["FromColumn"])
                seen[relation["FromTable"]] = {**many, "rows": [row for row in many["rows"] if row[place] in keys]}
        return seen

    def _kept(self, name: str, user: str) -> set[int]:
        """Numbers of the rows for which the role's filter holds."""
        text = self.filters[name].replace("USERPRINCIPALNAME()", f'"{user}"')
        table = self.tables[name]
        names_itself = re.search(rf"'{name}'\[", text) is not None
        if not names_itself:
            ask = f"IF(({text}), 1, 0)" if not text.startswith("VAR") else _if(text)
            return set(range(len(table["rows"]))) if self._one(ask, self.tables) == 1 else set()
        rows = [[*row, at] for at, row in enumerate(table["rows"])]
        marked = {**self.tables, name: {"columns": [*table["columns"], MARK], "rows": rows}}
        found = self._one(f"CONCATENATEX(FILTER('{name}', {text}), '{name}'[{MARK}], \",\")", marked)
        return {int(number) for number in str(found or "").split(",") if number}

    def _one(self, text: str, tables: dict[str, Table]) -> Any:
        dax._engine.eval_errors.clear()
        found = dax.evaluate_measures_batch(["asked"], tables, {"asked": text}, {}, relationships=self.relations)[
            "asked"
        ]
        if dax._engine.eval_errors:
            raise ValueError(f"{text}: {dax._engine.eval_errors}")
        return found


def _if(text: str) -> str:
    """A condition with variables as 1 or 0."""
    head, _, result = text.rpartition("RETURN")
    return f"{head}RETURN IF({result}, 1, 0)"


def plain(value: Any) -> Any:
    """A value as JSON."""
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value
