"""Console script `crisis`: gathers the commands, and is the job edge, where every error becomes one line.

Called by people, cron and `bootstrap.py`. A known failure prints message and hint and exits with the
code of its class; anything else prints its kind and exits 1 (the trace is shown with `--debug`).
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from jobs.commands import demo, doctor, import_csv, keys, migrate, refresh, serve
from models.errors import CrisisError

app = typer.Typer(
    name="crisis",
    help="Crisis Metrics: daily critical-incident metrics from the crisis team's database.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for command in (serve, demo, import_csv, refresh, keys, doctor, migrate):
    command.register(app)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an unexpected error.")] = False,
) -> None:
    """Options before the command."""
    Edge.debug = debug


class Edge:
    """What the job edge remembers of the command line."""

    debug = False


def main() -> None:
    """Run one command; known failures end as one clear line each."""
    console = Console(stderr=True, highlight=False)
    try:
        app()
    except CrisisError as error:
        console.print(f"[bold red]{error.code}[/]: {error.message}", soft_wrap=True)
        if error.hint:
            console.print(f"Next step: {error.hint}", soft_wrap=True)
        sys.exit(error.exit_code)
    except Exception as error:  # the job edge: everything else becomes one line too
        if Edge.debug:
            raise
        console.print(f"[bold red]InternalError[/]: {type(error).__name__}", soft_wrap=True)
        console.print("Next step: run it again as `crisis --debug ...` to see where.", soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
