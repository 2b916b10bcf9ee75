"""A stand-in of Entra's sign-in, Power BI's refreshes and a webhook on this machine, as Microsoft's reference describes.

Keeps what it is sent. What goes wrong is said beforehand: `posts` are the answers to requests for a refresh, one each,
then 202; `states` are what a look at the refresh sees, one each, the last for ever.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

WORKSPACE = "51e47fc5-48fd-4826-89f0-021bd3a80abd"
SECRET = "the-secret-of-the-application"
TEXT = "The value 'Jane Doe' cannot be read"
CUT = 0
"""In place of a status: the connection is closed without an answer."""
GONE = "gone"
"""In place of a state: nobody knows the refresh."""


@dataclass
class StandIn:
    """One workspace, and a webhook under /hook and /fail."""

    dedicated: bool = True
    posts: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    states: list[str] = field(default_factory=lambda: ["Unknown", "Completed"])
    hooks: list[int] = field(default_factory=list)
    signing_in: int = 200
    expired: int = 0
    ids: bool = True
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tokens: int = 0
    address: str = ""

    def answer(self, method: str, path: str, text: bytes) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON, header fields."""
        if path.startswith(("/hook", "/fail")):
            self.told.append((path, json.loads(text)))
            return (self.hooks.pop(0) if self.hooks else 200), {}, {}
        if path.endswith("/oauth2/v2.0/token"):
            assert parse_qs(text.decode())["client_secret"] == [SECRET]
            self.tokens += 1
            return self.signing_in, {"access_token": f"t{self.tokens}", "error": "invalid_client"}, {}
        return self._workspace(method, path, text)

    def _workspace(self, method: str, path: str, text: bytes) -> tuple[int, Any, dict[str, str]]:
        if self.expired:
            self.expired -= 1
            return 401, {"error": {"code": "TokenExpired"}}, {}
        found = re.fullmatch(rf"/v1\.0/myorg/groups/{WORKSPACE}(?:/datasets/([\w-]+)/refreshes(?:/(\w+)|\?.*)?)?", path)
        if not found:
            return 404, {"error": {"code": "NotFound"}}, {}
        dataset, refresh = found.groups()
        if dataset is None:
            return 200, {"id": WORKSPACE, "isOnDedicatedCapacity": self.dedicated}, {}
        if method == "POST":
            return self._post(dataset, json.loads(text))
        return self._look() if refresh else self._history()

    def _post(self, dataset: str, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        self.asked.append((dataset, body))
        status, fields = self.posts.pop(0) if self.posts else (202, {})
        if status != 202:
            return status, {"error": {"code": f"Code{status}", "message": TEXT}}, fields
        number = len(self.asked)
        place = {"Location": f"{self.address}/x/refreshes/r{number}"} if body and self.ids else {}
        return 202, {}, {"x-ms-request-id": f"q{number}", **place}

    def _state(self) -> str:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def _look(self) -> tuple[int, Any, dict[str, str]]:
        state = self._state()
        if state == GONE:
            return 404, {}, {}
        if state.isdigit():
            return int(state), {}, {"Retry-After": "7"}
        word, _, code = state.partition(" ")
        messages = [{"code": code, "message": TEXT, "type": "Error"}] if code else []
        running = word.lower() in ("unknown", "inprogress", "notstarted")
        return (202 if running else 200), {"status": word, "messages": messages}, {}

    def _history(self) -> tuple[int, Any, dict[str, str]]:
        state = self._state()
        word, _, code = state.partition(" ")
        other = {"requestId": "somebody-else", "status": "Completed"}
        mine = {"requestId": f"q{len(self.asked)}", "status": word}
        if code:
            mine["serviceExceptionJson"] = json.dumps({"errorCode": code, "errorDescription": TEXT})
        return 200, {"value": [other] if state == GONE else [other, mine]}, {}


@contextmanager
def standing_in(made: StandIn) -> Iterator[StandIn]:
    """Serve on a free port of the loopback address; `made.address` is where."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said, fields = made.answer(self.command, self.path, text)
            if status == CUT:
                self.close_connection = True
                return
            content = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **fields}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *_args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
