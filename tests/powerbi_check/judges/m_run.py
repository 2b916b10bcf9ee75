"""Runs the M of a model against a live service: JSON in, JSON out.

Question: parameters and tables as M text by name, `user` and `secret`, and `runs`: each is one refresh with its own
`set` (parameter values; moments as ISO text), `tables`, `fold` and perhaps an `interruption`. Answer: the parameters as
they stand, and for each run its tables (rows, types, or the error), the addresses asked for, and what did not fold.
"""

from __future__ import annotations

import datetime
import json
import sys
from typing import Any

from m_engine import M, evaluate, metadata, table
from m_feed import FeedError, Interruption, Session
from pqtools import ParseError


def text(value: Any) -> Any:
    """A value as JSON: moments and days as ISO text."""
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds")
    return value.isoformat() if isinstance(value, datetime.date) else value


def given(default: Any, wanted: str) -> Any:
    """A parameter's value, of the type of its default."""
    return datetime.datetime.fromisoformat(wanted) if isinstance(default, datetime.datetime) else type(default)(wanted)


def run(question: dict[str, Any], wanted: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """One refresh: the tables in their order, with one session."""
    names = {
        name: given(value, wanted["set"][name]) if name in wanted["set"] else value for name, value in defaults.items()
    }
    broken = wanted.get("interruption")
    session = Session(
        question["user"], question["secret"], wanted["fold"], Interruption(**broken) if broken else None
    )  # fmt: skip
    tables: dict[str, Any] = {}
    for name in wanted["tables"]:
        try:
            rows = table(question["tables"][name], names, session)
        except (M.EvalError, FeedError, ParseError) as error:
            tables[name] = {"error": f"{type(error).__name__}: {error}"}
            continue
        tables[name] = {"types": rows.types, "wrong": wrong(rows), "rows": list(rows)}
    return {"tables": tables, "asked": session.asked, "unfolded": session.unfolded}


KINDS = {
    "text": lambda value: isinstance(value, str),
    "logical": lambda value: isinstance(value, bool),
    "Int32.Type": lambda value: type(value) is int and abs(value) < 2**31,
    "Int64.Type": lambda value: type(value) is int and abs(value) < 2**63,
    "Decimal.Type": lambda value: type(value) in (int, float),
    "Double.Type": lambda value: type(value) in (int, float),
    "date": lambda value: type(value) is datetime.date,
    "datetime": lambda value: isinstance(value, datetime.datetime) and value.tzinfo is None,
    "datetimezone": lambda value: isinstance(value, datetime.datetime) and value.tzinfo is not None,
}


def wrong(rows: Any) -> list[str]:
    """Columns with a value that is not of their type, and the first such value."""
    found = []
    for column, kind in rows.types.items():
        fits = KINDS.get(kind, lambda _value: True)
        bad = next((row[column] for row in rows if row[column] is not None and not fits(row[column])), None)
        if bad is not None:
            found.append(f"{column} is {kind}, but holds {bad!r}")
    return found


def main() -> None:
    """Read the question, answer it."""
    question = json.load(sys.stdin)
    defaults: dict[str, Any] = {}
    for name, source in question["parameters"].items():
        defaults[name] = evaluate(source, defaults)
    described = {
        name: {"value": text(defaults[name]), "meta": metadata(source)}
        for name, source in question["parameters"].items()
    }
    runs = [run(question, wanted, defaults) for wanted in question["runs"]]
    sys.stdout.write(json.dumps({"parameters": described, "runs": runs}, default=text))


if __name__ == "__main__":
    main()
