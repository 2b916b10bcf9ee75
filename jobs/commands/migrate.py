"""`crisis migrate`: bring the service database or the reference crisis database to its newest form, or back."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from jobs import migrate
from models.settings import JobSettings


class Database(StrEnum):
    """What can be migrated."""

    service = "service"
    crisis = "crisis"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(run)


def run(
    database: Annotated[Database, typer.Argument(help="service, or crisis (the reference schema).")] = Database.service,
    to: Annotated[
        str | None, typer.Option("--to", help="Revision to reach; the newest, or with --down none at all.")
    ] = None,
    down: Annotated[
        bool, typer.Option("--down", help="Go back instead of forward. Data of dropped tables goes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a line.")] = False,
) -> None:
    """Bring a database to its newest form.

    The reference schema goes only onto an empty database or one that bears our marker, and never onto
    CRISIS_SOURCE_URL outside demo.

    Example: crisis migrate service

    Example: crisis migrate crisis --down
    """
    settings = JobSettings()
    to = to or ("base" if down else "head")
    reached = _service(settings, to, down) if database is Database.service else _crisis(settings, to, down)
    if as_json:
        typer.echo(json.dumps({"database": database.value, "revision": reached}))
    else:
        typer.echo(f"The {database.value} database is at revision {reached}.")


def _service(settings: JobSettings, to: str, down: bool) -> str:
    move = migrate.downgrade_service if down else migrate.upgrade_service
    return move(settings.service_database, to)


def _crisis(settings: JobSettings, to: str, down: bool) -> str:
    move = migrate.downgrade_crisis if down else migrate.upgrade_crisis
    return move(settings.source_database, to, settings=settings)
