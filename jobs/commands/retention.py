"""`crisis retention`: what the settings no longer keep, table by table; shown, or removed."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import Annotated

import msgspec
import typer

from jobs.migrate import upgrade_service
from jobs.refresh.lease import take
from jobs.refresh.retention import Line, carry_out, plan
from models.clock import now
from models.database import engine
from models.settings import JobSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("retention")(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the lines as JSON.")] = False,
) -> None:
    """Remove what the settings CRISIS_KEEP_... no longer keep: snapshots, rows about past runs, audit files.

    Every refresh does the same for snapshots and rows. The history is listed and never touched.

    Examples:

        crisis retention --dry-run

        crisis retention --json
    """
    settings = JobSettings()
    upgrade_service(settings.service_database)
    service = engine(settings.service_database)
    with ExitStack() as held:
        held.callback(service.dispose)
        if not dry_run:
            hold = take(service, secrets.token_hex(16), settings.lease_seconds)
            held.callback(hold.release)
            held.enter_context(hold.beating())
        moment = now()
        lines = plan(settings, service, moment)
        if not dry_run:
            carry_out(settings, service, moment)
    typer.echo(msgspec.json.encode({"removed": not dry_run, "lines": lines}).decode() if json else _table(lines))
    if not json:
        typer.echo("nothing was removed: a dry run" if dry_run else f"{sum(line.goes for line in lines)} removed")


def _table(lines: tuple[Line, ...]) -> str:
    shown = [("", "held", "goes", "bytes", "kept")]
    shown += [(line.what, f"{line.held:,}", f"{line.goes:,}", f"{line.bytes_gone:,}", line.kept) for line in lines]
    wide = [max(len(row[place]) for row in shown) for place in range(4)]
    return "\n".join(
        f"{row[0]:<{wide[0]}}  {row[1]:>{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]:>{wide[3]}}  {row[4]}" for row in shown
    )
