"""`crisis keys`: make, list, rotate and revoke API keys in the service database.

A secret is printed once, when its key is made, and is stored nowhere. Run by whoever administers the service.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from models.catalogue import CATALOGUE
from models.clock import now
from models.database import engine
from models.secret_files import PEPPER, secret
from models.service import keys, ready
from models.service.access import ApiKey, KeyScope
from models.settings import JobSettings

commands = typer.Typer(
    name="keys", help="Make, list, rotate and revoke API keys.", no_args_is_help=True, rich_markup_mode="rich"
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="Public half of the key: cm_ and 12 characters.")]


def register(app: typer.Typer) -> None:
    """Add `keys` and what is below it."""
    app.add_typer(commands)


@commands.command()
def add(
    *,
    role: Annotated[str, typer.Option("--role", help=f"One of: {', '.join(CATALOGUE.roles)}.")],
    client: Annotated[str, typer.Option("--client", help="Whom it is for; two keys a client and role at most.")],
    area: Annotated[
        list[str] | None, typer.Option("--area", help="Restrict to this area code; repeat for more.")
    ] = None,
    team: Annotated[
        list[str] | None, typer.Option("--team", help="Restrict to this team code; repeat for more.")
    ] = None,
    expires_days: Annotated[
        int | None, typer.Option("--expires-days", min=1, help="Days until it ends; default: until revoked.")
    ] = None,
    purpose: Annotated[str, typer.Option("--purpose", help="What it is used for; goes into the audit.")] = "operations",
    as_json: AsJson = False,
) -> None:
    """Make a key and print its secret, once.

    Example: crisis keys add --role viewer --client "Power BI" --expires-days 365

    Example: crisis keys add --role lead --client "West team" --area 001 --area 002 --team west
    """
    settings = JobSettings()
    made = keys.new_key(
        client,
        role,
        pepper=secret(settings.home, PEPPER, settings.pepper),
        areas=area or (),
        teams=team or (),
        expires=now() + timedelta(days=expires_days) if expires_days else None,
        purpose=purpose,
    )
    keys.store(_database(settings), made)
    _show_secret(made, as_json=as_json)


@commands.command("list")
def list_keys(
    every: Annotated[bool, typer.Option("--all", help="Show revoked and expired keys too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the keys; never their secrets.

    Example: crisis keys list --all --json
    """
    moment = now()
    found = [
        (key, scopes) for key, scopes in keys.listed(_database(JobSettings())) if every or keys.is_valid(key, moment)
    ]
    if as_json:
        typer.echo(json.dumps([_facts(key, scopes) for key, scopes in found], indent=2))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("key id", no_wrap=True, min_width=15)  # to be typed into rotate and revoke
    for title in ("client", "role", "purpose", "restricted to", "state"):
        table.add_column(title, overflow="fold")
    for key, scopes in found:
        facts = _facts(key, scopes)
        limits = ", ".join([*facts["areas"], *facts["teams"]]) or "-"
        table.add_row(key.key_id, key.client, key.role, key.purpose, limits, facts["state"])
    Console().print(table if found else "No keys. Make one: crisis keys add --role viewer --client NAME")


@commands.command()
def rotate(
    key_id: KeyId,
    overlap_days: Annotated[
        float, typer.Option("--overlap-days", min=0, help="The old key goes on working this long.")
    ] = 7,
    as_json: AsJson = False,
) -> None:
    """Make a second key for the same client; the old one ends after the overlap.

    Example: crisis keys rotate cm_x7k2m9q4w1z8 --overlap-days 2
    """
    settings = JobSettings()
    made = keys.rotate(
        _database(settings),
        key_id,
        pepper=secret(settings.home, PEPPER, settings.pepper),
        overlap=timedelta(days=overlap_days),
    )
    _show_secret(made, as_json=as_json)


@commands.command()
def revoke(key_id: KeyId, as_json: AsJson = False) -> None:
    """End a key now; the service refuses it within seconds.

    Example: crisis keys revoke cm_x7k2m9q4w1z8
    """
    key = keys.revoke(_database(JobSettings()), key_id)
    typer.echo(json.dumps(_facts(key, ())) if as_json else f"{key.key_id} of {key.client} is revoked.")


def _database(settings: JobSettings) -> Engine:
    database = engine(settings.service_database)
    ready.require(database)
    return database


def _facts(key: ApiKey, scopes: tuple[KeyScope, ...]) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "client": key.client,
        "role": key.role,
        "purpose": key.purpose,
        "areas": [scope.value for scope in scopes if scope.kind == "area"],
        "teams": [scope.value for scope in scopes if scope.kind == "team"],
        "created_at": key.created_at.isoformat() + "Z",
        "expires_at": key.expires_at.isoformat() + "Z" if key.expires_at else None,
        "state": _state(key),
    }


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not keys.is_valid(key, now()):
        return "expired"
    return f"valid until {key.expires_at:%Y-%m-%d}" if key.expires_at else "valid"


def _show_secret(made: keys.NewKey, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**_facts(made.key, made.scopes), "secret": made.secret}, indent=2))
        return
    typer.echo(f"key id  {made.key.key_id}    (user name for Basic)")
    typer.echo(f"secret  {made.secret}    (password for Basic; shown now and never again)")
    typer.echo(f"role    {made.key.role}, client {made.key.client}, {_state(made.key)}")
