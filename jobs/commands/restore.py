"""`crisis restore`: a backup into an empty home folder, or only proved. Progress to standard error."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from jobs.backup.restore import prove
from jobs.backup.restore import restore as bring_back
from jobs.refresh.progress import showing
from models.settings import JobSettings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("restore")(restore)


def restore(
    backup: Annotated[Path, typer.Argument(help="The folder of one backup, the one that holds backup.json.")],
    check: Annotated[bool, typer.Option("--check", help="Only prove the backup; nothing is written.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as one JSON object.")] = False,
) -> None:
    """Bring a backup back into CRISIS_HOME, which must be empty. Every file is proved by its hash first.

    Examples:

        CRISIS_HOME=/srv/crisis crisis restore /mnt/backup/crisis/20260201T090000.000Z

        crisis restore /mnt/backup/crisis/20260201T090000.000Z --check
    """
    settings = JobSettings()
    with showing(Console(stderr=True)) as progress:
        made = prove(backup, progress) if check else bring_back(backup, settings, progress)
    if json:
        said = {"state": "proved" if check else "restored", "made_at": made.made_at, "version": made.version}
        counted = {"as_of": made.as_of, "nights": made.nights, "files": len(made.files), "notes": made.notes}
        typer.echo(msgspec.json.encode(said | counted).decode())
        return
    done = "is whole" if check else f"is restored into {settings.home}"
    held = f"{made.nights} nights, {made.version or 'no snapshot'}, {len(made.files)} files"
    typer.echo("\n".join((f"the backup of {made.made_at} {done}: {held}", *(f"note: {line}" for line in made.notes))))
