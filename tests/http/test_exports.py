"""Files of a view: every format holds the rows that the snapshot holds, for every view and every value."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from api.exports.formats import FORMATS
from models.catalogue import CATALOGUE
from models.catalogue.types import Column, Edm, View
from models.snapshot import layout
from models.snapshot.rowtext import quoted
from tests.helpers.service import AREA, SCOPED, Service, running

VIEWS = [view for view in CATALOGUE.views.values() if not view.live]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def stored(service: Service, view: View, where: str = "TRUE") -> list[tuple[Any, ...]]:
    """The rows of a view, read straight from a copy of the snapshot's file (the service has opened its own)."""
    folder = service.home / "snapshots"
    version = layout.current_version(folder)
    assert version
    copy = service.home / "copy.duckdb"
    if not copy.exists():
        shutil.copy(layout.database_path(folder / version), copy)
    columns = ", ".join(quoted(column.name) for column in view.columns)
    with duckdb.connect(str(copy), read_only=True) as con:
        return con.execute(f"SELECT {columns} FROM {quoted(view.name)} WHERE {where} ORDER BY _row").fetchall()


def who(view: View) -> str:
    """A role that reads the view."""
    return next(role for role in CATALOGUE.roles if role in view.roles)


def as_text(column: Column, value: Any) -> str:
    """A value as CSV has it, written from the README's words and not from the code."""
    if value is None:
        return ""
    if column.edm is Edm.STRING:
        return f"'{value}" if value.startswith(FORMULA_STARTS) else str(value)
    if column.edm is Edm.BOOLEAN:
        return "true" if value else "false"
    if column.edm is Edm.INSTANT:
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
    return str(value)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_csv_holds_every_row_and_value(service: Service, view: View) -> None:
    answer = service.get(f"/v1/views/{view.name}.csv", who(view))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.count(b"\n") == answer.content.count(b"\r\n") + sum(
        str(value).count("\n") for row in stored(service, view) for value in row
    )
    head, *rows = csv.reader(io.StringIO(answer.text, newline=""))
    assert head == [column.name for column in view.columns]
    numbers = [place for place, column in enumerate(view.columns) if column.edm in (Edm.DOUBLE, Edm.DECIMAL)]
    for got, row in zip(rows, stored(service, view), strict=True):
        for place, (cell, column, value) in enumerate(zip(got, view.columns, row, strict=True)):
            if place in numbers and value is not None:
                assert type(value)(cell) == value
            else:
                assert cell == as_text(column, value)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_json_is_one_array_of_the_rows(service: Service, view: View) -> None:
    answer = service.get(f"/v1/views/{view.name}.json", who(view))
    rows = json.loads(answer.content, parse_float=Decimal)
    expected = stored(service, view)
    assert [list(row) for row in rows] == [[column.name for column in view.columns]] * len(expected)
    text = [column.name for column in view.columns if column.edm is Edm.STRING]
    names = [column.name for column in view.columns]
    for row, values in zip(rows, expected, strict=True):
        assert [row[name] for name in text] == [values[names.index(name)] for name in text]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_parquet_and_arrow_hold_typed_columns(service: Service, view: View) -> None:
    parquet = pyarrow.parquet.read_table(io.BytesIO(service.get(f"/v1/views/{view.name}.parquet", who(view)).content))
    arrow = pyarrow.ipc.open_stream(service.get(f"/v1/views/{view.name}.arrow", who(view)).content).read_all()
    expected = stored(service, view)
    for table in (parquet, arrow):
        assert table.column_names == [column.name for column in view.columns]
        for place, column in enumerate(view.columns):
            values = table.column(place).to_pylist()
            wanted = [row[place] for row in expected]
            if column.edm is Edm.INSTANT:
                wanted = [value and value.replace(tzinfo=UTC) for value in wanted]
            assert values == wanted
            assert table.schema.field(place).metadata[b"description"].decode() == column.description
        assert table.schema.metadata[b"synthetic"] == b"true"


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_excel_holds_the_rows_and_says_what_they_mean(service: Service, view: View) -> None:
    answer = service.get(f"/v1/views/{view.name}.xlsx", who(view))
    book = openpyxl.load_workbook(io.BytesIO(answer.content), read_only=False)
    assert book.sheetnames == [view.name[:31], "About"]
    head, *rows = book[book.sheetnames[0]].iter_rows(values_only=True)
    assert list(head) == [column.name for column in view.columns]
    for got, row in zip(rows, stored(service, view), strict=True):
        for cell, column, value in zip(got, view.columns, row, strict=True):
            assert cell == as_cell(column, value), column.name
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about[view.title] == view.grain
    assert about["As of"] == "2026-01-31T09:00:00.000Z"
    assert "Synthetic data" in about
    assert all(about[column.name] == column.description for column in view.columns)


def as_cell(column: Column, value: Any) -> Any:
    """A value as openpyxl reads it back."""
    if value is None:
        return None
    if column.edm is Edm.INT64 and abs(value) >= 2**53:
        return str(value)
    special = {
        Edm.STRING: as_text,
        Edm.DECIMAL: lambda _, number: pytest.approx(float(number)),
        Edm.DOUBLE: lambda _, number: pytest.approx(number),
        Edm.DATE: lambda _, day: datetime(day.year, day.month, day.day),  # noqa: DTZ001 - a spreadsheet has no zone
    }
    return special[column.edm](column, value) if column.edm in special else value


# --- the same options and rights as OData ------------------------------------------------------------------------------

OPTIONS = """
$filter=AreaId eq '001'                     | "AreaId" = '001'
filter=AreaId eq '001'                      | "AreaId" = '001'
$filter=CallCount gt 5 and AreaId ne 'nsa'  | "CallCount" > 5 AND "AreaId" <> 'nsa'
$filter=AreaId eq 'no such area'            | FALSE
"""


@pytest.mark.parametrize("line", OPTIONS.strip().splitlines())
@pytest.mark.parametrize("extension", ["csv", "json"])
def test_a_filter_keeps_the_rows_that_it_keeps_everywhere(service: Service, extension: str, line: str) -> None:
    options, where = (part.strip() for part in line.split("|"))
    answer = service.get(f"/v1/views/DailyCalls.{extension}?{options}", "viewer")
    assert answer.status_code == 200
    got = (
        len(json.loads(answer.content)) if extension == "json" else len(list(csv.reader(io.StringIO(answer.text)))) - 1
    )
    assert got == len(stored(service, CATALOGUE.views["DailyCalls"], where))


def test_select_order_top_and_skip(service: Service) -> None:
    url = "/v1/views/DailyCalls.csv?$select=CallCount&$orderby=CallCount desc,AreaId&$top=5&$skip=2"
    head, *rows = csv.reader(io.StringIO(service.get(url, "viewer").text))
    view = CATALOGUE.views["DailyCalls"]
    assert set(head) == {*view.key, "CallCount"}
    counts = sorted(
        (row[[c.name for c in view.columns].index("CallCount")] for row in stored(service, view)), reverse=True
    )
    assert [int(row[head.index("CallCount")]) for row in rows] == counts[2:7]


@pytest.mark.parametrize("extension", FORMATS)
def test_a_row_scope_holds_in_every_format(service: Service, extension: str) -> None:
    answer = service.get(f"/v1/views/DailyCalls.{extension}", SCOPED)
    mine = stored(service, CATALOGUE.views["DailyCalls"], f"\"AreaId\" = '{AREA}'")
    assert len(mine) < len(stored(service, CATALOGUE.views["DailyCalls"]))
    assert _areas(extension, answer.content) == [AREA] * len(mine)


def _areas(extension: str, content: bytes) -> list[Any]:
    if extension == "json":
        return [row["AreaId"] for row in json.loads(content)]
    if extension == "csv":
        return [row["AreaId"] for row in csv.DictReader(io.StringIO(content.decode()))]
    if extension == "parquet":
        return list(pyarrow.parquet.read_table(io.BytesIO(content))["AreaId"].to_pylist())
    if extension == "arrow":
        return list(pyarrow.ipc.open_stream(content).read_all()["AreaId"].to_pylist())
    head, *rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [row[head.index("AreaId")] for row in rows]


def test_text_that_a_spreadsheet_would_run_is_disarmed(service: Service) -> None:
    """Written in full here since the tiny snapshot has no such text."""
    from api.exports.text import cell  # noqa: PLC0415

    column = next(column for column in CATALOGUE.views["Areas"].columns if column.edm is Edm.STRING)
    expected = {
        "=1+1": "'=1+1",
        "+1": "'+1",
        "-1": "'-1",
        "@x": "'@x",
        "\tx": "'\tx",
        "a=b": "a=b",
        '=HYPERLINK("x")': '"\'=HYPERLINK(""x"")"',
        "a,b": '"a,b"',
        'say "no"': '"say ""no"""',
        "two\nlines": '"two\nlines"',
        "": '""',
        None: "",
    }
    with duckdb.connect() as con:
        for text, wanted in expected.items():
            sql = f"SELECT {cell(column)} FROM (SELECT CAST(? AS VARCHAR) AS {quoted(column.name)})"
            assert con.execute(sql, [text]).fetchall() == [(wanted,)]


def test_an_unchanged_file_is_not_sent_again(service: Service) -> None:
    first = service.get("/v1/views/Areas.csv", "viewer")
    tag = first.headers["etag"]
    again = service.get("/v1/views/Areas.csv", "viewer", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    others = {
        service.get(url, role).headers["etag"]
        for url, role in (
            ("/v1/views/Areas.csv", "lead"),
            ("/v1/views/Areas.csv", SCOPED),
            ("/v1/views/Areas.csv?$top=3", "viewer"),
            ("/v1/views/Areas.csv?$skip=3", "viewer"),
            ("/v1/views/Areas.json", "viewer"),
        )
    }
    assert len(others) == 5
    assert tag not in others


def test_the_live_view_is_a_file_too(service: Service) -> None:
    answer = service.get("/v1/views/RefreshStatus.json", "refresh")
    (row,) = answer.json()
    assert list(row) == [column.name for column in CATALOGUE.views["RefreshStatus"].columns]
    assert row["LastRunOutcomeCode"] == "never"
    assert row["SnapshotId"] == layout.current_version(service.home / "snapshots")
    assert "etag" not in answer.headers


PROBLEMS = """
/v1/views/DailyCalls.pdf                            | 404 | NotFound
/v1/views/DailyCalls                                | 404 | NotFound
/v1/views/                                          | 404 | NotFound
/v1/views                                           | 404 | NotFound
/v1/views/NoSuchView.csv                            | 404 | NotFound
/v1/views/Incidents.csv                             | 404 | NotFound
/v1/views/DailyCalls.csv?$filter=Nope eq 1          | 400 | UnknownName
/v1/views/DailyCalls.csv?$filter=AreaId eq          | 400 | SyntaxError
/v1/views/DailyCalls.csv?$filter=CallCount eq 'x'   | 400 | TypeMismatch
/v1/views/DailyCalls.csv?$skiptoken=abc             | 400 | SyntaxError
/v1/views/DailyCalls%2.csv                          | 400 | SyntaxError
/v1/views/DailyCalls.csv?$expand=Area/$ref          | 501 | NotImplemented
/v1/views/DailyCalls.csv?$expand=Nothing            | 400 | UnknownName
"""


@pytest.mark.parametrize("line", PROBLEMS.strip().splitlines())
def test_what_cannot_be_exported_is_said_in_the_one_error_shape(service: Service, line: str) -> None:
    url, status, code = (part.strip() for part in line.split("|"))
    answer = service.get(url, "viewer")
    assert (answer.status_code, answer.json()["error"]["code"]) == (int(status), code)


def test_a_file_has_a_most_of_rows(ready_home: Path) -> None:
    with running(ready_home, max_export_rows=20) as small:
        answer = small.get("/v1/views/DailyCalls.csv", "viewer")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "LimitExceeded")
        assert "limit is 20" in answer.json()["error"]["message"]
        assert small.get("/v1/views/DailyCalls.csv?$top=20", "viewer").status_code == 200


TOTALS = "$apply=groupby((Area/AreaName),aggregate(CallCount with sum as Calls,$count as Days))&$orderby=Days desc"


def totals(service: Service) -> list[tuple[str | None, int, int]]:
    """Name of the area, calls and rows by area, in plain Python over both views."""
    names = {row["AreaId"]: row["AreaName"] for row in service.get("/v1/views/Areas.json", "viewer").json()}
    sums: dict[str | None, list[int]] = {}
    for row in service.get("/v1/views/DailyCalls.json", "viewer").json():
        found = sums.setdefault(names.get(row["AreaId"]), [0, 0])
        found[0] += row["CallCount"]
        found[1] += 1
    ordered = sorted(sums.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    return sorted([(name, *figures) for name, figures in ordered], key=lambda row: -row[2])


def test_files_hold_what_apply_makes_of_a_view(service: Service) -> None:
    """The figures of `$apply` come in every format; values of related rows are called by their path."""
    wanted = totals(service)
    assert len(wanted) > 2
    head, *rows = csv.reader(io.StringIO(service.get(f"/v1/views/DailyCalls.csv?{TOTALS}", "viewer").text, newline=""))
    assert head == ["Area/AreaName", "Calls", "Days"]
    assert [(name, int(calls), int(days)) for name, calls, days in rows] == [
        (as_text(Column("n", Edm.STRING, ""), name), calls, days) for name, calls, days in wanted
    ]
    objects = service.get(f"/v1/views/DailyCalls.json?{TOTALS}", "viewer").json()
    assert objects == [{"Area": {"AreaName": name}, "Calls": calls, "Days": days} for name, calls, days in wanted]
    file = io.BytesIO(service.get(f"/v1/views/DailyCalls.parquet?{TOTALS}", "viewer").content)
    table = pyarrow.parquet.read_table(file).to_pydict()
    assert list(zip(table["Area/AreaName"], table["Calls"], table["Days"], strict=True)) == wanted
    book = openpyxl.load_workbook(io.BytesIO(service.get(f"/v1/views/DailyCalls.xlsx?{TOTALS}", "viewer").content))
    cells = list(book["DailyCalls"].iter_rows(min_row=2, values_only=True))
    assert [(int(str(calls)), int(str(days))) for _, calls, days in cells] == [row[1:] for row in wanted]


def test_files_hold_computed_and_related_values(service: Service) -> None:
    query = "$compute=CallArrival sub CallCreate as Gap&$expand=Area($select=AreaName)&$select=CallId,Gap&$top=3"
    objects = service.get(f"/v1/views/Calls.json?{query}", "analyst").json()
    assert len(objects) == 3
    head, *rows = csv.reader(io.StringIO(service.get(f"/v1/views/Calls.csv?{query}", "analyst").text, newline=""))
    assert head == ["CallId", "Gap", "Area/AreaName"]
    for cells, found in zip(rows, objects, strict=True):
        texts = (found["Gap"], found["Area"] and found["Area"]["AreaName"])
        assert cells == [str(found["CallId"]), *(as_text(Column("n", Edm.STRING, ""), text) for text in texts)]
    assert any(found["Gap"] for found in objects)
    assert all(gap is None or gap.lstrip("-").startswith("PT") for gap in (found["Gap"] for found in objects))
