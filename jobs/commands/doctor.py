"""`crisis doctor`: settings in force with secrets hidden, and findings with stable ids. Changes nothing.

Reads settings, the service database, the source (one row) and the published snapshot's manifest.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated

import msgspec
import typer
from pydantic import SecretStr
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from jobs import migrate
from jobs.backup.layout import newest
from jobs.following.configured import power_bi, webhooks
from jobs.refresh.lease import is_held
from jobs.source.sqlserver.source import dialling
from models import clock
from models.database import engine
from models.errors import ConfigurationError, CrisisError
from models.findings import FINDINGS
from models.service import ApiKey, RefreshRun, RefreshStep, RefreshWorker, queue
from models.service.runs import LATEST_FIRST
from models.settings import ApiSettings, JobSettings
from models.snapshot import layout, manifest
from models.sqlserver import told

LOW_DISK = 1_000_000_000
FOLLOWERS = {"powerbi": "W011", "webhook": "W012"}
"""First word of a step after the run's end -> what it means that it did not work."""


@dataclass(frozen=True)
class Found:
    """One finding as established: `detail` names the place, never a value of data."""

    id: str
    title: str
    detail: str
    next_step: str


def examine(settings: JobSettings) -> Iterator[Found]:
    """Every finding that holds now, errors of the ground first."""
    yield from _home(settings)
    yield from _service(settings)
    yield from _source(settings)
    yield from _snapshot(settings)
    yield from _backup(settings)
    yield from _followers(settings)
    yield from _monitoring(settings)
    if settings.demo:
        yield _found("W004", "CRISIS_DEMO is set")


def _found(identity: str, detail: str) -> Found:
    finding = FINDINGS[identity]
    return Found(identity, finding.title, detail, finding.next_step)


def _home(settings: JobSettings) -> Iterator[Found]:
    folder = settings.home
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield _found("E001", str(settings.home))
    elif shutil.disk_usage(folder).free < LOW_DISK:
        yield _found("W005", str(settings.home))


def _service(settings: JobSettings) -> Iterator[Found]:
    try:
        if not migrate.is_current("service", settings.service_database):
            yield _found("E003", shown(settings.service_database))
            return
        with Session(engine(settings.service_database, read_only=True)) as session:
            key = session.exec(select(ApiKey).where(col(ApiKey.revoked_at).is_(None)).limit(1)).first()
            last = session.exec(select(RefreshRun).order_by(*LATEST_FIRST).limit(1)).first()
            worker = session.exec(select(RefreshWorker).order_by(col(RefreshWorker.beat_at).desc()).limit(1)).first()
            followed = session.exec(
                select(RefreshStep).where(RefreshStep.run_id == last.run_id) if last else select(RefreshStep).limit(0)
            ).all()
    except SQLAlchemyError as error:
        yield _found("E002", type(error).__name__)
        return
    if key is None:
        yield _found("W003", "no valid key")
    if last is not None and last.state == "failed":
        yield _found("W002", str(last.error_code))
    if worker is not None and worker.beat_at < (clock.wall() - queue.SILENT).replace(tzinfo=None):
        yield _found("W006", f"last heard of at {worker.beat_at.isoformat(sep=' ', timespec='seconds')} UTC")
    if last is not None and last.state == "running" and not is_held(engine(settings.service_database, read_only=True)):
        yield _found("W007", f"begun at {last.started_at.isoformat(sep=' ', timespec='seconds')} UTC")
    for step in followed:
        kind = FOLLOWERS.get(step.name.partition(" ")[0])
        if kind is not None and step.outcome not in ("done", "running"):
            yield _found(kind, f"{step.name}: {step.outcome} {step.detail or ''}".strip())


def _source(settings: JobSettings) -> Iterator[Found]:
    place = shown(settings.source_database)
    try:
        with engine(settings.source_database, read_only=True, how=dialling(settings)).connect() as connection:
            connection.execute(text("SELECT 1"))
    except CrisisError as error:
        yield _found("E004", f"{place}: {error.code}")
    except SQLAlchemyError as error:
        is_sqlserver = make_url(settings.source_database).get_backend_name() == "mssql"
        yield _found("E004", f"{place}: {told(error, place).code if is_sqlserver else type(error).__name__}")


def _snapshot(settings: JobSettings) -> Iterator[Found]:
    version = layout.current_version(settings.snapshots)
    if version is None:
        yield _found("E005", str(settings.snapshots))
        return
    try:
        facts = manifest.read(settings.snapshots / version)
    except (OSError, msgspec.MsgspecError):
        yield _found("E006", version)
        return
    age = clock.now() - clock.parse_instant(facts.as_of)
    if age > timedelta(hours=settings.stale_hours):
        yield _found("W001", f"as of {facts.as_of}")


def _followers(settings: JobSettings) -> Iterator[Found]:
    for read in (power_bi, webhooks):
        try:
            read(settings)
        except ConfigurationError as error:
            yield _found("W013", error.message)


def _monitoring(settings: JobSettings) -> Iterator[Found]:
    path = settings.metrics_file
    if path is None:
        return
    if not path.is_file():
        yield _found("W014", f"{path}: none")
    elif not os.access(path.parent, os.W_OK):
        yield _found("W014", f"{path.parent} cannot be written")


def _backup(settings: JobSettings) -> Iterator[Found]:
    if settings.demo or not settings.history.is_dir():
        return
    if settings.backup_folder is None:
        yield _found("W010", "no folder is set")
        return
    made = newest(settings.backup_folder)
    if made is None or clock.now() - clock.parse_instant(made) > timedelta(hours=settings.backup_hours):
        yield _found("W010", f"{settings.backup_folder}: {made or 'none'}")


def shown(address: str) -> str:
    """A database address without its password."""
    return make_url(address).render_as_string(hide_password=True)


def in_force() -> dict[str, str]:
    """Every setting as it is read now; secrets and passwords hidden."""
    values: dict[str, str] = {}
    for settings in (ApiSettings(), JobSettings()):
        for name, value in settings:
            hidden = "(hidden)" if isinstance(value, SecretStr) else value
            text_value = (
                shown(str(hidden)) if name.endswith("_url") and hidden and "://" in str(hidden) else str(hidden)
            )
            values[f"CRISIS_{name.upper()}"] = text_value
    return values


def register(app: typer.Typer) -> None:
    """Add `crisis doctor`."""

    @app.command()
    def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False) -> None:
        """Show the settings in force and what is wrong, if anything.

        Example: crisis doctor --json
        """
        settings = JobSettings()
        findings = list(examine(settings))
        if as_json:
            typer.echo(json.dumps({"settings": in_force(), "findings": [asdict(item) for item in findings]}, indent=2))
        else:
            _print(findings)
        raise typer.Exit(1 if any(item.id.startswith("E") for item in findings) else 0)


def _print(findings: list[Found]) -> None:
    console = Console(highlight=False)
    for name, value in in_force().items():
        console.print(f"{name} = {value}", soft_wrap=True, markup=False)
    console.print()
    for item in findings:
        console.print(f"[bold]{item.id}[/] {item.title} ({item.detail})", soft_wrap=True)
        console.print(f"     Next step: {item.next_step}", soft_wrap=True)
    console.print(f"{len(findings)} findings." if findings else "No findings: all is well.")
