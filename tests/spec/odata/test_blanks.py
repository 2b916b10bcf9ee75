"""A plus is a plus, and a blank only where the query shows that a form encoder wrote it."""

from __future__ import annotations

import pytest

from api.odata.language.tokens import decode, split_query

QUERIES = """
written                                           | read
$filter=Count%20gt%203                            | Count gt 3
$filter=Count+gt+3                                | Count gt 3
%24filter=Name+eq+%27b+c%27                       | Name eq 'b c'
%24filter=Name+eq+%27b%2Bc%27                     | Name eq 'b+c'
$filter=Name%20eq%20'b+c'                         | Name eq 'b+c'
$filter=contains(Name,'b+c')                      | contains(Name,'b+c')
$filter=At%20ge%202026-01-31T00:00:00+01:00       | At ge 2026-01-31T00:00:00+01:00
$filter=At+ge+2026-01-31T00%3A00%3A00%2B01%3A00   | At ge 2026-01-31T00:00:00+01:00
$filter=not+Flag                                  | not Flag
$filter=(not+Flag)                                | (not Flag)
$orderby=Day+desc                                 | Day desc
$orderby=Day+desc,Name                            | Day desc,Name
$select=Day,+Name                                 | Day, Name
$filter=Count+GT+3                                | Count GT 3
$filter=A+B                                       | A+B
"""


@pytest.mark.parametrize("line", QUERIES.strip().splitlines()[1:])
def test_blanks(line: str) -> None:
    written, read = (part.strip() for part in line.split("|"))
    ((name, raw),) = split_query(written)
    assert name.startswith("$")
    assert decode(raw or "") == read
