"""A stand-in of Microsoft Fabric on this machine: workspaces, folders, items, long operations, connections.

Answers as Microsoft's REST reference describes, keeps what it is sent and checks no token. `Trouble` says what goes wrong.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any, dict[str, str]]
"""Status, JSON, header fields."""


@dataclass(frozen=True)
class Trouble:
    """What does not go well: `busy` answers with 429 first, an operation that ends as Failed, a stranger refused."""

    busy: int = 0
    failing: bool = False
    stranger: bool = False


@dataclass
class Fabric:
    """One workspace with the items that were put into it, and every request."""

    workspace: str
    connections: tuple[str, ...] = ()
    trouble: Trouble = field(default_factory=Trouble)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    bound: dict[str, str] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    address: str = ""
    refused: int = 0

    def part(self, item: str, path: str) -> str:
        """The text of a part of an item that was put in, by display name and kind."""
        parts = {each["path"]: each["payload"] for each in self.items[item]["definition"]["parts"]}
        return base64.b64decode(parts[path]).decode()

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """What Fabric would say."""
        self.requests.append((method, path))
        if self.trouble.stranger:
            return 401, {"message": "no"}, {"x-ms-public-api-error-code": "Unauthorized"}
        if self.refused < self.trouble.busy:
            self.refused += 1
            return 429, {"message": "later"}, {"Retry-After": "1"}
        for wanted, pattern, reply in ROUTES:
            found = re.fullmatch(pattern, path.removeprefix("/v1/").partition("?")[0])
            if found and wanted == method:
                return reply(self, body, *found.groups())
        return 404, {"message": f"no {method} {path}"}, {}

    def shown(self) -> list[dict[str, str]]:
        """The items as a list shows them."""
        return [
            {
                "id": item["id"],
                "displayName": item["displayName"],
                "type": item["type"],
                "description": "",
                "folderId": "",
            }
            for item in self.items.values()
        ]


def _workspace(fabric: Fabric, _body: Any, identity: str) -> Answer:
    if identity != fabric.workspace:
        return 404, {"message": "no such workspace"}, {"x-ms-public-api-error-code": "WorkspaceNotFound"}
    return 200, {"id": identity, "displayName": "Crisis", "capacityId": str(uuid.uuid4())}, {}


def _folders(_fabric: Fabric, _body: Any, _workspace: str) -> Answer:
    return 200, {"value": []}, {}


def _list(fabric: Fabric, _body: Any, _workspace: str) -> Answer:
    return 200, {"value": fabric.shown()}, {}


def _create(fabric: Fabric, body: Any, _workspace: str) -> Answer:
    """Making an item takes a while: the answer names an operation, and that its result."""
    identity = str(uuid.uuid4())
    fabric.items[f"{body['displayName']}.{body['type']}"] = {**body, "id": identity}
    return 202, {}, {"Location": f"{fabric.address}/v1/operations/{identity}"}


def _update(fabric: Fabric, body: Any, _workspace: str, identity: str) -> Answer:
    item = next(item for item in fabric.items.values() if item["id"] == identity)
    item["definition"] = body["definition"]
    item["updated"] = item.get("updated", 0) + 1
    return 200, {}, {}


def _operation(fabric: Fabric, _body: Any, identity: str) -> Answer:
    """Running when first asked, then at its end."""
    fabric.operations[identity] = "Running" if identity not in fabric.operations else "Succeeded"
    if fabric.trouble.failing:
        said = {"errorCode": "Workload_FailedToParseFile", "message": "The definition is not readable."}
        return 200, {"status": "Failed", "error": said}, {}
    state = fabric.operations[identity]
    done = {"Location": f"{fabric.address}/v1/operations/{identity}/result"} if state == "Succeeded" else {}
    return 200, {"status": state}, {"Location": f"{fabric.address}/v1/operations/{identity}", **done}


def _result(fabric: Fabric, _body: Any, identity: str) -> Answer:
    return 200, next(each for each in fabric.shown() if each["id"] == identity), {}


def _connections(fabric: Fabric, _body: Any) -> Answer:
    details = {"type": "OData", "path": "https://metrics.city.example/odata/v1"}
    kind = "OnPremisesGateway"
    return 200, {"value": [{"id": each, "connectivityType": kind, "connectionDetails": details} for each in fabric.connections]}, {}  # fmt: skip


def _bound(fabric: Fabric, body: Any, _workspace: str, model: str) -> Answer:
    fabric.bound[model] = body["connectionBinding"]["id"]
    return 200, {}, {}


def _used(_fabric: Fabric, _body: Any, _workspace: str, _model: str) -> Answer:
    return 200, {"value": [{"connectivityType": "None", "connectionDetails": {"type": "OData", "path": "x"}}]}, {}


ID = "([0-9a-f-]{36})"
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", f"workspaces/{ID}", _workspace),
    ("GET", f"workspaces/{ID}/folders", _folders),
    ("GET", f"workspaces/{ID}/items", _list),
    ("POST", f"workspaces/{ID}/items", _create),
    ("POST", f"workspaces/{ID}/items/{ID}/updateDefinition", _update),
    ("GET", f"workspaces/{ID}/items/{ID}/connections", _used),
    ("POST", f"workspaces/{ID}/semanticModels/{ID}/bindConnection", _bound),
    ("GET", f"operations/{ID}", _operation),
    ("GET", f"operations/{ID}/result", _result),
    ("GET", "connections", _connections),
)


@contextmanager
def standing_in(fabric: Fabric) -> Iterator[Fabric]:
    """Serve on a free port of this machine; `fabric.address` is where."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            fabric.tokens.add(self.headers.get("Authorization", ""))
            status, said, fields = fabric.answer(self.command, self.path, json.loads(text) if text else None)
            content = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
                **fields,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *_args: object) -> None:
            """Nothing: requests are kept, not printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fabric.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fabric
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
