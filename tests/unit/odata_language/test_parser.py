"""The parser: precedence as the standard has it, places, limits instead of stack overflows, 501 only for what parses."""

from __future__ import annotations

import pytest

from api.odata.parser import Budget, parse_expression, parse_order
from api.odata.syntax import Alias, Foreign, Infix, Junction, Literal, Membership, Name, Path, Prefix, spell
from models.errors import LimitProblem, SyntaxProblem


def parse(text: str, nodes: int = 2_000, depth: int = 64) -> object:
    return parse_expression(text, Budget(nodes, depth), "$filter")


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a or b and c", "a or (b and c)"),
        ("a and b or c", "(a and b) or c"),
        ("a eq b and c", "(a eq b) and c"),
        ("a eq b gt c", "a eq (b gt c)"),
        ("a eq b ne c", "(a eq b) ne c"),
        ("a gt b add c", "a gt (b add c)"),
        ("a add b mul c", "a add (b mul c)"),
        ("a sub b sub c", "(a sub b) sub c"),
        ("a div b mul c", "(a div b) mul c"),
        ("a mod b add c", "(a mod b) add c"),
        ("not a eq b", "(not a) eq b"),
        ("not a and b", "(not a) and b"),
        ("-a mul b", "(-a) mul b"),
        ("not a in (1)", "not (a in (1))"),
        ("-a in (1)", "-(a in (1))"),
        ("a add b in (1)", "a add (b in (1))"),
        ("A EQ B AND NOT C", "(A eq B) and (not C)"),
    ],
)
def test_precedence_and_direction(text: str, grouped: str) -> None:
    assert parse(text) == parse(grouped)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("$it/A", Name("A")),
        ("A/B/C", Path(("A", "B", "C"))),
        ("@p", Alias("@p")),
        ("A in (B)", Membership(Name("A"), Name("B"))),
        ("not(A)", Prefix("not", Name("A"))),
        ("A and B and C", Junction("and", (Name("A"), Name("B"), Name("C")))),
        ("eq eq in", Infix("eq", Name("eq"), Name("in"))),  # operators are names where a name stands
    ],
)
def test_trees(text: str, tree: object) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        (" A", 0),
        ("A ", 1),
        ("A eq", 4),
        ("A eq ", 5),
        ("A eq1", 2),
        ("A  eq 1)", 7),
        ("(A eq 1", 7),
        ("A eq 1 B eq 2", 7),
        ("A eq(1)", 4),
        ("(A)and B", 3),
        ("A and and B", 10),
        ("contains(A,)", 11),
        ("contains(A 'x')", 11),
        ("A in (1,B)", 8),
        ("A in (1,2", 9),
        ("A/ B", 3),
        ("A /B", 2),
        ("A//", 2),
        ("$count", 0),
        ("$filter eq 1", 0),
        ('A eq "x"', 5),
        ("A eq 2026-13-01", 5),
        ("A eq 25:00", 5),
        ("A eq [1,2", 9),
        ('A eq {"a":1', 11),
        ("A eq {1:1}", 6),
        ("cast(A,)", 7),
        ("case(A)", 6),
        ("A/any(x)", 7),
        ("$root", 5),
    ],
)
def test_errors_name_the_place(text: str, position: int) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse(text)
    assert (caught.value.position, caught.value.target) == (position, "$filter")


def test_errors_never_repeat_a_literal() -> None:
    for text in ("A eq 'secret' 'secret'", "'secret' 'secret'", "A eq 1 2026-01-31", "A in ('x','secret' 'secret')"):
        with pytest.raises(SyntaxProblem) as caught:
            parse(text)
        assert "secret" not in caught.value.message
        assert "2026" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("A/any(x:x/B gt 1)", "any"),
        ("A/all(x:x/B gt 1)", "all"),
        ("A/$count gt 1", "$count"),
        ("cast(A,Edm.Int32)", "cast"),
        ("isof(A,Edm.Int32)", "isof"),
        ("case(A gt 1:2,true:3)", "case"),
        ("A has N.E'x'", "has"),
        ("N.E'x'", "enumeration literals"),
        ("binary'Zg=='", "binary literals"),
        ("geography'SRID=0;Point(1 2)'", "geography literals"),
        ("N.F(a=1)", "the function N.F"),
        ("F(a=1)", "the function F"),
        ("A/N.T/B", "type casts"),
        ("A/@N.T", "annotations in expressions"),
        ("@N.T", "annotations in expressions"),
        ("$root/A(1)/B", "$root"),
        ("$this", "$this"),
        ("$it", "$it on its own"),
        ('{"a":1}', "JSON objects"),
    ],
)
def test_what_is_not_offered_is_read_to_its_end_and_named(text: str, feature: str) -> None:
    tree = parse(text)
    while isinstance(tree, Infix):
        tree = tree.left
    assert isinstance(tree, Foreign)
    assert tree.feature == feature
    with pytest.raises(SyntaxProblem):  # and a fault in it is still a fault
        parse(text + " eq")


@pytest.mark.parametrize(
    "opening", ["(", "not (", "-", "- ", "not ", "length(", "[", "concat(A,", "A/any(x:", "cast(", '{"a":']
)
def test_eight_kilobytes_of_nesting_meet_the_limit_and_not_the_stack(opening: str) -> None:
    with pytest.raises(LimitProblem) as caught:
        parse(opening * (8_192 // len(opening)))
    assert caught.value.target == "$filter"
    with pytest.raises(LimitProblem):
        parse(opening * (8_192 // len(opening)), nodes=10**6, depth=100)


@pytest.mark.parametrize("operator", ["add", "eq", "mul", "in"])
def test_long_chains_of_operators_that_nest_meet_the_limit(operator: str) -> None:
    with pytest.raises(LimitProblem):
        parse("A" + f" {operator} B" * 3_000, nodes=10**6)


def test_three_thousand_terms_of_or_are_no_nesting() -> None:
    text = " or ".join(f"A eq {number}" for number in range(3_000))
    with pytest.raises(LimitProblem):
        parse(text)
    tree = parse(text, nodes=20_000)
    assert isinstance(tree, Junction)
    assert len(tree.operands) == 3_000
    assert parse(spell(tree), nodes=20_000) == tree


def test_the_node_budget_is_shared_by_all_expressions_of_a_request() -> None:
    budget = Budget(10, 64)
    parse_expression("A eq 1 and B eq 2", budget)
    with pytest.raises(LimitProblem):
        parse_expression("A eq 1 and B eq 2", budget)


def test_nesting_up_to_the_limit_is_fine() -> None:
    assert parse("(" * 63 + "A" + ")" * 63) == Name("A")
    with pytest.raises(LimitProblem):
        parse("(" * 64 + "A" + ")" * 64)


def test_order_terms() -> None:
    terms = parse_order("A desc, B asc,length(C) add 1", Budget(100, 64))
    assert [(spell(term.expression), term.descending) for term in terms] == [
        ("A", True),
        ("B", False),
        ("length(C) add 1", False),
    ]
    for text in ("A descending", "A desc desc", "A,,B", "A,", "", "'x'desc"):
        with pytest.raises(SyntaxProblem):
            parse_order(text, Budget(100, 64))


def test_numbers_take_the_narrowest_kind() -> None:
    kinds = {text: parse(text).kind.value for text in ("1", "2147483648", "9223372036854775808", "1.5", "1e0", "INF")}  # type: ignore[attr-defined]
    assert list(kinds.values()) == ["Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Decimal", "Edm.Double", "Edm.Double"]
    assert isinstance(parse("-1"), Literal)
