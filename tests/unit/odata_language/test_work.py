"""Twice the text is twice the work: what is read twice is read twice once, not twice at each level. Calls are counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from api.odata.language import cursor, search_parser
from api.odata.language.apply_parser import parse_apply
from api.odata.language.cursor import Cursor
from api.odata.language.expand_parser import parse_expand
from api.odata.language.parser import Budget, parse_expression
from api.odata.language.search_parser import parse_search
from models.errors import CrisisError

Parse = Callable[..., object]
LONG: list[tuple[Parse, str, str, str]] = [
    (parse_expression, "A", "/A", ""),
    (parse_expression, "A", "/A", "/ B"),
    (parse_expression, "A", "/N.T/A", " eq 1"),
    (parse_expression, "A in (1", ",1", ")"),
    (parse_expression, "A in (1", ",1", ",A)"),
    (parse_expression, "[1", ",1", "]"),
    (parse_expression, "F(a=1", ",a=1", ")/B"),
    (parse_expression, "F(1", ",1", ")/B"),
    (parse_expression, "A", " and A in (1)", ""),
    (parse_expression, "A", " and cast(A,B)", ""),
    (parse_expression, "A", " and F(1)/B", ""),
    (parse_expression, "case(A:1", ",A:1", ")"),
    (parse_expression, "geography'SRID=0;MultiPoint((1 2)", ",(1 2)", ")'"),
    (parse_expression, "geography'SRID=0;", "GeometryCollection(", "'"),
    (parse_expression, "N.E'a", ",a", "'"),
    (parse_apply, "aggregate(A", "/A", " add 1 with sum as T)"),
    (parse_apply, "aggregate(A", "/A", "/$count as T)"),
    (parse_apply, "aggregate(A add 1 with sum as T", ",A/B/C add 1 with sum as T", ")"),
    (parse_apply, "aggregate(A with sum", " from A with sum", " as T)"),
    (parse_apply, "groupby((A", "/A", "))"),
    (parse_apply, "identity", "/search(a)", ""),
    (parse_expand, "A", "/A", ""),
    (parse_expand, "A($search=a", ";$search=a", ")"),
    (parse_search, "a", " NOT a", ""),
    (parse_search, "a", " OR NOT", ""),
    (parse_search, "a", " AND", ""),
    (parse_search, "a", "a", ""),
    (parse_search, "a", "  ", "b"),
]
PER_CHARACTER = 3


def work(parse: Parse, text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Tokens read and taken, words of a search looked at; more calls than characters would be too many."""
    seen = Counter[str]()
    with monkeypatch.context() as patch:
        for owner, name in ((cursor, "token_at"), (Cursor, "take"), (search_parser, "_word_end")):
            original = getattr(owner, name)

            def counted(*values: object, original: Callable[..., object] = original, name: str = name) -> object:
                seen[name] += 1
                return original(*values)

            patch.setattr(owner, name, counted)
        try:
            parse(text, Budget(10**6, 100), "$option")
        except CrisisError:
            seen["refused"] += 1
    return seen.total()


@pytest.mark.parametrize(("parse", "begin", "part", "end"), LONG)
def test_twice_the_text_is_twice_the_work(
    parse: Parse, begin: str, part: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    once, twice = (work(parse, begin + part * count + end, monkeypatch) for count in (1_000, 2_000))
    assert twice <= 2 * once + 10
    assert twice <= PER_CHARACTER * len(begin + part * 2_000 + end)
