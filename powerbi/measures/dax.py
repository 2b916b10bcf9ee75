"""Small pieces of DAX text: columns, calls over lines, filters on days. Pure; used by the modules beside it.

Tables are always quoted and columns always carry their table, as `powerbi.naming` writes them.
"""

from __future__ import annotations

from powerbi.naming import dax_column, dax_table, dax_text

INDENT = "    "
DAY = dax_column("Dates", "OperationalDate")
BEFORE_AS_OF = dax_column("Dates", "DaysBeforeAsOf")
OTHER_DAYS = "REMOVEFILTERS('Dates')"
"""Takes the reader's choice of days away, so that other days can be asked for."""
LAST_DAY = "[Last complete day]"

__all__ = [
    "BEFORE_AS_OF",
    "DAY",
    "LAST_DAY",
    "OTHER_DAYS",
    "call",
    "dax_column",
    "dax_table",
    "dax_text",
    "measure",
    "on_day",
    "total",
    "when",
    "with_variables",
]


def measure(name: str) -> str:
    """A measure as DAX refers to it."""
    return f"[{name.replace(']', ']]')}]"


def call(function: str, *arguments: str) -> str:
    """A call with one argument a line."""
    inner = ",\n".join(_deeper(argument) for argument in arguments)
    return f"{function}(\n{inner}\n)"


def total(view: str, column: str) -> str:
    """The sum of a column."""
    return f"SUM({dax_column(view, column)})"


def when(condition: str, value: str) -> str:
    """The value where the condition holds, BLANK elsewhere."""
    return call("IF", condition, value)


def on_day(value: str, day: str) -> str:
    """A value on one day, whatever days the reader has chosen."""
    return f"CALCULATE({value}, {OTHER_DAYS}, {DAY} = {day})"


def with_variables(variables: dict[str, str], result: str) -> str:
    """VAR lines and RETURN."""
    lines = [f"VAR {name} = {value}" for name, value in variables.items()]
    return "\n".join([*lines, "RETURN", _deeper(result)])


def _deeper(text: str) -> str:
    return "\n".join(INDENT + line for line in text.split("\n"))
