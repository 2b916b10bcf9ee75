"""Evaluates measures over rows: {"tables", "relationships", "measures", "date", "now", "cells"} -> one list of values a cell.

A judge script: run by the interpreter of the judges, JSON on both sides. The evaluator (pbix-mcp) is a re-implementation.
"""

from __future__ import annotations

import datetime
import json
import re
import sys

from dax_engine import safely_named
from pbix_mcp.dax import engine


def moment(text):
    return datetime.datetime.fromisoformat(text[:19]) if isinstance(text, str) else text


def standing(expression, now):
    """DAX whose clock is stopped."""
    at = datetime.datetime.fromisoformat(now)
    fixed = f"(DATE({at.year}, {at.month}, {at.day}) + TIME({at.hour}, {at.minute}, {at.second}))"
    return re.sub(r"\bUTCNOW\s*\(\s*\)", fixed, expression)


def tables(asked):
    """Tables as the evaluator wants them, with moments in columns of that type."""
    made = {}
    for name, table in asked["tables"].items():
        dated = {column for column, kind in table["columns"].items() if kind == "dateTime"}
        names = list(table["columns"])
        rows = [[moment(row.get(c)) if c in dated else row.get(c) for c in names] for row in table["rows"]]
        made[name] = {"columns": names, "rows": rows}
    return made


def plain(value):
    return value.isoformat() if isinstance(value, (datetime.date, datetime.datetime)) else value


def main():
    asked = json.load(sys.stdin)
    made = tables(asked)
    kinds = {name: table["columns"] for name, table in asked["tables"].items()}
    table, column = asked["date"]
    cache, answers, errors = {}, [], {}
    called, spelled = safely_named(
        {name: standing(measure["expression"], asked["now"]) for name, measure in asked["measures"].items()}
    )
    home = {called[name]: measure["table"] for name, measure in asked["measures"].items()}
    names = {safe: name for name, safe in called.items()}
    for cell in asked["cells"]:
        limits = {
            f"{of}.{name}": [moment(v) if kinds[of][name] == "dateTime" else v for v in values]
            for of, name, values in cell["filters"]
        }
        engine._engine.eval_errors.clear()
        found = engine.evaluate_measures_batch(
            [called[name] for name in cell["measures"]],
            made,
            spelled,
            limits,
            date_table=table,
            date_column=column,
            relationships=asked["relationships"],
            date_tables={table: column},
            measure_tables=home,
            cache=cache,
        )
        errors.update({names.get(safe, safe): said for safe, said in engine._engine.eval_errors.items()})
        answers.append([plain(found[called[name]]) for name in cell["measures"]])
    json.dump({"answers": answers, "errors": {k: str(v) for k, v in errors.items()}}, sys.stdout)


main()
