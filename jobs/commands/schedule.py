"""`crisis schedule`: the nightly refresh at an hour of city time, and what is asked for in between, until SIGTERM."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from jobs.migrate import upgrade_service
from jobs.refresh.ending import heard, leave
from jobs.schedule import told
from jobs.schedule.loop import Schedule
from models.clock import now
from models.database import engine
from models.errors import ServiceDatabaseGone
from models.settings import JobSettings

LAST_SECONDS = 9.0
"""A schedule that is told to end is gone by then, whatever it is stuck in."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schedule")(schedule)


def schedule(
    at: Annotated[
        datetime | None,
        typer.Option("--at", formats=["%H:%M"], help="Hour of the nightly run in city time (CRISIS_SCHEDULE_AT)."),
    ] = None,
    when: Annotated[bool, typer.Option("--next", help="Only say when the next run is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, for a log.")] = False,
) -> None:
    """Run the refresh every night and whenever the service is asked for one, until SIGTERM or Ctrl+C.

    A night that was missed is made up for by one run at the start. A run that fails is tried again twice where that
    may help. SIGTERM ends it within ten seconds; a run under way ends before its next step, or is killed, which
    harms nothing: the next start goes on.

    Examples:

        crisis schedule

        crisis schedule --at 02:15 --json

        crisis schedule --next
    """
    settings = JobSettings() if at is None else JobSettings(schedule_at=at.time())
    upgrade_service(settings.service_database)
    form = told.structured if as_json else told.plain
    service = engine(settings.service_database)
    loop = Schedule(settings, service, lambda event: typer.echo(form(event)))
    if when:
        found = loop.plan()
        typer.echo(form(told.waiting(max(found.at, now()), loop.zone, now(), found.why)))
        return

    def at_last() -> None:
        """The service database is stuck, or a driver: what is under way is killed, and the next start makes good."""
        loop.kill()
        typer.echo(form(told.Stopped("told to end, and the service database did not answer in time")))
        leave(ServiceDatabaseGone.exit_code)

    with heard(at_last, LAST_SECONDS, also=("SIGINT", "SIGBREAK")) as loop.told:
        loop.run()
    service.dispose()
