"""Requests to the OData engine without a server, as the edge would hand them over.

`Desk(engine).get("Areas?$top=2", role="viewer")` gives an Answered; errors come in the shape in which they leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from api.odata.exchange import Caller, Limits, Request, Trace
from api.odata.sealing import Sealer
from api.odata.service import Engine, answer, error_response
from models.catalogue import CATALOGUE
from models.clock import parse_instant
from models.errors import CrisisError
from models.snapshot.pinning import Shelf

ROOT = "https://metrics.example/odata/v1/"
KEY = bytes(range(32))

POWER_QUERY = {
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "Microsoft.Data.Mashup (https://go.microsoft.com/fwlink/?LinkID=304225)",
    "MaxDataServiceVersion": "3.0",
    "OData-MaxVersion": "4.0",
    "Accept": (
        "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
        "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"
    ),
}
"""The header set of Power Query, word for word as it was recorded (July 2026)."""


def caller(
    role: str = "analyst", *, areas: set[str] | None = None, teams: set[str] | None = None, key_id: str = "key"
) -> Caller:
    """A caller as the edge would have authenticated it."""
    return Caller(
        key_id,
        role,
        areas=None if areas is None else frozenset(areas),
        teams=None if teams is None else frozenset(teams),
    )


@dataclass(frozen=True)
class Answered:
    """A response, read to its end."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    trace: Trace

    def header(self, name: str) -> str | None:
        """The value of a header that stands there at most once."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) <= 1, f"{name} stands there {len(found)} times"
        return found[0] if found else None

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a page."""
        rows: list[dict[str, Any]] = self.json["value"]
        return rows

    @property
    def code(self) -> str:
        """Code of an error."""
        return str(self.json["error"]["code"])


@dataclass(frozen=True)
class Desk:
    """Asks one engine."""

    engine: Engine
    limits: Limits = field(default_factory=Limits)

    def get(
        self,
        address: str = "",
        who: Caller | str = "analyst",
        headers: dict[str, str] | None = None,
        *,
        method: str = "GET",
    ) -> Answered:
        """Ask for an address below the root, or an absolute one below it."""
        path, _, query = address.removeprefix(ROOT).partition("?")
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        asker = caller(who) if isinstance(who, str) else who
        request = Request(method, path, query, lowered, ROOT, asker, self.limits)
        try:
            response = answer(request, self.engine)
        except CrisisError as error:
            response = error_response(error, request_id="r-1")
        return Answered(response.status, response.headers, b"".join(response.body), response.trace)

    def pages(
        self, address: str, who: Caller | str = "analyst", headers: dict[str, str] | None = None
    ) -> Iterator[Answered]:
        """The page at `address` and all that follow it."""
        link: str | None = address
        for _ in range(1_000):
            if link is None:
                return
            page = self.get(link, who, headers)
            assert page.status == 200, page.body
            yield page
            link = page.json.get("@odata.nextLink")
        raise AssertionError("the pages do not come to an end")

    def all_rows(
        self, address: str, who: Caller | str = "analyst", headers: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """The rows of all pages."""
        return [row for page in self.pages(address, who, headers) for row in page.rows]


def refresh_status() -> list[dict[str, object]]:
    """The one row of the live view, fixed."""
    row: dict[str, object] = {column.name: None for column in CATALOGUE.views["RefreshStatus"].columns}
    moment = parse_instant("2026-01-31T09:30:00Z").replace(tzinfo=None)
    row |= {"StatusId": 1, "LastRunOutcomeCode": "published", "LastRunEndedAt": moment}
    return [row | {"IsStale": False, "IsSynthetic": True}]


def desk(snapshots: Path, *, limits: Limits | None = None) -> Desk:
    """A desk over a snapshots folder. Close its engine's shelf at the end."""
    engine = Engine(Shelf(snapshots), Sealer(KEY), {"RefreshStatus": refresh_status})
    return Desk(engine, limits or Limits())
