"""`crisis refresh`: the nightly job by hand, by cron, or for a past day. Progress to standard error."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from jobs import monitoring
from jobs.cli import Edge
from jobs.migrate import upgrade_service
from jobs.refresh.ending import heard, stopped
from jobs.refresh.parameters import PROFILES
from jobs.refresh.progress import showing
from jobs.refresh.run import refresh as run_refresh
from jobs.refresh.steps import check_contract
from models.errors import CrisisError
from models.settings import JobSettings

PROFILE_HELP = f"Cleaning rules for this run: {' or '.join(PROFILES)}. Default: CRISIS_CLEANING_PROFILE."


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("refresh")(refresh)


def refresh(
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            help="Make the figures of a past local day again, from the history alone; the source is not read.",
        ),
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help=PROFILE_HELP)] = None,
    check_only: Annotated[
        bool,
        typer.Option("--check-only", help="Only hold the source against the contract; nothing is read or written."),
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything, also where CRISIS_SOURCE_FULL_DAYS would read changes.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="CHECK",
            help="Go on although this check of the delivery failed; may stand more than once. It is recorded.",
        ),
    ] = None,
    accept_loss: Annotated[bool, typer.Option("--accept-loss", help="The same as --accept rows_lost.")] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from the night that a dead run committed, where that is right; else begin anew."
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the outcome as one JSON object, and each step as one on stderr.")
    ] = False,
) -> None:
    """Read the crisis database, compute every figure and publish one snapshot.

    With nothing new it publishes nothing and says so. What fails leaves the published snapshot as it is. SIGTERM
    ends it before its next step.

    Examples:

        crisis refresh

        crisis refresh --as-of 2026-01-31

        crisis refresh --check-only

        crisis refresh || crisis refresh --resume

        crisis refresh --full

        crisis refresh --accept half_day_missing
    """
    Edge.as_json = json
    settings = JobSettings(source_full_days=0) if full else JobSettings()
    if check_only:
        found = check_contract(settings)
        _say(
            {"contract": "kept", "zone": found.zone, "synthetic": found.synthetic},
            "The source keeps the contract.",
            json,
        )
        return
    upgrade_service(settings.service_database)
    run_id = secrets.token_hex(16)
    try:
        with (
            showing(Console(stderr=True), as_json=json) as progress,
            heard(partial(stopped, settings, run_id)) as told,
            _failing(as_json=json),
        ):
            outcome = run_refresh(
                settings,
                as_of=as_of.date() if as_of else None,
                profile=profile,
                accept=[*(accept or ()), *(["rows_lost"] if accept_loss else ())],
                progress=progress,
                run_id=run_id,
                resume=resume,
                told=told,
            )
    finally:
        monitoring.write(settings)
    told_of = [
        f"{found.outcome}: {found.check}: {found.detail}" for found in outcome.checks if found.outcome != "passed"
    ]
    _say(outcome, "\n".join((outcome.message, *told_of)), json)


@contextmanager
def _failing(*, as_json: bool) -> Iterator[None]:
    """Where a script reads, a failure is one JSON object as well: a known one in its words, any other by its kind."""
    try:
        yield
    except Exception as error:
        if as_json:
            known = error if isinstance(error, CrisisError) else CrisisError(type(error).__name__)
            cause = {"error_code": known.code, "exit_code": known.exit_code, "message": known.message}
            _say({"state": "failed", **cause, "hint": known.hint}, "", as_json)
        raise


def _say(value: object, text: str, as_json: bool) -> None:
    """One JSON object for scripts, or the text for people."""
    typer.echo(msgspec.json.encode(value).decode() if as_json else text)
