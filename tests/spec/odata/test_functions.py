"""Canonical functions (OData URL Conventions 5.1.1.5 to 5.1.1.9)."""

from __future__ import annotations

import pytest

from tests.helpers.odata_table import kept, rows_of

ROWS = rows_of("""
Id | Name         | Amount  | Ratio | Day        | At
---+--------------+---------+-------+------------+--------------------------
 1 | 50%_x        | 2.5000  | 2.5   | 2026-01-31 | 2026-01-31T04:30:59.250Z
 2 | 50 anna      | -2.5000 | -2.5  | 2024-02-29 | 2024-02-29T23:59:00Z
 3 |              |         |       |            |
 4 | ''           | 2.4999  | 2.4   | 0001-01-01 | 1960-06-15T10:00:00.5Z
 5 | 'Élan 👍 été' | 0.0000  | 0     | 9999-12-31 | 2026-12-31T00:00:00Z
""")
ALL = {1, 2, 3, 4, 5}

TEXT = [
    ("contains(Name,'%')", {1}),  # no wildcards
    ("contains(Name,'_')", {1}),
    ("contains(Name,'')", {1, 2, 4, 5}),
    ("contains(Name,'ANNA')", set()),
    ("contains('xannax','anna')", ALL),
    ("contains(Name,null)", set()),
    ("contains(Name,null) eq null", ALL),
    ("contains(Name,'x') eq null", {3}),
    ("startswith(Name,'50')", {1, 2}),
    ("startswith(Name,'50%')", {1}),
    ("startswith(Name,'%')", set()),
    ("endswith(Name,'x')", {1}),
    ("endswith(Name,'_x')", {1}),
    ("endswith(Name,'')", {1, 2, 4, 5}),
    ("length(Name) eq 5", {1}),
    ("length(Name) eq 10", {5}),  # characters, not bytes
    ("length(Name) eq 0", {4}),
    ("length(Name) eq null", {3}),
    ("indexof(Name,'0') eq 1", {1, 2}),  # from 0
    ("indexof(Name,'é') eq 7", {5}),
    ("indexof(Name,'zz') eq -1", {1, 2, 4, 5}),
    ("indexof(Name,'') eq 0", {1, 2, 4, 5}),
    ("substring(Name,3) eq 'anna'", {2}),
    ("substring(Name,3,2) eq 'an'", {2}),
    ("substring(Name,0,1) eq '5'", {1, 2}),
    ("substring(Name,5,1) eq '👍'", {5}),
    ("substring(Name,99) eq ''", {1, 2, 4, 5}),
    ("substring(Name,3,99) eq 'anna'", {2}),
    ("substring(Name,1,0) eq ''", {1, 2, 4, 5}),
    ("substring(Name,-4) eq 'anna'", {2}),  # from the end
    ("substring(Name,-4,2) eq 'an'", {2}),
    ("substring(Name,-99) eq Name", ALL),
    ("substring(Name,-99,2) eq '50'", {1, 2}),
    ("substring(Name,indexof(Name,' ') add 1) eq 'anna'", {2}),
    ("substring(Name,null) eq null", ALL),
    ("tolower(Name) eq 'élan 👍 été'", {5}),
    ("toupper(Name) eq 'ÉLAN 👍 ÉTÉ'", {5}),
    ("tolower(Name) eq '50 anna' eq true", {2}),
    ("contains(tolower(Name),tolower('ANNA'))", {2}),
    ("trim('  a b\t\u2003') eq 'a b'", ALL),
    ("trim(concat(' ',concat(Name,' '))) eq '50 anna'", {2}),
    ("concat(Name,'!') eq '!'", {4}),
    ("concat(concat(Name,','),Name) eq '50 anna,50 anna'", {2}),
    ("concat(Name,'a') eq null", {3}),
    ("CONTAINS(Name,'anna') and StartsWith(Name,'50')", {2}),
]

TIME = [
    ("year(Day) eq 2024", {2}),
    ("year(Day) eq 1", {4}),
    ("year(At) eq 2026", {1, 5}),
    ("year('2026-05-01') eq 2026", ALL),
    ("month(Day) eq 2", {2}),
    ("month(At) eq 12", {5}),
    ("day(Day) eq 31", {1, 5}),
    ("day(At) eq 29", {2}),
    ("hour(At) eq 23", {2}),
    ("hour(time(At)) eq 23", {2}),
    ("hour(10:20:30) eq 10", ALL),
    ("minute(At) eq 30", {1}),
    ("minute(time(At)) eq 30", {1}),
    ("second(At) eq 59", {1}),
    ("second(time(At)) eq 59", {1}),
    ("fractionalseconds(At) eq 0.25", {1}),
    ("fractionalseconds(At) eq 0.5", {4}),  # before 1970 too
    ("fractionalseconds(time(At)) eq 0.25", {1}),
    ("fractionalseconds(At) lt 0.1", {2, 5}),
    ("date(At) eq 2026-01-31", {1}),
    ("date(At) eq Day", {1, 2, 3}),
    ("time(At) eq 23:59:00", {2}),
    ("time(At) lt 04:30:59.25", {5}),
    ("time(At) le '04:30:59.25'", {1, 5}),
    ("time(At) lt 04:30:59.2500001", {1, 5}),
    ("now() eq 2026-03-01T12:00:00Z", ALL),
    ("At lt now()", {1, 2, 4}),
    ("At gt mindatetime()", {1, 2, 4, 5}),
    ("At lt maxdatetime( )", {1, 2, 4, 5}),
    ("year(maxdatetime()) eq 9999 and year(mindatetime()) eq 1", ALL),
    ("totaloffsetminutes(At) eq 0", {1, 2, 4, 5}),
    ("totalseconds(duration'PT1M0.5S') eq 60.5", ALL),
    ("totalseconds('PT1M') eq 60", ALL),
    ("totalseconds(At sub 2026-01-31T04:30:00Z) eq 59.25", {1}),
    ("totalseconds(duration'-P1D') eq -86400", ALL),
    ("year(null) eq null", ALL),
]

NUMBERS = [
    ("round(Amount) eq 3", {1}),  # halves away from zero
    ("round(Amount) eq -3", {2}),
    ("round(Amount) eq 2", {4}),
    ("round(Ratio) eq 3", {1}),
    ("round(Ratio) eq -3", {2}),
    ("round(0.49999999999999994e0) eq 0", ALL),
    ("floor(Amount) eq -3", {2}),
    ("floor(Ratio) eq -3", {2}),
    ("floor(Amount) eq 2", {1, 4}),
    ("ceiling(Amount) eq -2", {2}),
    ("ceiling(Ratio) eq 3", {1, 4}),
    ("ceiling(Amount) eq 3", {1, 4}),
    ("round(5) eq 5", ALL),
    ("round(Amount) eq null", {3}),
]


@pytest.mark.parametrize(("expression", "expected"), TEXT + TIME + NUMBERS, ids=str)
def test_rows_kept(expression: str, expected: set[int]) -> None:
    assert kept(ROWS, expression) == expected
