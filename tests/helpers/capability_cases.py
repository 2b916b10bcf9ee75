"""What `$metadata` advertises and what it does not, each with a query, and how a query is judged: by the slow oracle.

`ANSWERED` has a query for every advertised name, `REFUSED` one for everything else that the OASIS grammars know and a
read-only service could be asked. Used by the honesty tests and by the row of the long form.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb

from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.snapshot import layout
from models.snapshot.rowtext import quoted
from tests.helpers.apply_answers import answer
from tests.helpers.apply_compare import Form, decoded, differences
from tests.helpers.apply_instances import World
from tests.helpers.apply_reader import read_query
from tests.helpers.asking import Desk
from tests.helpers.tiny_snapshot import AS_OF

ANSWERED = """
name               | query
or                 | Calls?$filter=UnitCount eq 1 or UnitCount eq 7
and                | Calls?$filter=UnitCount ge 1 and UnitCount le 900
not                | Calls?$filter=not (UnitCount eq 1)
eq                 | Codes?$filter=Label eq 'plain'
ne                 | Calls?$filter=AnswerMs ne 1
gt                 | Calls?$filter=AnswerMs gt 1
ge                 | Calls?$filter=AnswerMs ge 1
lt                 | Calls?$filter=AnswerMs lt 2
le                 | Calls?$filter=AnswerMs le 1
in                 | Calls?$filter=UnitCount in (1,7)
add                | Calls?$filter=UnitCount add AnswerMs eq 1
sub                | Calls?$filter=UnitCount sub 1 eq 0
mul                | HourlyActivity?$filter=MeanPerHour mul 4 gt 100
div                | Calls?$filter=AnswerMs div 2 eq 0
divby              | HourlyActivity?$filter=MeanPerHour divby 4 gt 10
mod                | Calls?$filter=UnitCount mod 2 eq 1
-                  | Calls?$filter=-UnitCount lt -6
contains           | Codes?$filter=contains(Label,'a')
startswith         | Codes?$filter=startswith(Label,'a')
endswith           | Codes?$filter=endswith(Label,'n')
length             | Codes?$filter=length(Label) gt 5
indexof            | Codes?$filter=indexof(Label,'a') gt 0
substring          | Codes?$filter=substring(Label,1) eq 'lain'
tolower            | Codes?$filter=tolower(Label) eq 'o''brien'
toupper            | Codes?$filter=toupper(Label) eq 'PLAIN'
trim               | Codes?$filter=trim(concat(Label,' ')) eq 'plain'
concat             | Codes?$filter=concat(Label,'!') eq 'plain!'
year               | Calls?$filter=year(CallArrival) eq 2025
month              | Calls?$filter=month(CallArrival) eq 12
day                | Calls?$filter=day(CallArrival) le 10
hour               | Calls?$filter=hour(CallArrival) lt 12
minute             | Calls?$filter=minute(CallArrival) lt 30
second             | Calls?$filter=second(CallArrival) lt 30
fractionalseconds  | Calls?$filter=fractionalseconds(CallArrival) lt 0.5
date               | Calls?$filter=date(CallArrival) lt 2026-01-01
time               | Calls?$filter=time(CallArrival) lt time(CallCreate)
now                | Calls?$filter=day(now()) gt day(CallArrival)
mindatetime        | Calls?$filter=CallAnswering gt mindatetime()
maxdatetime        | Calls?$filter=CallAnswering lt maxdatetime()
totaloffsetminutes | Calls?$filter=totaloffsetminutes(CallAnswering) eq 0
totalseconds       | Calls?$filter=totalseconds(CallCreate sub CallArrival) gt 3600
round              | HourlyActivity?$filter=round(MeanPerHour) gt MeanPerHour
floor              | HourlyActivity?$filter=MeanPerHour sub floor(MeanPerHour) gt 0.5
ceiling            | HourlyActivity?$filter=ceiling(MeanPerHour) sub MeanPerHour gt 0.5
aggregate          | Calls?$apply=aggregate($count as Calls)
groupby            | Calls?$apply=groupby((AreaId,PriorityCode),aggregate($count as Calls))
concat(            | Calls?$apply=concat(aggregate($count as Calls),groupby((AreaId)))
identity           | Calls?$apply=identity/aggregate($count as Calls)
filter             | Calls?$apply=filter(UnitCount eq 1)/groupby((AreaId),aggregate($count as Calls))
search             | Codes?$apply=search(plain)/aggregate($count as Found)
compute            | Calls?$apply=compute(month(OperationalDate) as Month)/groupby((Month),aggregate($count as Calls))
orderby            | Calls?$apply=orderby(UnitCount desc)/top(3)
top                | Calls?$apply=top(3)
skip               | Calls?$apply=skip(30)
topcount           | Calls?$apply=topcount(3,UnitCount)
topsum             | Calls?$apply=topsum(2147483648,UnitCount)
toppercent         | HourlyActivity?$apply=filter(MeanPerHour gt 0)/toppercent(50,MeanPerHour)
bottomcount        | Calls?$apply=bottomcount(3,UnitCount)
bottomsum          | Calls?$apply=bottomsum(100,UnitCount)
bottompercent      | HourlyActivity?$apply=filter(MeanPerHour gt 0)/bottompercent(50,MeanPerHour)
sum                | HourlyActivity?$apply=groupby((Weekday),aggregate(MeanPerHour with sum as Sum))
min                | Calls?$apply=aggregate(CallArrival with min as First)
max                | Calls?$apply=aggregate(CallArrival with max as Last)
average            | Calls?$apply=aggregate(UnitCount with average as Mean)
countdistinct      | Calls?$apply=aggregate(AreaId with countdistinct as Areas)
CrisisMetrics.p50  | Calls?$apply=aggregate(AnswerMs with CrisisMetrics.p50 as Median)
CrisisMetrics.p90  | Calls?$apply=groupby((AreaId),aggregate(AnswerMs with CrisisMetrics.p90 as Slow))
rollup             | Calls?$apply=groupby((rollup(AreaId,TeamCode)),aggregate($count as Calls))
rollups            | Calls?$apply=filter(UnitCount eq 1)/groupby((rollup(AreaId,TeamCode),rollup(PriorityCode,CallSourceCode)),aggregate($count as N))
"""
"""A query that uses each name; what it keeps or makes is something and not everything, so that the value says something."""

REFUSED = """
name            | address
matchespattern  | Codes?$filter=matchesPattern(Label,'^p')
hassubset       | Codes?$filter=hassubset([1,2],[1])
hassubsequence  | Codes?$filter=hassubsequence([1,2],[1])
geo.distance    | Areas?$filter=geo.distance(geography'SRID=4326;Point(1 2)',geography'SRID=4326;Point(1 3)') lt 1
geo.length      | Areas?$filter=geo.length(geography'SRID=4326;LineString(1 2,1 3)') lt 1
geo.intersects  | Areas?$filter=geo.intersects(geography'SRID=4326;Point(1 2)',geography'SRID=4326;Polygon((1 1,1 2,2 2,1 1))')
case            | Codes?$filter=case(true:1,false:2) eq 1
cast            | Codes?$filter=cast(SortOrder,Edm.String) eq '1'
isof            | Codes?$filter=isof(SortOrder,Edm.Int32)
has             | Codes?$filter=Label has Sales.Pattern'Yellow'
any             | Calls?$filter=Things/any(d:d eq 1)
all             | Calls?$filter=Things/all(d:d eq 1)
$root           | Codes?$filter=$root/Areas('001')/AreaName eq Label
isdefined       | Codes?$filter=isdefined(Label)
nest            | Calls?$apply=nest(groupby((AreaId)) as Nested)
addnested       | Calls?$apply=addnested(Area,filter(AreaId eq '001') as Some)
join            | Calls?$apply=join(Area as Joined)
outerjoin       | Calls?$apply=outerjoin(Area as Joined)
ancestors       | Calls?$apply=ancestors($root/Calls,Tree,CallId,filter(UnitCount eq 1),keep start)
descendants     | Calls?$apply=descendants($root/Calls,Tree,CallId,filter(UnitCount eq 1))
traverse        | Calls?$apply=traverse($root/Calls,Tree,CallId,preorder)
rolluprecursive | Calls?$apply=groupby((rolluprecursive($root/Calls,Tree,CallId)),aggregate($count as N))
from            | Calls?$apply=aggregate(UnitCount with sum from AreaId with average as Mean)
Other.median    | Calls?$apply=aggregate(UnitCount with Other.median as Median)
$these          | Calls?$apply=topcount($these/$count div 2,UnitCount)
$deltatoken     | Calls?$deltatoken=x
$index          | Calls?$index=1
$crossjoin      | $crossjoin(Areas,Teams)
$all            | $all
$entity         | $entity?$id=Areas('001')
$ref            | Areas/$ref
$each           | Areas/$each
$query          | Areas/$query
$filter in      | Areas/$filter(@a)?@a=true
type casts      | Calls/CrisisMetrics.Call
operations      | Calls(1)/CrisisMetrics.close
CrisisMetrics.f | Calls?$filter=CrisisMetrics.f(x=1)
annotations     | Codes?$filter=@Core.Description eq 1
$count          | Calls?$filter=Area/$count gt 1
$levels         | Calls?$expand=Area($levels=2)
$filter inside  | Calls?$expand=Area($filter=AreaId eq '001')
$ref in         | Calls?$expand=Area/$ref
$expand after   | Calls?$apply=groupby((AreaId))&$expand=Area
custom          | Calls?$apply=aggregate(Forecast)
as a whole      | Calls?$apply=groupby((Area))
named           | Calls?$apply=groupby((rollup(AreaHierarchy)))
"""
"""Valid OData that is not offered: the answer is 501 and says so in these words."""


def lines(table: str) -> dict[str, str]:
    """Name -> the rest of its line."""
    cells = (line.partition("|") for line in table.strip().splitlines()[1:])
    return {name.strip(): rest.strip() for name, _, rest in cells}


def address(text: str) -> str:
    """An address as a client would send it."""
    path, mark, query = text.partition("?")
    return path + mark + quote(query, safe="$&=(),'/:;")


def world_of(snapshots: Path, folder: Path) -> World:
    """The rows of the current snapshot, read from a copy of its database in `folder`, without the service."""
    version = layout.current_version(snapshots)
    assert version is not None
    database = folder / "copy.duckdb"
    shutil.copy(layout.database_path(snapshots / version), database)
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        return World(CATALOGUE, {view.name: _stored(con, view) for view in CATALOGUE.views.values() if not view.live})


def _stored(con: duckdb.DuckDBPyConnection, view: View) -> list[dict[str, Any]]:
    names = [column.name for column in view.columns]
    listed = ", ".join(quoted(name) for name in names)
    found = con.execute(f"SELECT {listed} FROM {quoted(view.name)}").fetchall()
    return [dict(zip(names, row, strict=True)) for row in found]


def faults_of_answered(ask: Desk, world: World, text: str, *, telling: bool = True) -> list[str]:
    """How the answer differs from the oracle's. Where `telling`, a query that keeps all or nothing is a fault too."""
    query = read_query(text)
    expected = answer(query, world, AS_OF.replace(tzinfo=None))
    first = ask.get(address(text))
    if first.status != 200:
        return [f"{first.status} {first.body.decode()[:200]}"]
    pages = [decoded(page.body) for page in ask.pages(address(text))]
    found = list(differences(pages, expected, CATALOGUE.views[query.view], Form()))
    if telling and not 0 < len(expected.rows) < len(world.rows[query.view]):
        found.append(f"{len(expected.rows)} rows say nothing")
    return found


def faults_of_refused(ask: Desk, name: str, text: str) -> list[str]:
    """How the answer to a query that is not offered differs from a 501 that names it."""
    found = ask.get(address(text))
    if (found.status, found.code if found.status >= 400 else "") != (501, "NotImplemented"):
        return [f"{found.status} {found.body.decode()[:200]}"]
    said = str(found.json["error"]["message"])
    return [] if name.lower() in said.lower() else [f"{said} does not name {name}"]
