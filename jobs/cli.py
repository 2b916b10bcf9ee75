"""Console script `crisis`: gathers the commands, and is the job edge, where every error becomes one line.

Called by people, cron and `bootstrap.py`. A known failure prints message and hint and exits with the
code of its class; anything else prints its kind and exits 1 (the trace is shown with `--debug`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from models.clock import iso, now
from models.errors import CrisisError

COMMANDS = {
    "serve": "serve",
    "demo": "demo",
    "import": "import_csv",
    "refresh": "refresh",
    "schedule": "schedule",
    "keys": "keys",
    "powerbi": "powerbi",
    "backup": "backup",
    "restore": "restore",
    "retention": "retention",
    "doctor": "doctor",
    "migrate": "migrate",
}
"""Command -> module of jobs.commands, in the order of the help."""


def command_line(words: Sequence[str]) -> typer.Typer:
    """The commands that `words` can mean: only the one named, so that `crisis serve` loads no migrations."""
    app = typer.Typer(
        name="crisis",
        help="Crisis Metrics: daily critical-incident metrics from the crisis team's database.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    app.callback()(options)
    named = next((word for word in words if not word.startswith("-")), None)
    modules = [COMMANDS[named]] if named in COMMANDS else list(COMMANDS.values())
    for module in modules:
        import_module(f"jobs.commands.{module}").register(app)
    return app


def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an unexpected error.")] = False,
) -> None:
    """Options before the command."""
    Edge.debug = debug


class Edge:
    """What the job edge remembers of the command line."""

    debug = False
    as_json = False
    """What goes to standard error is for a log: one JSON object a line."""


def main() -> None:
    """Run one command; known failures end as one clear line each."""
    try:
        command_line(sys.argv[1:])()
    except CrisisError as error:
        _end(error)
    except Exception as error:  # the job edge: everything else becomes one line too
        if Edge.debug:
            raise
        _end(CrisisError(type(error).__name__, hint="run it again as `crisis --debug ...` to see where."))


def _end(error: CrisisError) -> NoReturn:
    """Say what happened and the next step, and end with the code of its cause."""
    if Edge.as_json:
        said = {"event": "Failed", "error_code": error.code, "exit_code": error.exit_code, "message": error.message}
        sys.stderr.write(json.dumps({"time": iso(now()), **said, "hint": error.hint}) + "\n")
        sys.exit(error.exit_code)
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]{error.code}[/]: {escape(error.message)}", soft_wrap=True)
    if error.hint:
        console.print(f"Next step: {escape(error.hint)}", soft_wrap=True)
    sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
