"""The parser: precedence as the standard has it, places, limits instead of stack overflows, 501 only for what parses."""

from __future__ import annotations

import pytest

from api.odata.language.calls import METHODS
from api.odata.language.functions import FUNCTIONS
from api.odata.language.functions import NOT_OFFERED as NOT_OFFERED_FUNCTIONS
from api.odata.language.parser import Budget, parse_expression, parse_order
from api.odata.language.syntax import Alias, Foreign, Infix, Junction, Literal, Membership, Name, Path, Prefix, spell
from api.odata.language.vocabulary import Role, Vocabulary
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


FOLLOWING = """
text                                | read
A has N.E'x' and B                  | yes
A has 'x' or B                      | yes
A has 'x,y,-1'                      | yes
A in (1,2) and B                    | yes
A has 'x' eq B                      | no
A in (1,2) eq B                     | no
A in (1,2) add B                    | no
A in (1,2) in (3)                   | no
A eq B in (1) eq C                  | no
A add B in (1) eq C                 | yes
A add B in (1) mul C                | no
not A in (1) eq C                   | yes
not A in (1) add C eq D             | yes
- A in (1) add C                    | yes
not A add B in (1) eq C eq D        | yes
not A add B in (1) eq C in (1) eq D | yes
A add B in (1) eq C in (1) eq D     | no
(A in (1)) eq B                     | yes
A in (B) eq C                       | yes
A in [1] eq C                       | yes
A has B                             | no
A has 1                             | no
A has 'x y'                         | no
"""


@pytest.mark.parametrize("line", FOLLOWING.strip().splitlines()[1:])
def test_what_may_follow_has_and_lists(line: str) -> None:
    """The grammar nests operators to the right; `has` and lists end an operand, so that only and and or may follow."""
    text, read = (part.strip() for part in line.split("|"))
    if read == "yes":
        parse(text)
    else:
        with pytest.raises(SyntaxProblem):
            parse(text)


LITERALS = """
literal                                                         | well written
binary''                                                        | yes
binary'T0RhdGE'                                                 | yes
binary'YQ=='                                                    | yes
binary'YR=='                                                    | no
binary'Y'                                                       | no
binary'Y+=='                                                    | no
N.E'a,b,-3'                                                     | yes
N.E''                                                           | no
N.E'a, b'                                                       | no
N.E'1.5'                                                        | no
geography'SRID=0;Point(1 2)'                                    | yes
Geography'srid=0;point(-INF NaN 3 4e-1)'                        | yes
geography'SRID=0;Point(1)'                                      | no
geography'SRID=0;Point(1  2)'                                   | no
geography'SRID=0;Point(1 2 3 4 5)'                              | no
geography'Point(1 2)'                                           | no
geography'SRID=123456;Point(1 2)'                               | no
geometry'SRID=0;LineString(1 2)'                                | no
geometry'SRID=0;LineString(1 2,3 4)'                            | yes
geometry'SRID=0;Polygon((1 2),(1 2,3 4))'                       | yes
geometry'SRID=0;MultiPoint()'                                   | yes
geometry'SRID=0;MultiPoint((1 2),(3 4))'                        | yes
geometry'SRID=0;MultiPoint(1 2)'                                | no
geometry'SRID=0;MultiLineString((1 2,3 4))'                     | yes
geometry'SRID=0;MultiPolygon(((1 2)),((1 2)))'                  | yes
geometry'SRID=0;GeometryCollection()'                           | no
geometry'SRID=0;GeometryCollection(Point(1 2))'                 | yes
geometry'SRID=0;GeometryCollection(GeometryCollection(Point(1 2),Point(3 4)),Point(5 6))' | yes
geometry'SRID=0;GeometryCollection(Point(1 2)'                  | no
geometry'SRID=0;GeometryCollection(Point(1 2)))'                | no
"""


@pytest.mark.parametrize("line", LITERALS.strip().splitlines()[1:])
def test_literals_of_types_that_no_view_has_are_exact(line: str) -> None:
    text, is_right = (part.strip() for part in line.split("|"))
    if is_right == "yes":
        assert isinstance(parse(text), Foreign)
    else:
        with pytest.raises(SyntaxProblem):
            parse(text)


def test_canonical_functions_take_as_many_arguments_as_the_grammar_says() -> None:
    assert set(METHODS) | {"case", "cast", "isof"} >= set(FUNCTIONS) | NOT_OFFERED_FUNCTIONS
    for name, (least, most) in METHODS.items():
        for count in range(5):
            text = f"{name}({','.join('A' * count)})"
            if least <= count <= most:
                parse(text)
            else:
                with pytest.raises(SyntaxProblem) as caught:
                    parse(text)
                assert caught.value.position == 0


SHOP = Vocabulary(
    {
        **dict.fromkeys(Role, frozenset[str]()),
        Role.ENTITIES: frozenset({"Sales"}),
        Role.ENTITY: frozenset({"Product"}),
        Role.COMPLEX: frozenset({"Place"}),
        Role.PRIMITIVE: frozenset({"Amount", "Name"}),
        Role.ENTITY_TYPE: frozenset({"Food"}),
        Role.NAMESPACE: frozenset({"N"}),
        Role.VARIABLE: frozenset({"s"}),
        Role.PRIMITIVE_FUNCTION: frozenset({"Size"}),
        Role.PARAMETER: frozenset({"in"}),
    }
)
KINDS = """
text                                 | read
Amount eq 1                          | yes
Product/Amount eq 1                  | yes
Product/N.Food/Amount eq 1           | yes
N.Food/Product/Name eq 'a'           | yes
Place/Name eq 'a'                    | yes
Sales/any(s:s/Amount gt 1)           | yes
Sales/$count gt 1                    | yes
Sales(1)/Amount gt 1                 | yes
Sales/N.Food/$count gt 1             | yes
Name/N.Size(in='cm') gt 1            | yes
Name/ eq 'a'                         | yes
Sales/Amount gt 1                    | no
Sales/N.Food eq null                 | no
Product/any(s:s/Amount gt 1)         | no
Product(1)/Amount gt 1               | no
Amount/Name eq 'a'                   | no
Product/N.Food eq null               | no
Product/M.Food/Amount eq 1           | no
Sales/any(x:x/Amount gt 1)           | no
Name/Other(in='cm') gt 1             | no
Name/N.Size(of='cm') gt 1            | no
Other eq 1                           | no
other(Amount) eq 1                   | no
Amount eq N.E'x'                     | no
cast(Name,N.Food)                    | yes
cast(Name,N.Other)                   | no
"""


@pytest.mark.parametrize("line", KINDS.strip().splitlines()[1:])
def test_a_vocabulary_tells_names_apart_as_the_grammar_does(line: str) -> None:
    """Without one each name may be anything: all of these are read."""
    text, read = (part.strip() for part in line.split("|"))
    parse(text)
    budget = Budget(2_000, 64, SHOP)
    if read == "yes":
        parse_expression(text, budget)
    else:
        with pytest.raises(SyntaxProblem):
            parse_expression(text, budget)
