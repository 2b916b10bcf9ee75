"""The only assembly point of the web service: settings in, one ASGI app out.

`create_app` is named as an import string by `crisis serve`; tests call `assemble`. The order from outside in:
Frame -> Switch -> data routes | FastAPI site.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version as installed_version

from fastapi import FastAPI
from sqlalchemy import Engine as Database

from api.auth.keyring import Keyring
from api.edge.audit import AuditTrail
from api.edge.connection import require_public_url
from api.edge.frame import Frame
from api.edge.limits import QueryGate, RequestRate
from api.edge.recording import Addresses, Recorder
from api.edge.switch import Switch
from api.exports import templates
from api.exports.answer import Exporter
from api.exports.formats import FORMATS
from api.freshness import freshness_reader
from api.observe import Counts, Observer, Started, fan_out, json_lines
from api.odata.exchange import Limits, Request, Response
from api.odata.sealing import Sealer
from api.odata.service import Engine, answer
from api.routes.batch import BatchRoute
from api.routes.data import DataRoute
from api.routes.parts import Parts
from api.routes.problem import problem_writer
from api.routes.site import site
from models.catalogue import CATALOGUE
from models.database import engine
from models.errors import ConfigurationError, CrisisError
from models.secret_files import PEPPER, TOKEN_KEY, secret
from models.service import ready
from models.settings import SOURCE_SECRETS, ApiSettings
from models.snapshot.pinning import Shelf

ODATA = "/odata/v1"
VIEWS = "/v1/views"


def create_app() -> Frame:
    """For uvicorn: the application for the settings in the environment. A known failure ends as a line and its code."""
    try:
        return assemble(ApiSettings())
    except CrisisError as error:
        sys.stderr.write(f"{error.code}: {error.message}\nNext step: {error.hint}\n")
        sys.exit(error.exit_code)


def assemble(settings: ApiSettings, *, observe: Observer | None = None) -> Frame:
    """The ASGI application. `observe` takes the place of the log on stderr; counting goes on beside it.

    Raises ConfigurationError for settings that contradict themselves, for credentials of the crisis database in the
    environment, and for a service database that is not migrated.
    """
    refuse_source_secrets(settings)
    require_public_url(settings)
    version = installed_version("crisis-metrics")
    database = engine(settings.service_database)
    ready.require(database)
    shelf = Shelf(settings.snapshots, temp=settings.home / "spill")
    parts = _parts(settings, database, observe or json_lines(sys.stderr))
    live = {"RefreshStatus": lambda: [parts.freshness().row()]}
    odata = Engine(shelf=shelf, sealer=Sealer(secret(settings.home, TOKEN_KEY, settings.token_key)), live=live)
    exporter = Exporter(shelf, live, settings.home / "exports")

    def produce(request: Request) -> Response:
        return answer(request, odata)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        shelf.warm()
        parts.observe(Started(version, shelf.current()))
        yield
        if recorder is not None:
            recorder.close()
        parts.trail.close()
        shelf.close()
        database.dispose()

    recorder = _recorder(settings, parts)
    data = DataRoute("odata", ODATA, parts, produce)
    batch = BatchRoute(ODATA, parts, Frame(data, settings, parts.observe, parts.problem), shelf.current)
    mounts = {
        **dict.fromkeys((f"{ODATA}/$batch", f"{ODATA}/%24batch"), batch),
        ODATA: data,
        VIEWS: DataRoute("views", VIEWS, parts, exporter.answer),
        templates.PREFIX: DataRoute("powerbi", templates.PREFIX, parts, templates.answer),
    }
    return Frame(Switch(mounts, site(parts, version, lifespan)), settings, parts.observe, parts.problem, recorder)


def refuse_source_secrets(settings: ApiSettings) -> None:
    """Raises ConfigurationError when this process could reach the crisis database; the demonstration owns it."""
    found = [name for name in os.environ if name.upper() in SOURCE_SECRETS]
    if found and not settings.demo:
        raise ConfigurationError(
            f"{found[0]} is in the environment of the web service",
            hint="Start it with `crisis serve`, which takes it out, or unset it: the API never reads the source.",
        )


def _recorder(settings: ApiSettings, parts: Parts) -> Recorder | None:
    if settings.record_requests is None:
        return None
    views = frozenset(f"{view}.{ending}" for view in CATALOGUE.views for ending in FORMATS)
    addresses = Addresses(ODATA, {VIEWS: views, templates.PREFIX: templates.SEGMENTS})
    return Recorder(settings.record_requests, settings.record_bytes, addresses, parts.limits, parts.observe)


def _parts(settings: ApiSettings, database: Database, observe: Observer) -> Parts:
    counts = Counts()
    both = fan_out(observe, counts)
    return Parts(
        settings=settings,
        limits=Limits(
            page_size=settings.page_size,
            max_page_size=settings.max_page_size,
            max_nodes=settings.max_nodes,
            max_depth=settings.max_depth,
            max_export_rows=settings.max_export_rows,
            query_seconds=settings.query_seconds,
        ),
        database=database,
        keyring=Keyring(database, secret(settings.home, PEPPER, settings.pepper), both),
        trail=AuditTrail(settings.home / "audit", both),
        rate=RequestRate(settings.requests_per_minute),
        gate=QueryGate(settings.queries_in_flight),
        observe=both,
        counts=counts,
        freshness=freshness_reader(settings, database),
        problem=problem_writer(settings.entra_tenant),
    )
