"""Paths as segments: every construct of the grammar is read, each character once, and nothing else is let through."""

from __future__ import annotations

import pytest

from api.odata.language.parser import Budget
from api.odata.language.path_grammar import MOVES, Leads
from api.odata.language.path_parser import parse_segments, split_path
from api.odata.language.path_syntax import Brackets, CrossJoin, Named, PathFilter, Plain, Segment, System
from api.odata.language.syntax import Alias, Expression, Foreign, Literal, spell
from api.odata.language.vocabulary import EVERYTHING, Role, Vocabulary
from models.errors import CrisisError, LimitProblem, SyntaxProblem

READ = """
path                                              | segments
Areas                                             | Areas
Areas('001')                                      | Areas ('001')
Areas(%27a%2Fb%27)                                | Areas ('a/b')
Areas('O''Neil%2527')                             | Areas ('O''Neil%27')
Days(Day=2026-01-31,AreaId='1')                   | Days (Day=2026-01-31,AreaId='1')
Days%28Day%3D2026-01-31%2CAreaId='1'%29           | Days (Day=2026-01-31,AreaId='1')
A(@k)                                             | A (@k)
A(-INF)/B                                         | A (-INF) . B
A(M.Colour'Red')                                  | A (M.Colour'Red')
A(1)/B/C/$value                                   | A (1) . B . C . $value
A(1)/B/$ref                                       | A (1) . B . $ref
A/$count                                          | A . $count
A/M.Kind/$each/M.Approve                          | A . M.Kind . $each . M.Approve
A/M.Kind(1)                                       | A . M.Kind (1)
A(1)/M.Best(Rank=2,Colour='red')(7)/B             | A (1) . M.Best (Rank=2,Colour='red') (7) . B
A/M.Best( Rank=@r , Colour=null )                 | A . M.Best (Rank=@r,Colour=null)
Best()                                            | Best ()
A/O'Neil/B                                        | A . `O'Neil` . B
A/Smart%2FPhone                                   | A . `Smart/Phone`
A(1)/Tags/-1                                      | A (1) . Tags . `-1`
A/$filter(B/C eq 'x)')/$filter(@f)/$count         | A . $filter[B/C eq 'x)'] . $filter[@f] . $count
A/$filter(B eq ["a)","\\""])(1)/C                 | A . $filter[B eq ['a)','"']] (1) . C
A/$filter(B eq %22)%22)                           | refused
A/$filter(%22/%22 in [%22/%22])/C                 | refused
A/$query                                          | A . $query
$metadata                                         | $metadata
$batch                                            | $batch
$all/M.Kind                                       | $all . M.Kind
$entity/M.Kind                                    | $entity . M.Kind
$crossjoin(A,B)                                   | $crossjoin A B
$crossjoin(A)/$query                              | $crossjoin A . $query
A.B                                               | refused
A/$count/$count                                   | refused
A/$ref/B                                          | refused
A(1)(2)                                           | refused
A(1)/$each                                        | refused
A(1)/M.K/M.K(1)/$each                             | refused
A(1) /B                                           | refused
A('a                                              | refused
A(1,B=2)                                          | refused
A(1;2)                                            | refused
A(1 add 2)                                        | refused
A(B =1)                                           | refused
A(@a.b)                                           | refused
A(1)/-1                                           | refused
A('é%C3%A9')                                      | A ('éé')
Ä('1')                                            | Ä ('1')
$crossjoin(A, B)                                  | refused
$crossjoin(A,B                                    | refused
$metadata/$count                                  | refused
/A                                                | refused
"""


def written(segment: Segment) -> str:
    match segment:
        case Named():
            return " ".join([".".join([*segment.namespace, segment.name]), *map(_brackets, segment.brackets)])
        case CrossJoin():
            return " ".join(["$crossjoin", *segment.sets])
        case PathFilter():
            return " ".join([f"$filter[{spell(segment.condition)}]", *map(_brackets, segment.brackets)])
        case Plain():
            return f"`{segment.text}`"
    return segment.text


def _brackets(brackets: Brackets) -> str:
    items = [f"{item.name}={_value(item.value)}" if item.name else _value(item.value) for item in brackets.arguments]
    return f"({','.join(items)})"


def _value(value: Expression) -> str:
    assert isinstance(value, Literal | Alias | Foreign)
    return spell(value)


@pytest.mark.parametrize("line", READ.strip("\n").splitlines()[1:])
def test_segments_of_paths(line: str) -> None:
    path, expected = (cell.strip() for cell in line.split(" | "))
    if expected == "refused":
        with pytest.raises(SyntaxProblem) as caught:
            parse_segments(path, Budget(100, 20))
        assert caught.value.position is not None
    else:
        assert " . ".join(map(written, parse_segments(path, Budget(100, 20)))) == expected


MODEL = dict.fromkeys(Role, frozenset[str]()) | {
    Role.ENTITY_SET: frozenset({"Areas"}),
    Role.ENTITY: frozenset({"Lead"}),
    Role.PRIMITIVE: frozenset({"Name"}),
    Role.PRIMITIVES: frozenset({"Tags"}),
    Role.ENTITY_TYPE: frozenset({"City"}),
    Role.NAMESPACE: frozenset({"M"}),
    Role.KEY_SEGMENT: frozenset({"7"}),
}
KNOWN = """
path                | fits
Areas               | yes
Regions             | no
Areas(1)/Lead/Lead  | yes
Areas(1)/Leader     | no
Areas(1)/Name/$value | yes
Areas(1)/Name/$count | no
Areas(1)/Tags/$count | yes
Areas(1)/Tags/0     | yes
Areas(1)/Name/0     | no
Areas/M.City        | yes
Areas/M.City/M.City | no
Areas/M.Town        | no
Areas/N.City        | no
Areas/7/Lead        | yes
Areas/8/Lead        | no
"""


@pytest.mark.parametrize("line", KNOWN.strip().splitlines()[1:])
def test_with_a_known_model_names_are_what_the_model_says(line: str) -> None:
    path, fits = (cell.strip() for cell in line.split(" | "))
    try:
        parse_segments(path, Budget(100, 20, Vocabulary(MODEL)))
        found = "yes"
    except SyntaxProblem:
        found = "no"
    assert found == fits


@pytest.mark.parametrize(("path", "fits"), [("Best()/$value", True), ("Areas()", False), ("Areas(1)", True)])
def test_a_name_that_one_rule_lists_is_not_taken_by_a_rule_that_takes_any(path: str, fits: bool) -> None:
    names = {role: listed for role, listed in MODEL.items() if role is not Role.PRIMITIVE_IMPORT}
    try:
        parse_segments(path, Budget(100, 20, Vocabulary(names)))
    except SyntaxProblem:
        assert not fits
    else:
        assert fits


def test_every_rule_leads_somewhere_and_is_reached() -> None:
    reached = {Leads.ROOT} | {move.to for moves in MOVES.values() for move in moves}
    assert reached == set(MOVES) == set(Leads)


def test_slashes_split_before_anything_is_decoded() -> None:
    assert list(split_path("A('a%2Fb')/B('a/b')/C")) == ["A('a%2Fb')", "B('a", "b')", "C"]
    assert list(split_path("A/$filter(B/C eq '/)')(1)/D")) == ["A", "$filter(B/C eq '/)')(1)", "D"]
    assert list(split_path("A/%24filter%28B/C eq %27/%29%27%29/D")) == ["A", "%24filter%28B/C eq %27/%29%27%29", "D"]
    assert list(split_path("A/$filter(B/C")) == ["A", "$filter(B/C"]
    assert list(split_path("A/")) == ["A", ""]


def test_positions_count_in_the_decoded_segment() -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse_segments("A(1)/B('x',%27y%27,)", Budget(100, 20))
    assert (caught.value.target, caught.value.position) == ("B", 10)


@pytest.mark.parametrize(
    "path",
    [
        "A(" + ",".join(f"K{number}=1" for number in range(200)) + ")",
        "A/$filter(" + "(" * 40 + "true" + ")" * 40 + ")",
        "/".join(["A", *["$filter(true)"] * 90, "$filter(" + "not " * 15 + "true)"]),
        "A(1)" + "/b" * 100,
    ],
)
def test_size_and_depth_are_limited(path: str) -> None:
    with pytest.raises(LimitProblem):
        parse_segments(path, Budget(100, 20))


def test_each_segment_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many readings a name has, work grows with the length alone."""
    looked = []
    really = parse_segments.__globals__["step"]
    monkeypatch.setitem(parse_segments.__globals__, "step", lambda *parts: looked.append(1) or really(*parts))
    for size in (10, 99):
        looked.clear()
        parse_segments("A(1)" + "/b" * size, Budget(100, 20))
        assert len(looked) == size + 1
        states = really(frozenset(Leads), System("$query"), EVERYTHING)
        assert len(states) <= len(Leads)


@pytest.mark.parametrize("path", ["A(%zz)", "A(%FF)", "A/%C3", "%"])
def test_broken_encoding(path: str) -> None:
    with pytest.raises(CrisisError) as caught:
        parse_segments(path, Budget(100, 20))
    assert isinstance(caught.value, SyntaxProblem)
