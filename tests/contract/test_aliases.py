"""Parameter aliases wherever the standard has them, and options in any case, with and without the dollar sign.

Each line asks twice and wants the same bytes: once with the alias or the odd spelling, once with the value itself.
"""

from __future__ import annotations

from urllib.parse import quote

import pytest

from models.catalogue import CATALOGUE
from tests.helpers.asking import Desk

ALIASES = """
with an alias                                                             | the same as
Areas(@a)?@a='001'                                                        | Areas('001')
Areas(AreaId=@a)?@a='001'                                                 | Areas('001')
Areas(@a)/AreaName?@a='001'                                               | Areas('001')/AreaName
Areas(@a)/AreaName/$value?@a='001'                                        | Areas('001')/AreaName/$value
Calls(@c)/Area?@c=1                                                       | Calls(1)/Area
Calls(@c)/Area/AreaName/$value?@c=1                                       | Calls(1)/Area/AreaName/$value
Areas?$filter=AreaId eq @p&@p='001'                                       | Areas?$filter=AreaId eq '001'
Areas?@p='001'&$filter=@p eq AreaId                                       | Areas?$filter='001' eq AreaId
Areas?$filter=@p&@p=AreaId eq '001'                                       | Areas?$filter=AreaId eq '001'
Areas?$filter=AreaId in @p&@p=["001","003"]                               | Areas?$filter=AreaId in ('001','003')
Areas?$filter=contains(@word,AreaId)&@word='x001x'                        | Areas?$filter=contains('x001x',AreaId)
Areas?$filter=AreaId eq @p or AreaName eq @p&@p='001'                     | Areas?$filter=AreaId eq '001' or AreaName eq '001'
Areas?$filter=AreaId eq @p&@p=@q&@q='001'                                 | Areas?$filter=AreaId eq '001'
Areas?$filter=length(AreaId) gt @p&@p=1 add 1                             | Areas?$filter=length(AreaId) gt 1 add 1
Areas?$filter=AreaId eq @p&@P='002'&@p='001'                              | Areas?$filter=AreaId eq '001'
Areas?$filter=AreaId eq @p&@p=%27001%27                                   | Areas?$filter=AreaId eq '001'
Areas?$filter=AreaId eq %40p&%40p='001'                                   | Areas?$filter=AreaId eq '001'
Areas?$filter=AreaId eq @p&@p='%2541'                                     | Areas?$filter=AreaId eq '%2541'
Areas/$count?$filter=AreaId eq @p&@p='001'                                | Areas/$count?$filter=AreaId eq '001'
Calls?$filter=Area/AreaId eq @p&@p='001'                                  | Calls?$filter=Area/AreaId eq '001'
Calls?$filter=OperationalDate ge @d&@d=2026-01-01                         | Calls?$filter=OperationalDate ge 2026-01-01
Calls?$filter=CallArrival ge @d&@d=2026-01-01T00:00:00%2B01:00            | Calls?$filter=CallArrival ge 2026-01-01T00:00:00%2B01:00
Calls?$orderby=@p desc&@p=AreaId                                          | Calls?$orderby=AreaId desc
Calls?$orderby=CallId mul @p&@p=-1                                        | Calls?$orderby=CallId mul -1
Calls?$compute=CallId add @p as N&@p=5&$select=CallId,N                   | Calls?$compute=CallId add 5 as N&$select=CallId,N
Calls?$apply=filter(AreaId eq @p)/aggregate($count as N)&@p='001'         | Calls?$apply=filter(AreaId eq '001')/aggregate($count as N)
Calls?$apply=compute(CallId add @p as X)/aggregate(X with sum as S)&@p=5  | Calls?$apply=compute(CallId add 5 as X)/aggregate(X with sum as S)
Calls?$apply=aggregate(CallId mul @p with sum as S)&@p=2                  | Calls?$apply=aggregate(CallId mul 2 with sum as S)
Calls?$apply=topcount(@n,CallId)&@n=2                                     | Calls?$apply=topcount(2,CallId)
Calls?$apply=groupby((AreaId),aggregate($count as N))&$filter=N gt @p&@p=9 | Calls?$apply=groupby((AreaId),aggregate($count as N))&$filter=N gt 9
Calls?$expand=Area($select=AreaId,L;$compute=length(AreaId) add @p as L)&@p=1 | Calls?$expand=Area($select=AreaId,L;$compute=length(AreaId) add 1 as L)
Calls?$expand=Area(@p=1;$select=AreaId,L;$compute=length(AreaId) add @p as L)&@p=9 | Calls?$expand=Area($select=AreaId,L;$compute=length(AreaId) add 1 as L)
"""

NOTHING = """
without a value                              | the same as
Areas?$filter=AreaId eq @p                   | Areas?$filter=AreaId eq null
Areas?$filter=AreaId ne @p                   | Areas?$filter=AreaId ne null
Areas?$filter=AreaId eq @p&@P='001'          | Areas?$filter=AreaId eq null
Areas?$filter=AreaId eq @p&@p=@q             | Areas?$filter=AreaId eq null
Calls?$filter=ReadyAt eq @p                  | Calls?$filter=ReadyAt eq null
Areas?$orderby=@p                            | Areas?$orderby=null
Calls?$filter=CallId add @p eq 1             | Calls?$filter=CallId add null eq 1
Calls?$compute=CallId add @p as N&$select=CallId,N | Calls?$compute=CallId add null as N&$select=CallId,N
Areas(@a)                                    | Areas(@a)?@a=null
"""


def pairs(table: str) -> list[tuple[str, str]]:
    """Left and right of each line but the first."""
    lines = [line.split(" | ") for line in table.strip().splitlines()[1:]]
    return [(left.strip(), right.strip()) for left, right in lines]


@pytest.mark.parametrize(("alias", "plain"), pairs(ALIASES))
def test_an_alias_means_its_value(ask: Desk, alias: str, plain: str) -> None:
    found, wanted = ask.get(alias), ask.get(plain)
    assert wanted.status == 200, wanted.body
    assert (found.status, found.body) == (200, wanted.body)


def test_each_part_of_a_key_may_be_an_alias(ask: Desk) -> None:
    for row in ask.get("Codes?$top=20").rows:
        parts = {name: f"'{quote(row[name].replace(chr(39), chr(39) * 2), safe='')}'" for name in ("CodeList", "Code")}
        wanted = ask.get(f"Codes(CodeList={parts['CodeList']},Code={parts['Code']})")
        assert wanted.json["Label"] == row["Label"]
        found = ask.get(f"Codes(Code=@c,CodeList=@l)?@l={parts['CodeList']}&@c={parts['Code']}")
        assert found.body == wanted.body


@pytest.mark.parametrize(("alias", "plain"), pairs(NOTHING))
def test_an_alias_without_a_value_is_null(ask: Desk, alias: str, plain: str) -> None:
    """OData protocol 11.2.6.1.3."""
    found, wanted = ask.get(alias), ask.get(plain)
    assert (found.status, found.body) == (wanted.status, wanted.body)
    assert found.status == (404 if "(@a)" in alias else 200)


REFUSED = """
address                                        | status | code
Areas?$filter=AreaId eq @p&@p='1'&@p='2'       | 400    | SyntaxError
Areas?$filter=AreaId eq @p&@p=                 | 400    | SyntaxError
Areas?$filter=AreaId eq @p&@p                  | 400    | SyntaxError
Areas?$filter=AreaId eq @p&@p=(                | 400    | SyntaxError
Areas?$filter=AreaId eq @p&@p=1                | 400    | TypeMismatch
Areas?$filter=AreaId eq @p&@p=Nope             | 400    | UnknownName
Areas?$filter=@a&@a=@b&@b=@a                   | 400    | LimitExceeded
Areas?$filter=@a&@a=not (@a)                   | 400    | LimitExceeded
Areas(@a)?@a=1                                 | 400    | TypeMismatch
Areas(@a)?@a='none'                            | 404    | NotFound
Areas?$top=@p&@p=1                             | 400    | SyntaxError
"""


@pytest.mark.parametrize("line", REFUSED.strip().splitlines()[1:])
def test_what_an_alias_cannot_be(ask: Desk, line: str) -> None:
    address, status, code = (cell.strip() for cell in line.split(" | "))
    found = ask.get(address)
    assert (found.status, found.code) == (int(status), code), found.body


def test_an_alias_goes_along_to_the_next_page_and_stays_out_of_the_trail(ask: Desk) -> None:
    pages = list(ask.pages("Calls?$filter=AreaId ne @p&@p='001'", headers={"Prefer": "maxpagesize=7"}))
    assert len(pages) > 2
    rows = [row for page in pages for row in page.rows]
    assert rows == ask.get("Calls?$filter=AreaId ne '001'").rows
    assert "001" not in str(pages[0].trace.shape)


@pytest.mark.parametrize("own", ["@odata.x=1", "@=1", "@1=1"])
def test_what_begins_with_an_at_sign_and_is_no_alias_is_refused(ask: Desk, own: str) -> None:
    """Options of one's own begin with neither `$` nor `@` (OData URL 5.2)."""
    assert ask.get(f"Areas?{own}").status == 400


# --- names of options -------------------------------------------------------------------------------------------------

OPTIONS = (
    ("Areas", "filter", "AreaId eq '001'"),
    ("Areas", "select", "AreaName"),
    ("Areas", "orderby", "AreaName desc"),
    ("Areas", "top", "2"),
    ("Areas", "skip", "2"),
    ("Areas", "count", "true"),
    ("Areas", "search", "north"),
    ("Areas", "format", "application/json;odata.metadata=none"),
    ("Areas", "schemaversion", CATALOGUE.version),
    ("Areas", "compute", "length(AreaName) as L"),
    ("Calls", "expand", "Area"),
    ("Calls", "apply", "groupby((AreaId),aggregate($count as N))"),
    ("Areas('001')", "select", "AreaName"),
    ("Areas('001')/AreaName", "format", "application/json;odata.metadata=none"),
    ("Areas/$count", "filter", "AreaId eq '001'"),
    ("Areas/$count", "search", "north"),
    ("$metadata", "format", "json"),
    ("", "format", "application/json;odata.metadata=none"),
)


@pytest.mark.parametrize(("address", "name", "value"), OPTIONS)
def test_an_option_has_one_name_in_many_spellings(ask: Desk, address: str, name: str, value: str) -> None:
    """With and without `$`, which may be encoded, and in any case (OData URL 5, 4.01)."""
    wanted = ask.get(f"{address}?${name}={value}")
    assert wanted.status == 200, wanted.body
    if name not in ("schemaversion", "search"):  # these change nothing here, or leave little to compare
        assert wanted.body != ask.get(address).body or name == "compute"
    for spelled in (name, f"%24{name}", f"${name.upper()}", name.title(), f"${name[0].upper()}{name[1:]}"):
        found = ask.get(f"{address}?{spelled}={value}")
        assert (found.status, found.body) == (200, wanted.body), spelled
    for both in (f"${name}={value}&{name}={value}", f"{name}={value}&{name.upper()}={value}"):
        found = ask.get(f"{address}?{both}")
        assert (found.status, found.code) == (400, "SyntaxError")


def test_a_page_token_has_its_name_with_the_dollar_sign_alone(ask: Desk) -> None:
    """Without it the name is too likely somebody's own."""
    link = ask.get("Calls", headers={"Prefer": "maxpagesize=5"}).json["@odata.nextLink"]
    head, _, token = link.partition("$skiptoken=")
    for spelled in ("$skiptoken", "%24skiptoken", "$SkipToken"):
        assert ask.get(f"{head}{spelled}={token}").body == ask.get(link).body
    assert ask.get(f"{head}skiptoken={token}").body == ask.get("Calls").body
