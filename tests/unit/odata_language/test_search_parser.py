"""Search expressions: words, phrases and operators as the grammar's search rules have them, bounded work."""

from __future__ import annotations

import pytest

from api.odata.language.cursor import Budget
from api.odata.language.query_syntax import SearchTerm, Together, Without, Words
from api.odata.language.search_parser import parse_search
from api.odata.language.tokens import decode_for_parsers
from models.errors import LimitProblem, SyntaxProblem, Unsupported


def parse(raw: str, nodes: int = 2_000, depth: int = 64) -> SearchTerm:
    return parse_search(decode_for_parsers(raw), Budget(nodes, depth), "$search")


def spelled(term: SearchTerm) -> str:
    match term:
        case Words(text):
            return f"<{text}>"
        case Without(operand):
            return f"not {spelled(operand)}"
        case Together(operator, operands):
            return "(" + f" {operator} ".join(map(spelled, operands)) + ")"
    raise AssertionError(term)


READ = """
text                        | tree
blue                        | <blue>
blue green                  | (<blue> and <green>)
blue AND green              | (<blue> and <green>)
blue OR green               | (<blue> or <green>)
a b OR c AND d e            | ((<a> and <b>) or (<c> and <d> and <e>))
(a OR b) c                  | ((<a> or <b>) and <c>)
( a )                       | <a>
NOT a                       | not <a>
NOT a b                     | (not <a> and <b>)
NOT (a b) OR c              | (not (<a> and <b>) or <c>)
NOT NOT a                   | not not <a>
"a b" c                     | (<a b> and <c>)
"a;(b" OR %22c%22           | (<a;(b> or <c>)
AND                         | <AND>
OR AND                      | (<OR> and <AND>)
a AND                       | (<a> and <AND>)
a OR                        | (<a> and <OR>)
a AND AND b                 | (<a> and <AND> and <b>)
NOT                         | <NOT>
NOTE ORE                    | (<NOTE> and <ORE>)
not a                       | (<not> and <a>)
a-b* 50%25 x=y/z?           | (<a-b*> and <50%> and <x=y/z?>)
O'Neil                      | <O'Neil>
%27a%27                     | <'a'>
a%3Bb %23c d%26e            | (<a;b> and <#c> and <d&e>)
caf%C3%A9                   | <café>
"""


@pytest.mark.parametrize("line", READ.strip().splitlines()[1:])
def test_trees(line: str) -> None:
    text, tree = (part.strip() for part in line.split("|"))
    assert spelled(parse(text)) == tree
    assert spelled(parse(f" {text} ")) == tree  # white space around it does not count


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        (" ", 1),
        ('"a', 0),
        ('""', 0),
        ('a"b"', 1),
        ('"a"b', 3),
        ("(a", 2),
        ("a)", 1),
        ("()", 1),
        ("a(b)", 1),
        ("(a)b", 3),
        ("a;b", 1),
        ("#1", 0),
        ("'a' b", 4),
        ("NOT(a)", 3),
    ],
)
def test_errors_name_the_place(text: str, position: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(text)
    assert (caught.value.position, caught.value.target) == (position, "$search"), caught.value.message


def test_single_quotes_are_valid_and_not_offered() -> None:
    for text in ("'a b'", "''", "'a''b)'"):
        with pytest.raises(Unsupported) as caught:
            parse(text)
        assert caught.value.hint is not None
        assert "double quotes" in caught.value.hint


def test_long_words_are_one_and_many_words_are_counted() -> None:
    assert parse("a" * 100_000) == Words("a" * 100_000)
    for joined in (" ", " AND ", " OR ", " NOT "):
        budget = Budget(100_000, 64)
        parse_search(joined.join(["a"] * 3_000), budget)
        assert 3_000 <= 100_000 - budget.nodes <= 6_001
        with pytest.raises(LimitProblem):
            parse(joined.join(["a"] * 3_000))
