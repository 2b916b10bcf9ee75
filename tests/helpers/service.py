"""A whole web service in the test's process: a tiny published snapshot, migrated tables, a key for each role.

`Service.client(who)` is an httpx client that speaks to the app itself over ASGI; nothing listens anywhere.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from api.edge.frame import Frame
from api.main import assemble
from api.observe import Observation
from jobs.migrate import upgrade_service
from models import clock
from models.catalogue import CATALOGUE
from models.database import engine
from models.secret_files import PEPPER, secret
from models.service import keys
from models.settings import ApiSettings

ROOT = "http://127.0.0.1:8000"
AREA = "001"
SCOPED = "lead of one area"


@dataclass(frozen=True)
class Login:
    """What a test signs in with."""

    key_id: str
    secret: str = field(repr=False)

    @property
    def basic(self) -> tuple[str, str]:
        """User and password."""
        return self.key_id, self.secret

    @property
    def token(self) -> str:
        """For Bearer and X-API-Key."""
        return f"{self.key_id}.{self.secret}"


@dataclass(frozen=True)
class Service:
    """One service. `logins` has a key for each role of the catalogue, and `SCOPED`, `expired` and `revoked`."""

    home: Path
    app: Frame
    settings: ApiSettings
    logins: dict[str, Login] = field(repr=False)
    seen: list[Observation] = field(repr=False)
    runner: asyncio.Runner = field(repr=False)

    def client(self, who: str | None = None, **more: Any) -> httpx.AsyncClient:
        """A client that signs in with Basic as `who`, or not at all."""
        auth = self.logins[who].basic if who else None
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        return httpx.AsyncClient(**{"transport": transport, "base_url": ROOT, "auth": auth, **more})

    def get(self, url: str, who: str | None = None, method: str = "GET", **more: Any) -> httpx.Response:
        """One request from start to end."""

        async def ask() -> httpx.Response:
            async with self.client(who) as client:
                return await client.request(method, url, **more)

        return self.runner.run(ask())

    def raw(self, path: bytes, query: bytes = b"", who: str = "viewer") -> httpx.Response:
        """A GET of exactly these bytes, which no HTTP client would let through."""
        plain = base64.b64encode(":".join(self.logins[who].basic).encode())
        scope = {
            "type": "http",
            "method": "GET",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": [(b"host", b"127.0.0.1:8000"), (b"authorization", b"Basic " + plain)],
            "scheme": "http",
            "client": ("127.0.0.1", 5000),
            "server": ("127.0.0.1", 8000),
        }
        sent: list[Any] = []

        async def receive() -> Any:
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        self.runner.run(self.app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)

    def get_all(self, asked: list[tuple[str, str | None]]) -> list[httpx.Response]:
        """Many requests, one after the other, in one event loop."""

        async def ask() -> list[httpx.Response]:
            clients = {who: self.client(who) for who in {who for _, who in asked}}
            answers = [await clients[who].get(url) for url, who in asked]
            for client in clients.values():
                await client.aclose()
            return answers

        return self.runner.run(ask())

    def audit(self) -> list[dict[str, Any]]:
        """Every event in the trail."""
        files = sorted((self.home / "audit").glob("*.jsonl"))
        return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def make_keys(settings: ApiSettings) -> dict[str, Login]:
    """A key for each role, one that is restricted to `AREA`, an expired and a revoked one."""
    database = engine(settings.service_database)
    pepper = secret(settings.home, PEPPER, settings.pepper)
    wanted: dict[str, dict[str, Any]] = {name: {"role": name} for name in CATALOGUE.roles}
    wanted[SCOPED] = {"role": "lead", "areas": [AREA]}
    wanted["expired"] = {"role": "viewer", "expires": clock.now() - timedelta(days=1)}
    wanted["revoked"] = {"role": "viewer"}
    logins = {}
    for name, how in wanted.items():
        made = keys.new_key(name, pepper=pepper, purpose="test", **how)
        keys.store(database, made)
        logins[name] = Login(made.key.key_id, made.secret)
    keys.revoke(database, logins["revoked"].key_id)
    database.dispose()
    return logins


@contextmanager
def running(home: Path, **settings: Any) -> Iterator[Service]:
    """A service over `home`, whose `snapshots` folder is there already."""
    chosen = ApiSettings(home=home, **settings)
    upgrade_service(chosen.service_database)
    seen: list[Observation] = []
    app = assemble(chosen, observe=seen.append)
    with asyncio.Runner() as runner:
        alive = lifespan(app)
        runner.run(alive.__aenter__())
        try:
            yield Service(home, app, chosen, make_keys(chosen), seen, runner)
        finally:
            runner.run(alive.__aexit__(None, None, None))


@asynccontextmanager
async def lifespan(app: Frame) -> AsyncIterator[None]:
    """Start and stop an app as a server does."""
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    task = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, inbox.get, outbox.put))
    for stage in ("startup", "shutdown"):
        await inbox.put({"type": f"lifespan.{stage}"})
        said = await outbox.get()
        assert said["type"] == f"lifespan.{stage}.complete", said
        if stage == "startup":
            yield
    await task


__all__ = ["AREA", "ROOT", "SCOPED", "Login", "Service", "lifespan", "make_keys", "running"]
