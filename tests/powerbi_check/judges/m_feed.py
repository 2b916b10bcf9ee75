"""OData.Feed for the M judge: service document, $metadata for types, pages by nextLink, and what folds into the URL.

Written from the OData 4.0 standard and the recorded requests of the connector; knows nothing of the service beyond its
address. An `EntitySet` is read only when its rows are needed, so that steps may still shorten what is asked for.
"""

from __future__ import annotations

import base64
import datetime
import json
import subprocess
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

ACCEPT = (
    "application/json;odata.metadata=minimal;q=1.0,application/json;odata=minimalmetadata;q=0.9,"
    "application/atomsvc+xml;q=0.8,application/atom+xml;q=0.8,application/xml;q=0.7,text/plain;q=0.7"
)
M_TYPES = {
    "Edm.String": "text",
    "Edm.Boolean": "logical",
    "Edm.Int32": "Int32.Type",
    "Edm.Int64": "Int64.Type",
    "Edm.Decimal": "Decimal.Type",
    "Edm.Double": "Double.Type",
    "Edm.Date": "date",
    "Edm.DateTimeOffset": "datetimezone",
}


class FeedError(Exception):
    """The service did not answer as a feed has to."""


@dataclass
class Interruption:
    """A command that runs once, before the request number `request` for the entity set `name` (1 is its first page)."""

    name: str
    request: int
    command: list[str]
    environment: dict[str, str]
    done: bool = False

    def meet(self, name: str, request: int) -> None:
        """Run the command when its moment has come. Raises FeedError when it fails."""
        if self.done or (name, request) != (self.name, self.request):
            return
        self.done = True
        ended = subprocess.run(self.command, env=self.environment, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise FeedError(f"the command between two requests failed: {ended.stdout}{ended.stderr}")


@dataclass
class Session:
    """One refresh: whose key, whether steps fold, and every address that was asked for."""

    user: str
    secret: str = field(repr=False)
    fold: bool = False
    interruption: Interruption | None = None
    asked: list[str] = field(default_factory=list)
    unfolded: list[str] = field(default_factory=list)
    described: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    def get(self, url: str) -> bytes:
        """The body of an answer. Raises FeedError when it is no OData 4.0."""
        self.asked.append(url)
        basic = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        headers = {
            "Accept": ACCEPT,
            "Authorization": f"Basic {basic}",
            "MaxDataServiceVersion": "3.0",
            "OData-MaxVersion": "4.0",
        }
        try:
            asked = urllib.request.Request(url, headers=headers)  # noqa: S310 the service under test
            with urllib.request.urlopen(asked, timeout=120) as answer:  # noqa: S310
                if answer.headers.get("OData-Version") != "4.0":
                    raise FeedError(f"{url}: no OData-Version: 4.0")
                return answer.read()
        except urllib.error.HTTPError as error:
            raise FeedError(f"{url}: {error.code} {error.read().decode('utf-8', 'replace')[:300]}") from None

    def sets(self, root: str) -> list[dict[str, Any]]:
        """The navigation table of a service: Name, Signature, Data."""
        document = json.loads(self.get(root))
        if root not in self.described:
            self.described[root] = metadata(self.get(f"{root}$metadata"))
        kinds = self.described[root]
        return [
            {
                "Name": entry["name"],
                "Signature": "table",
                "Data": EntitySet(
                    self, entry["name"], urllib.parse.urljoin(root, entry["url"]), kinds[entry["name"]],
                    tuple(kinds[entry["name"]]),
                ),
            }
            for entry in document["value"]
            if entry.get("kind", "EntitySet") == "EntitySet"
        ]  # fmt: skip


def metadata(body: bytes) -> dict[str, dict[str, str]]:
    """Entity set -> property -> Edm type, in declared order."""
    tree = ET.fromstring(body)  # noqa: S314 the service under test
    types = {
        element.get("Name"): {
            str(child.get("Name")): str(child.get("Type")) for child in element if child.tag.endswith("}Property")
        }
        for element in tree.iter()
        if element.tag.endswith("}EntityType")
    }
    return {
        str(element.get("Name")): types[str(element.get("EntityType")).rpartition(".")[2]]
        for element in tree.iter()
        if element.tag.endswith("}EntitySet")
    }


@dataclass(frozen=True)
class EntitySet:
    """A table that nobody has read yet: `columns` and `filters` go into its address."""

    session: Session
    name: str
    url: str
    kinds: dict[str, str]
    columns: tuple[str, ...]
    filters: tuple[str, ...] = ()

    def kept(self, columns: tuple[str, ...]) -> EntitySet:
        """Only these columns."""
        return replace(self, columns=columns)

    def where(self, condition: str) -> EntitySet:
        """Only rows that meet a condition."""
        return replace(self, filters=(*self.filters, condition))

    @property
    def types(self) -> dict[str, str]:
        """Column -> M type."""
        return {name: M_TYPES[self.kinds[name]] for name in self.columns}

    @property
    def address(self) -> str:
        """Where the first page is."""
        options = []
        if self.filters:
            options.append(("$filter", " and ".join(self.filters)))
        if self.columns != tuple(self.kinds):
            options.append(("$select", ",".join(self.columns)))
        if not options:
            return self.url
        quoted = (f"{name}={urllib.parse.quote(value, safe=chr(39) + '(),:')}" for name, value in options)
        return f"{self.url}?{'&'.join(quoted)}"

    def read(self) -> Iterator[dict[str, Any]]:
        """Every row of every page. Raises FeedError when a page lies elsewhere or lacks a column."""
        url, request = self.address, 1
        moments = [name for name in self.columns if self.kinds[name] in ("Edm.Date", "Edm.DateTimeOffset")]
        while url:
            if self.session.interruption:
                self.session.interruption.meet(self.name, request)
            page = json.loads(self.session.get(url))
            for row in page["value"]:
                if lacking := [name for name in self.columns if name not in row]:
                    raise FeedError(f"{self.name}: a row without {', '.join(lacking)}")
                made = {name: row[name] for name in self.columns}
                for name in moments:
                    made[name] = value(self.kinds[name], row[name])
                yield made
            url, request = page.get("@odata.nextLink"), request + 1
            if url and not url.startswith(self.url):
                raise FeedError(f"{self.name}: the next page lies elsewhere: {url}")


def value(kind: str, found: Any) -> Any:
    """A value as M holds it."""
    if found is None:
        return None
    if kind == "Edm.Date":
        return datetime.date.fromisoformat(found)
    if kind == "Edm.DateTimeOffset":
        moment = datetime.datetime.fromisoformat(found)
        if moment.tzinfo is None:
            raise FeedError(f"an instant without offset: {found}")
        return moment
    return found


def literal(kind: str, given: Any) -> str | None:
    """A value as OData writes it in an address; None where it is not of that type, which M would refuse too."""
    if given is None:
        return "null"
    if kind == "Edm.String" and isinstance(given, str):
        return "'" + given.replace("'", "''") + "'"
    if kind == "Edm.Boolean" and isinstance(given, bool):
        return "true" if given else "false"
    if kind in ("Edm.Int32", "Edm.Int64", "Edm.Decimal") and isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if isinstance(given, datetime.datetime):
        aware = kind == "Edm.DateTimeOffset" and given.tzinfo is not None
        return given.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z") if aware else None
    return given.isoformat() if kind == "Edm.Date" and isinstance(given, datetime.date) else None
