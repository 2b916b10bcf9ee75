"""The binder: names with hints, types, what may be seen, row scope, range hints, shapes and parameters."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest

from api.odata.binding.binder import BoundQuery, Range, bind, bind_key
from api.odata.binding.resource_path import parse_path
from api.odata.binding.sql import HOLD
from api.odata.exchange import Caller, Limits
from api.odata.language.options import read_options
from models.catalogue import CATALOGUE as REAL
from models.catalogue.types import Edm
from models.errors import (
    CrisisError,
    LimitProblem,
    NameProblem,
    NotFound,
    SyntaxProblem,
    TypeProblem,
    Unsupported,
    ValueProblem,
)
from tests.helpers.odata_table import (
    ANALYST,
    AS_OF,
    CATALOGUE,
    OTHERS,
    SECRETS,
    THINGS,
    bound,
    encode,
    kept,
    load,
    rows_of,
    run,
)

SCOPED = Caller("k2", "lead", areas=frozenset({"001", "002"}))


def filtered(text: str, caller: Caller = ANALYST) -> BoundQuery:
    return bound(f"$filter={encode(text)}", caller)


@pytest.mark.parametrize(
    ("text", "error", "position", "hint"),
    [
        ("name eq 'x'", NameProblem, 0, "Did you mean Name? Names are case-sensitive."),
        ("Id eq 1 and Nam eq 'x'", NameProblem, 12, "Did you mean Name?"),
        ("Secret/Id eq 1", NameProblem, 0, None),  # the caller may not see what it leads to
        ("Nowhere/Id eq 1", NameProblem, 0, None),
        ("Other/Labl eq 'x'", NameProblem, 0, "Did you mean Label?"),
        ("Other eq 1", Unsupported, 0, None),
        ("Name/Id eq 1", NameProblem, 4, None),
        ("containz(Name,'x')", NameProblem, 0, "Did you mean contains?"),
        ("matchesPattern(Name,'x')", Unsupported, 0, None),
        ("hassubset([1],[1])", Unsupported, 0, None),
        ("length(Name,'x') eq 1", SyntaxProblem, 0, None),
        ("length(Small) eq 1", TypeProblem, 7, None),
        ("length('a') eq 'x'", TypeProblem, 15, "Write the value as 42."),
        ("Name eq 1", TypeProblem, 8, "Write the value as 'text'."),
        ("Small eq 'x'", TypeProblem, 9, "Write the value as 42."),
        ("Day eq 2026-01-31T00:00:00Z", TypeProblem, 7, "date(...)"),
        ("At gt 2026-01-31", TypeProblem, 6, "date(...)"),
        ("Day eq 'yesterday'", TypeProblem, 7, "2026-01-31"),
        ("At eq '2026-01-31T00:00:00'", TypeProblem, 6, "2026-01-31T05:00:00Z"),
        ("Day eq At", TypeProblem, 7, "date(...)"),
        ("Name eq 01234567-89ab-cdef-0123-456789abcdef", TypeProblem, 8, "single quotes"),
        ("Flag eq 1", TypeProblem, 8, "true"),
        ("Name", TypeProblem, 0, "brackets"),
        ("Small and Flag", TypeProblem, 0, "brackets"),
        ("not Small eq 1", TypeProblem, 4, "not (A eq 1)"),
        ("Name add 1 eq 2", TypeProblem, 0, None),
        ("Flag add 1 eq 2", TypeProblem, 0, None),
        ("At add 1 eq At", TypeProblem, 0, None),
        ("-Name eq 'x'", TypeProblem, 1, None),
        ("Name in ('a',1)", TypeProblem, 13, None),
        ("Small in Count", TypeProblem, 9, "in ('a','b')"),
        ("Small in (Count)", TypeProblem, 10, "in ('a','b')"),
        ("[1] eq [1]", Unsupported, 0, None),
        ("Name in [Name]", Unsupported, 9, None),
        ("Day eq 2026-02-30", ValueProblem, 7, "0001 to 9999"),
        ("Day eq '2026-02-30'", ValueProblem, 7, "0001 to 9999"),
        ("Day eq 0000-01-01", ValueProblem, 7, None),
        ("Day eq -0001-01-01", ValueProblem, 7, None),
        ("Day eq 10000-01-01", ValueProblem, 7, None),
        ("At gt 0001-01-01T00:00:00+01:00", ValueProblem, 6, None),
        ("At gt 9999-12-31T23:59:59-01:00", ValueProblem, 6, None),
        ("At sub At gt duration'P999999999999D'", ValueProblem, 13, None),
        ("time(At) lt 23:59:60", ValueProblem, 12, None),
        ("substring(Name,1,-1) eq ''", ValueProblem, 17, None),
        ("hour(2026-01-31T00:00:00+01:00) eq 1", ValueProblem, 5, "Z at the end"),
        ("Amount mul 0.00000000000000000001 mul 0.00000000000000000001 gt 0", ValueProblem, 34, "double"),
        ("Things/any(x:x/Id eq 1)", Unsupported, 0, None),
        ("cast(Id,Edm.String) eq '1'", Unsupported, 0, None),
        ("Name has N.E'x'", Unsupported, 0, None),
        ("Id eq N.E'x'", Unsupported, 6, None),
        ("$it eq null", Unsupported, 0, None),
    ],
)
def test_errors_name_kind_place_and_a_way_on(
    text: str, error: type[CrisisError], position: int, hint: str | None
) -> None:
    with pytest.raises(CrisisError) as caught:
        filtered(text)
    assert type(caught.value) is error, caught.value.message
    assert (caught.value.target, caught.value.position) == ("$filter", position), caught.value.message
    if hint is not None:
        assert caught.value.hint is not None
        assert hint in caught.value.hint


def test_errors_of_other_options_name_them() -> None:
    for query, target in (("$orderby=Nam", "$orderby"), ("$select=Id,Nam", "$select")):
        with pytest.raises(NameProblem) as caught:
            bound(query)
        assert caught.value.target == target
        assert caught.value.hint == "Did you mean Name?"
    with pytest.raises(NameProblem) as caught:
        bound("$select=Id,Nam")
    assert caught.value.position == 3


def test_values_are_parameters_and_equal_ones_share_a_place() -> None:
    query = filtered(
        "Name eq 'o''neil' or contains(Name,'o''neil') or Small eq 1 or Count eq 1 or Amount eq 1.0 or Ratio eq 1e0"
    )
    assert query.parameters == ("o'neil", 1, query.parameters[2], 1.0)
    assert query.where is not None
    assert "neil" not in query.where
    assert query.where.count("$1") == 2
    assert query.where.count("$2") == 2


def test_plain_comparisons_stay_plain_so_that_row_groups_can_be_skipped() -> None:
    assert filtered("Day ge 2026-01-01 and Day lt 2026-02-01 and Name eq 'x'").where == (
        '("Day" >= $1) AND ("Day" < $2) AND ("Name" = $3)'
    )
    assert filtered("Id in (1,2)").where == '("Id" IN ($1, $2))'
    assert filtered("At lt now() sub duration'P1D'").where == (
        '("At" < make_timestamp(epoch_us($1) - CAST($2 AS BIGINT)))'
    )


def test_select_keeps_view_order_and_always_has_the_key() -> None:
    assert [column.name for column in bound("$select=Flag,Name").columns] == ["Id", "Name", "Flag"]
    assert not bound("$select=Flag,Name").all_columns
    for query in ("", "$select=*", "$select=Name,*"):
        assert bound(query).all_columns
    every = ",".join(column.name for column in THINGS.columns)
    assert bound(f"$select={every}").all_columns


def test_select_takes_names_of_navigation_properties() -> None:
    """Power Query repeats in $select what it expands."""
    assert [column.name for column in bound("$select=Name,Other").columns] == ["Id", "Name"]
    with pytest.raises(NameProblem):
        bound("$select=Name,Secret")
    for item in ("Other/Label", "N.T/Name", "Name($top=1)", "N.*"):
        with pytest.raises(Unsupported):
            bound(f"$select={item}")


def test_order_terms() -> None:
    query = bound("$orderby=Name desc,Small,time(At),At sub At,At add duration'P1D',length(Name)")
    assert [(term.sql, term.edm, term.descending) for term in query.order[:2]] == [
        ('"Name"', Edm.STRING, True),
        ('"Small"', Edm.INT32, False),
    ]
    assert [term.edm for term in query.order[2:]] == [Edm.INT64, Edm.INT64, Edm.INT64, Edm.INT32]
    assert query.order[0].clause == '("Name") DESC NULLS LAST'
    assert query.order[1].clause == '("Small") ASC NULLS FIRST'
    assert bound("$orderby=null,1,'x',1 add 1").order == ()  # what is the same everywhere orders nothing


def test_constant_conditions_as_order_terms_run() -> None:
    load(rows_of("Id\n2\n1"))
    assert run(bound("$orderby=Id eq null,Id ne null desc")) == [1, 2]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Id ge 5 and Id lt 9", Range("Id", 5, 9, True, False)),
        ("5 le Id and 9 gt Id", Range("Id", 5, 9, True, False)),
        ("Id eq 5", Range("Id", 5, 5)),
        ("Id gt 5", Range("Id", 5, None, False, True)),
        ("Id le 5", Range("Id", None, 5)),
        ("Id gt 1 and Id gt 5 and Id ge 5 and Id lt 9 and Id le 20", Range("Id", 5, 9, False, False)),
        ("(Id gt 1) and (Id gt 5 and (Id lt 9))", Range("Id", 5, 9, False, False)),
        ("Id ne 5", None),
        ("Id ge 5 or Id lt 9", None),
        ("Id ge 5 and Small lt 9", None),
        ("Id ge 5.0", None),
        ("Id ge Small", None),
        ("Id in (1)", None),
        ("not (Id ge 5)", None),
    ],
)
def test_range_hint(text: str, wanted: Range | None) -> None:
    assert filtered(text).range == wanted


def test_range_hint_of_a_day_and_what_forbids_it() -> None:
    view = REAL.views["DailyIncidents"]
    query = "$filter=OperationalDate ge 2026-01-01 and OperationalDate lt '2026-02-01'"

    def ranged(query: str, caller: Caller) -> Range | None:
        return bind(view, read_options(query), caller, Limits(), AS_OF).range

    assert ranged(query, ANALYST) == Range("OperationalDate", date(2026, 1, 1), date(2026, 2, 1), True, False)
    assert ranged(query + "&$orderby=AreaId", ANALYST) is None
    assert ranged(query, Caller("k", "viewer", areas=frozenset({"001"}))) is None


def test_shape_has_no_values_and_decides_the_sql() -> None:
    one, two = filtered("Name eq 'a' and Small gt 1"), filtered("Name eq 'b' and Small gt 2")
    assert one.shape == two.shape
    assert "'a'" not in one.shape
    assert filtered("Name eq 'a' or Name eq 'a'").shape != filtered("Name eq 'a' or Name eq 'b'").shape
    assert bound("$top=1").shape == bound("$top=2").shape != bound("").shape
    assert bound("$orderby=Name").shape != bound("$orderby=Name desc").shape
    assert bound("$select=Name").shape != bound("").shape


def test_row_scope_is_part_of_every_query() -> None:
    rows = rows_of("""
    Id | Area | Small
     1 | 001  | 1
     2 | 002  | 1
     3 | 003  | 1
    """)
    assert kept(rows, "Small eq 1", SCOPED) == {1, 2}
    assert kept(rows, "true", SCOPED) == {1, 2}
    assert kept(rows, "Small eq 1 or true", SCOPED) == {1, 2}
    assert kept(rows, "true", Caller("k", "lead", areas=frozenset())) == set()
    assert bound("", SCOPED).scoped
    assert not bound("").scoped
    assert bound("", SCOPED).where == '("Area" IN ($1, $2))'


def test_no_error_tells_what_is_in_a_hidden_row() -> None:
    """A division that fails only in a row outside of the scope must not fail, nor must an order value."""
    rows = rows_of("""
    Id | Area | Small | Count
     1 | 001  | 1     | 1
     3 | 003  | 5     | 9223372036854775807
    """)
    load(rows)
    for text in (
        "10 div (Small sub 5) lt 0",
        "10 divby (Small sub 5) lt 0",
        "10 mod (Small sub 5) le 10",
        "Count add Count gt Small",
        "Count lt 1.1234567890123456789012345678901234567",
        "Count in (1.0000000000000000000000000000000000000,7)",
        "substring('abc',0,5 sub Small sub 1) ne 'x'",
        "(10 div (Small sub 5) lt 0) eq true or Small eq 77",
        "floor(Count add 0.12345678901234567890123) ge 0",
    ):
        assert kept(rows, text, SCOPED) == {1}, text
    assert run(bound("$orderby=10 div (Small sub 5),Count add Count", SCOPED)) == [1]
    assert run(bound("$filter=Id lt 3&$orderby=10 div (Small sub 5)")) == [1]


def test_what_may_fail_is_written_so_that_only_rows_in_scope_compute_it() -> None:
    """DuckDB may take conditions in any order, so their order is no protection: the text has to say it."""
    guard = '("Area" IN ($1, $2))'
    query = bound("$filter=10 div Small gt 1&$orderby=10 div Small,Name", SCOPED)
    assert query.where is not None
    assert query.where.startswith(f"{guard} AND CASE WHEN {guard} AND {HOLD} THEN ")
    assert query.where.endswith(" ELSE FALSE END")
    assert query.order[0].sql.startswith(f"CASE WHEN {query.where} THEN ")
    assert query.order[1].sql == '"Name"'
    for text in (
        "Count lt 1.1234567890123456789012345678901234567",
        "Count in (1.1234567890123456789012345678901234567)",
        "floor(Count add 0.12345678901234567890123) ge 0",
        "substring(Name,Small) eq ''",
        "At add duration'P1D' mul Small gt At",
    ):
        assert "CASE WHEN" in str(bound(f"$filter={encode(text)}", SCOPED).where), text


def test_a_view_that_may_not_be_read_does_not_exist() -> None:
    with pytest.raises(NotFound) as hidden:
        bind(SECRETS, read_options(""), ANALYST, Limits(), AS_OF, catalogue=CATALOGUE)
    with pytest.raises(NotFound) as nobody:
        bind(THINGS, read_options(""), Caller("k", "nobody"), Limits(), AS_OF, catalogue=CATALOGUE)
    assert hidden.value.message == "There is no resource 'Secrets'."
    assert nobody.value.message == "There is no resource 'Things'."
    bind(OTHERS, read_options(""), SCOPED, Limits(), AS_OF, catalogue=CATALOGUE)  # open: nothing to restrict


def test_a_restriction_that_cannot_be_applied_closes_the_view() -> None:
    by_team = Caller("k", "lead", teams=frozenset({"t1"}))
    with pytest.raises(NotFound):
        bound("", by_team)  # Things has no team and is closed
    real = REAL.views["DailyCalls"]
    with pytest.raises(NotFound):
        bind(real, read_options(""), by_team, Limits(), AS_OF)


def test_aliases() -> None:
    rows = rows_of("Id | Small\n1 | 1\n2 | 2")
    load(rows)
    assert run(bound("$filter=Small eq @p&@p=2")) == [2]
    assert run(bound("$filter=@a&@a=Small eq @b&@b=1 add 1")) == [2]
    assert run(bound("$filter=Small in @p&@p=[1,3]")) == [1]
    assert run(bound("$orderby=@p desc&@p=Small")) == [2, 1]
    assert run(bound("@unused=1")) == [1, 2]
    assert run(bound("$filter=Small ne @missing")) == [1, 2]  # null, by the protocol (11.2.6.1.3)


@pytest.mark.parametrize(
    "query", ["$filter=@a&@a=@a", "$filter=@a&@a=@b&@b=@a", "$filter=@a&@a=not (@a)", "$filter=1 in @a&@a=@a"]
)
def test_aliases_that_contain_themselves_end(query: str) -> None:
    with pytest.raises((LimitProblem, TypeProblem)):
        bound(query)


def test_aliases_cannot_multiply_without_end() -> None:
    names = "abcdefghijklmnopqrst"
    parts = [f"@{one}=@{two} add @{two}" for one, two in pairwise(names)]
    with pytest.raises(LimitProblem):
        bound("&".join(["$filter=@a eq 1", *parts, "@t=1"]))


def test_arguments_that_templates_repeat_cannot_multiply_without_end() -> None:
    text = "1"
    for _ in range(20):
        text = f"length(substring(Name,{text}))"
    with pytest.raises(LimitProblem):
        filtered(f"{text} eq 1")


def test_a_deep_and_wide_filter_runs() -> None:
    load(rows_of("Id | Small\n1 | 1"))
    wide = " or ".join(f"Small eq {number}" for number in range(600))
    assert run(filtered(wide)) == [1]
    deep = "not (" * 30 + "Small eq 1" + ")" * 30
    assert run(filtered(deep)) == [1]


def test_keys() -> None:
    load(rows_of("Id | Area | Name\n1 | 001 | a\n2 | 003 | b"))

    def read(path: str, query: str = "", caller: Caller = ANALYST) -> list[int]:
        resource = parse_path(path, CATALOGUE, caller)
        assert resource.view is not None
        options = read_options(query)
        return run(bind_key(resource.view, resource.key, options, caller, Limits(), as_of=AS_OF, catalogue=CATALOGUE))

    assert read("Things(2)") == [2]
    assert read("Things(Id=2)", "$select=Name") == [2]
    assert read("Things('2')") == [2]
    assert read("Things(@k)", "@k=1") == [1]
    assert read("Things(7)") == []
    assert read("Things(2)", caller=SCOPED) == []  # hidden and missing look the same
    with pytest.raises(TypeProblem) as caught:
        read("Things('x')")
    assert caught.value.target == "Id"
    assert read("Things(@k)") == []  # an alias without a value is null, and no key is
    for option in ("$filter=true", "$orderby=Id", "$top=1", "$skip=0", "$count=true"):
        with pytest.raises(SyntaxProblem):
            read("Things(1)", option)


def test_every_column_of_the_real_catalogue_can_be_filtered_and_ordered() -> None:
    caller = Caller("k", "analyst")
    for view in REAL.views.values():
        if "analyst" not in view.roles:
            continue
        for column in view.columns:
            query = bind(
                view, read_options(f"$filter={column.name} ne null&$orderby={column.name}"), caller, Limits(), AS_OF
            )
            assert query.order[0].edm is column.edm
