"""Comparison and logical operators: null rules, promotion, order (OData URL Conventions 5.1.1.1)."""

from __future__ import annotations

import pytest

from tests.helpers.odata_table import kept, rows_of

ROWS = rows_of("""
Id | Name  | Small | Count | Amount | Ratio | Day        | At                   | Flag
---+-------+-------+-------+--------+-------+------------+----------------------+------
 1 | anna  | 1     | 10    | 1.5000 | 0.5   | 2026-01-31 | 2026-01-31T04:30:00Z | true
 2 | Bob   | 2     | 20    | 2.0000 | 2.0   | 2026-02-01 | 2026-02-01T00:00:00Z | false
 3 |       |       |       |        |       |            |                      |
 4 | ''    | 0     | 0     | 0.0000 | 0.0   | 0001-01-01 | 2026-02-01T12:00:00Z | true
 5 | 50%_x | -1    | -20   | -2.500 | -1e3  | 9999-12-31 | 1970-01-01T00:00:00Z | false
""")
ALL = {1, 2, 3, 4, 5}

EQUALITY = [
    ("Small eq 1", {1}),
    ("Small ne 1", {2, 3, 4, 5}),  # null ne 1 is true
    ("1 ne Small", {2, 3, 4, 5}),
    ("Small eq null", {3}),
    ("null eq Small", {3}),
    ("Small ne null", {1, 2, 4, 5}),
    ("null eq null", ALL),
    ("null ne null", set()),
    ("Id eq null", set()),
    ("Id ne null", ALL),
    ("Name eq ''", {4}),
    ("Name eq 'anna'", {1}),
    ("Name eq 'Anna'", set()),
    ("Name ne 'anna'", {2, 3, 4, 5}),
    ("Small eq Count", {3, 4}),  # null equals null
    ("Small ne Count", {1, 2, 5}),
    ("Flag eq true", {1, 4}),
    ("Flag ne true", {2, 3, 5}),
    ("Flag eq null", {3}),
    ("not (Small eq 1)", {2, 3, 4, 5}),  # eq is never null, so neither is its negation
    ("Small eq 1 eq true", {1}),
    ("Small eq 1 eq false", {2, 3, 4, 5}),
    ("Small gt 0 eq false", {3, 4, 5}),  # null gt 0 is false, not null
    ("(Small eq 1) eq (Count eq 10)", ALL),
    ("true eq false", set()),
    ("NaN eq NaN", set()),
    ("NaN ne NaN", ALL),
    ("INF eq INF", ALL),
    ("Ratio lt INF", {1, 2, 4, 5}),
    ("Ratio gt -INF", {1, 2, 4, 5}),
    ("Ratio lt NaN", set()),
    ("Ratio eq NaN", set()),
    ("Ratio div 0e0 eq INF", {1, 2}),
    ("Ratio div 0e0 gt 0", {1, 2}),  # the NaN of row 4 is not greater
    ("Ratio div 0e0 lt 0", {5}),
    ("Ratio div 0e0 ge -INF", {1, 2, 5}),
    ("Ratio div 0e0 eq (Ratio div 0e0)", {1, 2, 3, 5}),
    ("Ratio div 0e0 ne (Ratio div 0e0)", {4}),
]

ORDER = [
    ("Small gt 0", {1, 2}),
    ("Small ge 0", {1, 2, 4}),
    ("Small lt 1", {4, 5}),
    ("Small le 1", {1, 4, 5}),
    ("1 lt Small", {2}),
    ("Small gt null", set()),
    ("Small ge null", set()),
    ("null le null", set()),
    ("not (Small gt 0)", {3, 4, 5}),
    ("Small lt Count", {1, 2}),
    ("Name gt 'B'", {1, 2}),  # by code point: upper case before lower
    ("Name lt 'a'", {2, 4, 5}),
    ("Flag gt false", {1, 4}),
    ("Flag lt true", {2, 5}),
]

PROMOTION = [
    ("Small eq 1.0", {1}),
    ("Count eq 2e1", {2}),
    ("Amount eq 1.5", {1}),
    ("Amount eq 2", {2}),
    ("Amount eq Ratio", {2, 3, 4}),
    ("Amount lt Small", {5}),
    ("Count gt 9223372036854775807", set()),
    ("Count lt 99999999999999999999", {1, 2, 4, 5}),
    ("Count lt 1e400", {1, 2, 4, 5}),
    ("Ratio eq 0.5", {1}),
    ("Small eq '1'", {1}),  # 4.01: a text in a URL is read as the type it is compared with
    ("Amount ge '1.5'", {1, 2}),
    ("Flag eq 'true'", {1, 4}),
    ("1 eq '1' and '1' eq 1", ALL),
]

TIMES = [
    ("Day eq 2026-01-31", {1}),
    ("Day eq '2026-01-31'", {1}),
    ("Day ge 2026-01-31 and Day lt 2026-02-01", {1}),
    ("Day eq 0001-01-01", {4}),
    ("Day le 9999-12-31", {1, 2, 4, 5}),
    ("At eq 2026-01-31T04:30:00Z", {1}),
    ("At eq 2026-01-30T23:30:00-05:00", {1}),  # instants are compared, not spellings
    ("At eq 2026-02-01T01:00:00+01:00", {2}),
    ("At eq '2026-02-01T00:00Z'", {2}),
    ("At ge 2026-02-01T00:00:00.0000000Z", {2, 4}),
    ("At ge 2026-02-01T00:00:00.0000001Z", {4}),  # finer than a microsecond, and still exact
    ("At gt 2026-02-01T00:00:00.0000001Z", {4}),
    ("At lt 2026-02-01T00:00:00.0000001Z", {1, 2, 5}),
    ("At le 2026-02-01T00:00:00.0000001Z", {1, 2, 5}),
    ("At eq 2026-02-01T00:00:00.0000001Z", set()),
    ("At ne 2026-02-01T00:00:00.0000001Z", ALL),
    ("At in (2026-02-01T00:00:00.0000001Z)", set()),
    ("At eq 2026-01-31T23:59:60Z", {2}),  # a leap second is the first second of the next minute
    ("At gt 0001-01-01T00:00:00Z", {1, 2, 4, 5}),
]

LOGIC = [
    ("Small eq 1 and Count eq 10", {1}),
    ("Small eq 1 or Count eq 20", {1, 2}),
    ("Small eq 1 or Count eq 20 and Name eq 'none'", {1}),  # and binds tighter
    ("(Small eq 1 or Count eq 20) and Name eq 'Bob'", {2}),
    ("Flag", {1, 4}),
    ("not Flag", {2, 5}),  # not null is null, and the row is dropped
    ("not not Flag", {1, 4}),
    ("Flag or not Flag", {1, 2, 4, 5}),
    ("Flag or true", ALL),
    ("Flag and false", set()),
    ("not (Flag and false)", ALL),  # null and false is false
    ("not (Flag or true)", set()),
    ("not (Flag and true)", {2, 5}),
    ("not (Flag or false)", {2, 5}),
    ("null", set()),
    ("not null", set()),
    ("null and false", set()),
    ("not (null and false)", ALL),
    ("null or true", ALL),
    ("(null and null) eq null", ALL),
    ("(Flag and null) eq null", {1, 3, 4}),  # true and null is null, false and null is false
    ("true", ALL),
    ("false", set()),
    ("Flag eq (Small gt 0)", {1, 5}),
    ("Small EQ 1 AND NOT (Count Eq 2)", {1}),
    ("not contains(Name,'n')", {2, 4, 5}),  # contains(null, ...) is null, and so is its negation
]

MEMBERSHIP = [
    ("Small in (1,2)", {1, 2}),
    ("Small in ( 1 , 2 )", {1, 2}),
    ("Small in (1,null)", {1, 3}),
    ("Small in (null)", {3}),
    ("null in (1,null)", ALL),
    ("null in (1)", set()),
    ("Small in ()", set()),
    ("not (Small in (1,2))", {3, 4, 5}),
    ("not (Small in (1,null))", {2, 4, 5}),
    ("(Small in (1)) eq false", {2, 3, 4, 5}),
    ("not Small in (1,2)", {3, 4, 5}),  # in binds tighter than not
    ('Name in ["anna","Bob"]', {1, 2}),
    ("Name in ('anna')", {1}),
    ("Day in ('2026-01-31',2026-02-01)", {1, 2}),
    ("Small in (1.0,2e0)", {1, 2}),
    ("Id in (1,2,NaN)", {1, 2}),
    ("1 in (1,2)", ALL),
]


@pytest.mark.parametrize(("expression", "expected"), EQUALITY + ORDER + PROMOTION + TIMES + LOGIC + MEMBERSHIP, ids=str)
def test_rows_kept(expression: str, expected: set[int]) -> None:
    assert kept(ROWS, expression) == expected
