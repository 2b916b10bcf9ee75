"""`crisis import`: CSV files through a mapping file into the reference crisis database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from jobs.source.csv.checking import key_of, needed_columns, rule_columns, rule_of
from jobs.source.csv.library import load, ready
from jobs.source.csv.mapping import Clock, Mapping, Rule
from jobs.source.csv.run import FileOutcome, import_files
from models.errors import ConfigurationError
from models.settings import JobSettings

REASONS_SHOWN = 8
console = Console(stderr=True, highlight=False)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(run)


def run(  # noqa: PLR0917 typer makes arguments and options of them
    mapping: Annotated[str | None, typer.Argument(help="Name of a ready mapping, or path of a .toml file.")] = None,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="CSV files, plain or .gz.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, write nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Folder for rejects files; default: CRISIS_HOME/rejects.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="Show the ready mappings.")] = False,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="MAPPING", help="Say what a mapping does, column by column.")
    ] = None,
) -> None:
    """Import CSV files into the reference crisis database.

    Rows that cannot be taken go to a rejects file with line, column, value, reason and what to do; the others
    are kept. The same file twice adds nothing. Then `crisis refresh` computes the figures.

    Example: crisis import toronto_shootings shootings.csv
    Example: crisis import ./our_city.toml calls-2025.csv.gz calls-2026.csv.gz --dry-run
    """
    if show_list:
        return _list(as_json)
    if explain is not None:
        return _explain(load(explain))
    if mapping is None or not files:
        raise ConfigurationError(
            "name a mapping and at least one file",
            hint="For example: crisis import toronto_shootings shootings.csv; the ready mappings: crisis import --list",
        )
    chosen = load(mapping)
    settings = JobSettings()
    with Bars(hidden=as_json) as bars:
        outcomes = import_files(chosen, files, settings, dry_run=dry_run, rejects=rejects, progress=bars)
    if as_json:
        typer.echo(
            json.dumps({"mapping": chosen.name, "dry_run": dry_run, "files": [asdict(each) for each in outcomes]})
        )
        return None
    for outcome in outcomes:
        _show(outcome, dry_run=dry_run)
    if not dry_run:
        typer.echo("Next: crisis refresh")
    return None


class Bars:
    """Progress bars on standard error, one a file; none where the output is for scripts."""

    def __init__(self, *, hidden: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, console=console, disable=hidden or not console.is_terminal)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, file: str, done: int, total: int) -> None:
        """Move the bar of `file`."""
        if file not in self.tasks:
            self.tasks[file] = self.progress.add_task(file, total=total)
        self.progress.update(self.tasks[file], completed=done, total=total)


def _show(outcome: FileOutcome, *, dry_run: bool) -> None:
    taken = outcome.rows - outcome.rejected
    verb = "could be taken" if dry_run else "taken"
    typer.echo(f"{outcome.file}: {outcome.rows} rows, {taken} {verb}, {outcome.rejected} rejected")
    for table, tally in outcome.tables.items():
        parts = [f"{tally.added} new", f"{tally.changed} changed", f"{tally.unchanged} already there"]
        if tally.disagreeing:
            parts.append(
                f"{tally.disagreeing} rows that contradict an earlier row of their {table} (the first is kept)"
            )
        typer.echo(f"  {table}: {', '.join(parts)}")
    for doubt, times in outcome.doubts.items():
        typer.echo(f"  doubtful clock {doubt}: {times}")
    for codes, words in outcome.unmapped.items():
        shown = ", ".join(f"{word!r} {times} x" for word, times in list(words.items())[:REASONS_SHOWN])
        typer.echo(f"  words outside the code list {codes}, kept and counted as unknown: {shown}")
    for example in outcome.examples:
        typer.echo(f"  {example}", err=True)
    if outcome.rejects_file:
        typer.echo(f"  rejected rows with reasons: {outcome.rejects_file}")


def _list(as_json: bool) -> None:
    mappings = [load(name) for name in ready()]
    if as_json:
        keys = ("name", "title", "publisher", "licence", "city", "zone", "grain")
        typer.echo(json.dumps([{key: getattr(each, key) for key in keys} for each in mappings]))
        return
    for each in mappings:
        typer.echo(
            f"{each.name}: {each.city}, {each.title}; one row is one {each.grain.replace('_', ' ')}; {each.licence}"
        )


def _explain(mapping: Mapping) -> None:
    typer.echo(f"{mapping.name}: {mapping.title}, {mapping.publisher}")
    typer.echo(f"Licence: {mapping.licence}" + ("" if mapping.redistribution else " (do not pass the data on)"))
    typer.echo(f"Named with the figures: {mapping.attribution}")
    typer.echo(f"Grain: {mapping.grain_note}")
    typer.echo(f"File: {mapping.encoding}, {mapping.delimiter!r} between fields, times in {mapping.zone}")
    typer.echo(f"Nothing recorded: empty{''.join(f', {word}' for word in mapping.null_words)}")
    typer.echo(f"Columns that must be there: {', '.join(needed_columns(mapping))}")
    for name, clock in mapping.clocks.items():
        typer.echo(f"Clock {name}: {_clock_words(clock)}")
    for name, target in mapping.tables.items():
        typer.echo(f"{name}, told apart by {' and '.join(key_of(mapping, target)) or 'the whole row'}:")
        for column, rule in target.columns.items():
            typer.echo(f"  {column} <- {_rule_words(rule_of(rule))}")
    for note in mapping.notes:
        typer.echo(f"Note: {note}")


def _clock_words(clock: Clock) -> str:
    if clock.first_of:
        last = f", else {clock.otherwise} (day unknown)" if clock.otherwise else ""
        return f"the first known of {', '.join(clock.first_of)}{last}"
    return f"{' + '.join(clock.columns())} as {' or '.join(clock.formats)}"


def _rule_words(rule: Rule) -> str:
    cases = "; ".join(f"{value} if there is a {column}" for column, value in rule.present or ())
    words = {
        "value": f"always {rule.value}",
        "column": " or ".join(rule_columns(rule)),
        "clock": f"clock {rule.clock}",
        "link": f"the row's {rule.link}",
        "text": rule.text,
        "present": f"{cases}; else {rule.otherwise}",
        "content_except": f"everything but {', '.join(rule.content_except or ())}",
        "own_number": "its own number",
    }
    extra = f" through the code map {rule.codes}" if rule.codes else ""
    default = f", {rule.default} where empty" if rule.default is not None else ""
    return f"{words[str(rule.source())]}{extra}{default}"
