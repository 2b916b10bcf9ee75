"""`crisis demo`: from an empty folder to a published demonstration, with throw-away keys and the steps to connect."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from jobs.refresh.lease import take
from jobs.refresh.progress import Begun, Done, Moved, Progress, showing
from jobs.source.demo import home, keys
from jobs.source.demo.options import DEFAULT_CALLS, DEFAULT_SEED, DEFAULT_YEARS, UNFINISHED, Options
from models.clock import iso, now
from models.database import engine
from models.settings import ApiSettings, JobSettings

STEPS = """\
Power BI report: open {root}/v1/powerbi/viewer/CrisisMetricsViewer.pbit
  (analysts: {root}/v1/powerbi/analyst/CrisisMetricsAnalyst.pbit) in a browser,
  user name = key id, password = secret; then open the file with Power BI Desktop: Basic, the same, level = {root}/
Your own report: Get data > OData feed > {root}/odata/v1/ > Basic,
  user name = key id, password = secret, level = {root}/ > pick views (staff: viewer key; record level: analyst key).
Excel: Data > Get Data > From Other Sources > From OData Feed > the same address > Basic, as above.
curl: curl -u ID:SECRET '{root}/v1/views/DailyIncidents.csv'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    *,
    calls: Annotated[
        int | None, typer.Option("--calls", min=1, help=f"Call records, about; default {DEFAULT_CALLS}.")
    ] = None,
    years: Annotated[
        float | None, typer.Option("--years", min=0.02, max=20, help=f"Years up to now; default {DEFAULT_YEARS:g}.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Another seed makes another city.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the city away and make one that ends now.")] = False,
    refresh: Annotated[bool, typer.Option("--refresh/--no-refresh", help="Publish the figures as well.")] = True,
    url: Annotated[
        str | None,
        typer.Option("--url", help="Address at which it will be served; default: CRISIS_PUBLIC_URL, or the port."),
    ] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port in the printed address.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Make a demo city in CRISIS_HOME, publish its figures and print keys and steps. A second run keeps everything.

    Everything in it is made up, but for names and outlines of Toronto's neighbourhoods. The keys end after
    90 days, and with the first refresh of a source that is not synthetic.

    Example: crisis demo

    Example: crisis demo --calls 1000000 --years 5 --fresh
    """
    settings = JobSettings()
    home.claim(settings)
    wanted = Options(
        end=now(),
        calls=DEFAULT_CALLS if calls is None else calls,
        years=DEFAULT_YEARS if years is None else years,
        seed=DEFAULT_SEED if seed is None else seed,
    )
    said = []
    with showing(Console(stderr=True)) as progress:
        said.append(_city(settings, wanted, progress, fresh=fresh, asked=(calls, years, seed) != (None, None, None)))
        if refresh:
            said.append(_publish(settings, progress))
    database = engine(settings.service_database)
    given, new = keys.ensure(settings, database)
    database.dispose()
    if not new:
        said.append(f"The keys in {settings.home / keys.FILE} are still valid.")
    root = _root(url, port)
    if as_json:
        typer.echo(json.dumps({"address": root, "messages": said, "keys": [asdict(key) for key in given]}))
        return
    typer.echo(
        "\n".join(
            [*said, "", *_shown(given), "", f"Address when served (crisis serve): {root}", STEPS.format(root=root)]
        )
    )


def _city(settings: JobSettings, wanted: Options, progress: Progress, *, fresh: bool, asked: bool) -> str:
    """Make the city where there is none, or where --fresh asks for it; what was done, in one line."""
    # loads shapely: half a second that the other commands need not wait for
    from jobs.source.demo.city import fill  # noqa: PLC0415

    there = home.city(settings)
    if there is not None and there != UNFINISHED and not fresh:
        made = home.noted(settings)
        end = f", ending {made.end}" if made else ""
        ignored = " --calls, --years and --seed need --fresh." if asked else ""
        return f"The demo city is there already{end}: nothing was generated (--fresh makes one that ends now).{ignored}"
    target = engine(settings.source_database)
    with _alone(settings):
        if there is not None:
            home.empty(settings, forget=True)
        progress(Begun("city", wanted.days))
        report = fill(target, wanted, lambda _done, _days, rows: progress(Moved(f"{rows:,} rows")))
    target.dispose()
    rows = report.rows.total()
    progress(Done("city", rows))
    home.note(settings, home.Made(wanted.seed, wanted.calls, wanted.years, iso(wanted.end), rows))
    return (
        f"Made a demo city: {report.rows['call']:,} calls, {report.rows['incident']:,} incidents, "
        f"{rows:,} rows in all, {report.first_day} to {report.last_day}. Everything in it is made up."
    )


@contextmanager
def _alone(settings: JobSettings) -> Iterator[None]:
    """No refresh reads a city that is being made, and no two are made at once. Raises LeaseHeld."""
    database = engine(settings.service_database)
    hold = take(database, f"demo-{secrets.token_hex(8)}", settings.lease_seconds)
    try:
        with hold.beating():
            yield
    finally:
        hold.release()
        database.dispose()


def _publish(settings: JobSettings, progress: Progress) -> str:
    """Run the refresh; what it says."""
    # loads DuckDB and pyarrow, which --no-refresh does without
    from jobs.refresh.run import refresh  # noqa: PLC0415

    return f"Refresh: {refresh(settings, trigger='demo', progress=progress).message}."


def _shown(given: tuple[keys.DemoKey, ...]) -> list[str]:
    lines = [f"{'role':<9}{'key id':<18}secret"]
    for key in given:
        limit = f"   (areas {', '.join(keys.LEAD_AREAS)} only)" if key.role == "lead" else ""
        lines.append(f"{key.role:<9}{key.id:<18}{key.secret}{limit}")
    return lines


def _root(url: str | None, port: int | None) -> str:
    """The address without a slash at its end."""
    web = ApiSettings()
    scheme = "https" if web.tls_certificate else "http"
    return (url or web.public_url or f"{scheme}://127.0.0.1:{port or web.port}").rstrip("/")
