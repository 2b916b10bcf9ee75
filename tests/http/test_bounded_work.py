"""Requests that are small to send and would be large to answer: work is counted, and it has an end.

Nothing is timed: what is counted are parsed and bound nodes, looks at tokens, statements to DuckDB and bytes of the
answer. Each request is one that a URL can hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from api.odata.binding.expressions import Binding
from api.odata.language.parser import Parser
from api.odata.language.path_parser import step
from models.snapshot.reader import Cursor
from tests.helpers.service import Service
from tests.http.test_bad_input import error_of

DEEP = 700
"""More than the interpreter's own stack would bear if nothing stopped it."""


def aliases(operation: str, end: str, count: int = 60) -> str:
    """`@a0` stands for two of `@a1`, each of which stands for two of `@a2`, ..."""
    inner = [f"@a{number}={operation.format(f'@a{number + 1}')}" for number in range(count)]
    return "&".join([*inner, f"@a{count}={end}"])


def chain(step_text: str, first: str, count: int) -> str:
    """Computed properties, each of which names the one before twice."""
    names = [first, *(f"C{number}" for number in range(count))]
    return "/".join(step_text.format(old=old, new=new) for old, new in pairwise(names))


BOMBS: dict[str, tuple[str, str]] = {
    # aliases and computed values that multiply
    "aliases in $filter": (f"Areas?$filter=@a0 gt 1&{aliases('{0} add {0}', '1')}", "LimitExceeded"),
    "aliases in $orderby": (f"Areas?$orderby=@a0&{aliases('{0} add {0}', '1')}", "LimitExceeded"),
    "aliases in $compute": (f"Areas?$compute=@a0 as N&$select=N&{aliases('{0} add {0}', '1')}", "LimitExceeded"),
    "aliases in $apply": (f"Areas?$apply=filter(@a0 gt 1)&{aliases('{0} add {0}', '1')}", "LimitExceeded"),
    "aliases of texts": (
        f"Areas?$filter=length(@a0) gt 1&{aliases('concat({0},{0})', 'AreaName', 40)}",
        "LimitExceeded",
    ),
    "aliases in lists": (f"Areas?$filter=AreaId in @a0&{aliases('[{0},{0}]', '1')}", "NotImplemented"),
    "aliases in a circle": ("Areas?$filter=@a gt 1&@a=@b add 1&@b=@a add 1", "LimitExceeded"),
    "aliases of themselves": ("Areas?$filter=@a&@a=@a", "*"),
    "aliases of keys": ("Areas(@a)?@a=@b&@b=@a", "*"),
    "$compute": (
        "Areas?$select=C29&$compute="
        + ",".join(
            f"concat({old},{old}) as C{number}"
            for number, old in enumerate(["AreaName", *(f"C{n}" for n in range(29))])
        ),
        "LimitExceeded",
    ),
    # sequences that multiply
    "concat of concat": ("DailyCalls?$apply=" + "/".join(["concat(identity,identity)"] * 250), "LimitExceeded"),
    "wide concat": ("DailyCalls?$apply=concat(" + ",".join(["identity"] * 700) + ")", "LimitExceeded"),
    "nested concat": ("DailyCalls?$apply=" + "concat(identity," * 400 + "identity" + ")" * 400, "LimitExceeded"),
    "rollups": (
        "DailyCalls?$apply=groupby(("
        + ",".join(f"rollup({a},{b})" for a in ("AreaId", "PriorityCode") for b in ("CallCount", "TriagedCount") * 4)
        + "))",
        "LimitExceeded",
    ),
    "nested groupby": (
        "DailyCalls?$apply=" + "groupby((AreaId)," * 300 + "identity" + ")" * 300,
        "LimitExceeded",
    ),
    "long sequence": ("DailyCalls?$apply=" + "/".join(["filter(CallCount ge 0)"] * 300), "*"),
    "long chain": ("DailyCalls?$apply=" + chain("compute({old} sub {old} as {new})", "CallCount", 40), "answered"),
    "texts of texts": (
        "Areas?$apply=" + chain("compute(concat({old},{old}) as {new})", "AreaName", 29),
        "LimitExceeded",
    ),
    "texts of greatest texts": (
        "Areas?$apply=" + chain("aggregate({old} with max as M)/compute(concat(M,M) as {new})", "AreaName", 29),
        "LimitExceeded",
    ),
    "many aggregates": (
        "DailyCalls?$apply=aggregate(" + ",".join(f"CallCount with sum as T{n}" for n in range(200)) + ")",
        "*",
    ),
    # nesting
    "brackets": (f"Areas?$filter={'(' * 2_000}true{')' * 2_000}", "LimitExceeded"),
    "not": (f"Areas?$filter={'not ' * 1_500}true", "LimitExceeded"),
    "minus": (f"Areas?$filter={'-' * 4_000}1 eq 1", "LimitExceeded"),
    "functions": (f"Areas?$filter={'tolower(' * DEEP}AreaId{')' * DEEP} eq 'x'", "LimitExceeded"),
    "cases": (f"Areas?$filter={'case(true:' * 600}true{')' * 600}", "LimitExceeded"),
    "lambdas": (f"Areas?$filter={'Xs/any(x:' * 600}true{')' * 600}", "LimitExceeded"),
    "arrays": (f"Areas?$filter=AreaId in {'[' * 3_000}{']' * 3_000}", "LimitExceeded"),
    "objects": ("Areas?$filter=@a eq 1&@a=" + '{"a":' * DEEP + "1" + "}" * DEEP, "*"),
    "half-open brackets": (f"Areas?$filter={'(' * 4_000}", "LimitExceeded"),
    "$expand": (f"DailyCalls?$expand={'Area($expand=' * 300}Area{')' * 300}", "LimitExceeded"),
    "$search": (f"Areas?$search={'(' * 2_000}x{')' * 2_000}", "LimitExceeded"),
    "$search NOT": (f"Areas?$search={'NOT ' * 1_500}x", "LimitExceeded"),
    "$filter in a path": (f"Areas/$filter({'(' * 2_000}true{')' * 2_000})", "LimitExceeded"),
    # lengths
    "a giant key": (f"Areas('{'x' * 7_000}')", "NotFound"),
    "a key of quotes": (f"Areas('{chr(39) * 6_000}')", "NotFound"),
    "a key of many parts": ("DailyCalls(" + ",".join(f"K{n}=1" for n in range(900)) + ")", "LimitExceeded"),
    "many segments": ("Areas('001')" + "/x" * 3_500, "LimitExceeded"),
    "many filters in a path": ("Areas" + "/$filter(true)" * 500, "LimitExceeded"),
    "many navigations": ("DailyCalls(1)" + "/Area" * 1_000, "LimitExceeded"),
    "many namespaces": (f"Areas/{'a.' * 3_500}b", "NotImplemented"),
    "many sets": ("$crossjoin(" + ",".join(["Areas"] * 1_000) + ")", "NotImplemented"),
    "a long name": (f"Areas?$filter={'a' * 7_000} eq 1", "SyntaxError"),
    "a long path in an expression": (f"Areas?$filter={'Area/' * 1_200}AreaId eq 1", "*"),
    "a long number": (f"Areas?$filter=1 eq {'9' * 7_000}", "*"),
    "a large exponent": ("Areas?$filter=1 eq 1e999999999", "*"),
    "a long count": (f"Areas?$top={'9' * 7_000}", "answered"),
    "a long time": (f"Areas?$filter=duration'P{'9' * 7_000}D' gt duration'P1D'", "InvalidValue"),
    "a long list": ("Areas?$filter=AreaId in (" + ",".join(["'x'"] * 1_900) + ")", "answered"),
    "a longer list": ("Areas?$filter=1 in (" + ",".join(["1"] * 3_500) + ")", "LimitExceeded"),
    "a long $select": ("Areas?$select=" + ",".join(["AreaId"] * 1_100), "answered"),
    "a long $orderby": ("Areas?$orderby=" + ",".join(["AreaId"] * 1_100), "LimitExceeded"),
    "a long $expand": ("DailyCalls?$expand=" + ",".join(["Area"] * 1_500), "SyntaxError"),
    "many words": ("Areas?$search=" + " ".join(["x"] * 3_000), "LimitExceeded"),
    "many options": ("Areas?" + "&".join(f"x{n}=1" for n in range(1_000)), "answered"),
    "many aliases": ("Areas?" + "&".join(f"@x{n}=1" for n in range(900)), "answered"),
    "quotes alone": ("Areas?$filter=" + "'" * 6_001, "SyntaxError"),
    "a long token": (f"Areas?$skiptoken={'A' * 7_000}", "InvalidPageToken"),
    "slashes": ("/" * 7_000, "answered"),
}
"""Name -> (address below the root, code of the answer; `*` is any that is not a failure)."""

MOST = {"bound": 2_100, "parsed": 2_100, "tokens": 60_000, "steps": 101, "statements": 4, "bytes": 2_000_000}
"""What one request may cost at most."""


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts work, as it is done, by kind."""
    counts = Counter[str]()

    def counted(owner: object, name: str, kind: str) -> None:
        really: Callable[..., object] = getattr(owner, name)

        def counting(*parts: object, **more: object) -> object:
            counts[kind] += 1
            return really(*parts, **more)

        monkeypatch.setattr(owner, name, counting)

    counted(Binding, "_bind", "bound")
    counted(Parser, "spend", "parsed")
    counted(Parser, "take", "tokens")
    counted(Cursor, "rows", "statements")
    really = step
    monkeypatch.setattr(
        "api.odata.language.path_parser.step", lambda *parts: (counts.update(steps=1), really(*parts))[1]
    )
    return counts


@pytest.mark.parametrize("name", BOMBS)
def test_work_has_an_end(service: Service, spent: Counter[str], name: str) -> None:
    address, code = BOMBS[name]
    path, _, query = address.encode().partition(b"?")
    answer = service.raw(b"/odata/v1/" + path, query, "analyst")
    found = "answered" if answer.status_code in (200, 204) else str(error_of(answer)["code"])
    assert found not in ("InternalError", "Busy", "UrlTooLong")
    assert code in ("*", found), answer.text[:300]
    spent["bytes"] = len(answer.content)
    over = {kind: (spent[kind], most) for kind, most in MOST.items() if spent[kind] > most}
    assert not over
    assert spent["steps"] + spent["parsed"] > 0 or path.strip(b"/") == b"", "nothing was counted: the test is blind"
