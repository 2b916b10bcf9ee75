"""Arithmetic: promotion, whole and decimal division, durations, what fails (OData URL Conventions 5.1.1.2)."""

from __future__ import annotations

import duckdb
import pytest

from tests.helpers.odata_table import kept, rows_of

ROWS = rows_of("""
Id | Small       | Count               | Amount  | Ratio | Day        | At
---+-------------+---------------------+---------+-------+------------+----------------------
 1 | 7           | 2                   | 0.3000  | 0.5   | 2026-01-31 | 2026-01-31T04:30:00Z
 2 | -7          | 2                   | -7.5000 | -7.5  | 2026-03-01 | 2026-03-01T11:00:00Z
 3 |             |                     |         |       |            |
 4 | 2147483647  | 9223372036854775807 | 2.0000  | 1e308 | 0001-01-01 | 1960-01-01T10:00:00Z
""")
ALL = {1, 2, 3, 4}

CASES = [
    ("Small add 1 eq 8", {1}),
    ("Small add 1 gt 2147483647", {4}),  # Int32 is widened: no overflow
    ("Small sub 1 eq 6", {1}),
    ("Small mul Small eq 49", {1, 2}),
    ("Small add null eq null", ALL),
    ("Small add 0 eq null", {3}),
    ("-Small eq 7", {2}),
    ("- Small eq -7", {1}),
    ("-Amount eq 7.5", {2}),
    ("-Ratio eq 7.5", {2}),
    ("-duration'PT1H' eq duration'-PT1H'", ALL),
    ("2 add 3 mul 4 eq 14", ALL),  # multiplication binds tighter
    ("(2 add 3) mul 4 eq 20", ALL),
    ("10 sub 3 sub 2 eq 5", ALL),  # from left to right
    ("-2 mul 3 eq -6", ALL),
    ("Small div 2 eq 3", {1}),
    ("Small div 2 eq -3", {2}),  # towards zero
    ("Small div -2 eq -3", {1}),
    ("Small mod 4 eq 3", {1, 4}),
    ("Small mod 4 eq -3", {2}),  # the sign of the left side
    ("Small mod -4 eq 3", {1, 4}),
    ("Amount mod 2 eq -1.5", {2}),
    ("Ratio mod 2 eq -1.5", {2}),
    ("Small divby 2 eq 3.5", {1}),
    ("Small divby 2 eq -3.5", {2}),
    ("2 divby 3 eq 0.666666666667", ALL),
    ("-2 divby 3 eq -0.666666666667", ALL),
    ("7 divby 100 mul 100 eq 7", ALL),  # exact: doubles would give 7.000000000000001
    ("Amount div 3 eq 0.1", {1}),  # exact: doubles would give 0.09999999999999999
    ("Amount div 0.5 eq 4", {4}),
    ("Amount mul Amount eq 0.09", {1}),
    ("Amount mul 99999999999999 mul 99999999999999 gt 1e28", {4}),  # more than 18 digits
    ("Amount mul Amount mul Amount div 1000000 eq 0.000000027", {1}),
    ("1000000000000 divby 0.0001 eq 1e16", ALL),
    ("0.0001 divby 1000000000000 eq 0", ALL),
    ("0.00000001 div 10000 eq 0.000000000001", ALL),
    ("0.1234567890123456789 divby 1 eq 0.123456789012", ALL),
    ("-0.5 divby 3 eq -0.166666666667", ALL),
    ("Amount add 0.1 eq 0.4", {1}),
    ("Amount sub 0.1 eq 0.2", {1}),
    ("Ratio add 1 eq 1.5", {1}),
    ("Ratio mul 2 eq 1", {1}),
    ("Ratio sub 0.25 eq 0.25e0", {1}),
    ("Ratio div 2 eq 0.25", {1}),
    ("Ratio div 0 eq INF", {1, 4}),
    ("Ratio div 0 eq -INF", {2}),
    ("Ratio mul 1e308 eq INF", {4}),
    ("Ratio divby 2 eq 0.25", {1}),
    ("1 div 0e0 eq INF", ALL),
    ("At add duration'PT1H' eq 2026-01-31T05:30:00Z", {1}),
    ("At sub duration'P1D' eq 2026-02-28T11:00:00Z", {2}),
    ("At gt now() sub duration'PT2H'", {2}),  # now() is 2026-03-01T12:00:00Z
    ("now() sub At eq duration'PT1H'", {2}),
    ("now() sub At le 'PT1H'", {2}),
    ("Day add duration'P1D' eq 2026-02-01", {1}),
    ("Day add duration'PT23H' eq 2026-01-31", {1}),  # a day plus less than a day is the same day
    ("Day sub duration'PT1H' eq 2026-02-28", {2}),
    ("Day sub 2026-01-30 eq duration'P1D'", {1}),
    ("Day sub duration'P1D' lt 0001-01-01", {4}),
    ("duration'PT1H' add duration'PT30M' eq duration'PT1H30M'", ALL),
    ("duration'PT1H' sub duration'PT30M' eq duration'PT30M'", ALL),
    ("duration'PT1H' mul 2 eq duration'PT2H'", ALL),
    ("2 mul duration'PT1H' eq duration'PT2H'", ALL),
    ("duration'PT1H' mul 1.5 eq duration'PT1H30M'", ALL),
    ("0.5 mul duration'PT1H' eq duration'PT30M'", ALL),
    ("duration'PT1H' div 2 eq duration'PT30M'", ALL),
    ("duration'PT1H' divby 2 eq duration'PT30M'", ALL),
    ("duration'PT1H' div 0.5 eq duration'PT2H'", ALL),
    ("duration'PT0.000001S' gt duration'PT0S'", ALL),
    ("At sub At gt duration'-PT0.0000001S'", {1, 2, 4}),  # finer than a microsecond, and still exact
    ("At sub At lt duration'PT0.0000001S'", {1, 2, 4}),
    ("At sub At ge duration'PT0.0000001S'", set()),
]


@pytest.mark.parametrize(("expression", "expected"), CASES, ids=str)
def test_rows_kept(expression: str, expected: set[int]) -> None:
    assert kept(ROWS, expression) == expected


FAILURES = [
    ("Small div (Count sub 2) gt 0", duckdb.InvalidInputException),
    ("Small divby (Count sub 2) gt 0", duckdb.InvalidInputException),
    ("Small mod (Count sub 2) gt 0", duckdb.InvalidInputException),
    ("Amount div (Count sub 2) gt 0", duckdb.InvalidInputException),
    ("Amount mod (Count sub 2) gt 0", duckdb.InvalidInputException),
    ("Ratio mod (Count sub 2) gt 0", duckdb.InvalidInputException),
    ("duration'PT1H' div (Count sub 2) gt duration'PT0S'", duckdb.InvalidInputException),
    ("duration'PT1H' div (Ratio mul 0) gt duration'PT0S'", duckdb.ConversionException),
    ("1 div 0 eq 1", duckdb.InvalidInputException),
    ("Count add Count gt 0", duckdb.OutOfRangeException),
    ("Count mul Count gt 0", duckdb.OutOfRangeException),
    ("-2 sub Count lt Small", duckdb.OutOfRangeException),
    ("Amount mul 99999999999999999999999999999999999999 gt 0", duckdb.OutOfRangeException),
    ("At add duration'P50000000D' mul 30 gt now()", duckdb.Error),
]


@pytest.mark.parametrize(("expression", "error"), FAILURES, ids=str)
def test_what_fails_fails_as_a_known_class(expression: str, error: type[Exception]) -> None:
    """These classes, and only these, mean that the caller's values are to blame: 400 InvalidValue."""
    with pytest.raises(error) as caught:
        kept(ROWS, expression)
    known = (duckdb.InvalidInputException, duckdb.OutOfRangeException, duckdb.ConversionException)
    assert isinstance(caught.value, known)


GUARDED = [
    ("Count ne 2 and Small div (Count sub 2) ge 0", {4}),
    ("Small div (Count sub 2) ge 0 and Count ne 2", {4}),  # in either order
    ("Count eq 2 or Small div (Count sub 2) ge 0", {1, 2, 4}),
    ("not (Count eq 2 or Small div (Count sub 2) ge 0)", {3}),
    ("(Count ne 2 and Small div (Count sub 2) ge 0) eq false", {1, 2, 3}),
    ("Id gt 2 and Id lt 9 and (Small div (Count sub 2) ge 0 or Small eq null)", {3, 4}),
]


@pytest.mark.parametrize(("expression", "expected"), GUARDED, ids=str)
def test_a_condition_beside_it_guards_a_division(expression: str, expected: set[int]) -> None:
    assert kept(ROWS, expression) == expected
