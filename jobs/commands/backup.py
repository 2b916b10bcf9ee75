"""`crisis backup`: what cannot be made again, copied while everything goes on. Progress to standard error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from jobs import monitoring
from jobs.backup.record import record
from jobs.backup.take import back_up
from jobs.refresh.progress import showing
from models.errors import ConfigurationError
from models.settings import JobSettings

NOT_RECORDED = "The service database was not told of this backup: what watches its age sees the one before."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backup")(backup)


def backup(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder with the moment as its name is made below it. Default: CRISIS_BACKUP_FOLDER."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object.")] = False,
) -> None:
    """Copy history, service database, audit trail and the published snapshot, with a hash for each file.

    A refresh may run meanwhile, and readers notice nothing. Keep the folder as you keep a secret: key hashes and their
    pepper are in it.

    Examples:

        crisis backup /mnt/backup/crisis

        crisis backup --json
    """
    settings = JobSettings()
    target = folder or settings.backup_folder
    if target is None:
        raise ConfigurationError(
            "there is no folder to back up into", hint="Name one: crisis backup /path, or set CRISIS_BACKUP_FOLDER."
        )
    with showing(Console(stderr=True)) as progress:
        place, made = back_up(settings, target, progress)
    notes = made.notes if record(settings, target, made) else (*made.notes, NOT_RECORDED)
    monitoring.write(settings)
    if json:
        said = {"folder": str(place), "made_at": made.made_at, "version": made.version, "as_of": made.as_of}
        counted = {"nights": made.nights, "files": len(made.files), "bytes": made.bytes, "notes": notes}
        typer.echo(msgspec.json.encode(said | counted).decode())
        return
    held = f"{made.nights} nights, {made.version or 'no snapshot'}, {len(made.files)} files, {made.bytes:,} bytes"
    typer.echo("\n".join((f"backed up into {place}: {held}", *(f"note: {line}" for line in notes))))
