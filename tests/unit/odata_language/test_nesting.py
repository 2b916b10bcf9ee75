"""However deep a text nests, the limit of nesting is met long before the interpreter's own: calls are counted."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

import pytest

from api.odata.language.apply_parser import parse_apply
from api.odata.language.expand_parser import parse_expand, parse_select
from api.odata.language.options import DEEPEST
from api.odata.language.parser import Budget, parse_expression
from api.odata.language.search_parser import parse_search
from models.errors import LimitProblem

CALLS = 650
"""The interpreter stops at 1000, of which the server and the engine around the parser take fewer than 200."""
OPENINGS: dict[Callable[..., object], tuple[tuple[str, str], ...]] = {
    parse_expression: (
        *(
            ("", opening)
            for opening in ("(", "not (", "not ", "- ", "-", "length(", "concat(A,", "[", '{"a":', "A add ")
        ),
        *(("", opening) for opening in ("A eq ", "A in (A in (", "cast(", "case(", "N.f(a=", "$root/F(a=", "F(a=[")),
        *(("", opening) for opening in ("A/any(x:", "A/$filter(", "A/$count($filter=", "isdefined(A/any(x:")),
        *(("", opening) for opening in ("$these/aggregate(", "A/aggregate(", "A/any(x:A/aggregate(")),
        ("A/$count($search=", "("),
    ),
    parse_search: (("", "("), ("", "NOT "), ("", "NOT ("), ("", "a OR ("), ("", "a (")),
    parse_apply: (
        *(("", opening) for opening in ("concat(", "groupby((A),", "nest(", "addnested(A,", "join(A as B,")),
        *(("", opening) for opening in ("ancestors($root/A,B,C,", "traverse($root/A,B,C,preorder,")),
        ("filter(", "A/any(x:"),
        ("search(", "(NOT "),
        ("groupby((rolluprecursive($root/A,B,C,", "ancestors($root/A,B,C,"),
        ("aggregate(", "A/aggregate("),
        ("compute(", "case("),
    ),
    parse_expand: (
        *(("", opening) for opening in ("A($expand=", "A/N.T($top=1;$expand=", "*,A($expand=")),
        ("A($apply=", "concat("),
        ("A($filter=", "A/any(x:"),
        ("A($select=", "A($select="),
    ),
    parse_select: (("", "A($select="), ("A($filter=", "length(")),
}
CASES = [(parse, *case) for parse, cases in OPENINGS.items() for case in cases]


@pytest.mark.parametrize(("parse", "begin", "opening"), CASES)
def test_sixteen_kilobytes_of_nesting(parse: Callable[..., object], begin: str, opening: str) -> None:
    text = begin + opening * (16_384 // len(opening))
    allowed = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + CALLS)
    try:
        with pytest.raises(LimitProblem) as caught:
            parse(text, Budget(10**6, DEEPEST), "$option")
    finally:
        sys.setrecursionlimit(allowed)
    assert caught.value.target == "$option"
