"""A catalogue for random queries: events at places in regions, every column type, and an engine over rows in memory.

`Star` loads rows, and asks the engine as the edge would, page by page. Places and events lie in areas, so a restricted
caller loses some of both; `Parent` leads back to events; `Secret` does not exist for analysts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import duckdb

from api.odata.exchange import Caller, Limits, Request
from api.odata.sealing import Sealer
from api.odata.service import Engine, answer
from models.catalogue.columns import SNAPSHOT_ID
from models.catalogue.roles import ROLES, STAFF
from models.catalogue.types import Catalogue, Column, Edm, Navigation, Scope, View
from models.clock import iso
from models.snapshot.pinning import Pin
from models.snapshot.reader import SETTINGS, Cursor
from models.snapshot.rowtext import ROW, quoted, row_object, storage_type
from tests.helpers.apply_syntax import Query

AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOT = "https://metrics.example/odata/v1/"
VERSION = "20260301T120000Z-0123456789ab"
PLAIN = "(),'/:=;@$"
"""Characters that stay as they are in a query string."""


def _column(written: str, *, required: Sequence[str]) -> Column:
    """`Name:Type`; `*` behind the name makes it searchable."""
    name, _, edm = written.partition(":")
    decimal = edm == "Decimal"
    return Column(
        name.removesuffix("*"),
        Edm(f"Edm.{edm or 'String'}"),
        "For tests.",
        name.removesuffix("*") not in required,
        precision=18 if decimal else None,
        scale=4 if decimal else None,
        max_length=64,
        searchable=name.endswith("*"),
    )


def _view(name: str, entity: str, columns: str, key: tuple[str, ...], *navigations: Navigation, **more: Any) -> View:
    order = more.get("order", key)
    made = (_column(written, required=(*order, "Area")) for written in columns.split())
    settings = {"roles": STAFF, "scope": Scope.CLOSED, **more}
    return View(
        name=name,
        entity=entity,
        title=name,
        grain="One.",
        key=key,
        navigations=navigations,
        columns=(*made, SNAPSHOT_ID),
        **settings,
    )


EVENTS = _view(
    "Events",
    "Event",
    "Id:Int64 On:Date Area Name* Note* Small:Int32 Count:Int64 Amount:Decimal Ratio:Double Day:Date At:DateTimeOffset"
    " Flag:Boolean PlaceId ParentId:Int64",
    ("Id",),
    Navigation("Place", "Places", ("PlaceId",)),
    Navigation("Parent", "Events", ("ParentId",)),
    Navigation("Secret", "Secrets", ("Id",)),
    order=("On", "Id"),
    area="Area",
)
PLACES = _view(
    "Places",
    "Place",
    "PlaceId Area Label* Size:Int32 Weight:Decimal RegionCode RegionNumber:Int64",
    ("PlaceId",),
    Navigation("Region", "Regions", ("RegionCode", "RegionNumber")),
    area="Area",
)
REGIONS = _view(
    "Regions",
    "Region",
    "Code Number:Int64 Title* Share:Double Since:Date Total:Int64 Open:Boolean",
    ("Code", "Number"),
    scope=Scope.OPEN,
)
SECRETS = _view("Secrets", "SecretOne", "Id:Int64 Word", ("Id",), roles=frozenset({"admin"}))
VIEWS = (EVENTS, PLACES, REGIONS, SECRETS)
CATALOGUE = Catalogue("star", {view.name: view for view in VIEWS}, {}, {}, {role.name: role for role in ROLES})
Rows = Mapping[str, list[dict[str, Any]]]


class _Text:
    """Row text in memory, as `models.snapshot.reader.RowText` has it in a file."""

    def __init__(self, rows: list[bytes]) -> None:
        self._rows, self.rows = rows, len(rows)

    def slice(self, lo: int, hi: int) -> memoryview:
        return memoryview(b",\n".join(self._rows[lo:hi]))

    def gather(self, ids: Sequence[int]) -> list[memoryview]:
        return [memoryview(self._rows[number]) for number in ids]


class Tables:
    """Rows of a catalogue in memory, answering like an opened snapshot."""

    version = VERSION
    manifest = SimpleNamespace(as_of=iso(AS_OF))

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._con = duckdb.connect(":memory:", config=SETTINGS)
        self._con.execute("SET GLOBAL TimeZone = 'UTC'")
        self._texts: dict[str, _Text] = {}
        for view in catalogue.views.values():
            columns = ", ".join(f"{quoted(column.name)} {storage_type(column)}" for column in view.columns)
            self._con.execute(f"CREATE TABLE {quoted(view.name)} ({ROW} BIGINT, {columns})")

    def load(self, rows: Rows) -> None:
        """Make these the rows; what a row does not name is null."""
        for view in self._catalogue.views.values():
            ranked = sorted(rows.get(view.name, ()), key=lambda row: tuple(row[name] for name in view.order))
            self._con.execute(f"TRUNCATE {quoted(view.name)}")
            if ranked:
                marks = ", ".join([f"({', '.join('?' * (len(view.columns) + 1))})"] * len(ranked))
                values = [cell for number, row in enumerate(ranked) for cell in (number, *self._cells(view, row))]
                self._con.execute(f"INSERT INTO {quoted(view.name)} VALUES {marks}", values)
            texts = self._con.execute(f"SELECT {row_object(view.columns)} FROM {quoted(view.name)} ORDER BY {ROW}")
            self._texts[view.name] = _Text([text.encode() for (text,) in texts.fetchall()])

    def _cells(self, view: View, row: Mapping[str, Any]) -> list[Any]:
        return [VERSION if column is SNAPSHOT_ID else row.get(column.name) for column in view.columns]

    def close(self) -> None:
        self._con.close()

    def rows(self, view: str) -> int:
        return self._texts[view].rows

    def text(self, view: str) -> Any:
        return self._texts[view]

    @contextmanager
    def cursor(self, seconds: float) -> Iterator[Cursor]:
        cursor = Cursor(self._con.cursor, seconds)
        try:
            yield cursor
        finally:
            cursor.close()


class _Shelf:
    """One version, always open."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def current(self) -> str:
        return VERSION

    def pin(self, _version: str | None = None) -> Pin:
        return Pin(self._tables, lambda: None)


class Star:
    """An engine over rows in memory."""

    def __init__(self, catalogue: Catalogue = CATALOGUE) -> None:
        self.tables = Tables(catalogue)
        self._engine = Engine(_Shelf(self.tables), Sealer(bytes(range(32))), {}, catalogue)

    def close(self) -> None:
        """Let go of the memory."""
        self.tables.close()

    def get(self, path: str, query: str, caller: Caller, headers: Mapping[str, str]) -> bytes:
        """The body of one answer. Raises CrisisError."""
        request = Request("GET", path, query, headers, ROOT, caller, Limits())
        return b"".join(answer(request, self._engine).body)

    def pages(self, query: Query, caller: Caller, headers: Mapping[str, str], decode: Any) -> list[Any]:
        """All pages of a query. Raises CrisisError."""
        return self.pages_of(f"{query.view}?{spelled(query)}", caller, headers, decode)

    def pages_of(self, address: str, caller: Caller, headers: Mapping[str, str], decode: Any) -> list[Any]:
        """The page at an address below the root, and all that follow it. Raises CrisisError."""
        found: list[Any] = []
        link: str | None = address
        while link is not None:
            path, _, query = link.removeprefix(ROOT).partition("?")
            found.append(decode(self.get(path, quote(query, safe=PLAIN + "&%"), caller, headers)))
            link = found[-1].get("@odata.nextLink")
            if len(found) > 100:
                raise AssertionError("the pages do not come to an end")
        return found


def spelled(query: Query) -> str:
    """The query string, percent-encoded."""
    return "&".join(f"{name}={quote(text, safe=PLAIN)}" for name, text in query.options())
