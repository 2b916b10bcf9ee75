"""What a recording shows of a query string and of a path: the shape, the names that everybody may read, no value."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.edge.recording import KNOWN
from api.odata.exchange import Limits
from api.odata.language.redaction import Names, redacted_path, redacted_query
from models.errors import CrisisError
from tests.helpers.odata_literals import Drawn
from tests.helpers.query_generator import apply_query, plain_query

QUERIES = """
sent                                                            | recorded
$filter=AreaId eq 'Jane''s'                                     | $filter=AreaId eq '<string>'
%24filter=AreaId%20eq%20%27Jane%27&$top=5                       | %24filter=AreaId%20eq%20%27<string>%27&$top=<int32>
FILTER=AreaId EQ 'Jane'&skip=2                                  | FILTER=AreaId EQ '<string>'&skip=<int32>
$filter=AreaId+eq+'Jane'                                        | $filter=AreaId+eq+'<string>'
$filter=OperationalDate ge 2026-01-31                           | $filter=OperationalDate ge <date>
$filter=OperationalDate ge 2026-02-30                           | $filter=OperationalDate ge <date!>
$filter=CallArrival lt 2026-01-31T05:00:00Z                     | $filter=CallArrival lt <datetimeoffset>
$filter=CallArrival lt 2026-01-31T05:00:00%2B01:00              | $filter=CallArrival lt <datetimeoffset offset>
$filter=time(CallArrival) lt 05:00:00                           | $filter=time(CallArrival) lt <timeofday>
$filter=CallArrival add duration'PT5H' gt now()                 | $filter=CallArrival add duration'<duration>' gt now()
$filter=AnswerMs in (1,-2.5,3e4,99999999999)                    | $filter=AnswerMs in (<int32>,<decimal>,<double>,<int64>)
$filter=IsWeekend eq true or IsWeekend eq null                  | $filter=IsWeekend eq <boolean> or IsWeekend eq null
$filter=Label has Sales.Pattern'Yellow'                         | $filter=Label has <enumeration>
$filter=Jane gt 3 and Jane lt Doe                               | $filter=<name1> gt <int32> and <name1> lt <name2>
$filter=AreaId eq @jane&@jane='x'                               | $filter=AreaId eq @<name1>&@<name1>='<string>'
$search=jane AND "jane doe" NOT doe                             | $search=(<word>%20AND%20%22<phrase>%22%20AND%20NOT%20<word>)
$search=Incidents OR AreaId                                     | $search=(<word>%20OR%20<word>)
$apply=search(Incidents)/aggregate($count as Jane)              | $apply=search(<word>)/aggregate($count as <name1>)
$apply=groupby((AreaId),aggregate(AnswerMs with CrisisMetrics.p50 as AnswerMs)) | $apply=groupby((AreaId),aggregate(AnswerMs with CrisisMetrics.p50 as AnswerMs))
$expand=Area($select=AreaId;$search=AreaId)                     | $expand=Area($select=AreaId;$search=<word>)
$filter=AreaId in ["jane"]                                      | $filter=AreaId in ["<text>"]
$count=true&$format=json&$schemaversion=*                       | $count=true&$format=json&$schemaversion=*
$format=application/json;odata.metadata=full                    | $format=application/json;odata.metadata=full
$format=jane/doe&$schemaversion=7.3.19&$skiptoken=jane          | $format=<format>&$schemaversion=<version>&$skiptoken=<token>
jane=doe&doe&skiptoken=jane                                     | <option>=<value>&<option>&<option>=<value>
$index=7319&$deltatoken=jane                                    | $index=<value>&$deltatoken=<token>
"""

PATHS = """
sent                                | recorded
/                                   | /
/Areas('jane')/AreaName/            | /Areas('<string>')/AreaName/
Areas(AreaId=%27jane%27)            | Areas(AreaId=%27<string>%27)
Calls(7319)/Area                    | Calls(<int32>)/Area
Jane/Doe                            | <name1>/<name2>
Areas/7319                          | Areas/<segment>
%24metadata                         | %24metadata
Areas/$filter(AreaId eq 'jane')     | Areas/$filter(AreaId eq '<string>')
$crossjoin(Areas,Jane)              | $crossjoin(Areas,<name1>)
"""

REFUSED = (
    "$filter=AreaId eq 'jane",
    "$filter=AreaId eq jane doe",
    "$filter=jane%zz",
    "$jane=1",
    "$top=jane",
    "$filter=AreaId eq 1&$filter=AreaId eq 2",
    "$filter=datetime'2026-01-01' eq 1",
    "$search=jane)",
)


def pairs(table: str) -> list[tuple[str, str]]:
    """Cells of a table of two columns."""
    cells = (line.partition(" | ") for line in table.strip().splitlines()[1:])
    return [(left.strip(), right.strip(" |")) for left, _, right in cells]


def sent(text: str) -> str:
    """As a client sends it: blanks and quotation marks encoded."""
    return quote(text, safe="$&=(),'/:;+%*@[]!")


@pytest.mark.parametrize(("query", "recorded"), pairs(QUERIES))
def test_a_query_keeps_its_shape_and_loses_its_values(query: str, recorded: str) -> None:
    assert redacted_query(sent(query), Limits(), Names(KNOWN)) == re.sub(
        r"[ \"](?![^<]*>)", lambda found: quote(found[0]), recorded
    )


@pytest.mark.parametrize(("path", "recorded"), pairs(PATHS))
def test_a_path_keeps_its_shape_and_loses_its_keys(path: str, recorded: str) -> None:
    assert redacted_path(sent(path), Names(KNOWN)) == re.sub(r" (?![^<]*>)", "%20", recorded)


@pytest.mark.parametrize("query", REFUSED)
def test_what_the_service_cannot_read_is_not_redacted_but_refused(query: str) -> None:
    with pytest.raises(CrisisError):
        redacted_query(sent(query), Limits(), Names(KNOWN))


def test_a_name_has_one_placeholder_in_path_and_query() -> None:
    names = Names(KNOWN)
    assert redacted_path("Areas(Jane='x')", names) == "Areas(<name1>='<string>')"
    assert redacted_query("$select=Doe,Jane", Limits(), names) == "$select=<name2>,<name1>"


MARKED = {
    "i": ("73197319", "-73197319", "7319731973197319"),
    "d": ("7319.25", "-0.7319"),
    "f": ("7319e3", "7.319e-7", "7319.5e0"),
    "s": ("'sekrit'", "'a sekrit%27'", "'%2573ekrit sekrit'", "'sekrit''sekrit'", "'Areas sekrit'"),
    "day": ("7319-01-31",),
    "at": ("7319-01-31T05:00:00Z", "2026-01-31T05:00:00.7319Z", "7319-01-31T05:00:00%2B01:00"),
    "time": ("05:00:00.7319",),
    "span": ("duration'P7319D'", "duration'-PT7319.5S'"),
}
SECRET = re.compile("sekrit|7319", re.IGNORECASE)


class Marked(Drawn):
    """Hypothesis' choices, with literals that can be told from everything else."""

    def literal(self, kind: str) -> tuple[str, object]:
        return (super().literal(kind) if kind == "b" else (self.pick(*MARKED[kind]), None))[:2]

    def pick(self, *options: object) -> object:
        """Words to search for are literals too."""
        chosen = super().pick(*options)
        return super().pick("sekrit", "sekrit 7319", "7319") if chosen in ("n 1", "O'B", "é", "%") else chosen


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A random query over the star, spelled as clients do, whose literals are marked."""
    made = (apply_query if draw(st.booleans()) else plain_query)(Marked(draw))
    encoded = draw(st.booleans())
    return "&".join(f"{name}={quote(text, safe='%' if encoded else '%$(),/:;')}" for name, text in made.options())


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(queries())
def test_no_literal_of_a_generated_query_is_left(query: str) -> None:
    try:
        recorded = redacted_query(query, Limits(), Names(KNOWN))
    except CrisisError:
        return  # nothing is written down then
    assert not SECRET.search(recorded), recorded


def test_the_generated_queries_are_read_and_hold_literals() -> None:
    """A property that every query leaves by its way out would prove nothing."""
    found = {"read": 0, "marked": 0}

    @settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(queries())
    def count(query: str) -> None:
        try:
            redacted_query(query, Limits(), Names(KNOWN))
        except CrisisError:
            return
        found["read"] += 1
        found["marked"] += bool(SECRET.search(query))

    count()
    assert found["read"] > 100
    assert found["marked"] > 60
