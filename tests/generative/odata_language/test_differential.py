"""The engine's SQL and a plain-Python evaluator keep the same rows, for random rows and random typed expressions.

What was generated is counted and printed; the test fails when an operator or function is hardly ever drawn, or when
too many cases end in an error that makes them say nothing. The gate draws the same 300 cases each time, so that it
never fails by chance; with CRISIS_GENERATED_CASES=20000 as many new ones are drawn.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.odata.language.functions import FUNCTIONS, OPERATORS
from api.odata.language.parser import Budget, parse_expression
from api.odata.language.syntax import spell
from models.errors import LimitProblem, ValueProblem
from tests.helpers.odata_generator import ROWS, trees
from tests.helpers.odata_oracle import Expr, MayFail, evaluate, utc, write
from tests.helpers.odata_table import AS_OF, bound, encode, load, run

CASES = int(os.environ.get("CRISIS_GENERATED_CASES", "300"))
QUIET = settings(
    deadline=None,
    database=None,
    derandomize="CRISIS_GENERATED_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
CALLERS_FAULT = (duckdb.InvalidInputException, duckdb.OutOfRangeException, duckdb.ConversionException)


def expected(expression: Expr, rows: list[dict[str, Any]]) -> set[int] | None:
    """Ids of the rows kept; None when a row divides by zero or leaves a range, so that the engine may refuse."""
    try:
        return {row["Id"] for row in rows if evaluate(expression, row, utc(AS_OF)) is True}
    except (MayFail, OverflowError):
        return None


def answer(text: str) -> set[int] | None:
    """Ids that the engine keeps; None when it refuses because of values."""
    try:
        return set(run(bound(f"$filter={encode(text)}")))
    except (*CALLERS_FAULT, ValueProblem, LimitProblem):
        return None


def test_engine_and_oracle_keep_the_same_rows() -> None:
    seen, outcomes = Counter[str](), Counter[str]()

    @settings(QUIET, max_examples=CASES)
    @given(rows=ROWS, filters=st.lists(trees("b", 4), min_size=3, max_size=3), as_spelled=st.booleans())
    def compare(rows: list[dict[str, Any]], filters: list[Expr], as_spelled: bool) -> None:
        load(rows)
        for expression in filters:
            seen.update(expression.names())
            text = write(expression)
            if as_spelled:  # as few brackets as precedence allows
                text = spell(parse_expression(text, Budget(2_000, 100)))
            wanted, got = expected(expression, rows), answer(text)
            if wanted is None or got is None:
                outcomes["may fail" if wanted is None else "refused"] += 1
                assert wanted is None, f"refused without need: {text}"
                continue
            outcomes["kept some" if wanted else "kept none"] += 1
            assert got == wanted, text

    compare()
    print(dict(outcomes))
    print(", ".join(f"{name} {count}" for name, count in sorted(seen.items())))
    total = sum(outcomes.values())
    assert outcomes["kept some"] > 0.15 * total
    assert outcomes["may fail"] < 0.4 * total
    assert not [name for name in (*FUNCTIONS, *OPERATORS) if seen[name] < CASES / 100]


def test_order_is_the_oracles_order_nulls_lowest() -> None:
    @settings(QUIET, max_examples=CASES // 2)
    @given(
        rows=ROWS,
        term=st.sampled_from(["i", "d", "s", "b", "day", "at", "time", "span"]).flatmap(lambda kind: trees(kind, 2)),
        descending=st.booleans(),
    )
    def compare(rows: list[dict[str, Any]], term: Expr, descending: bool) -> None:
        load(rows)
        try:
            values = {row["Id"]: evaluate(term, row, utc(AS_OF)) for row in rows}
        except (MayFail, OverflowError):
            return
        nulls = [key for key, value in values.items() if value is None]
        others = [key for key, value in values.items() if value is not None]
        others.sort(key=lambda key: values[key], reverse=descending)
        # reverse=True keeps equal ones in their order, which is by Id, as wanted
        wanted = others + nulls if descending else nulls + others
        text = write(term) + (" desc" if descending else "")
        assert run(bound(f"$orderby={encode(text)}")) == wanted, text

    compare()
